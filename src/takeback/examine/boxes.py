"""The box around what a mask marks, and a mask of cells at the size of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return left, top, width and height of what is true in `mask` bool [height, width]; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def at_size(mask: NDArray[np.bool_], side: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a mask of cells of `side` pixels as one of pixels, of `shape`; what belongs to no cell is in none."""
    whole = np.zeros(shape, np.bool_)
    pixels = np.repeat(np.repeat(mask, side, axis=0), side, axis=1)
    whole[: pixels.shape[0], : pixels.shape[1]] = pixels
    return whole
