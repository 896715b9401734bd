"""
Which blocks fit the picture's own mosaic better than one that lies a pixel aside, and how often blocks like them do.

Without a mosaic half of them do. How well a mosaic shows is a matter of the place: of its noise and its detail, and of
its colours, as a sensor sees each of them elsewhere. So how often blocks vote for it is asked of the picture itself,
apart for blocks of much the same colours and unrest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.demosaicing.prediction import Blocks

LEAST_SEEN: Final = 0.75
"""Share of a block's pixels that say something, for it to vote."""
LEAST_OWN: Final = 0.62
"""
Share of the votes that are for the picture's own mosaic, from which it shows one.

Without a mosaic it is half; of two of 56 pictures that were enlarged to twice their size it was 0.61 and 0.69.
"""
LEAST_ALIKE: Final = 300
"""Blocks of much the same colours and unrest by which the shares are told, at least."""
MOST_HALVINGS: Final = 5
"""By which the blocks are parted: a part that was put in has to stay the lesser part of those that are like it."""
_LEVELS = 32.0
"""Levels of a colour that part blocks as much as twice the unrest does."""
_PRIOR = 20.0
"""Blocks as of all of the picture, added to those that are alike."""
_RAREST = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """
    Of each block, bool [rows, columns]: whether its mosaic lies `aside` of the picture's, and whether it votes.

    `expected` float64 alike is how often blocks like it fit the picture's own mosaic, and `own` how often all do.
    """

    aside: NDArray[np.bool_] = field(repr=False)
    usable: NDArray[np.bool_] = field(repr=False)
    expected: NDArray[np.float64] = field(repr=False)
    own: float

    @property
    def count(self) -> int:
        """How many blocks vote."""
        return int(np.count_nonzero(self.usable))


def votes_of(blocks: Blocks) -> Votes:
    """Return the votes of all blocks, and how often blocks like each vote for the picture's own mosaic."""
    aside, usable = blocks.own < 0, blocks.seen >= LEAST_SEEN
    own = 1 - float(aside[usable].mean()) if usable.any() else 0.0
    expected = np.full(aside.shape, np.clip(own, 0.5, 1 - _RAREST))
    features = np.concatenate(
        [blocks.colours[usable] / _LEVELS, np.log2(blocks.unrest[usable] + 0.5)[:, np.newaxis]], axis=-1
    )
    shares = np.zeros(len(features))
    for alike in _parted(features):
        for_own = np.count_nonzero(~aside[usable][alike])
        shares[alike] = (for_own + _PRIOR * own) / (len(alike) + _PRIOR)
    expected[usable] = np.clip(shares, 0.5, 1 - _RAREST)
    return Votes(aside, usable, expected, own)


def _parted(features: NDArray[np.float32]) -> list[NDArray[np.int64]]:
    """Return groups of the rows of `features`, halved again and again along what spreads them most."""
    groups = [np.arange(len(features))]
    for _ in range(MOST_HALVINGS):
        halved: list[NDArray[np.int64]] = []
        for group in groups:
            if len(group) < 2 * LEAST_ALIKE:
                halved.append(group)
                continue
            along = int(features[group].std(axis=0).argmax())
            ranked = group[np.argsort(features[group, along], kind="stable")]
            halved += [ranked[: len(group) // 2], ranked[len(group) // 2 :]]
        groups = halved
    return groups
