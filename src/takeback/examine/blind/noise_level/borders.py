"""
How far the noise steps where a region begins, and how far it does elsewhere in the picture over the same distance.

Nature changes noise with what is seen: behind the edge of a thing, or little by little. So only those places along a
border count where both sides are smooth and of one colour: there the picture goes on, and the noise does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from takeback.examine.blind.noise_level.cells import Cells, Mask, Values
from takeback.registration import opencv

DEEP: Final = 4
"""Cells on each side of a border that are compared, but for the one next to it, which lies on both sides."""
LONG: Final = 2 * DEEP + 1
"""Cells along it over which they are averaged."""
LEAST_SIDE: Final = 6
"""Smooth cells on either side, to say something."""
MOST_APART: Final = 14.0
"""Levels of each colour up to which both sides are one."""
WINDOW: Final = 5
LEAST_WINDOW: Final = 12
"""The cells of a window that is compared with another elsewhere in the picture, and the smooth ones of them."""
APART: Final = DEEP + 3
"""Cells between the middles of two such windows: as much as lies between both sides of a border, and more."""

STEADY: Final = 0.25
"""Of the places along a border, so many may step less than the border is said to."""
USUAL: Final = 0.99
"""Of all steps elsewhere, so many are no larger than what is usual in the picture."""


@dataclass(frozen=True, slots=True)
class Border:
    """
    `places` along a region's border, of `length` in all, of which something is said.

    `step` is the natural logarithm by which the noise's variance changes there, at least, but for `STEADY` of them; not
    positive where it changes both ways.
    """

    places: int
    length: int
    step: float


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Steps of the noise between windows of the picture, across and down; NaN where they cannot be compared."""

    across: Values = field(repr=False)
    down: Values = field(repr=False)

    def outside(self, region: Mask) -> Values:
        """Return the magnitudes of those that do not begin or end on the border of `region`, float32 [steps]."""
        cv2 = opencv()
        square = np.ones((2 * APART + 1, 2 * APART + 1), np.uint8)
        mask = region.astype(np.uint8)
        border = cv2.dilate(mask, square) != cv2.erode(mask, square)
        half = APART // 2
        rows, columns = region.shape
        across = self.across[~border[:, half : half + columns - APART]]
        down = self.down[~border[half : half + rows - APART]]
        every = np.abs(np.concatenate([across, down]))
        return np.asarray(every[~np.isnan(every)], np.float32)


def elsewhere(cells: Cells, over: Values) -> Elsewhere:
    """Return the steps of `over`, the noise over what the picture has at that brightness, float32 [rows, columns]."""
    weights = cells.smooth.astype(np.float32)
    means, counts = averaged(over, weights, WINDOW)
    colours = [averaged(cells.colours[..., each], weights, WINDOW)[0] for each in range(3)]
    rows, columns = over.shape

    def steps(one: tuple[slice, slice], other: tuple[slice, slice]) -> Values:
        seen = (counts[one] >= LEAST_WINDOW) & (counts[other] >= LEAST_WINDOW)
        for colour in colours:
            seen &= np.abs(colour[one] - colour[other]) < MOST_APART
        return np.where(seen, means[other] - means[one], np.float32(np.nan)).astype(np.float32)

    every, far = slice(None), slice(APART, None)
    across = steps((every, slice(max(0, columns - APART))), (every, far))
    return Elsewhere(across, steps((slice(max(0, rows - APART)), every), (far, every)))


def border_of(cells: Cells, over: Values, region: Mask, sign: int) -> Border:
    """Return how far the noise steps where `region` begins, up (`sign` 1) or down (-1) from outside to inside."""
    cv2 = opencv()
    part = _around(region)
    mask = region[part].astype(np.uint8)
    # Beyond the edge of the picture nothing begins.
    within = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE), cv2.DIST_C, 3)
    inside, outside = within[1:-1, 1:-1], cv2.distanceTransform(1 - mask, cv2.DIST_C, 3)
    smooth = cells.smooth[part]
    sides = [((each > 1) & (each <= DEEP + 1) & smooth).astype(np.float32) for each in (inside, outside)]
    (in_noise, in_count), (out_noise, out_count) = (averaged(over[part], side, LONG) for side in sides)
    along = (mask > 0) & (cv2.dilate(1 - mask, np.ones((3, 3), np.uint8)) > 0)
    told = along & (in_count >= LEAST_SIDE) & (out_count >= LEAST_SIDE)
    for colour in range(3):
        values = np.ascontiguousarray(cells.colours[part][..., colour])
        one, other = (averaged(values, side, LONG)[0] for side in sides)
        told &= np.abs(one - other) < MOST_APART
    steps = sign * (in_noise - out_noise)[told]
    step = float(np.quantile(steps, STEADY)) if len(steps) else 0.0
    return Border(len(steps), int(np.count_nonzero(along)), step)


def averaged(values: Values, weights: Values, side: int) -> tuple[Values, Values]:
    """Return the weighted means of squares of `side` cells around each cell, and the sums of their weights."""
    cv2 = opencv()
    how = {"normalize": False, "borderType": cv2.BORDER_CONSTANT}
    sums = cv2.boxFilter(weights, -1, (side, side), **how)
    return cv2.boxFilter(values * weights, -1, (side, side), **how) / np.maximum(sums, np.float32(1e-6)), sums


def _around(region: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    margin = LONG + DEEP
    (top, bottom), (left, right) = ((int(each[0]), int(each[-1]) + 1) for each in (rows, columns))
    return slice(max(0, top - margin), bottom + margin), slice(max(0, left - margin), right + margin)
