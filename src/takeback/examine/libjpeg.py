"""
The quantisation tables that libjpeg writes, by quality: what most programs save with.

It scales the example tables of ITU-T T.81, Annex K, by a quality of 1 to 100 (jcparam.c of the Independent JPEG Group).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Table = tuple[int, ...]
"""64 quantisation steps, row by row."""

LUMINANCE: Final[Table] = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMINANCE: Final[Table] = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99, *[99] * 32,
)  # fmt: skip
LARGEST: Final = 255
"""Of a step: what a baseline file holds."""


@cache
def scaled(base: Table, quality: int, largest: int = LARGEST) -> Table:
    """Return a table at a quality, 1..100."""
    scale = 5_000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((step * scale + 50) // 100, 1), largest) for step in base)


@cache
def luminance_steps() -> NDArray[np.int64]:
    """Return the steps of each quality from 1 to 100, int64 [101, 64] in natural order; row 0 is that of 1."""
    return np.array([scaled(LUMINANCE, max(1, quality)) for quality in range(101)], np.int64)
