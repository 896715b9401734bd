"""Which tiles of a suspect are as the original's at their places, and how likely that is by chance."""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.fingerprint.tiles import GRID, TILE_SIDE, TILE_STEP, TILES, Tiles

ALIKE_BITS = 64
"""
Bits by which a tile that was not touched may differ. Of telling tiles of the calibration photographs 2 to 3 in 1,000
are farther after saving again at 70 % of the size, and 1 to 2 in 100 after a shift by one pixel of the plane.
"""

PROVING_QUALITY = 10
"""
A tile of the original that is alike speaks for the source from here, as a cloud does. Of the tiles of 157 calibration
photographs of quality 10 to 15, 86 in 100 are alike in an unaltered copy, 94 up to 20, 96 up to 30, and 998 in 1,000
above.
"""

CHANCE_OF_ALIKE = 1e-4
"""
Of a proving tile and the same place in another picture within `ALIKE_BITS`. Of the same photographs, each with every
other, 2 of 221,000 below quality 30 were, 5 of 194,000 up to 50, and 1 of 2.2 million above; the rest of the bound is
for the small shifts that are tried, and for pictures that are more alike than those.
"""

TRIALS = 40_000
"""Placements that may be tried of one pair, shifts within them, and four grids: each is a chance to be wrong."""

MARGIN = 16
"""Pixels around the square that are read for shifts."""

type Plane = NDArray[np.uint8]
type Bools = NDArray[np.bool_]


def proving_tiles(original: Tiles) -> Bools:
    """Return which tiles of an original speak for the source where they are alike, bool [121]."""
    return original.qualities >= PROVING_QUALITY


def alike_in_place(canvas: Plane, partly: Bools, original: Tiles) -> Bools:
    """Return which of the tiles that are searched, and lie `partly` in the suspect, are alike just at their places."""
    alike = np.zeros(TILES, np.bool_)
    for tile in np.flatnonzero(proving_tiles(original) & partly & searched_tiles()):
        alike[tile] = bits_at(canvas, original, int(tile), 0, 0) <= ALIKE_BITS
    return alike


def chance_of(alike: Bools, proving: Bools) -> float:
    """Bound the chance of so many `alike` of `proving` tiles in another picture, in the grid that says most."""
    counts = (np.count_nonzero(grids() & tiles, axis=1) for tiles in (alike & proving, proving))
    return min(1.0, *(TRIALS * _tail(int(k), int(n)) for k, n in zip(*counts, strict=True)))


def _tail(least: int, of: int) -> float:
    """Return the chance that `least` or more `of` tiles are alike by chance (binomial)."""
    p = CHANCE_OF_ALIKE
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(least, of + 1))


def bits_at(canvas: Plane, original: Tiles, tile: int, dx: int, dy: int) -> int:
    """Return by how many bits a tile of the original differs from the canvas, `dx` and `dy` pixels off its place."""
    row, column = divmod(tile, GRID)
    code, _ = _native.pdq_hash(cut(canvas, column * TILE_STEP + dx, row * TILE_STEP + dy))
    return differing(code, original, tile)


def cut(canvas: Plane, x: int, y: int) -> Plane:
    """Return what of a canvas lies at a tile's place in the square."""
    return canvas[y + MARGIN : y + MARGIN + TILE_SIDE, x + MARGIN : x + MARGIN + TILE_SIDE]


def differing(code: bytes, original: Tiles, tile: int) -> int:
    """Return by how many bits a code differs from that of a tile of the original."""
    return (int.from_bytes(code) ^ int.from_bytes(original.codes[tile].tobytes())).bit_count()


@cache
def grids() -> Bools:
    """Return the four grids of tiles without overlaps, bool [4, 121]: those of one are taken as independent."""
    grids = np.zeros((4, GRID, GRID), np.bool_)
    for grid, (i, j) in zip(grids, product((0, 1), repeat=2), strict=True):
        grid[i::2, j::2] = True
    return grids.reshape(4, TILES)


def searched_tiles() -> Bools:
    """Return the tiles by which placements are found: a grid to the edges, and one that a small crop leaves whole."""
    return np.asarray(grids()[0] | grids()[3])
