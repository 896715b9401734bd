"""
A part with other noise than the picture beside it: what was put in, smoothed, filled in, or made noisy by itself.

1. The picture in cells: how much noise each has, and which are smooth enough to tell (`cells`).
2. The picture's noise at each brightness (`curve`), and the regions that have less or more of it (`regions`).
3. A region counts if chance explains neither its cells nor, by clean pictures, the step of the noise at its border
   (`borders`, `calibration.toml`): the larger of both numbers of false alarms.

Nothing is said where there is no noise to compare: of a picture that was drawn, smoothed, or saved coarsely.
"""

from __future__ import annotations

import math

from takeback.examine.blind.double_jpeg.quality import last_quality
from takeback.examine.blind.noise_level.cells import Cells, cells_of
from takeback.examine.blind.noise_level.regions import Region, regions_of
from takeback.examine.boxes import at_size, box_of
from takeback.examine.conformal import bound_beside
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject

BOUND = bound_beside("takeback.examine.blind.noise_level")
"""What the strongest regions of clean pictures reach."""

MARGIN = 1.25
"""
Times what clean files reach: there are fewer photographs than files, and what one photograph has most of its versions
have.
"""

LEAST_SIDE = 96
"""Pixels: a smaller picture has no room for a region with a border and something around it."""
LEAST_QUALITY = 78
"""Of the last saving, by its own tables: a coarser one rounds away the noise of most pictures."""
MOST_DEAD = 0.4
"""Share of the smooth cells without noise, from which there is too little to compare by."""
LEAST_SMOOTH = 0.03
"""Share of the cells in which noise can be told from detail."""


def noise_level(subject: Subject) -> Outcome:
    """Find regions with less noise, or more, than the picture beside them. Deterministic."""
    cells, why_not = cells_or_reason(subject)
    if cells is None:
        return Outcome(Test.NOISE_LEVEL, why_not=why_not)
    regions = regions_of(cells)
    found = [(each, nfa_of(each)) for each in regions]
    findings = tuple(_finding(subject, cells, each, nfa) for each, nfa in found if nfa <= MAX_NFA)
    strongest = max((each.strength for each in regions), default=0.0)
    nfa = min((nfa for _, nfa in found), default=1.0)
    return Outcome(Test.NOISE_LEVEL, findings, statistic=strongest, counted=float(cells.noise.size), nfa=nfa)


def cells_or_reason(subject: Subject) -> tuple[Cells | None, Sentence | None]:
    """Return the cells whose noise is compared, or why it cannot be."""
    if min(subject.luminance.shape) < LEAST_SIDE:
        return None, Sentence("noise_level.too_small", least=LEAST_SIDE)
    quality = last_quality(subject, untold=100)
    if quality < LEAST_QUALITY:
        return None, Sentence("noise_level.coarse", quality=quality)
    cells = cells_of(subject.pixels, subject.luminance)
    if cells.smooth.mean() < LEAST_SMOOTH:
        return None, Sentence("noise_level.no_smooth")
    if cells.dead > MOST_DEAD:
        return None, Sentence("noise_level.no_noise")
    return cells, None


def nfa_of(region: Region) -> float:
    """Return the larger of what chance and what clean pictures say: neither alone is relied on."""
    return max(math.exp(min(0.0, region.log_chance)), BOUND.nfa(region.strength / MARGIN))


def _finding(subject: Subject, cells: Cells, region: Region, nfa: float) -> Finding:
    mask = at_size(region.mask, cells.side, subject.luminance.shape)
    box = box_of(mask)
    assert box is not None
    # The step is of the variance; people see amplitudes.
    times = round(math.exp(region.border.step / 2), 1)
    text = Sentence("noise_level.more" if region.sign > 0 else "noise_level.less", times=times)
    return Finding(Test.NOISE_LEVEL, text, nfa, (box,), mask)
