"""
Regions whose mosaic lies a pixel aside of the picture's, or that have none.

A block's vote is held against how often blocks like it vote so in this picture: the logarithm of how much likelier the
vote is where the mosaic lies aside, or where there is none and both are alike. Over a region of the picture's own
mosaic the mean of that ratio is 1, so the chance that it exceeds e^t is at most e^-t (Ville's inequality), times how
many regions there are, and the two things that each can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.demosaicing.votes import Votes
from takeback.examine.blind.double_jpeg.regions import regions_of as speaking_against
from takeback.registration import opencv

MOST_REGIONS: Final = 6
_GAP = 5
"""Blocks each way, of the square that closes what votes for the picture's mosaic by chance where there is none."""
ASIDE: Final = 0.3
"""
What a mosaic that lies aside counts of one that is missing: where some cameras smooth or save dark places, what is left
fits the other kind of pixels better, in windows of a house front as strongly as many a part that was put in.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Blocks that lie together, `mask` bool [rows, columns]: their mosaic lies aside (`has_mosaic`), or they have none.

    `exp(log_chance)` regions like it are expected by chance in the picture's own mosaic.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    has_mosaic: bool
    log_chance: float

    @property
    def strength(self) -> float:
        """How little chance explains it, less of what lies scattered: a part that was put in has a border."""
        square = 4 * math.sqrt(np.count_nonzero(self.mask))
        return -self.log_chance * min(1.0, square / around(self.mask)) * (ASIDE if self.has_mosaic else 1.0)

    @property
    def outline(self) -> NDArray[np.bool_]:
        """Where it lies, bool [rows, columns]: without a mosaic half of the blocks vote for the picture's by chance."""
        if self.has_mosaic:
            return self.mask
        cv2 = opencv()
        framed = np.pad(self.mask, _GAP).astype(np.uint8)
        closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
        return np.asarray(closed[_GAP:-_GAP, _GAP:-_GAP] > 0)


def regions_of(votes: Votes) -> list[Region]:
    """Return the regions that have another mosaic or none, the rarest first; of those that overlap the rarest."""
    found = []
    for has_mosaic in (True, False):
        said = np.where(votes.usable, -_likelier(votes, has_mosaic), 0).astype(np.float32)
        for region in speaking_against(said, votes.usable):
            found.append(Region(region.mask, has_mosaic, math.log(2) - region.strength))
    taken: list[Region] = []
    for each in sorted(found, key=lambda each: each.log_chance):
        if each.log_chance < 0 and not any((each.mask & other.mask).any() for other in taken):
            taken.append(each)
    return taken[:MOST_REGIONS]


def around(mask: NDArray[np.bool_]) -> int:
    """Return how many blocks lie around those of `mask`, corners too, as if the picture went on beyond its edges."""
    framed = np.pad(mask, 2).astype(np.uint8)
    return int(np.count_nonzero(opencv().dilate(framed, np.ones((3, 3), np.uint8)) > framed))


def _likelier(votes: Votes, has_mosaic: bool) -> NDArray[np.float64]:
    """Return by how much each vote is likelier where the mosaic lies aside, or where there is none, a logarithm."""
    own = np.where(votes.aside, 1 - votes.expected, votes.expected)
    return np.log((1 - own if has_mosaic else 0.5) / own)
