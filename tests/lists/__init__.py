"""Keepers of outside lists on loopback ports, who answer as their formats say, and as badly as real ones do."""
