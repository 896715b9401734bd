"""The quantisation tables of libjpeg, by quality: what most software saves with (T.81, Table K.1, scaled)."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_LUMINANCE: Final = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


@cache
def luminance_steps() -> NDArray[np.int64]:
    """Return the steps of each quality from 1 to 100, int64 [101, 64] in natural order; row 0 is that of 1."""
    quality = np.maximum(np.arange(101), 1)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.asarray(np.clip((np.array(_LUMINANCE) * scale[:, None] + 50) // 100, 1, 255), np.int64)


def nearest_quality(steps: NDArray[np.uint16]) -> int:
    """Return the quality whose steps are nearest to `steps` [64], by their logarithms."""
    apart = np.abs(np.log(luminance_steps()[1:]) - np.log(steps.astype(np.float64)))
    return 1 + int(apart.mean(axis=1).argmin())
