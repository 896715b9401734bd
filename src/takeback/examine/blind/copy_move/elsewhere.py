"""
How like a region's own patches the rest of this picture is: what the region's likeness to its copy is held against.

After Ehret, "Automatic detection of internal copy-moves in images with a contrario validation" (arXiv 1906.00649):
what is natural for a picture is how much it resembles itself. Patches of the region are sought in all of the picture
but within `PATCH` pixels of their own place and the copy's; what is left of the best of these is the null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import UNSEEN, Plane, detail_of, moved
from takeback.examine.blind.copy_move.verified import Region
from takeback.registration import opencv

PATCH = 8
"""Pixels from the middle of a patch to its edge."""
PATCHES = 24
LEAST_PATCHES = 8

type Values = NDArray[np.float64]
type Plain = NDArray[np.float32]


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


def likeness(plane: Plane, region: Region) -> Likeness:
    """
    Compare patches of `region` with its copy and with all that lies elsewhere.

    Elsewhere is sought in the picture as it is and as the region's transform moves it: a front of windows that is
    mirrored or turned resembles itself there, one window further.
    """
    cv2 = opencv()
    core = cv2.erode(region.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    core[:PATCH], core[-PATCH:], core[:, :PATCH], core[:, -PATCH:] = False, False, False, False
    places = _spread(core & plane.textured)
    other = detail_of(moved(plane.luminance, region.matrix))
    back = np.linalg.inv(np.vstack([region.matrix, (0, 0, 1)]))
    at_copy, elsewhere = [], []
    for x, y in places:
        part = slice(y - PATCH, y + PATCH + 1), slice(x - PATCH, x + PATCH + 1)
        patch = plane.detail[part]
        texture = float(plane.texture[y, x]) + UNSEEN
        at_copy.append((float(np.square(patch - other[part]).mean()) / 2 + UNSEEN) / texture)
        here, there, whence = np.array([x, y]), region.matrix @ (x, y, 1), back[:2] @ (x, y, 1)
        left = min(_least(plane.detail, patch, (here, there)), _least(other, patch, (here, whence)))
        elsewhere.append((left + UNSEEN) / texture)
    return Likeness(np.array(at_copy), np.array(elsewhere))


def _least(detail: Plain, patch: Plain, hidden: tuple[NDArray[np.floating], ...]) -> float:
    """Return the least that is left of `patch` anywhere in `detail` but around the places that are `hidden`."""
    cv2 = opencv()
    left = cv2.matchTemplate(detail, patch, cv2.TM_SQDIFF)
    for at in hidden:
        x, y = (round(float(each)) - PATCH for each in at)
        left[max(0, y - PATCH) : max(0, y + PATCH + 1), max(0, x - PATCH) : max(0, x + PATCH + 1)] = np.inf
    return max(0.0, float(left.min())) / (2 * patch.size)


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
