"""Regions whose blocks do not belong to the grid of the rest, and how often chance gives one as striking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.examine.blind.jpeg_grid.coefficients import Blocks
from takeback.examine.blind.jpeg_grid.steps import Steps
from takeback.examine.blind.jpeg_grid.tail import log_tail
from takeback.examine.blind.jpeg_grid.votes import CHANCE, ORIGINS, Grid, Votes
from takeback.examine.blind.transform import SIDE

LEAST_VOTES: Final = 16
"""Of the 64 pixels of a cell, for an origin, to belong to a region of that origin."""
ASTRAY: Final = 1.4
"""How far from the next multiple of its step a coefficient is astray: four standard deviations of rounded pixels."""
ASTRAY_EVEN: Final = 3.2
"""The same of frequencies 0 down or across: in a block of equal rows the rounding of eight pixels is one."""
LEAST_ASTRAY: Final = 2
"""Coefficients that are astray in a block that was not saved with the rest."""
CHANCE_ASTRAY: Final = 0.02
"""Of such a block in a picture that was saved once; measured on clean photographs: at most 0.003."""

_AROUND = 2
"""Pixels up to which origins are compared with those beside them."""
_TILE = 8
"""Cells each way, of the parts of a picture by which its own share of odd blocks is told."""

SHOWN: Final = 0.6
"""Share of blocks ahead of those a pixel or two beside, in a region that is of their grid: by chance it is half."""
SHOWN_TOO: Final = 0.8
"""The same of the rest's grid, in a region that has both: measured 0.93 and more there, 0.73 and less in splices."""

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Part of a picture: `left`, `top`, `width`, `height` in cells of 8 × 8 pixels, and `cells` bool [height, width].

    `log_nfa` is the logarithm of its number of false alarms; `share`, how much of its box it is seen by: votes, or odd
    blocks; `origin`, what its own pixels vote for, or None.
    """

    left: int
    top: int
    width: int
    height: int
    log_nfa: float
    share: float
    cells: Mask = field(repr=False)
    origin: int | None = None

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns of cells."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def foreign_regions(votes: Votes, grid: Grid, max_log_nfa: float) -> list[Region]:
    """Return the regions whose pixels vote for another origin than that of `grid`."""
    found = []
    for origin in range(ORIGINS):
        cells = votes.cells[..., origin]
        seeds = cells >= LEAST_VOTES
        if origin != grid.origin and seeds.any():
            every = np.ones(cells.shape, np.bool_)
            grown = _grown(seeds, 1, cells / ORIGINS, every, CHANCE, votes.tests, max_log_nfa)
            found += [replace(each, origin=origin) for each in grown]
    return found


def shows_grid(votes: Votes, origin: int, regions: Sequence[Region], other: int, least: float) -> bool:
    """
    Say whether `regions` show blocks that begin at `origin`, whatever they have of those that begin at `other`.

    Such blocks have more zeros than those that begin a pixel or two beside. Only those count beside that have as much
    in common with blocks of the other origin: which lie on a row or column with it, or do not. `least` is the share
    of blocks that have to be ahead.
    """
    top, left = divmod(origin, SIDE)
    places = np.concatenate([np.argwhere(each.cells) + np.array((each.top, each.left)) for each in regions])
    rows, columns = (SIDE * places + (top, left)).T
    last_row, last_column = (side - 1 - _AROUND for side in votes.zeros.shape)
    inside = (rows >= _AROUND) & (columns >= _AROUND) & (rows <= last_row) & (columns <= last_column)
    rows, columns = rows[inside], columns[inside]
    beside = [votes.zeros[rows + down, columns + across] for down, across in _beside(origin, other)]
    if not len(rows):
        return False
    ahead = votes.zeros[rows, columns] - np.mean(beside, axis=0)
    return bool((ahead > 0).mean() >= least)


def _beside(origin: int, other: int) -> list[tuple[int, int]]:
    """Return the steps to the origins around one, but to those that have more or less in common with `other`."""
    (top, left), (other_top, other_left) = divmod(origin, SIDE), divmod(other, SIDE)

    def alike(down: int, across: int) -> bool:
        on_row = ((top + down) % SIDE == other_top) == (top == other_top)
        return on_row and ((left + across) % SIDE == other_left) == (left == other_left)

    steps = range(-_AROUND, _AROUND + 1)
    around = [(down, across) for down in steps for across in steps if down or across]
    # Each with the one opposite: what grows from one side to the other is then no peak.
    return [(down, across) for down, across in around if alike(down, across) and alike(-down, -across)]


def odd_blocks(blocks: Blocks, steps: Steps) -> tuple[Mask, Mask]:
    """Return which blocks have coefficients astray of the multiples of `steps`, and which can be judged."""
    odd = np.zeros((blocks.rows, blocks.columns), np.bool_)
    judged = np.zeros_like(odd)
    limit = np.full((SIDE, SIDE), ASTRAY, np.float32)
    limit[0] = limit[:, 0] = ASTRAY_EVEN
    limit[steps == 0] = np.inf
    by = np.maximum(steps, 1).astype(np.float32)
    for first, coefficients, usable in blocks.bands():
        astray = np.abs(coefficients - by * np.rint(coefficients / by)) > limit
        part = slice(first, first + len(usable))
        odd[part] = (astray.sum(axis=(2, 3)) >= LEAST_ASTRAY) & usable
        judged[part] = usable
    return odd, judged


def odd_regions(odd: Mask, judged: Mask, tests: float, max_log_nfa: float) -> list[Region]:
    """Return the regions of blocks that were not saved with the rest, in cells of the grid."""
    chance = min(0.5, max(CHANCE_ASTRAY, 3 * _usual_share(odd, judged)))
    return _grown(odd, 2, odd.astype(np.float64), judged, chance, tests, max_log_nfa)


def _usual_share(odd: Mask, judged: Mask) -> float:
    """Return the share of odd blocks that three quarters of the picture stay below."""
    rows, columns = (max(1, side // _TILE) for side in odd.shape)
    tops, lefts = (
        np.linspace(0, side, count + 1).astype(int)[:-1] for side, count in zip(odd.shape, (rows, columns), strict=True)
    )
    counted, of = (
        np.add.reduceat(np.add.reduceat(each.astype(np.float64), tops, axis=0), lefts, axis=1) for each in (odd, judged)
    )
    return float(np.quantile(counted[of > 0] / of[of > 0], 0.75)) if (of > 0).any() else 0.0


def _grown(
    seeds: Mask, reach: int, weights: NDArray[np.float64], judged: Mask, chance: float, tests: float, most: float
) -> list[Region]:
    """Return the parts of `seeds` that hang together over `reach` cells and whose box has more than chance gives."""
    labels, count = _native.parts_of(seeds.astype(np.uint8), reach)
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns] - 1
    low, high = np.full((2, count), 1 << 30), np.zeros((2, count), np.int64)
    for axis, places in enumerate((rows, columns)):
        np.minimum.at(low[axis], numbers, places)
        np.maximum.at(high[axis], numbers, places + 1)
    k = _sums(weights, low, high)
    n = _sums(judged.astype(np.float64), low, high)
    log_nfa = tests + log_tail(n, k, chance)
    found = []
    for each in np.flatnonzero(log_nfa <= most):
        (top, left), (bottom, right) = low[:, each], high[:, each]
        cells = labels[top:bottom, left:right] == each + 1
        size = int(right - left), int(bottom - top)
        found.append(Region(int(left), int(top), *size, float(log_nfa[each]), float(k[each] / n[each]), cells))
    return found


def _sums(values: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of `values` in each box."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    table[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    (top, left), (bottom, right) = low, high
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left])
