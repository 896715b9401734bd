"""
By how much each part of the suspect differs from its prediction, in measures of what this pair differs by anywhere.

1. The difference of each colour plane, squared, is divided by what it is in the median where the original has as much
   detail: noise, saving and resampling leave more where there is more. No pixel counts more than `MOST`, so that one
   edge does not spread.
2. Means of it around each pixel, at several sizes, less their median and divided by their spread over the picture
   (median and MAD, which a change of a third of it does not move).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.registration import opencv

FINE, COARSE = 1.5, 6.0
"""Pixels: sizes around each pixel (standard deviations) over which the means are taken."""

MOST = 16.0
"""Most that one pixel counts: four times the standard deviation."""

LEAST_LEVELS = 1.5
"""Levels of 255: no two pictures are compared more closely."""

DETAIL_STEPS = 10
"""Parts of the picture, equally large, by how much detail is around: each is measured by itself."""
LEAST_SPREAD = 0.1
"""Least spread of means that is believed: what is nearly equal everywhere, as in a lossless copy, has none."""

SLOW_LEVELS = 4.0
"""Levels, at most, by which a wide surrounding may be lighter or darker than predicted, and count as unchanged."""
SLOW_PART = 1 / 40
"""Of the longer side: the size of that surrounding (standard deviation)."""
SLOW_STEP = 8

_CHROMA = 0.5
_TABLE_STEPS = 255 / float(np.log1p(1500))

type Pixels = NDArray[np.uint8]
type Plane = NDArray[np.float32]
type Mask = NDArray[np.bool_]
type Steps = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """
    How far each pixel's surroundings are from what this pair's are in the median, in measures of its spread.

    `fine` and `coarse` float32 [height, width] at two sizes; 0 outside. `mean` is the capped difference
    itself, in the mean of the fine size: 1 where nothing was changed, up to `MOST` × 2.
    """

    fine: Plane = field(repr=False)
    coarse: Plane = field(repr=False)
    mean: Plane = field(repr=False)


def residual(suspect: Pixels, prediction: Pixels, inside: Mask) -> Residual:
    """Return by how much `suspect` differs from `prediction`, both uint8 [height, width, 3], where `inside`."""
    cv2 = opencv()
    above, below = (cv2.cvtColor(each, cv2.COLOR_RGB2YCrCb) for each in (suspect, prediction))
    level = _detail(below[..., 0])
    near = _steps(level, inside)
    measure = np.zeros(inside.shape, np.float32)
    for plane, weight in ((0, 1.0), (1, _CHROMA), (2, _CHROMA)):
        apart = _less_the_slow(above[..., plane].astype(np.float32) - below[..., plane], inside)
        measure += np.float32(weight) * _in_measure(apart, near, inside)
    measure[~inside] = 0
    fine = _mean(measure, inside, FINE)
    half = tuple((side + 1) // 2 for side in inside.shape[::-1])
    small, part = (cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (measure, level))
    seen = cv2.resize(inside.astype(np.uint8), half, interpolation=cv2.INTER_NEAREST) > 0
    around = _steps(cv2.GaussianBlur(part, (0, 0), COARSE / 2), seen)
    coarse = _standard(_mean(small, seen, COARSE / 2), around, seen)
    large = cv2.resize(coarse, inside.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Residual(_standard(fine, near, inside), large * inside, fine * inside)


def _less_the_slow(apart: Plane, inside: Mask) -> Plane:
    """Return `apart` less its mean over a wide surrounding, up to a few levels: no tones are fitted quite."""
    cv2 = opencv()
    height, width = apart.shape
    size = max(1, width // SLOW_STEP), max(1, height // SLOW_STEP)
    share = inside.astype(np.float32)
    # What differs by more is no tone: it counts as unknown here.
    share *= np.abs(apart) < 2 * SLOW_LEVELS
    small, seen = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (apart * share, share))
    spread = max(1.0, SLOW_PART * max(size))
    small, seen = (cv2.GaussianBlur(each, (0, 0), spread) for each in (small, seen))
    mean = np.clip(small / np.maximum(seen, 0.02), -SLOW_LEVELS, SLOW_LEVELS)
    return np.asarray(apart - cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _mean(measure: Plane, inside: Mask, size: float) -> Plane:
    """Return means around each pixel, of what lies inside."""
    cv2 = opencv()
    mean = cv2.GaussianBlur(measure, (0, 0), size)
    if not inside.all():
        mean /= np.maximum(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), size), np.float32(0.05))
    return np.asarray(mean, np.float32)


def _detail(luminance: Pixels) -> Plane:
    """Return how much detail lies around each pixel."""
    cv2 = opencv()
    across, along = (cv2.Sobel(luminance, cv2.CV_32F, dx, dy, ksize=3) for dx, dy in ((1, 0), (0, 1)))
    return np.asarray(cv2.GaussianBlur(cv2.magnitude(across, along), (0, 0), FINE), np.float32)


def _steps(level: Plane, inside: Mask) -> Steps:
    """Return in which of `DETAIL_STEPS` equal parts of the picture each pixel's detail lies."""
    seen = _thinned(level, inside)
    if not len(seen):
        return np.zeros(level.shape, np.uint8)
    # In steps of a table, since a search for each pixel would take longer than all the rest.
    bounds = np.log1p(np.quantile(seen, np.arange(1, DETAIL_STEPS) / DETAIL_STEPS)) * _TABLE_STEPS
    table = np.searchsorted(bounds, np.arange(256), side="right").astype(np.uint8)
    places = np.minimum(np.log1p(level) * np.float32(_TABLE_STEPS), np.float32(255)).astype(np.uint8)
    return np.asarray(opencv().LUT(places, table), np.uint8)


def _thinned[T: np.generic](plane: NDArray[T], inside: Mask) -> NDArray[T]:
    step = 1 + int(np.sqrt(np.count_nonzero(inside) / 100_000))
    return plane[::step, ::step][inside[::step, ::step]]


def _in_measure(apart: Plane, steps: Steps, inside: Mask) -> Plane:
    """Return squares of `apart` over what they are in the median where there is as much detail, capped."""
    squares = apart * apart
    usual = _by_step(_thinned(opencv().GaussianBlur(squares, (0, 0), FINE), inside), _thinned(steps, inside), 0.5)
    table = np.zeros(256, np.float32)
    table[:DETAIL_STEPS] = 1 / np.maximum(np.maximum.accumulate(usual), LEAST_LEVELS**2)
    return np.asarray(np.minimum(squares * opencv().LUT(steps, table), np.float32(MOST)), np.float32)


def _by_step(values: Plane, steps: Steps, quantile: float) -> NDArray[np.float64]:
    """Return a quantile of `values` at each step; of one that nothing lies in, that of the step before."""
    found = np.zeros(DETAIL_STEPS)
    for each in range(DETAIL_STEPS):
        own = values[steps == each]
        found[each] = np.quantile(own, quantile) if len(own) > 50 else found[each - 1] if each else 0.0
    return found


def _standard(mean: Plane, steps: Steps, inside: Mask) -> Plane:
    """Return `mean` less its median over its spread, where there is as much detail."""
    seen, at = _thinned(mean, inside), _thinned(steps, inside)
    middle = _by_step(seen, at, 0.5)
    # From the lower half, which a change does not widen.
    spread = np.maximum.accumulate(np.maximum(1.4826 * (middle - _by_step(seen, at, 0.25)), LEAST_SPREAD))
    tables = np.zeros((2, 256), np.float32)
    tables[0, :DETAIL_STEPS], tables[1, :DETAIL_STEPS] = middle, 1 / spread
    middles, inverse = (opencv().LUT(steps, table) for table in tables)
    return np.where(inside, (mean - middles) * inverse, 0).astype(np.float32)
