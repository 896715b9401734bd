"""
How much says that a region was copied, and not only looks like another.

A copy differs from what it was taken from by what saving and moving left, however strong the texture is; what only
looks alike differs by a share of its texture. And a picture in which much is alike has other places that are as alike.
"""

from __future__ import annotations

import numpy as np

from takeback.examine.blind.copy_move.elsewhere import Likeness
from takeback.examine.blind.copy_move.plane import UNSEEN, Plane
from takeback.examine.blind.copy_move.verified import ALIKE, Region, frame_of, part_of, ratio_of

LEFT_BY_SAVING = 1.0
"""Levels, squared: of the detail of two equal places, twice what a JPEG of quality 70 leaves of most."""
LEFT_BY_MOVING = 0.05
"""Of the texture, what turning and scaling leave."""
NEAREST = 0.1
"""Share of patches of a region to which the rest of the picture may be as alike."""


def strength(plane: Plane, region: Region, like: Likeness, least: float) -> float:
    """
    Return by how much less is left of a region than of what only looks alike, summed over its cells.

    In natural logarithms; below 0 where more is left. 0 where nothing could be compared with the rest of the picture.
    """
    part = part_of(plane, frame_of(region.mask), 0)
    ratio, texture, inside = ratio_of(plane, region.matrix, least, part)
    says = inside & region.mask[part]
    if not says.any() or not len(like.elsewhere):
        return 0.0
    left = (LEFT_BY_SAVING + LEFT_BY_MOVING * texture[says]) / (texture[says] + UNSEEN)
    usual = np.minimum(left, min(ALIKE, float(np.quantile(like.elsewhere, NEAREST))))
    return float(region.cells * np.log(usual / ratio[says]).mean())
