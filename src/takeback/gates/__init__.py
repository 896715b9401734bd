"""The upload gate in protocols that platforms already speak; each a door of its own."""
