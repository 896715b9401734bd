"""Scaling and turning: the even beat that interpolation leaves in how well each pixel follows from those beside it."""

from takeback.examine.blind.resampling.detector import resampling

__all__ = ["resampling"]
