"""The blocks of a grid, as a JPEG has them: coefficients of the luminance, and which can be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.jpeg_grid.votes import Grid
from takeback.examine.blind.transform import COSINES, SIDE
from takeback.examine.subject import Subject

_BAND = 32
"""Rows of blocks that are worked on at once."""
_WEIGHTS: Final = np.array([0.299, 0.587, 0.114], np.float32)
_DCT: Final = COSINES.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The whole blocks of `grid` in a picture, `rows` × `columns`."""

    subject: Subject = field(repr=False)
    grid: Grid

    @property
    def rows(self) -> int:
        """How many lie above each other."""
        return max(0, int(self.subject.luminance.shape[0]) - self.grid.top) // SIDE

    @property
    def columns(self) -> int:
        """How many lie beside each other."""
        return max(0, int(self.subject.luminance.shape[1]) - self.grid.left) // SIDE

    def bands(self) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.bool_]]]:
        """
        Yield some rows of blocks at a time: the first's number, coefficients, and which blocks can be judged.

        Coefficients float32 [rows, columns, 8, 8]. A block with a pixel that is all dark or all light in some colour
        was cut off there when it was decoded, and is not judged.
        """
        for first in range(0, self.rows if self.columns else 0, _BAND):
            rows = min(_BAND, self.rows - first)
            top = self.grid.top + SIDE * first
            part = (
                slice(top, top + SIDE * rows),
                slice(self.grid.left, self.grid.left + SIDE * self.columns),
            )
            pixels = self.subject.pixels[part]
            # What a JPEG holds, or what it held before colours were rounded: rounding it again would add to that.
            is_jpeg = self.subject.format == "jpeg"
            plane = self.subject.luminance[part] if is_jpeg else pixels.astype(np.float32) @ _WEIGHTS
            blocks = plane.astype(np.float32).reshape(rows, SIDE, self.columns, SIDE).swapaxes(1, 2)
            cut = ((pixels == 0) | (pixels == 255)).any(axis=2).reshape(rows, SIDE, self.columns, SIDE)
            yield first, np.asarray(_DCT @ blocks @ _DCT.T, np.float32), ~cut.any(axis=(1, 3))
