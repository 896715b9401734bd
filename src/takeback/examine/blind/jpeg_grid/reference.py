"""
The grid votes in plain NumPy, as the paper has them (IPOL 2021.390): what the kernel's are held against.

Slow, and takes 500 bytes a pixel. `transformed` keeps the kernel's order of sums in float32, so the answers are equal
to the last bit.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from takeback.examine.blind.transform import SIDE

NO_ORIGIN: Final = 255

_COSINES: Final = [np.float32(0.5 * math.cos(k * math.pi / 16)) for k in range(SIDE)]


def grid_votes(luminance: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return zeros and votes of `luminance` uint8 [height, width], both sides at least 15; see `_native.grid_votes`."""
    zeros = zeros_of(luminance)
    height, width = zeros.shape
    rows, columns = np.mgrid[:height, :width]
    origins = (SIDE * (rows % SIDE) + columns % SIDE).astype(np.uint8)
    # The 64 blocks that cover each pixel, one of each origin.
    around = sliding_window_view(zeros, (SIDE, SIDE)).reshape(height - 7, width - 7, 64)
    named = sliding_window_view(origins, (SIDE, SIDE)).reshape(height - 7, width - 7, 64)
    best = around.max(axis=-1, keepdims=True)
    winner = np.take_along_axis(named, around.argmax(axis=-1)[..., np.newaxis], axis=-1)[..., 0]
    votes = np.full(luminance.shape, NO_ORIGIN, np.uint8)
    votes[7:-7, 7:-7] = np.where((around == best).sum(axis=-1) == 1, winner, NO_ORIGIN)
    return zeros, votes


def zeros_of(luminance: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return how many of the 63 coefficients of each block are below 0.5, uint8 [height - 7, width - 7]."""
    blocks = sliding_window_view(luminance, (SIDE, SIDE))
    coefficients = transformed(transformed(blocks.astype(np.float32), axis=-1), axis=-2)
    small = coefficients * coefficients < np.float32(0.25)
    small[..., 0, 0] = False
    even_rows = (blocks == blocks[..., :, :1]).all(axis=(-2, -1))
    even_columns = (blocks == blocks[..., :1, :]).all(axis=(-2, -1))
    return np.where(even_rows | even_columns, 0, small.sum(axis=(-2, -1))).astype(np.uint8)


def transformed(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return the orthonormal DCT-II of eight values along `axis`, in the kernel's order of sums."""
    x = np.moveaxis(values, axis, 0)
    _, c1, c2, c3, c4, c5, c6, c7 = _COSINES
    s0, s1, s2, s3 = (x[k] + x[7 - k] for k in range(4))
    d0, d1, d2, d3 = (x[k] - x[7 - k] for k in range(4))
    e0, e1, e2, e3 = s0 + s3, s1 + s2, s0 - s3, s1 - s2
    found = (
        (e0 + e1) * c4,
        (d0 * c1 + d1 * c3) + (d2 * c5 + d3 * c7),
        e2 * c2 + e3 * c6,
        (d0 * c3 - d1 * c7) - (d2 * c1 + d3 * c5),
        (e0 - e1) * c4,
        (d0 * c5 - d1 * c1) + (d2 * c7 + d3 * c3),
        e2 * c6 - e3 * c2,
        (d0 * c7 - d1 * c5) + (d2 * c3 - d3 * c1),
    )
    return np.moveaxis(np.stack(found), 0, axis)
