"""Which of the 64 origins the blocks of a picture's last saving as JPEG have: by the votes of its pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.examine.blind.jpeg_grid.tail import log_tail
from takeback.examine.blind.transform import SIDE

ORIGINS: Final = SIDE * SIDE
CHANCE: Final = 1 / ORIGINS
"""Of a vote for one origin, where nothing was saved as JPEG."""

_BAND = 64 * SIDE
"""Rows that are counted at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """
    What the pixels of a picture vote for (`_native.grid_votes`), and how often in each cell.

    `zeros` uint8 [height - 7, width - 7]; `cells` uint8 [rows, columns, 64], the votes for each origin in each whole
    cell of 8 × 8 pixels, from the upper left corner of the picture on; `tests`, the logarithm of how many windows and
    origins there are to be looked at; `shape`, the picture's height and width.
    """

    zeros: NDArray[np.uint8]
    cells: NDArray[np.uint8]
    tests: float
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """Blocks that begin at each eighth row from `top` on, and each eighth column from `left` on; 0..7 both."""

    top: int
    left: int
    log_nfa: float
    share: float
    """Of the picture's pixels, that vote for it."""

    @property
    def origin(self) -> int:
        """Its number, as votes have it."""
        return SIDE * self.top + self.left


def votes_of(luminance: NDArray[np.uint8]) -> Votes:
    """Return the votes of a picture, `luminance` uint8 [height, width]."""
    zeros, votes = _native.grid_votes(luminance)
    height, width = luminance.shape
    # As in the paper: windows by their corners, and origins, each squared.
    tests = 2 * math.log(ORIGINS) + 2 * math.log(height) + 2 * math.log(width)
    return Votes(zeros, _counted(votes), tests, (height, width))


def strongest_grid(votes: Votes) -> Grid:
    """Return the grid that most vote for, and how often chance gives one as strong: a vote for each 64 pixels."""
    # The outermost cells have pixels without a vote.
    inner = votes.cells[1:-1, 1:-1]
    total = inner.sum(axis=(0, 1), dtype=np.int64)
    origin = int(total.argmax())
    n, k = inner.size / ORIGINS, total[origin] / ORIGINS
    log_nfa = votes.tests + float(log_tail(np.array(n), np.array(k), CHANCE))
    return Grid(origin // SIDE, origin % SIDE, log_nfa, float(k / max(n, 1.0)))


def _counted(votes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, columns = votes.shape[0] // SIDE, votes.shape[1] // SIDE
    cells = np.zeros((rows, columns, ORIGINS), np.uint8)
    for top in range(0, rows * SIDE, _BAND):
        band = votes[top : min(top + _BAND, rows * SIDE), : columns * SIDE]
        given = np.flatnonzero(band < ORIGINS)
        row, column = np.divmod(given, band.shape[1])
        index = (row // SIDE * columns + column // SIDE) * ORIGINS + band.reshape(-1)[given]
        counts = np.bincount(index, minlength=len(band) // SIDE * columns * ORIGINS)
        cells[top // SIDE : (top + len(band)) // SIDE] = counts.reshape(-1, columns, ORIGINS)
    return cells
