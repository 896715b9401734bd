"""
A region that was scaled or turned, while the rest of the picture was not, or otherwise.

1. How badly each pixel follows from those beside it (`prediction`): where it was interpolated, that beats evenly.
2. Windows whose beats stand out at a frequency and at that turned by a right angle (`spectra`).
3. Regions that beat as the rest does not, though it could show it, and that do not repeat by themselves (`cells`,
   `regions`), held against what clean files reach (`calibration.toml`).
4. What all of a picture shows alike is a fact (`whole`): most pictures on the web were scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from takeback.examine.blind.copy_move.drawn import MAX_EVEN, even_share
from takeback.examine.blind.copy_move.plane import plane_of
from takeback.examine.blind.double_jpeg.quality import last_quality
from takeback.examine.blind.resampling.prediction import CELL, beats_of
from takeback.examine.blind.resampling.regions import Region, regions_of
from takeback.examine.blind.resampling.spectra import surveyed
from takeback.examine.blind.resampling.transform import LEAST_APART_OF_WHOLE, transform_of
from takeback.examine.blind.resampling.whole import Whole, whole_of
from takeback.examine.boxes import at_size, box_of
from takeback.examine.conformal import bound_beside
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject

BOUND = bound_beside("takeback.examine.blind.resampling")
"""What the strongest regions of clean files reach."""
MARGIN: Final = 1.25
"""
Times what clean files reach: there are fewer photographs than files, and what one photograph has most of its versions
have.
"""
EXACT_FORMATS: Final = ("png", "bmp", "gif", "tiff", "jpeg")
"""Those whose savings beat nowhere, or only as blocks of eight pixels do."""
LEAST_SIDE: Final = 256
"""Pixels of a picture: less leaves no rest to hold a region against."""
LEAST_QUALITY: Final = 90
"""Of a JPEG file, by its own tables: a coarser saving leaves nothing of what beats."""
LEAST_DETAIL: Final = -0.9
"""
Natural logarithm of the sixth difference's mean size in a cell, with what rounding adds: an even area has -1.2, and one
in which only rounding is left -0.63.
"""
LEAST_CELLS: Final = 64
"""With so much detail: as many as one window has."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What beats in a picture: regions, the strongest first, all of it, and how many windows were looked at."""

    regions: list[Region] = field(repr=False)
    whole: Whole | None
    windows: int


def resampling(subject: Subject) -> Outcome:
    """Say which regions were scaled or turned as the rest was not, and whether all of it was. Deterministic."""
    seen = seen_in(subject)
    if isinstance(seen, Sentence):
        return Outcome(Test.RESAMPLING, why_not=seen)
    facts = (_fact(seen.whole),) if seen.whole is not None and seen.whole.is_told else ()
    found = [(each, nfa_of(each)) for each in seen.regions]
    findings = tuple(_finding(subject, each, nfa) for each, nfa in found if nfa <= MAX_NFA)
    strongest = max((each.strength for each in seen.regions), default=0.0)
    nfa = min((nfa for _, nfa in found), default=1.0)
    return Outcome(Test.RESAMPLING, findings, facts, None, strongest, float(seen.windows), nfa)


def seen_in(subject: Subject) -> Seen | Sentence:
    """Return what beats in a picture before it is held against clean files, or why that cannot be told."""
    # 1. Does the file keep what interpolation leaves?
    if subject.format not in EXACT_FORMATS:
        return Sentence("resampling.other_format", format=subject.format.upper())
    if min(subject.luminance.shape) < LEAST_SIDE:
        return Sentence("resampling.too_small", pixels=LEAST_SIDE)
    quality = last_quality(subject, untold=0)
    if quality < LEAST_QUALITY:
        return Sentence("resampling.coarse", quality=quality)
    # 2. Is there detail in which it shows?
    beats = beats_of(subject.luminance)
    if np.count_nonzero(beats.detail > LEAST_DETAIL) < LEAST_CELLS:
        return Sentence("resampling.flat")
    # 3. Where does it beat as the rest does not?
    survey = surveyed(beats)
    whole = whole_of(survey)
    regions = regions_of(subject.luminance, beats, survey, whole)
    # 4. Is it a screenshot? In those, pictures are scaled as a matter of course.
    if regions and even_share(plane_of(subject.luminance)) > MAX_EVEN:
        return Sentence("resampling.drawn")
    return Seen(regions, whole, len(survey.peaks))


def nfa_of(region: Region) -> float:
    """Return the share of unaltered files that have a region as strong, at most."""
    return BOUND.nfa(region.strength / MARGIN)


def _fact(whole: Whole) -> Sentence:
    seen = transform_of(whole.down, whole.across, LEAST_APART_OF_WHOLE)
    if seen.degrees is not None:
        return Sentence("resampling.whole_turned", degrees=round(seen.degrees))
    if seen.up is not None and seen.down is not None:
        return Sentence("resampling.whole_scaled", up=round(seen.up), down=round(seen.down))
    return Sentence("resampling.whole_changed")


def _finding(subject: Subject, region: Region, nfa: float) -> Finding:
    mask = at_size(region.mask, CELL, subject.luminance.shape)
    box = box_of(mask)
    assert box is not None
    seen, size = transform_of(region.down, region.across), {"width": box[2], "height": box[3]}
    if seen.degrees is not None:
        text = Sentence("resampling.turned", degrees=round(seen.degrees), **size)
    elif seen.up is not None and seen.down is not None:
        text = Sentence("resampling.scaled", up=round(seen.up), down=round(seen.down), **size)
    else:
        text = Sentence("resampling.changed", **size)
    return Finding(Test.RESAMPLING, text, nfa, (box,), mask)
