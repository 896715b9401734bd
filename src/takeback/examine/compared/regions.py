"""Which parts of the suspect were changed, and how strongly that shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.compared.residual import COARSE, Residual
from takeback.registration import opencv

GROWN = 4.5
"""Of the mean capped difference: what belongs to a region, on the way from 2 (unchanged) to 32."""
GROWN_SPREADS = 5.0
"""The same in measures of the pair's spread: both are asked for."""
SEED = 6.0
"""Of the coarse residual, in the pair's spreads: a region has a pixel of that, or is none."""
CLOSED = 9
"""Pixels: gaps that are closed in a region."""
LEAST_AREA = 150
"""Pixels of the smallest region that is looked at."""
USUAL_STEP = 8
"""Pixels: sides of the squares in which it is measured by how much this pair differs anywhere."""
USUAL_PART = 0.75
"""Of those squares: what so many stay below is usual for the pair, and a change of a quarter of it does not move it."""
LEAST_USUAL = 2.0
"""Levels added to what is usual: by less than that, hardly anything is seen."""
TONED = 1.0, 4.0
"""Levels by which all of the pair is in other tones: from the first on, what tones explain counts for less."""
LEAST_TONES = 0.1
"""What is left, of its square, from the second on: a colour that is rare in the picture is predicted badly."""
LEAST_GRADIENT = 3.0
"""Levels a pixel added to a region's gradient: where there is none, a hundredth of a pixel leaves nothing."""

type Mask = NDArray[np.bool_]
type Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    A part of the suspect: `left`, `top`, `width`, `height` of its box, `area` in pixels, `mask` bool within the box.

    `chance` is how many windows of this pair's noise reach its largest residual, were that noise normal. `strength`
    is what it is ranked by among those of other pairs: how unusual (the mean of the capped difference), how visible
    (levels, root of the mean of squares) and how deep (pixels from its edge to its innermost) it is, multiplied; over
    what differs anywhere in this pair, and over how steep the picture is there. What registration, tones and saving
    leave is deep and faint, or visible and thin; it is alike all over the picture, and grows with its gradient.
    """

    left: int
    top: int
    width: int
    height: int
    area: int
    chance: float
    strength: float
    mask: Mask = field(repr=False)

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns in the suspect."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def regions(
    found: Residual, inside: Mask, suspect: Pixels, prediction: Pixels, *, toned: float = 0.0
) -> list[Region]:  # fmt: skip
    """Return the regions that stand out, the strongest first; `toned` as that of the prediction."""
    cv2 = opencv()
    grown = ((found.mean > GROWN) & (found.fine > GROWN_SPREADS) & inside).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CLOSED, CLOSED))
    closed = _filled(cv2.morphologyEx(grown, cv2.MORPH_CLOSE, kernel)) & inside
    opened = cv2.morphologyEx(closed.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    tests = max(1.0, np.count_nonzero(inside) / (4 * math.pi * COARSE**2))
    usual = _usual(suspect, prediction, inside)
    result = []
    for each in range(1, count):
        left, top, width, height, area = (int(v) for v in stats[each])
        if area < LEAST_AREA:
            continue
        part = slice(top, top + height), slice(left, left + width)
        mask = labels[part] == each
        peak = float(found.coarse[part][mask].max())
        if peak >= SEED:
            levels = _levels(suspect[part][mask], prediction[part][mask], toned)
            unusual = float(found.mean[part][mask].mean())
            usually = (LEAST_USUAL + usual) * (LEAST_GRADIENT + _gradient(prediction[part], mask))
            strength = unusual * levels * _depth(mask) / usually
            result.append(Region(left, top, width, height, area, _chance(peak, tests), strength, mask))
    return sorted(result, key=lambda region: -region.strength)


def _chance(peak: float, tests: float) -> float:
    """Return how many of `tests` windows of normal noise reach `peak` spreads, in the mean."""
    return tests * 0.5 * math.erfc(peak / math.sqrt(2))


def _levels(above: Pixels, below: Pixels, toned: float) -> float:
    """
    Return by how many levels colours `above` differ from those `below`, both uint8 [pixels, 3]: the root of a mean.

    What other tones of the region alone would explain, a line for each colour, counts for less where all of the
    picture is in other tones.
    """
    one, other = above.astype(np.float64), below.astype(np.float64)
    squares = np.square(one - other).mean(axis=0)
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    spread = np.maximum(np.square(other).mean(axis=0), 1e-9)
    left = np.square(one).mean(axis=0) - np.square((one * other).mean(axis=0)) / spread
    weight = np.interp(toned, TONED, (1.0, LEAST_TONES))
    return math.sqrt(max(0.0, float((left + weight * (squares - left)).mean())))


def _usual(suspect: Pixels, prediction: Pixels, inside: Mask) -> float:
    """Return by how many levels most small squares of the picture differ (root of the mean of squares)."""
    cv2 = opencv()
    squares = np.zeros(inside.shape, np.float32)
    for plane in cv2.split(cv2.absdiff(suspect, prediction)):
        cv2.accumulateSquare(plane, squares)
    squares *= inside
    size = tuple(-(-side // USUAL_STEP) for side in inside.shape[::-1])
    seen = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    means = cv2.resize(squares, size, interpolation=cv2.INTER_AREA)[seen > 0.5] / (3 * seen[seen > 0.5])
    return math.sqrt(float(np.quantile(means, USUAL_PART))) if len(means) else 0.0


def _gradient(pixels: Pixels, mask: Mask) -> float:
    """Return by how many levels a pixel a part of the picture rises or falls, in the mean of `mask`."""
    cv2 = opencv()
    luminance = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    across, along = (cv2.Sobel(luminance, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1)))
    return float(cv2.magnitude(across, along)[mask].mean())


def _depth(mask: Mask) -> float:
    """Return how far the innermost pixel of a region lies from its edge."""
    cv2 = opencv()
    return float(cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5).max())


def _filled(mask: NDArray[np.uint8]) -> Mask:
    """Return `mask` with its holes filled."""
    cv2 = opencv()
    filled = np.zeros_like(mask)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return np.asarray(filled > 0)
