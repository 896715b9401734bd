"""Regions of cells and of blocks, as parts of the picture's pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.jpeg_grid.regions import Region
from takeback.examine.blind.transform import SIDE
from takeback.examine.outcome import Box

MOST: Final = 20
"""Pieces that are told of a picture: the rarest."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a picture: its box, `mask` bool [height, width] in it, and as `Region` has it, NFA and origin."""

    box: Box
    log_nfa: float
    origin: int | None
    mask: NDArray[np.bool_] = field(repr=False)

    def drawn(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return its mask as one of the whole picture, bool [height, width]."""
        left, top, width, height = self.box
        whole = np.zeros(shape, np.bool_)
        whole[top : top + height, left : left + width] = self.mask
        return whole


def piece_of(region: Region, top: int, left: int) -> Piece:
    """Return the pixels of a region, whose first cell begins at the picture's row `top` and column `left`."""
    mask = np.kron(_closed(region.cells), np.ones((SIDE, SIDE), np.bool_)).astype(np.bool_)
    box = left + SIDE * region.left, top + SIDE * region.top, SIDE * region.width, SIDE * region.height
    return Piece(box, region.log_nfa, region.origin, mask)


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Return at most `MOST` pieces, the rarest first, those made one whose boxes overlap."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: each.log_nfa)[:MOST]:
        apart = [each for each in found if not _overlap(each.box, piece.box)]
        for other in found:
            if other not in apart:
                piece = _union(other, piece)
        found = [*apart, piece]
    return sorted(found, key=lambda each: each.log_nfa)


def _union(first: Piece, second: Piece) -> Piece:
    left, top = (min(first.box[k], second.box[k]) for k in (0, 1))
    right, bottom = (max(first.box[k] + first.box[k + 2], second.box[k] + second.box[k + 2]) for k in (0, 1))
    mask = np.zeros((bottom - top, right - left), np.bool_)
    for each in (first, second):
        x, y, width, height = each.box
        mask[y - top : y - top + height, x - left : x - left + width] |= each.mask
    origin = second.origin if first.origin is None else first.origin
    return Piece((left, top, right - left, bottom - top), min(first.log_nfa, second.log_nfa), origin, mask)


def _overlap(a: Box, b: Box) -> bool:
    return all(a[k] < b[k] + b[k + 2] and b[k] < a[k] + a[k + 2] for k in (0, 1))


def _closed(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `cells` with gaps of up to two cells closed."""
    grown = _any_of_nine(np.pad(cells, 2))
    return np.asarray(~_any_of_nine(~grown)[2:-2, 2:-2])


def _any_of_nine(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    across = cells.copy()
    across[:, 1:] |= cells[:, :-1]
    across[:, :-1] |= cells[:, 1:]
    down = across.copy()
    down[1:] |= across[:-1]
    down[:-1] |= across[1:]
    return down
