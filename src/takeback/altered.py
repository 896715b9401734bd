"""
Whether a picture is an altered copy: part of it an ordinary picture as it was, part of it replaced.

1. The suspect is laid on the original: turned each of eight ways, by the alignment where there is one, and as if a
   little had been cut off all sides. The placement in which most tiles are alike is refined by how far each lies off.
2. It is from the original if more tiles are alike at their places than chance gives in any other picture, or if so
   many local features agree that no other picture has.
3. Then telling tiles that are not alike, joined, are where it was altered.

Words or a sticker over an unaltered copy replace part of it too, and may count as an alteration: what was put there
is for a person, or a detector, to judge. A change smaller than a few tiles is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.fingerprint import MIN_QUALITY, Orientation
from takeback.fingerprint.tiles import GRID, PLANE_SIDE, TILE_SIDE, TILE_STEP, TILES, Tiles, squared, tile_places
from takeback.registration import Alignment
from takeback.registration.transform import Box

ALIKE_BITS = 64
"""
Bits by which a tile that was not touched may differ. Of telling tiles of the calibration photographs 2 to 3 in 1,000
are farther after saving again at 70 % of the size, and 1 to 2 in 100 after a shift by one pixel of the plane.
"""

APART_BITS = 80
"""
Bits from which a tile says that it was replaced; one between says nothing: often part of it was. Of 464,000 tiles of
`TELLING_QUALITY` at the same places of 70 calibration photographs, each with every other, three are nearer.
"""

PROVING_QUALITY = 10
"""
A tile of the original that is alike speaks for the source from here, as a cloud does. In 78 calibration photographs 86
in 100 of those of 10 to 15 are alike in an unaltered copy, 94 up to 20, 96 up to 30, and 998 in 1,000 above.
"""

TELLING_QUALITY = 30
"""
One that is not alike says from here that it was replaced: lower than PDQ's 50, for many tiles speak at once. Below, it
says so only where it became much flatter or has detail now: saved again, a tile keeps a third of its quality at least.
"""

CHANCE_OF_ALIKE = 1e-4
"""
Of a proving tile and the same place in another picture within `ALIKE_BITS`: of 220,000 of those with little detail 3 in
200,000 were, of others fewer; the rest of the bound is for the small shifts that are tried, and for pictures that are
more alike than those.
"""

TRIALS = 40_000
"""Placements that may be tried of one pair, shifts within them, and four grids: each is a chance to be wrong."""

MAX_CHANCE = 1e-6
"""Of calling another picture a copy. By the bound above, four tiles of 36 that do not overlap must be alike."""

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

MIN_MOST = 0.8
"""Part of the proving tiles that, being alike, end the search for a better placement."""

FLATTENED = 1 / 3
"""Of its quality, below which a tile with little detail was painted over."""

MIN_CHANGED_CELLS = 6
"""Joined cells, of 144, that make an alteration: two tiles that overlap, 4 %. One alone comes of noise and shifts."""

_OFF_ALL_SIDES = (0.02, 0.04, 0.06, 0.08, 0.1)
"""Shares of a side that may be missing on every side, where there is no alignment."""
_MARGIN = 16
"""Pixels around the square that are read for shifts."""
_REACH = 6
_REACH_STEP = 3
"""Pixels of the square by which each tile is looked for around its place, to refine a placement."""
_WIDE_REACH = 15
"""The same where no placement proves the source: it bears 5 % cut off any side."""
_LEAST_FOUND = 2
"""Of the first half of the tiles that are looked for around their places; with fewer the others are not tried."""
_REFINEMENTS = 2
_OUTSIDE = 1.5
"""Pixels of the square by which a tile may reach out of the suspect and still be seen."""
_PARTLY_OUTSIDE = 15
"""The same of a tile that is partly seen: it may be alike, but that it is not says nothing."""
_CELLS = PLANE_SIDE // TILE_STEP

type Plane = NDArray[np.uint8]
type Bools = NDArray[np.bool_]
type Bits = NDArray[np.int64]
type Matrix = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True, eq=False)
class _Placement:
    """How the square of the original lies on the suspect: `matrix` float64 [2, 3] leads to the suspect's pixels."""

    matrix: Matrix
    canvas: Plane = field(repr=False)
    """The suspect in the square's frame, with a margin around it."""
    seen: Bools = field(repr=False)
    """Which tiles lie in the suspect."""
    partly: Bools = field(repr=False)
    """Which do, or nearly."""


def can_be_told(original: Tiles) -> bool:
    """Whether an original has so much detail that a picture in which none of it is alike is not from it."""
    return bool(np.count_nonzero(_grids() & _proving(original), axis=1).max() >= MIN_PROVING)


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
    best = _settled(suspect, _best_placement(suspect, original, alignment), original)
    found = _judged(suspect, best, original, size, max_chance)
    if found.kind is not Kind.NOT_FROM_IT:
        return found
    # 1. What was left is too little for tiles, and enough for local features.
    if alignment is not None and alignment.inliers >= PROVING_INLIERS:
        aligned = _placed(suspect, _from_alignment(suspect, alignment))
        return _judged(suspect, _settled(suspect, aligned, original), original, size, max_chance=1.0)
    # 2. That nothing proves the source says something only of an original with detail.
    return found if can_be_told(original) else None


# ---- Placing the suspect ----------------------------------------------------------------------------------------


def _best_placement(suspect: Plane, original: Tiles, alignment: Alignment | None) -> _Placement:
    """
    Return the placement in which most tiles are alike; of several stages the first that proves the source.

    Within a stage all are asked: a symmetrical picture is like itself mirrored, but less so.
    """
    proving = _proving(original)
    square = squared(suspect)
    plain = _turned(suspect, square)
    aligned = [] if alignment is None else [_placed(suspect, _from_alignment(suspect, alignment))]
    likely = [*aligned, plain[0], plain[4]]  # as it is, and mirrored
    wide = (_refined(suspect, each, original, _WIDE_REACH) for each in likely)
    best, most = plain[0], -1
    for stage in (chain(aligned, plain), _cropped(square, suspect), wide):
        for placement in stage:
            alike = _alike_in_place(placement, original)
            if (count := int(np.count_nonzero(alike))) > most:
                best, most, proof = placement, count, _chance(alike, proving & placement.partly)
            if count >= MIN_MOST * np.count_nonzero(proving & _searched()) and proof <= MAX_CHANCE:
                return placement
        if proof <= MAX_CHANCE:
            break
    return best


def _turned(suspect: Plane, square: Plane) -> list[_Placement]:
    """Return the placements of the suspect turned back from each of eight orientations."""
    found, every = [], np.ones(TILES, np.bool_)
    for orientation in Orientation:
        canvas = np.pad(np.ascontiguousarray(_undone(square, orientation)), _MARGIN, mode="edge")
        found.append(_Placement(_to_plane(suspect) * _undoing(orientation), canvas, every, every))
    return found


def _cropped(square: Plane, suspect: Plane) -> Iterator[_Placement]:
    """Yield the placements of a suspect that lost as much on every side, as it is or mirrored."""
    for orientation, off in product((Orientation.UPRIGHT, Orientation.MIRRORED), _OFF_ALL_SIDES):
        by = 1 / (1 - 2 * off)
        start = -off * by * PLANE_SIDE
        at = (np.arange(-_MARGIN, PLANE_SIDE + _MARGIN) + 0.5) * by + start - 0.5
        rows = np.rint(at).astype(np.int64).clip(0, PLANE_SIDE - 1)
        zoom = np.array([[by, 0, start], [0, by, start]])
        matrix = _to_plane(suspect) * _after(_undoing(orientation), zoom)
        # The nearest pixels will do to find the placement; it is then refined in the suspect's own.
        canvas = np.ascontiguousarray(_undone(square, orientation)[np.ix_(rows, rows)])
        yield _Placement(matrix, canvas, _seen(matrix, suspect, _OUTSIDE), _seen(matrix, suspect, _PARTLY_OUTSIDE))


def _to_plane(suspect: Plane) -> Matrix:
    """Return by what the rows of a matrix to the suspect's square are stretched to lead to its plane."""
    return np.array([[suspect.shape[1]], [suspect.shape[0]]]) / PLANE_SIDE


def _from_alignment(suspect: Plane, alignment: Alignment) -> Matrix:
    """Return the matrix from the square to the suspect's plane by way of the entry's and the query's pixels."""
    (entry_width, entry_height), (width, height) = alignment.entry_size, alignment.query_size
    linear = np.linalg.inv(alignment.matrix[:, :2])
    to_query = np.column_stack([linear, -linear @ alignment.matrix[:, 2]])
    to_entry = np.array([[entry_width / PLANE_SIDE, 0, 0], [0, entry_height / PLANE_SIDE, 0]])
    return np.array([[suspect.shape[1] / width], [suspect.shape[0] / height]]) * _after(to_query, to_entry)


def _placed(plane: Plane, matrix: Matrix) -> _Placement:
    seen, partly = (_seen(matrix, plane, pixels) for pixels in (_OUTSIDE, _PARTLY_OUTSIDE))
    return _Placement(matrix, _warped(plane, matrix), seen, partly)


def _seen(matrix: Matrix, plane: Plane, outside: float) -> Bools:
    """Return which tiles reach out of `plane` by no more than `outside` pixels of the square, bool [121]."""
    corners = np.array([[x + i, y + j] for x, y in tile_places() for i in (0, TILE_SIDE) for j in (0, TILE_SIDE)])
    at = corners @ matrix[:, :2].T + matrix[:, 2]
    slack = outside * np.abs(matrix[:, :2]).sum(axis=1)
    inside = ((at >= -slack) & (at <= np.array(plane.shape[::-1]) + slack)).all(axis=1)
    return np.asarray(inside.reshape(TILES, 4).all(axis=1))


def _warped(plane: Plane, matrix: Matrix) -> Plane:
    """Return `plane` in the square's frame, margin included: means of whole pixels, then linear between them."""
    footprint = np.abs(matrix[:, :2]).sum(axis=1)
    fx, fy = (max(1, min(round(float(each)), side)) for each, side in zip(footprint, plane.shape[::-1], strict=True))
    height, width = plane.shape[0] // fy, plane.shape[1] // fx
    reduced = plane[: height * fy, : width * fx].reshape(height, fy, width, fx).mean(axis=(1, 3), dtype=np.float32)
    places = (np.arange(PLANE_SIDE + 2 * _MARGIN) + 0.5) - _MARGIN
    x = (matrix[0, 0] * places + matrix[0, 1] * places[:, np.newaxis] + matrix[0, 2]) / fx - 0.5
    y = (matrix[1, 0] * places + matrix[1, 1] * places[:, np.newaxis] + matrix[1, 2]) / fy - 0.5
    sampled = _sampled(reduced, x.clip(0, width - 1), y.clip(0, height - 1))
    return np.ascontiguousarray(np.rint(sampled).astype(np.uint8))


def _sampled(plane: NDArray[np.float32], x: Matrix, y: Matrix) -> Matrix:
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, bottom = np.minimum(left + 1, plane.shape[1] - 1), np.minimum(top + 1, plane.shape[0] - 1)
    dx, dy = x - left, y - top
    above = plane[top, left] * (1 - dx) + plane[top, right] * dx
    below = plane[bottom, left] * (1 - dx) + plane[bottom, right] * dx
    return np.asarray(above * (1 - dy) + below * dy)


def _refined(suspect: Plane, placement: _Placement, original: Tiles, reach: int) -> _Placement:
    """Return the placement moved by what its tiles say of how far they lie off, if more of them are then alike."""
    proving = _proving(original) & placement.partly & _searched()
    before = _alike_in_place(placement, original)
    if np.count_nonzero(before) == np.count_nonzero(proving):
        return placement
    tiles, rows = np.flatnonzero(proving), np.zeros((0, 4))
    for half in (tiles[::2], tiles[1::2]):
        rows = np.concatenate([rows, _found_around(placement.canvas, original, half, reach)])
        if len(rows) < _LEAST_FOUND:
            return placement
    moved = _placed(suspect, _after(placement.matrix, _fitted(rows)))
    after = _alike_in_place(moved, original)
    return moved if np.count_nonzero(after) > np.count_nonzero(before) else placement


def _found_around(canvas: Plane, original: Tiles, tiles: NDArray[np.int64], reach: int) -> Matrix:
    """Return the middles of those of `tiles` that are alike near their places, and by what shift, float64 [n, 4]."""
    rows = []
    for tile in tiles:
        bits, dx, dy = _nearest(canvas, original, int(tile), reach)
        row, column = divmod(int(tile), GRID)
        if bits <= ALIKE_BITS:
            rows.append((TILE_STEP * (column + 1), TILE_STEP * (row + 1), dx, dy))
    return np.array(rows, np.float64).reshape(-1, 4)


def _nearest(canvas: Plane, original: Tiles, tile: int, reach: int) -> tuple[int, int, int]:
    """Return the fewest bits of a tile around its place, and by what shift; of equal ones the shortest."""
    steps = range(-reach, reach + 1, _REACH_STEP)
    return min(
        ((_bits(canvas, original, tile, dx, dy), dx, dy) for dx, dy in product(steps, steps)),
        key=lambda each: (each[0], each[1] ** 2 + each[2] ** 2),
    )


def _fitted(rows: Matrix) -> Matrix:
    """
    Return what leads from the places of tiles, [n, 4] with shifts, to where they were found.

    Each side's stretch is fitted alone, as cropping stretches; least squares, those far off counting little.
    """
    matrix = np.column_stack([np.eye(2), np.median(rows[:, 2:], axis=0)])
    for axis in (0, 1):
        place, shift = rows[:, axis], rows[:, 2 + axis]
        if len(rows) < 3 or np.ptp(place) < PLANE_SIDE / 4:
            continue
        design, weights = np.column_stack([place, np.ones(len(place))]), np.ones(len(place))
        fit = np.array([0.0, np.median(shift)])
        for _ in range(5):
            weights = 1 / np.maximum(1.0, np.abs(design @ fit - shift))
            fit = np.linalg.lstsq(design * weights[:, np.newaxis], shift * weights)[0]
        matrix[axis, axis] += fit[0]
        matrix[axis, 2] = fit[1]
    return matrix


def _settled(suspect: Plane, placement: _Placement, original: Tiles) -> _Placement:
    for _ in range(_REFINEMENTS):
        placement = _refined(suspect, placement, original, _REACH)
    return placement


# ---- Judging ----------------------------------------------------------------------------------------------------


def _judged(
    suspect: Plane, placement: _Placement, original: Tiles, size: tuple[int, int], max_chance: float
) -> Altered:
    proving = _proving(original) & placement.partly
    bits, qualities = _compared(placement.canvas, original, np.flatnonzero(placement.partly))
    alike = proving & (bits <= ALIKE_BITS)
    chance = _chance(alike, proving)
    apart = placement.seen & (bits >= APART_BITS) & _says_so(original, qualities)
    orientation = _orientation(placement.matrix)
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


def _proving(original: Tiles) -> Bools:
    return original.qualities >= PROVING_QUALITY


def _compared(canvas: Plane, original: Tiles, tiles: NDArray[np.int64]) -> tuple[Bits, Bits]:
    """Return the bits of each of `tiles`, the fewest within a pixel of its place, and its quality at it."""
    bits, qualities = np.full(TILES, 256), np.zeros(TILES, np.int64)
    places = list(tile_places())
    around = [shift for shift in product((-1, 0, 1), repeat=2) if shift != (0, 0)]
    for tile in tiles:
        code, qualities[tile] = _native.pdq_hash(_cut(canvas, *places[tile]))
        bits[tile] = _differing(code, original, tile)
        if bits[tile] > ALIKE_BITS and original.qualities[tile] >= PROVING_QUALITY:
            bits[tile] = min(bits[tile], *(_bits(canvas, original, tile, dx, dy) for dx, dy in around))
    return bits, qualities


def _alike_in_place(placement: _Placement, original: Tiles) -> Bools:
    """Return which of the tiles that are searched are alike just where they should be."""
    alike = np.zeros(TILES, np.bool_)
    for tile in np.flatnonzero(_proving(original) & placement.partly & _searched()):
        alike[tile] = _bits(placement.canvas, original, int(tile), 0, 0) <= ALIKE_BITS
    return alike


def _chance(alike: Bools, proving: Bools) -> float:
    """Bound the chance of so many `alike` of `proving` tiles in another picture, in the grid that says most."""
    counts = (np.count_nonzero(_grids() & tiles, axis=1) for tiles in (alike & proving, proving))
    return min(1.0, *(TRIALS * _tail(int(k), int(n)) for k, n in zip(*counts, strict=True)))


def _tail(least: int, of: int) -> float:
    """Return the chance that `least` or more `of` tiles are alike by chance (binomial)."""
    p = CHANCE_OF_ALIKE
    return sum(math.comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(least, of + 1))


def _bits(canvas: Plane, original: Tiles, tile: int, dx: int, dy: int) -> int:
    row, column = divmod(tile, GRID)
    code, _ = _native.pdq_hash(_cut(canvas, column * TILE_STEP + dx, row * TILE_STEP + dy))
    return _differing(code, original, tile)


def _cut(canvas: Plane, x: int, y: int) -> Plane:
    return canvas[y + _MARGIN : y + _MARGIN + TILE_SIDE, x + _MARGIN : x + _MARGIN + TILE_SIDE]


def _differing(code: bytes, original: Tiles, tile: int) -> int:
    return (int.from_bytes(code) ^ int.from_bytes(original.codes[tile].tobytes())).bit_count()


@cache
def _grids() -> Bools:
    """Return the four grids of tiles without overlaps, bool [4, 121]: those of one are taken as independent."""
    grids = np.zeros((4, GRID, GRID), np.bool_)
    for grid, (i, j) in zip(grids, product((0, 1), repeat=2), strict=True):
        grid[i::2, j::2] = True
    return grids.reshape(4, TILES)


def _searched() -> Bools:
    """Return the tiles by which placements are found: a grid to the edges, and one that a small crop leaves whole."""
    return np.asarray(_grids()[0] | _grids()[3])


# ---- Where it was changed ---------------------------------------------------------------------------------------


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


# ---- Turning ----------------------------------------------------------------------------------------------------

# What undoes each: exchange rows and columns, then turn top and bottom over, then left and right.
_UNDO = {
    Orientation.UPRIGHT: (False, False, False),
    Orientation.ROTATED_90: (True, True, False),
    Orientation.ROTATED_180: (False, True, True),
    Orientation.ROTATED_270: (True, False, True),
    Orientation.MIRRORED: (False, False, True),
    Orientation.FLIPPED: (False, True, False),
    Orientation.TRANSPOSED: (True, False, False),
    Orientation.TRANSVERSED: (True, True, True),
}


def _undone(square: Plane, orientation: Orientation) -> Plane:
    across, over, aside = _UNDO[orientation]
    turned = square.T if across else square
    return turned[:: -1 if over else 1, :: -1 if aside else 1]


def _undoing(orientation: Orientation) -> Matrix:
    """Return the matrix from the square after undoing to the square before it."""
    across, over, aside = _UNDO[orientation]
    matrix = np.array([[-1.0, 0, PLANE_SIDE] if aside else [1.0, 0, 0], [0, -1.0, PLANE_SIDE] if over else [0, 1.0, 0]])
    return np.ascontiguousarray(matrix[::-1]) if across else matrix


def _orientation(matrix: Matrix) -> Orientation:
    """Return which of the eight a matrix from the square to the suspect is nearest to."""
    linear = matrix[:, :2] / np.linalg.norm(matrix[:, :2], axis=1, keepdims=True)
    return max(Orientation, key=lambda each: float((linear * _undoing(each)[:, :2]).sum()))


def _after(second: Matrix, first: Matrix) -> Matrix:
    """Return the matrix that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])
