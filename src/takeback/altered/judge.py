"""What a suspect is to an original, and which parts of it were replaced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.altered.likeness import (
    ALIKE_BITS,
    PROVING_QUALITY,
    bits_at,
    chance_of,
    cut,
    differing,
    grids,
    proving_tiles,
)
from takeback.altered.placement import MAX_CHANCE, Placement, best_placement, from_alignment, placed, settled
from takeback.altered.turning import Matrix, Plane, orientation_of
from takeback.fingerprint import MIN_QUALITY, Orientation
from takeback.fingerprint.tiles import GRID, PLANE_SIDE, TILE_STEP, TILES, Tiles, tile_places
from takeback.registration import Alignment
from takeback.registration.transform import Box

APART_BITS = 80
"""
Bits from which a tile says that it was replaced; one between says nothing: often part of it was. Of 464,000 tiles of
`TELLING_QUALITY` at the same places of 70 calibration photographs, each with every other, three are nearer.
"""

TELLING_QUALITY = 30
"""
One that is not alike says from here that it was replaced: lower than PDQ's 50, for many tiles speak at once. Below, it
says so only where it became much flatter or has detail now: saved again, a tile keeps a third of its quality at least.
"""

MAX_CHANCE_OF_LIKELY = 1e-3
"""
The same where something else already says that it may be a copy: that alone is wrong of one pair in a million.
"""

PROVING_INLIERS = 12
"""
Local features that prove the source where tiles do not: of a million pairs of different photographs none has as many.
"""

MIN_PROVING = 8
"""Tiles, not overlapping, with detail in the original: with fewer, that none proves the source proves nothing."""

FLATTENED = 1 / 3
"""Of its quality, below which a tile with little detail was painted over."""

MIN_CHANGED_CELLS = 6
"""Joined cells, of 144, that make an alteration: two tiles that overlap, 4 %. One alone comes of noise and shifts."""

_CELLS = PLANE_SIDE // TILE_STEP

type Bools = NDArray[np.bool_]
type Bits = NDArray[np.int64]


class Kind(StrEnum):
    """What the suspect is to the original."""

    UNALTERED_COPY = "unaltered_copy"
    """It shows the original, and no part that can be judged was replaced."""
    ALTERED_COPY = "altered_copy"
    """Part of it is the original at its place, and another part was replaced or drawn over."""
    NOT_FROM_IT = "not_from_it"
    """No more tiles are alike than in any other picture."""


@dataclass(frozen=True, slots=True)
class Altered:
    """
    What tiles say of a suspect and an original.

    `alike`, `apart` and `silent` count the tiles, 121 in all, that are as the original's, that are not, and that say
    nothing: too flat, outside the suspect, or between. `chance` bounds how likely as many are alike in another
    picture. `orientation` is what was done to the original. `changed` are the joined parts that were replaced, in
    pixels of the suspect, the largest first; `share` is their part of what the suspect shows of the original, 0..1.
    """

    kind: Kind
    alike: int
    apart: int
    silent: int
    chance: float
    orientation: Orientation
    changed: tuple[Box, ...]
    share: float


def can_be_told(original: Tiles) -> bool:
    """Whether an original has so much detail that a picture in which none of it is alike is not from it."""
    return bool(np.count_nonzero(grids() & proving_tiles(original), axis=1).max() >= MIN_PROVING)


def compare_tiles(
    suspect: Plane,
    original: Tiles,
    *,
    alignment: Alignment | None = None,
    size: tuple[int, int] | None = None,
    is_likely: bool = False,
) -> Altered | None:
    """
    Say what `suspect`, the luminance of a picture as it is seen, uint8 [height, width], is to `original`.

    `size` is the width and height of the picture that `suspect` was reduced from: the answer is in its pixels.
    `alignment` leads from the suspect (the query, of any size) to the original (the entry). Without one, a suspect
    that is cropped by more than a tenth, cropped unevenly, framed, or turned by another than a right angle is not
    recognised. `is_likely` where the descriptor or another fingerprint already says *possible*. None where nothing
    proves the source and the original has too little detail for that to mean anything (`can_be_told`). Raises as
    `tiles_of` does.
    """
    size = size or (suspect.shape[1], suspect.shape[0])
    max_chance = MAX_CHANCE_OF_LIKELY if is_likely else MAX_CHANCE
    best = settled(suspect, best_placement(suspect, original, alignment), original)
    found = _judged(suspect, best, original, size, max_chance)
    if found.kind is not Kind.NOT_FROM_IT:
        return found
    # 1. What was left is too little for tiles, and enough for local features.
    if alignment is not None and alignment.inliers >= PROVING_INLIERS:
        aligned = placed(suspect, from_alignment(suspect, alignment))
        return _judged(suspect, settled(suspect, aligned, original), original, size, max_chance=1.0)
    # 2. That nothing proves the source says something only of an original with detail.
    return found if can_be_told(original) else None


def _judged(suspect: Plane, placement: Placement, original: Tiles, size: tuple[int, int], max_chance: float) -> Altered:
    proving = proving_tiles(original) & placement.partly
    bits, qualities = _compared(placement.canvas, original, np.flatnonzero(placement.partly))
    alike = proving & (bits <= ALIKE_BITS)
    chance = chance_of(alike, proving)
    apart = placement.seen & (bits >= APART_BITS) & _says_so(original, qualities)
    orientation = orientation_of(placement.matrix)
    silent = TILES - int(np.count_nonzero(alike)) - int(np.count_nonzero(apart))
    counts = int(np.count_nonzero(alike)), int(np.count_nonzero(apart)), silent, chance, orientation
    if chance > max_chance:
        return Altered(Kind.NOT_FROM_IT, *counts, (), 0.0)
    parts = _joined(_covered(apart) & ~_covered(alike))
    to_size = np.array(size) / suspect.shape[::-1]
    changed = tuple(_box(part, placement.matrix * to_size[:, np.newaxis], size) for part in parts)
    shown = max(1, int(np.count_nonzero(_covered(placement.seen))))
    share = sum(int(np.count_nonzero(part)) for part in parts) / shown
    return Altered(Kind.ALTERED_COPY if parts else Kind.UNALTERED_COPY, *counts, changed, min(1.0, share))


def _says_so(original: Tiles, qualities: Bits) -> Bools:
    """Return of which tiles it means something that they are not alike; `qualities` are the suspect's."""
    before = original.qualities
    flattened = (before >= PROVING_QUALITY) & (qualities < FLATTENED * before)
    return (before >= TELLING_QUALITY) | (qualities >= MIN_QUALITY) | flattened


def _compared(canvas: Plane, original: Tiles, tiles: NDArray[np.int64]) -> tuple[Bits, Bits]:
    """Return the bits of each of `tiles`, the fewest within a pixel of its place, and its quality at it."""
    bits, qualities = np.full(TILES, 256), np.zeros(TILES, np.int64)
    places = list(tile_places())
    around = [shift for shift in product((-1, 0, 1), repeat=2) if shift != (0, 0)]
    for tile in tiles:
        code, qualities[tile] = _native.pdq_hash(cut(canvas, *places[tile]))
        bits[tile] = differing(code, original, tile)
        if bits[tile] > ALIKE_BITS and original.qualities[tile] >= PROVING_QUALITY:
            bits[tile] = min(bits[tile], *(bits_at(canvas, original, tile, dx, dy) for dx, dy in around))
    return bits, qualities


def _covered(tiles: Bools) -> Bools:
    """Return which cells, half a tile wide, any of `tiles` covers, bool [12, 12]."""
    grid, cells = tiles.reshape(GRID, GRID), np.zeros((_CELLS, _CELLS), np.bool_)
    for i, j in product((0, 1), repeat=2):
        cells[i : i + GRID, j : j + GRID] |= grid
    return cells


def _joined(cells: Bools) -> list[Bools]:
    """Return the parts of `cells` that hang together by their sides, the largest first, without the small ones."""
    left = {(int(row), int(column)) for row, column in np.argwhere(cells)}
    parts = []
    while left:
        part, edge = np.zeros_like(cells), [left.pop()]
        while edge:
            row, column = edge.pop()
            part[row, column] = True
            beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & left
            left -= beside
            edge.extend(beside)
        parts.append(part)
    sizes = [int(np.count_nonzero(part)) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (-sizes[i], int(parts[i].argmax())))
    return [parts[i] for i in order if sizes[i] >= MIN_CHANGED_CELLS]


def _box(part: Bools, matrix: Matrix, size: tuple[int, int]) -> Box:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    xs, ys = (TILE_STEP * columns[0], TILE_STEP * (columns[-1] + 1)), (TILE_STEP * rows[0], TILE_STEP * (rows[-1] + 1))
    corners = np.array(list(product(xs, ys))) @ matrix[:, :2].T + matrix[:, 2]
    (left, top), (right, bottom) = corners.min(axis=0).clip(0, size), corners.max(axis=0).clip(0, size)
    return Box(float(left), float(top), float(right), float(bottom))
