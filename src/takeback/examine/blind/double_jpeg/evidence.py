"""
What each block says for two savings: the logarithm of how much likelier it is after two than after one.

Its coefficients say it, each among those of blocks that are alike; and its mean, where the rest of the file bears out
that means lie as two savings leave them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.double_jpeg.blocks import CLASSES, Blocks, around
from takeback.examine.blind.double_jpeg.earlier import Earlier
from takeback.examine.blind.double_jpeg.model import MOST_SECOND, fitted, kept, means

LEAST_OF_MEANS: Final = 0.05
"""Natural logarithm, what a block's mean says for two savings if it was: below it means are left out."""
BORNE_OUT: Final = 0.5
"""Of what means should say for two savings where all else says it: below it means are left out."""
_AROUND = 9
"""Blocks each way, of the square in which most has to be said for two savings for a block to be taken as such."""

type Says = NDArray[np.float32]


def says(blocks: Blocks, earlier: Earlier, usable: NDArray[np.bool_]) -> Says:
    """Return what each block says for two savings, float32 [rows, columns]; 0 where it is not usable."""
    found = np.zeros(blocks.classes.shape, np.float32)
    for frequency, (first, second) in enumerate(zip(earlier.steps.tolist(), blocks.steps.tolist(), strict=True)):
        if first < 2 or first == second or second > MOST_SECOND:
            continue
        often, ratios = fitted(first, second)
        prior = (blocks.counts(frequency) @ often).argmax(axis=1)
        table = np.zeros((CLASSES + 1, len(ratios)), np.float32)
        table[:CLASSES] = ratios[:, prior].T
        found += table[blocks.classes, np.minimum(blocks.magnitudes[..., frequency], kept(second) + 1)]
    found *= usable
    if earlier.mean_step >= 2 and earlier.mean_step != blocks.mean_step:
        found += _means_say(blocks, earlier.mean_step, for_two(found, usable)) * usable
    return found


def _means_say(blocks: Blocks, first: int, twice: NDArray[np.bool_]) -> Says:
    """
    Return what the blocks' means say, as fits each class best; nothing where blocks saved `twice` do not bear it out.

    Where the picture was lightened in between, its means lie elsewhere, and all of them would speak against it.
    """
    often = means(first, blocks.mean_step)
    places = blocks.classes.astype(np.int64) * len(often) + blocks.means % len(often)
    counts = np.bincount(places[twice], minlength=(CLASSES + 1) * len(often)).reshape(CLASSES + 1, -1)[:CLASSES]
    best = (counts @ often).argmax(axis=1)
    said = float((counts * often[:, best].T).sum())
    expected = float(counts.sum(axis=1) @ (np.exp(often) * often).mean(axis=0)[best])
    if expected < LEAST_OF_MEANS * counts.sum() or said < BORNE_OUT * expected:
        return np.zeros(blocks.classes.shape, np.float32)
    table = np.concatenate([often[:, best].T, np.zeros((1, len(often)), np.float32)])
    return np.asarray(table.ravel()[places], np.float32)


def for_two(said: Says, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the usable blocks around which most is said for two savings."""
    return usable & (around(said, _AROUND) > 0)
