"""
Whether the picture was a JPEG before whose blocks lay elsewhere: it was cropped, or moved, since.

On the grid of that saving coefficients still crowd around multiples of its steps; on the 62 other grids they do not
(Bianchi, Piva, "Detection of nonaligned double JPEG compression based on integer periodicity maps", IEEE TIFS 7, 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.transform import COSINES, SIDE

LEAST_PEAK: Final = 60.0
"""How many times higher than on other grids, where it falls off exponentially, a peak has to be."""
LEAST_LEAD: Final = 3.0
"""How many times higher than the best one of any other grid."""

HALF: Final = (SIDE // 2, SIDE // 2 * SIDE)
"""
Grids that lie half a block across or down: between flat blocks, the coefficients on them are halves and multiples of
the steps of the file's own means, and crowd as those of an earlier saving do.
"""
MOST_MEAN_STEP: Final = 6
"""Of the file's own means, up to which that is too fine to be taken for one."""

_FREQUENCIES = ((0, 0), (0, 1), (1, 0), (1, 1))
_STEPS = np.arange(4, 61)
_MOST_SIDE = 1440
"""Pixels: of a large picture its middle is looked at."""
_LEAST_SIDE = 128
_BINS = 2
"""For each level."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where blocks of the earlier saving begin, in pixels from those of the file, 0..7 each; `peak` as above."""

    across: int
    down: int
    peak: float


def earlier_grid(luminance: NDArray[np.uint8], mean_step: int) -> Shift | None:
    """
    Return the grid of an earlier saving, None where there is none or it is the file's own.

    `luminance` uint8 [height, width], in the file of which the means of blocks have `mean_step`.
    """
    if min(luminance.shape) < _LEAST_SIDE:
        return None
    plane = _middle(luminance).astype(np.float32)
    peaks = np.max([_peaks(_everywhere(plane, down, across)) for down, across in _FREQUENCIES], axis=0)
    # What the file's own grid shows is no earlier one.
    peaks[0] = 0
    if mean_step > MOST_MEAN_STEP:
        peaks[list(HALF)] = 0
    order = np.argsort(peaks)
    best, second = (float(peaks[each]) for each in order[:-3:-1])
    if best < LEAST_PEAK or best < LEAST_LEAD * second:
        return None
    return Shift(int(order[-1]) % SIDE, int(order[-1]) // SIDE, best)


def _middle(luminance: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, left = (max(0, (side - _MOST_SIDE) // 2) // SIDE * SIDE for side in luminance.shape)
    return luminance[top : top + _MOST_SIDE, left : left + _MOST_SIDE]


def _everywhere(plane: NDArray[np.float32], down: int, across: int) -> NDArray[np.float32]:
    """Return one coefficient of the blocks that begin at each pixel, whole blocks of grids, float32 [height, width]."""
    height, width = (side // SIDE * SIDE - SIDE for side in plane.shape)
    rows = np.zeros((height, plane.shape[1]), np.float32)
    for offset, weight in enumerate(COSINES[down]):
        rows += np.float32(weight) * plane[offset : offset + height]
    found = np.zeros((height, width), np.float32)
    for offset, weight in enumerate(COSINES[across]):
        found += np.float32(weight) * rows[:, offset : offset + width]
    return found


def _peaks(coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far each grid's highest peak stands out, float64 [64]; grids row after row."""
    shapes = _counts(coefficients) @ _waves()
    shapes -= np.median(shapes.real, axis=0) + 1j * np.median(shapes.imag, axis=0)
    powers = np.abs(shapes) ** 2
    # Half of an exponential distribution lies below the natural logarithm of 2.
    usual = np.maximum(np.median(powers, axis=0) / math.log(2), np.finfo(np.float64).tiny)
    return np.asarray((powers / usual).max(axis=1))


_LARGEST = 2048 * _BINS


def _counts(coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how often each value comes on each grid, float64 [64, values]."""
    values = np.clip(np.rint(coefficients * _BINS), -_LARGEST, _LARGEST).astype(np.int64) + _LARGEST
    size = 2 * _LARGEST + 1
    rows, columns = (np.arange(side) % SIDE for side in values.shape)
    values += (rows[:, None] * SIDE + columns) * size
    return np.bincount(values.ravel(), minlength=SIDE * SIDE * size).reshape(-1, size).astype(np.float64)


@lru_cache(1)
def _waves() -> NDArray[np.complex128]:
    """Return a wave of each of `_STEPS`, complex [values, steps]."""
    places = np.arange(-_LARGEST, _LARGEST + 1) / _BINS
    return np.exp(2j * np.pi * places[:, None] / _STEPS)
