"""
How like a region's own patches the rest of this picture is: what the region's likeness to its copy is held against.

After Ehret, "Automatic detection of internal copy-moves in images with a contrario validation" (arXiv 1906.00649):
what is natural for a picture is how much it resembles itself. Patches of the region are sought in all of the picture
but at their own place and at the copy's; what is left of the best of these is the null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import UNSEEN, Plane
from takeback.examine.blind.copy_move.verified import Region, moved_part
from takeback.registration import opencv

PATCH = 8
"""Pixels from the middle of a patch to its edge."""
PATCHES = 24
LEAST_PATCHES = 8

type Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Of each patch float64 [n], what part of its texture is left at the copy's place, and at the best elsewhere."""

    at_copy: Values = field(repr=False)
    elsewhere: Values = field(repr=False)

    @property
    def chance(self) -> float:
        """
        Return how likely the copy's place is as like as it is, were it as like as the best of the rest is.

        Of what is left in the median at the copy's place, it is asked in how many patches no more is left elsewhere;
        that share is the chance of one patch, and of half of them it is the tail of a binomial distribution.
        """
        count = len(self.at_copy)
        if count < LEAST_PATCHES:
            return 1.0
        most = float(np.median(self.at_copy))
        share = (1 + int(np.count_nonzero(self.elsewhere <= most))) / (1 + count)
        least = int(np.count_nonzero(self.at_copy <= most))
        terms = (math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(least, count + 1))
        return min(1.0, sum(terms))


def likeness(plane: Plane, region: Region, least: float) -> Likeness:
    """Compare patches of `region` with its copy and with all that lies elsewhere."""
    cv2 = opencv()
    core = cv2.erode(region.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    core[:PATCH], core[-PATCH:], core[:, :PATCH], core[:, -PATCH:] = False, False, False, False
    places = _spread(core & plane.textured)
    at_copy, elsewhere = [], []
    for x, y in places:
        part = slice(y - PATCH, y + PATCH + 1), slice(x - PATCH, x + PATCH + 1)
        patch = plane.detail[part]
        texture = float(plane.texture[y, x]) + UNSEEN
        other = moved_part(plane.detail, region.matrix, part, cv2.INTER_CUBIC)
        at_copy.append((float(np.square(patch - other).mean()) / 2 + UNSEEN) / texture)
        left = cv2.matchTemplate(plane.detail, patch, cv2.TM_SQDIFF) / (2 * patch.size)
        to = region.matrix @ (x, y, 1)
        for at in ((x, y), to):
            _hide(left, at, least)
        elsewhere.append((max(0.0, float(left.min())) + UNSEEN) / texture)
    return Likeness(np.array(at_copy), np.array(elsewhere))


def _hide(left: NDArray[np.float32], at: tuple[float, float] | Values, least: float) -> None:
    """Take out what lies around a place."""
    x, y = round(float(at[0])) - PATCH, round(float(at[1])) - PATCH
    r = int(least)
    left[max(0, y - r) : max(0, y + r + 1), max(0, x - r) : max(0, x + r + 1)] = np.inf


def _spread(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return up to `PATCHES` places of `mask`, as far apart as rows of equally many allow."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return []
    band = max(1, int(np.sqrt(len(rows) / PATCHES)))
    order = np.lexsort((columns, rows // band))
    step = max(1, len(rows) // PATCHES)
    chosen = order[step // 2 :: step][:PATCHES]
    return [(int(columns[i]), int(rows[i])) for i in chosen]
