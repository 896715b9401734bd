"""
Where blocks say that they were not saved twice, and how often such a region comes of chance.

What a block says (`evidence`) is the logarithm of a ratio of likelihoods. Over a region that was saved twice, the mean
of the inverse ratio is at most 1: so the chance that it exceeds e^t is at most e^-t (Ville's inequality), however the
region was chosen, times how many regions there are to choose from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.double_jpeg.blocks import around
from takeback.examine.blind.double_jpeg.evidence import Says, for_two

MOST_SHARE: Final = 0.5
"""Of all blocks: a larger region is no exception in the file."""
LEAST_SHARE: Final = 0.15
"""Of the blocks that say something: so many have to lie outside of regions, for what they say to be taken."""
SLACK: Final = 0.05
"""Natural logarithm, taken off each block of a region: no distribution fits the smooth parts of a picture quite."""
_MOST_REGIONS = 8
_WINDOWS = (3, 5, 9, 17)
_ENOUGH = 8.0
"""Natural logarithm: what a window of blocks says in the mean, from which it is wide enough to be decided by."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Blocks that lie together, `mask` bool [rows, columns], and how much they say against two savings.

    `strength` is the natural logarithm of how much likelier one saving is, less `SLACK` for each block and that of the
    number of boxes of blocks that the picture has: `exp(-strength)` regions like it are expected by chance.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    strength: float


def regions_of(said: Says, usable: NDArray[np.bool_]) -> list[Region]:
    """Return the regions that speak against two savings, the strongest first."""
    wide = _window(said, usable)
    labels, count = labelled(around(said, wide) < 0)
    against = -np.bincount(labels.ravel(), weights=said.ravel().astype(np.float64), minlength=count + 1)[1:]
    sizes = np.bincount(labels[usable], minlength=count + 1)[1:]
    rows, columns = said.shape
    chances = math.log(rows * (rows + 1) / 2 * columns * (columns + 1) / 2)
    found = []
    for each in np.argsort(-against)[:_MOST_REGIONS]:
        strength = float(against[each]) - SLACK * float(sizes[each]) - chances
        if strength > 0 and sizes[each] <= MOST_SHARE * said.size:
            found.append(Region(_outlined(labels == each + 1, said), strength))
    return found


def said_elsewhere(said: Says, usable: NDArray[np.bool_], regions: Sequence[Region]) -> float:
    """Return what a usable block says for two savings in the mean, outside of `regions`; 0 where there are few."""
    rest = usable & ~np.any([each.mask for each in regions], axis=0) if regions else usable
    return float(said[rest].mean()) if np.count_nonzero(rest) > LEAST_SHARE * np.count_nonzero(usable) else 0.0


def _window(said: Says, usable: NDArray[np.bool_]) -> int:
    """Return over how many blocks each way is decided, by how much a block says where those around it say it too."""
    twice = for_two(said, usable)
    mean = float(said[twice].mean()) if twice.any() else 0.0
    return next((each for each in _WINDOWS if each * each * mean >= _ENOUGH), _WINDOWS[-1])


def _outlined(region: NDArray[np.bool_], said: Says) -> NDArray[np.bool_]:
    """Return `region` less the rim that the window brought in: most blocks around a block speak as it does."""
    outlined = region & (around((region & (said <= 0)).astype(np.float32), 3) > 4)
    return outlined if outlined.any() else region


def labelled(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """
    Return the parts of `mask` bool [rows, columns] that hang together by sides, int64 alike, and their number.

    0 where the mask is false, else 1 and so on. Neighbours take the smaller of two roots, and roots are followed to
    their own, until nothing changes: at least half of the roots go each time, so no shape takes long.
    """
    places = np.arange(mask.size).reshape(mask.shape)
    across, down = mask[:, 1:] & mask[:, :-1], mask[1:] & mask[:-1]
    one = np.concatenate([places[:, :-1][across], places[:-1][down]])
    other = np.concatenate([places[:, 1:][across], places[1:][down]])
    root = np.arange(mask.size)
    while len(one):
        first, second = root[one], root[other]
        np.minimum.at(root, np.maximum(first, second), np.minimum(first, second))
        while (root[root] != root).any():
            root = root[root]
        apart = root[one] != root[other]
        one, other = one[apart], other[apart]
    roots, labels = np.unique(root[mask.ravel()], return_inverse=True)
    found = np.zeros(mask.size, np.int64)
    found[mask.ravel()] = labels + 1
    return found.reshape(mask.shape), len(roots)
