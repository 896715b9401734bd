"""The pairs of places of a picture that are the same, and by what they are ranked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.drawn import MAX_EVEN_AROUND, even_share
from takeback.examine.blind.copy_move.elsewhere import likeness
from takeback.examine.blind.copy_move.keypoints import transforms
from takeback.examine.blind.copy_move.plane import Plane
from takeback.examine.blind.copy_move.shifts import shifts
from takeback.examine.blind.copy_move.strength import strength
from takeback.examine.blind.copy_move.verified import Region, is_on_itself, place_of, promise, verified, whole

LEAST_APART = 0.04
"""Of the longer side: places nearer to each other are one."""
LEAST_PIXELS = 16.0

LEAST_PROMISE = 2.0
MAX_VERIFIED = 8
"""Transforms that are looked at closely: those under which most seems alike."""
MAX_COMPARED = 3
"""Regions, the strongest, that are compared with the rest of the picture."""

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """
    A region and its copy, `mask` and `copy` bool [height, width] of the plane.

    `strength` is how much says that one is a copy of the other (`strength.py`). `nfa` is how many such pairs this
    picture's own likeness to itself explains, of those that were tried; 1 where both are drawn, or one thing.
    """

    region: Region
    strength: float
    nfa: float
    mask: Mask = field(repr=False)
    copy: Mask = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What was found, the strongest first, and how many transforms were tried."""

    pairs: tuple[Pair, ...]
    tried: int


def search(plane: Plane) -> Search:
    """Return the pairs of equal places of a picture."""
    least = max(LEAST_PIXELS, LEAST_APART * max(plane.shape))
    proposed = [(matrix, None) for matrix in shifts(plane, least)] + [*transforms(plane, least)]
    promises = [promise(plane, matrix, least, frame) for matrix, frame in proposed]
    order = sorted(range(len(proposed)), key=lambda each: -promises[each])[:MAX_VERIFIED]
    regions = [
        verified(plane, matrix, least, frame)
        for matrix, frame in (proposed[each] for each in order if promises[each] >= LEAST_PROMISE)
    ]
    found = sorted((each for each in regions if each is not None), key=lambda each: -each.cells * each.depth)
    pairs = [_pair(plane, region, least, len(proposed)) for region in _distinct(found)[:MAX_COMPARED]]
    return Search(tuple(sorted(pairs, key=lambda each: -each.strength)), len(proposed))


def _pair(plane: Plane, region: Region, least: float, tried: int) -> Pair:
    """Return a region with its copy, and whether this picture explains that they are alike."""
    mask = whole(plane, region, least)
    copy = place_of(mask, region.matrix)
    if is_on_itself(mask, copy) or even_share(plane, mask | copy) > MAX_EVEN_AROUND:
        return Pair(region, 0.0, 1.0, mask, copy)
    like = likeness(plane, region)
    return Pair(region, strength(plane, region, like, least), min(1.0, tried * like.chance), mask, copy)


def _distinct(regions: list[Region]) -> list[Region]:
    """Return those of `regions` that say something else than a stronger one, or than its way back."""
    kept: list[Region] = []
    taken: Mask | None = None
    for region in regions:
        both = region.mask | place_of(region.mask, region.matrix)
        if taken is not None and np.count_nonzero(both & taken) > 0.5 * np.count_nonzero(both):
            continue
        taken = both if taken is None else taken | both
        kept.append(region)
    return kept
