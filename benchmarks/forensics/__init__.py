"""How surely an examination finds what was done to a picture, and how often it is wrong."""
