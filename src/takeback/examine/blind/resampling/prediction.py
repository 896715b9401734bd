"""
How badly each pixel follows from those beside it, which beats evenly where a picture was interpolated.

Gallagher ("Detection of interpolation in JPEG compressed images", CRV 2005) takes the second difference along one axis,
Kirchner ("Fast and reliable resampling detection by spectral analysis of fixed linear predictor residue", MM&Sec 2008)
a fixed residual of both. Here it is the sixth difference along one axis: a photograph has little left of it, and what
an interpolation leaves there is five times as strong beside the noise. Its size is taken over the mean around it, so
that a smooth part beats as strongly as a rough one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.registration import opencv

SIXTH: Final = np.array([1, -6, 15, -20, 15, -6, 1], np.float32) / np.float32(924**0.5)
"""Weights of the sixth difference, of which independent noise keeps its size (924 is the sum of their squares)."""
ROUNDED: Final = 0.3
"""Of a level: the size of what rounding to whole levels adds; smaller differences say nothing."""
AROUND: Final = 15
"""Pixels each way of the mean that a difference is held against: longer beats than that are the picture's own."""
MOST: Final = 5.0
"""Times the mean around it that one pixel counts at most."""
LEVELS: Final = 24.0
"""Steps of the stored maps to one: a quarter of the memory of floats, and finer than noise."""
CELL: Final = 16
"""Pixels of a cell's side: what regions are made of."""
_ROWS = 512
_MARGIN = 32

type Map = NDArray[np.int8]
type Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """
    Two maps of what cannot be predicted, `across` and `down` a picture, int8 [height, width].

    `detail` float32 [height // CELL, width // CELL] is the natural logarithm of the mean difference in each cell.
    """

    across: Map = field(repr=False)
    down: Map = field(repr=False)
    detail: Values = field(repr=False)


def differences(luminance: NDArray[np.uint8]) -> tuple[Values, Values]:
    """Return the sixth differences of `luminance` uint8 [height, width], across and down, float32 alike."""
    cv2, one = opencv(), np.ones(1, np.float32)
    across = cv2.sepFilter2D(luminance, cv2.CV_32F, SIXTH, one)
    return np.asarray(across), np.asarray(cv2.sepFilter2D(luminance, cv2.CV_32F, one, SIXTH))


def beats_of(luminance: NDArray[np.uint8]) -> Beats:
    """Return the maps of a picture, uint8 [height, width]."""
    maps = np.zeros((2, *luminance.shape), np.int8)
    rows, columns = luminance.shape[0] // CELL, luminance.shape[1] // CELL
    detail = np.zeros((rows, columns), np.float32)
    for top, last, first, end in _strips(len(luminance)):
        sizes = [np.abs(each) for each in differences(luminance[first:end])]
        kept = slice(top - first, last - first)
        for into, size in zip(maps, sizes, strict=True):
            into[top:last] = _evened(size)[kept]
        whole = (last - top) // CELL * CELL
        both = (sizes[0] + sizes[1])[kept][:whole, : columns * CELL]
        means = both.reshape(whole // CELL, CELL, columns, CELL).mean(axis=(1, 3)) / 2
        detail[top // CELL : top // CELL + len(means)] = np.log(means + ROUNDED)
    return Beats(maps[0], maps[1], detail)


def _strips(height: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield some rows at a time, and those with what lies around them: floats of a large picture have no room."""
    for top in range(0, height, _ROWS):
        last = min(height, top + _ROWS)
        yield top, last, max(0, top - _MARGIN), min(height, last + _MARGIN)


def _evened(size: Values) -> Map:
    """Return sizes of differences over the mean around them, less the mean of that, in steps of `LEVELS`."""
    cv2, around = opencv(), (AROUND, AROUND)
    beats = np.minimum(size / (cv2.blur(size, around) + np.float32(ROUNDED)), np.float32(MOST))
    steps = np.rint((beats - cv2.blur(beats, around)) * np.float32(LEVELS))
    return np.asarray(np.clip(steps, -127, 127), np.int8)
