"""The frequencies that are looked at, and how a picture's own blocks are transformed to them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.transform import COSINES, SIDE

ORDER: Final = (1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5)
"""The first fifteen AC frequencies in the order of T.81 (Figure 5), as natural numbers: 8 · row + column."""

_BASIS: Final = np.stack([np.outer(COSINES[each // 8], COSINES[each % 8]).ravel() for each in ORDER], 1).astype(
    np.float32
)

_ROWS_AT_ONCE = 64


def transformed(luminance: NDArray[np.uint8]) -> NDArray[np.float32]:
    """
    Return the coefficients at `ORDER` of all whole blocks, float32 [rows, columns, 15].

    `luminance` uint8 [height, width]; blocks begin at its first pixel.
    """
    rows, columns = luminance.shape[0] // SIDE, luminance.shape[1] // SIDE
    found = np.empty((rows, columns, len(ORDER)), np.float32)
    for top in range(0, rows, _ROWS_AT_ONCE):
        part = luminance[top * SIDE : min(rows, top + _ROWS_AT_ONCE) * SIDE, : columns * SIDE].astype(np.float32)
        blocks = part.reshape(-1, SIDE, columns, SIDE).transpose(0, 2, 1, 3).reshape(-1, columns, SIDE * SIDE)
        found[top : top + len(blocks)] = blocks @ _BASIS
    return found
