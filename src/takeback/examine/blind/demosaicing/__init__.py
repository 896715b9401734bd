"""Demosaicing: a part whose pixels were not worked out from a sensor's mosaic as the rest of the picture's were."""

from takeback.examine.blind.demosaicing.detector import demosaicing

__all__ = ["demosaicing"]
