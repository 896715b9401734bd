"""
With which steps the coefficients of a picture were rounded when it was last saved as JPEG, from its pixels.

A JPEG rounds each coefficient of a block to a whole multiple of a step, one for each of the 64 frequencies. On the
grid that was found they still lie there, up to the rounding of pixels. A step is said where chance would not bring
the coefficients so near its multiples (in the sense of T. Nikoukhah, M. Colom, J.-M. Morel, R. Grompone von Gioi,
"A Reliable JPEG Quantization Table Estimator", IPOL 2022 (399); the counting here is our own).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.jpeg_grid.coefficients import Blocks
from takeback.examine.blind.jpeg_grid.tail import log_tail
from takeback.examine.libjpeg import LARGEST, luminance_steps

NEAR: Final = 0.75
"""How far from a multiple a coefficient may lie: the rounding of pixels leaves 0.35, standard deviation."""
LEAST_NEAR: Final = 0.8
"""Share of the coefficients that lie so near, of a step that is said; of a step of two, in proportion."""
MAX_LOG_NFA: Final = math.log(1e-4)
"""Of a step: how many are expected where the picture was never rounded, all frequencies and steps together."""
LEAST_KNOWN: Final = 4
"""Steps that are known, without which nothing is said of a table."""

_PARTS = 8
"""Bins of the histograms in one level."""
_TOP = 1024
"""Above the largest coefficient of pixels of 8 bits."""
type Steps = NDArray[np.int64]
"""[8, 8], by frequency down and across; 0 where it cannot be told, as for the first, and for what is always 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Saving:
    """How a picture was last saved as JPEG: the steps that are known, and the qualities whose tables have them all."""

    steps: Steps = field(repr=False)
    qualities: tuple[int, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether enough steps are known to speak of a table."""
        return int(np.count_nonzero(self.steps > 1)) >= LEAST_KNOWN


def saving_of(blocks: Blocks) -> Saving:
    """Return how the picture that `blocks` are of was saved, as far as its coefficients tell."""
    steps = steps_of(histograms(blocks))
    return Saving(steps, qualities_of(steps))


def qualities_of(steps: Steps) -> tuple[int, ...]:
    """Return the qualities whose table, as it is or turned by a right angle, has all the known `steps`."""
    if np.count_nonzero(steps > 1) < LEAST_KNOWN:
        return ()
    for turned in (steps, steps.T):
        found = tuple(each for each in range(1, 101) if (_table(each) == turned)[turned > 0].all())
        if found:
            return found
    return ()


def _table(quality: int) -> Steps:
    return np.asarray(luminance_steps()[quality].reshape(8, 8))


def histograms(blocks: Blocks) -> NDArray[np.float64]:
    """Return how often each frequency has each size, [64, bins]: of blocks that are not clipped."""
    counts = np.zeros((64, _TOP * _PARTS))
    offsets = np.arange(64) * (_TOP * _PARTS)
    for _, coefficients, judged in blocks.bands():
        sizes = np.abs(coefficients[judged].reshape(-1, 64))
        bins = np.minimum((sizes * _PARTS + 0.5).astype(np.int64), _TOP * _PARTS - 1)
        counts += np.bincount((bins + offsets).reshape(-1), minlength=counts.size).reshape(counts.shape)
    return counts


def steps_of(counts: NDArray[np.float64]) -> Steps:
    """Return the steps that explain histograms of the coefficients' sizes, [64, bins]."""
    steps = np.arange(2, LARGEST + 1)
    largest = int(np.flatnonzero(counts.any(axis=0)).max(initial=0)) // _PARTS + 1
    n, k = _counted(counts[:, : (largest + 1) * _PARTS], steps)
    chance = log_tail(n, k, _chances(steps))
    least = np.where(steps > 2, LEAST_NEAR, 0.7)
    chance[k < least * n] = 0.0
    best = chance.argmin(axis=1)
    sure = chance[np.arange(64), best] + math.log(64 * len(steps)) <= MAX_LOG_NFA
    sure[0] = False
    return np.asarray(np.where(sure, steps[best], 0).reshape(8, 8))


def _counted(counts: NDArray[np.float64], steps: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many sizes are above half of each step, and how many of those near a multiple: [64, steps]."""
    cumulated = np.pad(counts.cumsum(axis=1), ((0, 0), (1, 0)))
    total = cumulated[:, -1]
    n, k = np.empty((2, 64, len(steps)))
    bins = counts.shape[1]
    for each, (step, width) in enumerate(zip(steps, (_width(steps) * _PARTS).astype(int), strict=True)):
        n[:, each] = total - cumulated[:, min(step * _PARTS // 2 + 1, bins)]
        middle = np.arange(step * _PARTS, bins + width, step * _PARTS)
        low, high = middle - width, np.minimum(middle + width + 1, bins)
        k[:, each] = (cumulated[:, high] - cumulated[:, low]).sum(axis=1)
    return n, k


def _chances(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of all sizes that lies near a multiple of each step."""
    return np.asarray((2 * _PARTS * _width(steps) + 1) / (_PARTS * steps))


def _width(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far from a multiple is near: for a step of two, half the way to where the next begins."""
    return np.asarray(np.where(steps > 2, NEAR, 0.5))
