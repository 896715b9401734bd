"""A suspect against the original that its owner holds."""
