"""Laying the suspect on the original: turned, by an alignment, or as if a little had been cut off all sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray

from takeback.altered.likeness import (
    ALIKE_BITS,
    MARGIN,
    alike_in_place,
    bits_at,
    chance_of,
    proving_tiles,
    searched_tiles,
)
from takeback.altered.turning import Matrix, Plane, after, undoing, undone
from takeback.fingerprint import Orientation
from takeback.fingerprint.tiles import GRID, PLANE_SIDE, TILE_SIDE, TILE_STEP, TILES, Tiles, squared, tile_places
from takeback.registration import Alignment

MAX_CHANCE = 1e-6
"""Of calling another picture a copy. By the bound above, four tiles of 36 that do not overlap must be alike."""

MIN_MOST = 0.8
"""Part of the proving tiles that, being alike, end the search for a better placement."""

_OFF_ALL_SIDES = (0.02, 0.04, 0.06, 0.08, 0.1)
"""Shares of a side that may be missing on every side, where there is no alignment."""
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

type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """How the square of the original lies on the suspect: `matrix` float64 [2, 3] leads to the suspect's pixels."""

    matrix: Matrix
    canvas: Plane = field(repr=False)
    """The suspect in the square's frame, with a margin around it."""
    seen: Bools = field(repr=False)
    """Which tiles lie in the suspect."""
    partly: Bools = field(repr=False)
    """Which do, or nearly."""


def best_placement(suspect: Plane, original: Tiles, alignment: Alignment | None) -> Placement:
    """
    Return the placement in which most tiles are alike; of several stages the first that proves the source.

    Within a stage all are asked: a symmetrical picture is like itself mirrored, but less so.
    """
    proving = proving_tiles(original)
    square = squared(suspect)
    plain = _turned(suspect, square)
    aligned = [] if alignment is None else [placed(suspect, from_alignment(suspect, alignment))]
    likely = [*aligned, plain[0], plain[4]]  # as it is, and mirrored
    wide = (_refined(suspect, each, original, _WIDE_REACH) for each in likely)
    best, most = plain[0], -1
    for stage in (chain(aligned, plain), _cropped(square, suspect), wide):
        for placement in stage:
            alike = alike_in_place(placement.canvas, placement.partly, original)
            if (count := int(np.count_nonzero(alike))) > most:
                best, most, proof = placement, count, chance_of(alike, proving & placement.partly)
            if count >= MIN_MOST * np.count_nonzero(proving & searched_tiles()) and proof <= MAX_CHANCE:
                return placement
        if proof <= MAX_CHANCE:
            break
    return best


def _turned(suspect: Plane, square: Plane) -> list[Placement]:
    """Return the placements of the suspect turned back from each of eight orientations."""
    found, every = [], np.ones(TILES, np.bool_)
    for orientation in Orientation:
        canvas = np.pad(np.ascontiguousarray(undone(square, orientation)), MARGIN, mode="edge")
        found.append(Placement(_to_plane(suspect) * undoing(orientation), canvas, every, every))
    return found


def _cropped(square: Plane, suspect: Plane) -> Iterator[Placement]:
    """Yield the placements of a suspect that lost as much on every side, as it is or mirrored."""
    for orientation, off in product((Orientation.UPRIGHT, Orientation.MIRRORED), _OFF_ALL_SIDES):
        by = 1 / (1 - 2 * off)
        start = -off * by * PLANE_SIDE
        at = (np.arange(-MARGIN, PLANE_SIDE + MARGIN) + 0.5) * by + start - 0.5
        rows = np.rint(at).astype(np.int64).clip(0, PLANE_SIDE - 1)
        zoom = np.array([[by, 0, start], [0, by, start]])
        matrix = _to_plane(suspect) * after(undoing(orientation), zoom)
        # The nearest pixels will do to find the placement; it is then refined in the suspect's own.
        canvas = np.ascontiguousarray(undone(square, orientation)[np.ix_(rows, rows)])
        yield Placement(matrix, canvas, _seen(matrix, suspect, _OUTSIDE), _seen(matrix, suspect, _PARTLY_OUTSIDE))


def _to_plane(suspect: Plane) -> Matrix:
    """Return by what the rows of a matrix to the suspect's square are stretched to lead to its plane."""
    return np.array([[suspect.shape[1]], [suspect.shape[0]]]) / PLANE_SIDE


def from_alignment(suspect: Plane, alignment: Alignment) -> Matrix:
    """Return the matrix from the square to the suspect's plane by way of the entry's and the query's pixels."""
    (entry_width, entry_height), (width, height) = alignment.entry_size, alignment.query_size
    linear = np.linalg.inv(alignment.matrix[:, :2])
    to_query = np.column_stack([linear, -linear @ alignment.matrix[:, 2]])
    to_entry = np.array([[entry_width / PLANE_SIDE, 0, 0], [0, entry_height / PLANE_SIDE, 0]])
    return np.array([[suspect.shape[1] / width], [suspect.shape[0] / height]]) * after(to_query, to_entry)


def placed(plane: Plane, matrix: Matrix) -> Placement:
    """Return the placement that a matrix from the square to the suspect gives."""
    seen, partly = (_seen(matrix, plane, pixels) for pixels in (_OUTSIDE, _PARTLY_OUTSIDE))
    return Placement(matrix, _warped(plane, matrix), seen, partly)


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
    places = (np.arange(PLANE_SIDE + 2 * MARGIN) + 0.5) - MARGIN
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


def _refined(suspect: Plane, placement: Placement, original: Tiles, reach: int) -> Placement:
    """Return the placement moved by what its tiles say of how far they lie off, if more of them are then alike."""
    proving = proving_tiles(original) & placement.partly & searched_tiles()
    alike = alike_in_place(placement.canvas, placement.partly, original)
    if np.count_nonzero(alike) == np.count_nonzero(proving):
        return placement
    tiles, rows = np.flatnonzero(proving), np.zeros((0, 4))
    for half in (tiles[::2], tiles[1::2]):
        rows = np.concatenate([rows, _found_around(placement.canvas, original, half, reach)])
        if len(rows) < _LEAST_FOUND:
            return placement
    moved = placed(suspect, after(placement.matrix, _fitted(rows)))
    more = alike_in_place(moved.canvas, moved.partly, original)
    return moved if np.count_nonzero(more) > np.count_nonzero(alike) else placement


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
        ((bits_at(canvas, original, tile, dx, dy), dx, dy) for dx, dy in product(steps, steps)),
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


def settled(suspect: Plane, placement: Placement, original: Tiles) -> Placement:
    """Return a placement refined as far as its tiles lead."""
    for _ in range(_REFINEMENTS):
        placement = _refined(suspect, placement, original, _REACH)
    return placement
