"""What kind of change a region is, as far as its pixels support one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from takeback.examine.compared.comparison import ChangeKind
from takeback.examine.compared.regions import Region
from takeback.registration import opencv

EXPLAINED = 0.4
"""Part of the difference that may be left when a region is bent back, for it to count as moved."""
LEAST_BENT = 1.0
"""Pixels of the mean shift of a region that counts as moved."""
COPIED = 0.92
"""Correlation with another place of the original from which a region counts as copied from there."""
LEAST_CONTRAST = 8.0
"""Levels, standard deviation: what is flatter is found everywhere."""
LEAST_DETAIL = 1.5
"""Levels from pixel to pixel, in the mean: below it there is nothing to be seen."""
MORE, LESS = 1.6, 0.6
"""Of the original's detail, from which something was added, and up to which something was removed."""

_SEARCHED_PIXELS = 400_000
_AROUND = 24
_EDGE = 6

type Plane = NDArray[np.uint8]


def kind_of(region: Region, suspect: Plane, prediction: Plane) -> tuple[ChangeKind, str]:
    """Return what happened to `region`, and a sentence that says by what that is seen; planes are luminance."""
    # 1. What is there is what the original has close by.
    bent = _bent(region, suspect, prediction)
    if bent is not None:
        return ChangeKind.MOVED, f"What is here was bent or shifted, by up to {bent:.0f} pixels."
    # 2. It is what the original has elsewhere.
    source = _copied_from(region, suspect, prediction)
    if source is not None:
        return (
            ChangeKind.MOVED,
            f"What is here is also found around {source[0]}, {source[1]}: it was copied from there.",
        )
    # 3. Otherwise: is there more to see than was there, or less?
    now, before = (_detail(plane, region) for plane in (suspect, prediction))
    if now > MORE * before and now > LEAST_DETAIL:
        return ChangeKind.ADDED, "Something is here that the original does not have."
    if now < LESS * before and before > LEAST_DETAIL:
        return ChangeKind.REMOVED, "What the original has here is gone."
    return ChangeKind.CHANGED, "The original has something else here."


def _bent(region: Region, suspect: Plane, prediction: Plane) -> float | None:
    cv2 = opencv()
    part, mask = _around(region, suspect.shape)
    after, before = (np.ascontiguousarray(plane[part]) for plane in (suspect, prediction))
    if min(after.shape) < 24 or after.size > 4 * _SEARCHED_PIXELS:
        return None
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(after, before, None)
    y, x = np.mgrid[: after.shape[0], : after.shape[1]].astype(np.float32)
    back = cv2.remap(before, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart, left = (float(cv2.absdiff(after, each)[mask].mean()) for each in (before, back))
    shift = np.hypot(flow[..., 0], flow[..., 1])[mask]
    if left < EXPLAINED * apart and float(shift.mean()) >= LEAST_BENT:
        return float(np.quantile(shift, 0.95))
    return None


def _copied_from(region: Region, suspect: Plane, prediction: Plane) -> tuple[int, int] | None:
    cv2 = opencv()
    inner = _inner(region)
    if inner is None:
        return None
    left, top, width, height = inner
    step = max(1.0, math.sqrt(suspect.size / _SEARCHED_PIXELS))
    step = min(step, min(width, height) / 12)
    if step < 1:
        return None
    size = round(suspect.shape[1] / step), round(suspect.shape[0] / step)
    after, before = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (suspect, prediction))
    part = (
        slice(round(top / step), round((top + height) / step)),
        slice(round(left / step), round((left + width) / step)),
    )
    patch = after[part]
    if patch.size < 64 or patch.std() < LEAST_CONTRAST:
        return None
    alike = cv2.matchTemplate(before, patch, cv2.TM_CCOEFF_NORMED)
    _, most, _, (column, row) = cv2.minMaxLoc(alike)
    apart = math.hypot(column - part[1].start, row - part[0].start)
    if most < COPIED or apart < min(patch.shape) / 3:
        return None
    return round((column + patch.shape[1] / 2) * step), round((row + patch.shape[0] / 2) * step)


def _inner(region: Region) -> tuple[int, int, int, int] | None:
    """Return a box inside a region, around its innermost pixel."""
    cv2 = opencv()
    padded = np.pad(region.mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    _, deepest, _, (column, row) = cv2.minMaxLoc(depth)
    half = int(deepest / math.sqrt(2))
    if half < 5:
        return None
    return region.left + column - 1 - half, region.top + row - 1 - half, 2 * half, 2 * half


def _detail(plane: Plane, region: Region) -> float:
    cv2 = opencv()
    part = plane[region.part]
    across, along = (cv2.Sobel(part, cv2.CV_32F, dx, dy, ksize=3) / 4 for dx, dy in ((1, 0), (0, 1)))
    # Its edge is one of what was laid there, not of what is.
    inner = cv2.erode(np.pad(region.mask.astype(np.uint8), 1), np.ones((2 * _EDGE + 1,) * 2, np.uint8))[1:-1, 1:-1] > 0
    return float(cv2.magnitude(across, along)[inner if inner.any() else region.mask].mean())


def _around(region: Region, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    top, left = max(0, region.top - _AROUND), max(0, region.left - _AROUND)
    bottom = min(shape[0], region.top + region.height + _AROUND)
    right = min(shape[1], region.left + region.width + _AROUND)
    mask = np.zeros((bottom - top, right - left), np.bool_)
    mask[
        region.top - top : region.top - top + region.height, region.left - left : region.left - left + region.width
    ] = region.mask
    return (slice(top, bottom), slice(left, right)), mask
