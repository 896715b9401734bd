"""What an affine transform between two pictures says, and whether an edit can have made it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_SCALE = 16.0
"""Neither picture is more than this many times as large as it is in the other."""

MAX_STRETCH = 2.5
"""How many times as much one direction is stretched as the other."""

type Matrix = NDArray[np.float64]
"""float64 [2, 3]: from x, y, 1 to x, y, in pixels."""

type Size = tuple[int, int]
type Point = tuple[float, float]


class Box(NamedTuple):
    """A part of a picture, in its pixels, from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


def scale_of(matrix: Matrix) -> float:
    """Return how many times as long a side becomes, in the mean: the root of how many times as large an area does."""
    return math.sqrt(abs(_determinant(matrix)))


def angle_of(matrix: Matrix) -> float:
    """Return by how many degrees it turns clockwise (y points downwards), -180..180, after any mirroring of x."""
    sign = -1 if _determinant(matrix) < 0 else 1
    return math.degrees(math.atan2(sign * matrix[1, 0] - matrix[0, 1], sign * matrix[0, 0] + matrix[1, 1]))


def is_an_edit(matrix: Matrix) -> bool:
    """Say whether it neither collapses, mirrors, nor scales or stretches more than people do."""
    if not np.isfinite(matrix).all() or _determinant(matrix) <= 0:
        return False
    long, short = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(short > 0 and long < MAX_STRETCH * short and 1 / MAX_SCALE <= scale_of(matrix) <= MAX_SCALE)


def clipped_box(matrix: Matrix, query: Size, entry: Size) -> Box | None:
    """Return the box around the entry's picture in the query's; None where they do not overlap."""
    seen = _clipped(_moved(_corners(entry), _inverse(matrix)), query)
    if _area(seen) == 0:
        return None
    x, y = zip(*seen, strict=True)
    return Box(min(x), min(y), max(x), max(y))


def visible_share(matrix: Matrix, query: Size, entry: Size) -> float:
    """Return what part of the entry's area lies in the query, 0..1."""
    return min(1.0, _area(_clipped(_moved(_corners(query), matrix), entry)) / (entry[0] * entry[1]))


def _determinant(matrix: Matrix) -> float:
    return float(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])


def _inverse(matrix: Matrix) -> Matrix:
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def _corners(size: Size) -> list[Point]:
    width, height = size
    return [(0, 0), (width, 0), (width, height), (0, height)]


def _moved(points: list[Point], matrix: Matrix) -> list[Point]:
    moved = np.array(points) @ matrix[:, :2].T + matrix[:, 2]
    return [(float(x), float(y)) for x, y in moved]


def _clipped(polygon: list[Point], size: Size) -> list[Point]:
    """Return what of a convex polygon lies in a picture (Sutherland, Hodgman, 1974)."""
    for axis, side in enumerate(size):
        polygon = _half(polygon, axis, 1, 0.0)
        polygon = _half(polygon, axis, -1, -float(side))
    return polygon


def _half(polygon: list[Point], axis: int, sign: int, least: float) -> list[Point]:
    """Return what of `polygon` has `sign` times its coordinate at `least` or above."""
    kept: list[Point] = []
    for start, end in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        before, after = sign * start[axis] - least, sign * end[axis] - least
        if before >= 0:
            kept.append(start)
        if (before < 0) != (after < 0):
            part = before / (before - after)
            kept.append((start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])))
    return kept


def _area(polygon: list[Point]) -> float:
    """Return the area of a polygon, by the shoelace formula; 0 for a point or a line."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2
