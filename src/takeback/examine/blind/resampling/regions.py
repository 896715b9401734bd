"""
Regions that beat as the rest of the picture does not.

1. The strongest windows each propose a frequency, and the cells around that beat at it are a region.
2. The rest is asked whether it beats so too: its cells with enough detail, for where there is none, nothing shows. If
   it does, or if there are too few such cells, the region is no exception: most pictures were scaled.
3. What repeats by itself, a fabric or a facade, stands out in the spectrum of the differences themselves; what was
   interpolated does not: there only their size beats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.resampling.cells import beating_of
from takeback.examine.blind.resampling.prediction import CELL, LEVELS, Beats, Values, differences
from takeback.examine.blind.resampling.spectra import SIDE, Peak, Survey, heights_of
from takeback.examine.blind.resampling.whole import Whole
from takeback.registration import opencv

LEAST_HEIGHT: Final = 12.0
"""Of a window's peak, to propose a region: by chance few pictures have as much, textures do."""
MOST_PROPOSED: Final = 6
"""Windows that are looked at."""
BEATS: Final = 3.0
"""Times the power beside a frequency, from which a cell is of a region."""
OF_STRONG: Final = 0.25
"""Of what the proposing window's cells have, from which one is of its region: half of what is seen lies in it there."""
MOST_SHARE: Final = 0.5
"""Of the picture: a larger region is the rest."""
APART: Final = 3
"""Cells between a region and the rest that belong to neither."""
AS_DETAILED: Final = 0.3
"""
Natural logarithm: so much less detail than the region a cell of the rest may have, to show whether it beats. What is
out of focus in a picture that was scaled as a whole does not.
"""
LEAST_REST: Final = 48
"""Cells of the rest that show it: 110 pixels each way."""
MOST_OF_REST: Final = 3.5
"""Times the power beside a frequency, up to which the rest does not beat."""
MOST_LINES, USUAL_LINES = 60.0, 20.0
"""
What the spectrum of the differences shows at most, beside the mean around it, where nothing repeats by itself; and what
most photographs show, from which on a region counts less.
"""
OF_WHOLE: Final = 3
"""Places of the spectrum around that of the whole picture's beat, at which no region is an exception."""

type Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """
    Where a picture beats as the rest does not: `mask` bool [rows, columns] of cells, and the frequency.

    `down` and `across` are in cycles a pixel. All others are beside what is usual there: `height` is what the strongest
    window has, `inner` the median of that window's cells, `rest` what the rest has, and `lines` what the window's
    differences have at the frequency at which they repeat most.
    """

    mask: Mask = field(repr=False)
    down: float
    across: float
    height: float
    inner: float
    rest: float
    lines: float

    @property
    def strength(self) -> float:
        """Return how strongly it beats, in its strongest window and its cells, less what the rest and textures have."""
        less = max(1.0, self.rest) * max(1.0, self.lines / USUAL_LINES)
        return math.sqrt(self.height * self.inner / less)


def regions_of(luminance: NDArray[np.uint8], beats: Beats, survey: Survey, whole: Whole | None = None) -> list[Region]:
    """Return the regions of a picture that do not beat as its `whole` does, the strongest first."""
    found: list[Region] = []
    left = [each for each in survey.peaks if each.height >= LEAST_HEIGHT and not _is_of_whole(each, whole)]
    left.sort(key=lambda each: -each.height)
    for _ in range(MOST_PROPOSED):
        if not left:
            break
        peak = left.pop(0)
        region, covered = _region(luminance, beats, peak)
        if region is not None:
            found.append(region)
        # What the rest has too is not asked again.
        left = [each for each in left if not _lies_on(covered, each) and (region is not None or not _alike(each, peak))]
    return sorted(found, key=lambda each: -each.strength)


def _region(luminance: NDArray[np.uint8], beats: Beats, peak: Peak) -> tuple[Region | None, Mask]:
    """Return what beats around `peak`, if the rest does not, and the cells that were looked at."""
    beating = beating_of(beats, peak)
    heights = beating.heights()
    inner = float(np.median(heights[_cells(peak)]))
    mask = _together(heights > max(BEATS, OF_STRONG * inner), peak)
    if not mask.any() or np.count_nonzero(mask) > MOST_SHARE * mask.size:
        return None, mask
    shows = _rest(mask, beats.detail)
    lines = lines_in(luminance[peak.top : peak.top + SIDE, peak.left : peak.left + SIDE])
    if np.count_nonzero(shows) < LEAST_REST or lines > MOST_LINES:
        return None, mask
    rest = beating.over(shows)
    found = Region(mask, beating.down, beating.across, peak.height, inner, rest, lines)
    return (found if rest <= MOST_OF_REST else None), mask


def _together(strong: Mask, peak: Peak) -> Mask:
    """Return the cells that hang together and of which most lie in the window of `peak`; none where there are none."""
    cv2 = opencv()
    closed = cv2.morphologyEx(strong.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(closed, connectivity=4)
    counts = np.bincount(labels[_cells(peak)].ravel(), minlength=2)
    counts[0] = 0
    return np.asarray((labels == counts.argmax()) & (counts.max() > 0))


def _rest(mask: Mask, detail: Values) -> Mask:
    """Return the cells away from a region that would show whether they beat."""
    wide = np.ones((2 * APART + 1, 2 * APART + 1), np.uint8)
    away = opencv().dilate(mask.astype(np.uint8), wide) == 0
    return np.asarray(away & (detail >= np.median(detail[mask]) - AS_DETAILED))


def lines_in(window: NDArray[np.uint8]) -> float:
    """Return how far any frequency stands out in the differences of a window, uint8 [SIDE, SIDE]."""
    found = 0.0
    for each in differences(window):
        limit = np.float32(3) * max(np.float32(0.3), np.median(np.abs(each)))
        found = max(found, float(heights_of(np.clip(each, -limit, limit) * np.float32(LEVELS)).max()))
    return found


def _cells(peak: Peak) -> tuple[slice, slice]:
    top, left, side = peak.top // CELL, peak.left // CELL, SIDE // CELL
    return slice(top, top + side), slice(left, left + side)


def _lies_on(mask: Mask, peak: Peak) -> bool:
    return bool(mask[_cells(peak)].mean() > 0.25)


def _alike(one: Peak, other: Peak) -> bool:
    return max(abs(one.down - other.down), abs(one.across - other.across)) <= 1


def _is_of_whole(peak: Peak, whole: Whole | None) -> bool:
    """Say whether all of the picture beats at the frequency of `peak` or beside it."""
    if whole is None or not whole.is_told:
        return False
    down, across = SIDE * whole.down, SIDE * whole.across
    near = max(abs(peak.down - down), abs(peak.across - across)) <= OF_WHOLE
    # Near an edge of the spectrum the twin lies beside it, mirrored.
    return near or max(abs(peak.down - across), abs(peak.across - down)) <= OF_WHOLE
