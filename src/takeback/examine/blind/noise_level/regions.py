"""
Regions with other noise, and how striking each is.

1. The noise of smooth cells, over what the picture has at that brightness, averaged around each place.
2. What lies together beyond one of several limits is a region that is looked at.
3. Two things speak for it. Among its cells more are of those with the least noise in the picture, or the most, than by
   chance: a binomial law over all windows (Noisesniffer: Gardella, Musé, Morel, Colom, IWBF 2021; IPOL 2024, 462). And
   the noise steps along its border, by more than is usual elsewhere in the picture (`borders`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from takeback.examine.blind.jpeg_grid.tail import log_tail
from takeback.examine.blind.noise_level.borders import USUAL, Border, Elsewhere, averaged, border_of, elsewhere
from takeback.examine.blind.noise_level.cells import Cells, Mask, Values
from takeback.examine.blind.noise_level.curve import beyond, curve_of
from takeback.registration import opencv

LIMITS: Final = (0.35, 0.6, 0.9, 1.3, 2.0, 3.0)
"""Natural logarithms of variances, beyond which cells lie together."""
LEAST_CELLS: Final = 60
MOST_SHARE: Final = 0.5
"""Of the picture: a larger region is the rest."""
MOST_REGIONS: Final = 6
"""That are looked at, of each limit and either side, the largest."""
LEAST_PLACES: Final = 24
"""Along a border, of which something is said."""
ENOUGH_PLACES: Final = 200
"""Along a border: more add nothing."""
MORE: Final = 0.6
"""What a step to more noise counts of one to less: fine texture looks like noise, and nothing natural hides noise."""
LEAST_ELSEWHERE: Final = 400
"""Steps elsewhere, to say what is usual."""
LEAST_USUAL: Final = 0.15
"""Natural logarithm: what a step is held against at least, however even the noise of the picture is."""
NEARLY_ALL, LEAST_EACH = 0.25, 0.25
"""
But for the one share of them, all cells of a region differ by the other share of the step at its border: a wire or a
hair raises few cells, noise all of them.
"""
TAIL: Final = 0.1
"""Share of the cells that count as those with the least noise, or the most."""
SHARED: Final = 2.0
"""Cells that say one thing: the mask that finds noise reaches into its neighbours."""
SEEN, SEEN_WIDE = 5, 8
"""Smooth cells around a place, in squares of 5 and of 11, to say what noise it has."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Cells that lie together, `mask` bool [rows, columns], with more noise (`sign` 1) or less (-1).

    `log_chance` is the natural logarithm of how many windows of the picture have as many such cells by chance. `usual`
    is the step of the noise that is rarely exceeded elsewhere in the picture.
    """

    mask: Mask = field(repr=False)
    sign: int
    log_chance: float
    border: Border
    usual: float

    @property
    def strength(self) -> float:
        """How many times the usual step it steps at its border, more of a border that is told at more places."""
        if self.border.places < LEAST_PLACES:
            return 0.0
        seen = math.sqrt(min(self.border.places, ENOUGH_PLACES) / ENOUGH_PLACES)
        return seen * self.border.step / self.usual * (MORE if self.sign > 0 else 1.0)


def regions_of(cells: Cells) -> list[Region]:
    """Return the regions with other noise, the strongest first; of those that overlap only the strongest."""
    over = cells.noise - curve_of(cells)[cells.brightness]
    away, tails = elsewhere(cells, over), beyond(cells, TAIL)
    found = []
    for mask, sign in _proposed(cells, over):
        region = _region(cells, over, away, tails, mask, sign)
        if region is not None:
            found.append(region)
    return _apart(sorted(found, key=lambda each: -each.strength))


def _region(
    cells: Cells, over: Values, away: Elsewhere, tails: tuple[Mask, Mask], mask: Mask, sign: int
) -> Region | None:
    border = border_of(cells, over, mask, sign)
    if border.places < LEAST_PLACES or border.step <= 0:
        return None
    others = away.outside(mask)
    if len(others) < LEAST_ELSEWHERE:
        return None
    usual = max(float(np.quantile(others, USUAL)), LEAST_USUAL)
    within = cells.smooth & mask
    if not within.any() or np.quantile(sign * over[within], NEARLY_ALL) < LEAST_EACH * border.step:
        return None
    rows, columns = mask.shape
    tests = math.log(rows * (rows + 1) / 2 * columns * (columns + 1) / 2)
    n = np.array([np.count_nonzero(within) / SHARED])
    k = np.array([np.count_nonzero(within & tails[0 if sign < 0 else 1]) / SHARED])
    return Region(mask, sign, tests + float(log_tail(n, k, TAIL)[0]), border, usual)


def _proposed(cells: Cells, over: Values) -> Iterator[tuple[Mask, int]]:
    """Yield what lies together with more noise, or less, and which of the two."""
    cv2 = opencv()
    weights = cells.smooth.astype(np.float32)
    (near, near_count), (wide, wide_count) = (averaged(over, weights, side) for side in (5, 11))
    around = np.where(near_count >= SEEN, near, wide)
    seen = (near_count >= SEEN) | (wide_count >= SEEN_WIDE)
    for limit in LIMITS:
        for sign in (1, -1):
            mask = ((sign * around > limit) & seen).astype(np.uint8)
            mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
            mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
            _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
            areas = stats[1:, cv2.CC_STAT_AREA]
            for each in np.argsort(-areas, kind="stable")[:MOST_REGIONS]:
                if LEAST_CELLS <= areas[each] <= MOST_SHARE * mask.size:
                    filled = _filled(labels == each + 1)
                    if np.count_nonzero(filled) <= MOST_SHARE * mask.size:
                        yield filled, sign


def _filled(mask: Mask) -> Mask:
    """Return `mask` with what it encloses."""
    cv2 = opencv()
    framed = cv2.copyMakeBorder(1 - mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(framed, connectivity=8)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0])


def _apart(regions: list[Region]) -> list[Region]:
    taken: list[Region] = []
    for region in regions:
        if not any((region.mask & other.mask).any() for other in taken):
            taken.append(region)
    return taken
