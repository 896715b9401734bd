"""Noise: a part with less of it, or more, than the picture beside it at the same brightness."""

from takeback.examine.blind.noise_level.detector import noise_level

__all__ = ["noise_level"]
