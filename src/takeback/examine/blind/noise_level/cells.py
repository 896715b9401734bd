"""
The picture in cells: how much noise each has, and which are smooth enough for noise to be all that is fine in them.

Noise is what is left by the mask of Immerkær ("Fast noise variance estimation", 1996), which answers neither to slopes
nor to straight edges along rows and columns. A cell counts where the picture, without its finest detail, is smooth
around it: elsewhere texture looks like noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.registration import opencv

SIDE_STEP: Final = 4
"""Pixels: a cell's side is a multiple of it."""
MOST_CELLS: Final = 140_000
"""Of a picture: a larger one has larger cells, which bounds time and memory."""
UNSEEN: Final = 0.04
"""Levels, squared: added to each cell's noise. Half of what rounding to whole levels leaves."""
DEAD: Final = 0.12
"""Levels, squared: a smooth cell with less, which is hardly more than rounding leaves, was saved coarsely or drawn."""
SMOOTH: Final = 1.5
"""Levels, the root mean square of what lies between two blurs: up to it a place is smooth."""
OF_NOISE: Final = 0.1
"""Of the picture's own noise, what passes both blurs, and is allowed besides."""
NARROW, WIDE = 2.0, 5.0
"""Pixels (standard deviations) of the two blurs."""
DARK, LIGHT, WHITE = 4, 251, 252
"""Levels, of luminance from and to which noise is whole, and of each colour to which it is."""
MOST_CLIPPED: Final = 0.05
"""Share of a cell's pixels beyond."""
MOST_EQUAL: Final = 0.9
"""Share of a cell's pixels that equal all their neighbours, from which it is flat."""

_BAND = 512
_MARGIN = 24
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6

type Values = NDArray[np.float32]
type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """
    Cells of `side` pixels, from the upper left; what is over at the right and below belongs to none.

    `noise` float32 [rows, columns] is the natural logarithm of the noise's variance, `colours` float32 [rows, columns,
    3] the mean of the pixels, `smooth` bool where noise can be told, `whole` where nothing is clipped or flat.
    """

    side: int
    noise: Values = field(repr=False)
    colours: Values = field(repr=False)
    smooth: Mask = field(repr=False)
    whole: Mask = field(repr=False)

    @property
    def brightness(self) -> NDArray[np.uint8]:
        """The mean of each cell's luminance, uint8 [rows, columns]."""
        return np.rint(self.colours @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)

    @property
    def dead(self) -> float:
        """The share of smooth cells that have no noise; 1 where none is smooth."""
        seen = self.noise[self.smooth]
        return float((seen < math.log(DEAD + UNSEEN)).mean()) if len(seen) else 1.0


def side_of(pixels: int) -> int:
    """Return the side of a cell in a picture of so many `pixels`."""
    return SIDE_STEP * max(1, math.ceil(math.sqrt(pixels / MOST_CELLS) / SIDE_STEP))


def cells_of(pixels: NDArray[np.uint8], luminance: NDArray[np.uint8]) -> Cells:
    """Return the cells of `pixels` uint8 [height, width, 3] and `luminance` uint8 [height, width]."""
    cv2 = opencv()
    side = side_of(luminance.size)
    rows, columns = (length // side for length in luminance.shape)
    energy, detail, clipped, equal = (np.empty((rows, columns), np.float32) for _ in range(4))
    colours = np.empty((rows, columns, 3), np.float32)
    step = max(1, _BAND // side)
    # Some rows at a time: several planes of floats are what a large picture has no room for.
    for first in range(0, rows, step):
        last = min(rows, first + step)
        above, size = min(_MARGIN, first * side), (columns, last - first)
        band = luminance[first * side - above : last * side + _MARGIN, : columns * side]
        inner = slice(above, above + (last - first) * side)
        into = slice(first, last)

        def mean(values: NDArray[np.generic], inner: slice = inner, size: tuple[int, int] = size) -> Values:
            return np.asarray(cv2.resize(values[inner].astype(np.float32), size, interpolation=cv2.INTER_AREA))

        values = band.astype(np.float32)
        energy[into] = mean(np.square(cv2.filter2D(values, -1, _IMMERKAER)))
        detail[into] = mean(np.square(_between(values)))
        equal[into] = mean(cv2.dilate(band, np.ones((3, 3))) == cv2.erode(band, np.ones((3, 3))))
        part = np.ascontiguousarray(pixels[first * side : last * side, : columns * side])
        colours[into] = cv2.resize(part.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        inside = cv2.inRange(part, (0, 0, 0), (WHITE, WHITE, WHITE)) & cv2.inRange(band[inner], DARK, LIGHT)
        clipped[into] = cv2.resize((inside == 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    whole = (clipped < MOST_CLIPPED) & (equal < MOST_EQUAL)
    noise = np.log(energy + UNSEEN)
    own = math.exp(float(np.median(noise[whole])) / 2) if whole.any() else 0.0
    smooth = whole & (cv2.blur(detail, (3, 3)) < (SMOOTH + OF_NOISE * min(own, 10.0)) ** 2)
    return Cells(side, noise, colours, smooth, whole)


def _between(values: Values) -> Values:
    """Return what lies between both blurs, worked out at half the size where there is enough of it."""
    cv2 = opencv()
    height, width = values.shape
    if min(height, width) < 4:
        return np.zeros_like(values)
    half = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    apart = cv2.GaussianBlur(half, (0, 0), NARROW / 2) - cv2.GaussianBlur(half, (0, 0), WIDE / 2)
    return np.asarray(cv2.resize(apart, (width, height), interpolation=cv2.INTER_NEAREST))
