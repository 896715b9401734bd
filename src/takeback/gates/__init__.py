"""The check of an upload in protocols that platforms already speak; each is a server of its own."""
