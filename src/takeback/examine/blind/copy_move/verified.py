"""
Where the picture, moved by a transform, is the same pixel by pixel: the region that a copy would be.

1. The picture is moved, and half the squared difference of its detail is taken around each place.
2. Where that is a small part of both places' own texture (`plane`), they are alike. Connected likeness is a region.
3. The transform is fitted to the region (Lucas, Kanade, 1981), and the region found anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import (
    LEAST_TEXTURE,
    UNSEEN,
    Frame,
    Matrix,
    Plane,
    around,
    detail_of,
)
from takeback.registration import opencv

ALIKE = 0.35
"""Of the texture, at most, that may be left where two places are alike."""
CLOSED = 9
"""Pixels: gaps that are closed in a region."""
CELL = 36.0
"""Pixels of the plane that say one thing: what the mean around a place covers."""
LEAST_CELLS = 6
FITS = 6
"""Steps in which a transform is fitted."""
FITTED, MAX_STEP = 0.02, 6.0
"""Pixels: a smaller step ends the fit, a larger one leads away."""
MAX_CONDITION = 1e6
MAX_FITTED = 40_000
"""Pixels that a transform is fitted to."""
DIFFERENT = 0.7
"""Of the texture: where as much is left, two places differ."""
MOST_FILLED = 61
"""Pixels: the widest gap that is filled."""
ROUGHLY_ALIKE = 0.5
"""What `ALIKE` is before the transform is fitted."""
LOOKED_AT, GROWN = 24, 48
"""Pixels around what proposed a transform that are looked at first, and by which a region may grow at a time."""
REPEATED = 0.2
"""Share of a region that may lie on its own copy: one that has more repeats itself, or is symmetric."""
GAINED = 1.02
"""Times as strong as before a region is after a fit that is kept."""

type Values = NDArray[np.float32]
type Mask = NDArray[np.bool_]
type Part = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    A region `mask`, bool [height, width] of the plane, that is the same where `matrix` leads from it.

    `cells` is how many independent places it has that say something, `depth` by what factor, as its natural logarithm
    in the mean, less of their texture is left than `ALIKE`.
    """

    matrix: Matrix
    cells: float
    depth: float
    mask: Mask = field(repr=False)


def promise(plane: Plane, matrix: Matrix, least: float, frame: Frame | None) -> float:
    """Return how much lies alike under `matrix`, within `frame` and around it, as far as a quick look tells."""
    part = part_of(plane, frame, LOOKED_AT)
    other = moved_part(plane.detail, matrix, part, opencv().INTER_LINEAR)
    left = around(np.square(plane.detail[part] - other) / 2)
    ratio = (left + UNSEEN) / (plane.texture[part] + UNSEEN)
    alike = (ratio < ROUGHLY_ALIKE) & _inside(plane, matrix, least, part)
    kernel = np.ones((5, 5), np.uint8)
    alike = opencv().morphologyEx(alike.astype(np.uint8), opencv().MORPH_OPEN, kernel) > 0
    return float(-np.log(ratio[alike] / ROUGHLY_ALIKE).sum() / CELL)


def verified(plane: Plane, matrix: Matrix, least: float, frame: Frame | None) -> Region | None:
    """Return the region that `matrix` copies to a place more than `least` pixels away, or None."""
    part = part_of(plane, frame, GROWN)
    region = _region(plane, matrix, least, part)
    rigid = bool(np.allclose(np.abs(matrix[:, :2]), np.eye(2)))
    for _ in range(3):
        if region is None:
            return None
        fitted = _fitted(plane, matrix, region.mask, shift_only=rigid)
        part = part_of(plane, frame_of(region.mask), GROWN)
        again = None if fitted is None else _region(plane, fitted, least, part)
        if fitted is None or again is None or again.cells * again.depth <= GAINED * region.cells * region.depth:
            break
        region, matrix = again, fitted
    return region


def part_of(plane: Plane, frame: Frame | None, margin: int) -> Part:
    """Return a frame and `margin` pixels around it, all of the plane where there is none."""
    height, width = plane.shape
    if frame is None:
        return slice(0, height), slice(0, width)
    left, top, right, bottom = frame
    return slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)


def frame_of(mask: Mask) -> Frame:
    """Return the frame around a region."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _inside(plane: Plane, matrix: Matrix, least: float, part: Part) -> Mask:
    """Return which places of `part` have texture and are led elsewhere, within the picture."""
    height, width = plane.shape
    rows, columns = (each.indices(side) for each, side in zip(part, plane.shape, strict=True))
    y, x = np.arange(*rows, dtype=np.float32)[:, np.newaxis], np.arange(*columns, dtype=np.float32)
    m = matrix.astype(np.float32)
    to_x, to_y = m[0, 0] * x + m[0, 1] * y + m[0, 2], m[1, 0] * x + m[1, 1] * y + m[1, 2]
    inside = (to_x > 2) & (to_x < width - 3) & (to_y > 2) & (to_y < height - 3)
    inside &= (to_x - x) ** 2 + (to_y - y) ** 2 > least**2
    return np.asarray(inside & plane.textured[part])


def ratio_of(plane: Plane, matrix: Matrix, least: float, part: Part) -> tuple[Values, Values, Mask]:
    """
    Return what is left of each place of `part` where `matrix` leads, as a share of its texture; the texture, in levels
    squared, of the lesser of both places; and where there is enough of it. `UNSEEN` is added to both.
    """
    cv2 = opencv()
    other = detail_of(moved_part(plane.luminance, matrix, part, cv2.INTER_CUBIC))
    left = around(np.square(plane.detail[part] - other) / 2)
    texture = np.minimum(plane.texture[part], moved_part(plane.texture, matrix, part, cv2.INTER_LINEAR))
    inside = _inside(plane, matrix, least, part) & (texture > LEAST_TEXTURE)
    return np.asarray((left + UNSEEN) / (texture + UNSEEN), np.float32), texture, inside


def _region(plane: Plane, matrix: Matrix, least: float, part: Part) -> Region | None:
    cv2 = opencv()
    ratio, _, inside = ratio_of(plane, matrix, least, part)
    alike = inside & (ratio < ALIKE)
    if np.count_nonzero(alike) < LEAST_CELLS * CELL:
        return None
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSED, CLOSED))
    closed = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    count, labels, _, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    depths = np.where(alike, -np.log(ratio / ALIKE), 0)
    sums = np.bincount(labels.ravel(), depths.ravel(), count)
    areas = np.bincount(labels.ravel(), alike.ravel(), count)
    sums[0] = 0
    sums[areas < LEAST_CELLS * CELL] = 0
    best = int(sums.argmax())
    if sums[best] == 0:
        return None
    mask = np.zeros(plane.shape, np.bool_)
    mask[part] = labels == best
    if is_on_itself(mask, place_of(mask, matrix)):
        return None
    return Region(matrix, float(areas[best] / CELL), float(sums[best] / areas[best]), mask)


def whole(plane: Plane, region: Region, least: float) -> Mask:
    """Return a region with what lies within its outline and says nothing by itself, but nothing that differs."""
    cv2 = opencv()
    part = part_of(plane, frame_of(region.mask), MOST_FILLED)
    ratio, _, inside = ratio_of(plane, region.matrix, least, part)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    alike = cv2.morphologyEx((inside & (ratio < ALIKE)).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    alike |= region.mask[part]
    side = int(np.clip(math.sqrt(np.count_nonzero(region.mask)) / 2, CLOSED, MOST_FILLED))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side | 1, side | 1))
    edge = MOST_FILLED
    closed = cv2.morphologyEx(
        cv2.copyMakeBorder(alike, edge, edge, edge, edge, cv2.BORDER_CONSTANT), cv2.MORPH_CLOSE, kernel
    )
    filled = closed[edge:-edge, edge:-edge] & ~(inside & (ratio > DIFFERENT)).astype(np.uint8)
    _, labels = cv2.connectedComponents(filled | region.mask[part], connectivity=4)
    mask = np.zeros(plane.shape, np.bool_)
    mask[part] = (labels == np.bincount(labels[region.mask[part]]).argmax()) & (labels > 0)
    return mask


def place_of(mask: Mask, matrix: Matrix) -> Mask:
    """Return the place that `matrix` leads to from `mask`."""
    cv2 = opencv()
    height, width = mask.shape
    return np.asarray(cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST) > 0)


def is_on_itself(mask: Mask, copy: Mask) -> bool:
    """Say whether a region lies on its own copy: it repeats itself, or is symmetric."""
    return bool(np.count_nonzero(mask & copy) > REPEATED * np.count_nonzero(mask))


def _fitted(plane: Plane, matrix: Matrix, mask: Mask, *, shift_only: bool) -> Matrix | None:
    """Return `matrix` changed, by a similarity or a shift, so that the least of the detail is left within `mask`."""
    left, top, right, bottom = frame_of(mask)
    part = slice(top, bottom), slice(left, right)
    inside = mask[part]
    y, x = np.mgrid[top:bottom, left:right].astype(np.float64)
    x, y, here = x[inside], y[inside], plane.detail[part][inside].astype(np.float64)
    middle = np.array([x.mean(), y.mean()])
    size = max(4.0, float(np.hypot(x - middle[0], y - middle[1]).mean()))
    u, v = (x - middle[0]) / size, (y - middle[1]) / size
    step = max(1, len(x) // MAX_FITTED)
    for _ in range(FITS):
        other = detail_of(moved_part(plane.luminance, matrix, part, opencv().INTER_CUBIC))
        gx, gy = np.gradient(other, axis=1)[inside], np.gradient(other, axis=0)[inside]
        slopes = [gx, gy] if shift_only else [gx, gy, gx * u + gy * v, gy * u - gx * v]
        by = _solved(np.stack(slopes, axis=1)[::step].astype(np.float64), (here - other[inside])[::step])
        if by is None:
            return None
        matrix = matrix @ _change(by, middle, size)
        if np.abs(by).max() < FITTED:
            break
    return matrix


def _solved(slopes: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the step of least squares, None where nothing says what it is, or it leads away."""
    normal = slopes.T @ slopes
    if np.linalg.cond(normal) > MAX_CONDITION:
        return None
    by = np.linalg.solve(normal, slopes.T @ apart)
    return by if np.abs(by).max() <= MAX_STEP else None


def _change(by: NDArray[np.float64], middle: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Return the shift, or similarity around `middle`, float64 [3, 3], of what is looked from."""
    change = np.eye(3)
    change[:2, 2] = by[:2]
    if len(by) > 2:
        linear = np.array([[by[2], -by[3]], [by[3], by[2]]]) / size
        change[:2, :2] += linear
        change[:2, 2] -= linear @ middle
    return change


def moved_part(values: Values, matrix: Matrix, part: Part, how: int) -> Values:
    """Return at each place of `part` what `values` has where `matrix` leads to from there."""
    cv2 = opencv()
    rows, columns = (range(*each.indices(side)) for each, side in zip(part, values.shape, strict=True))
    by = matrix.copy()
    by[:, 2] += matrix[:, :2] @ (columns.start, rows.start)
    flags = how | cv2.WARP_INVERSE_MAP
    size = len(columns), len(rows)
    return np.asarray(cv2.warpAffine(values, by, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
