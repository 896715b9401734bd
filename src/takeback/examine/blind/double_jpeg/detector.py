"""
A region that was not saved twice, as the rest of the file was: what was put into a JPEG that was then saved again.

1. The file's own integers, and the same picture saved once (on another grid): is there an earlier saving, and with
   which steps.
2. What each block says for two savings, where nothing was clipped.
3. Regions that say the contrary, with the number expected by chance and what clean files reach: the larger counts.

Nothing is said where the file was saved once, where the last saving hid the one before, and where they are too alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.errors import UnreadableMedia
from takeback.examine.blind.double_jpeg.blocks import Blocks, blocks_of, saved_once, unclipped
from takeback.examine.blind.double_jpeg.bound import nfa_of
from takeback.examine.blind.double_jpeg.earlier import Earlier, earlier_saving
from takeback.examine.blind.double_jpeg.evidence import says
from takeback.examine.blind.double_jpeg.quality import nearest_quality
from takeback.examine.blind.double_jpeg.regions import Region, regions_of, said_elsewhere
from takeback.examine.blind.double_jpeg.shifted import earlier_grid
from takeback.examine.blind.transform import SIDE
from takeback.examine.boxes import box_of
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject
from takeback.media import MediaLimits
from takeback.media.coefficients import JpegComponent, read_coefficients

LEAST_BLOCKS = 144
"""In which something is to be seen: 96 × 96 pixels of detail."""
LEAST_SAID = 0.2
"""Natural logarithm, what a block says for two savings in the mean, elsewhere: below it no region can be told."""
COARSE_QUALITY = 60
"""Up to this quality of the last saving, what hides an earlier one is named."""

_LEAST_MARGIN = 2
_MOST_LEVELS_APART = 3.0


def double_jpeg(subject: Subject) -> Outcome:
    """Say which regions of a JPEG were saved fewer times than the rest, and what is seen of earlier savings."""
    if subject.format != "jpeg":
        return _not_applicable("not_jpeg")
    read = _read(subject)
    return _not_applicable("not_read") if read is None else _examined(subject, *read)


def _read(subject: Subject) -> tuple[Blocks, NDArray[np.uint16]] | None:
    """Return the blocks of the luminance and its quantisation steps [64]; None where they are not to be had."""
    # The size was checked when the picture was decoded.
    limits = MediaLimits(max_pixels=max(1, subject.luminance.size), max_side=max(subject.luminance.shape))
    try:
        luminance = read_coefficients(subject.data, components=1, limits=limits).components[0]
    except UnreadableMedia:
        return None
    if not _holds(luminance, subject.luminance):
        return None
    return blocks_of(luminance.values, luminance.steps), luminance.steps


def _examined(subject: Subject, blocks: Blocks, steps: NDArray[np.uint16]) -> Outcome:
    if np.count_nonzero(blocks.seen) < LEAST_BLOCKS:
        return _not_applicable("too_small")
    earlier = earlier_saving(blocks, saved_once(subject.luminance, steps))
    if earlier is None:
        return _without_earlier(subject, steps)
    facts = (_fact(earlier),)
    margin = _LEAST_MARGIN + int(np.median(blocks.steps)) // 4
    usable = unclipped(subject.pixels, blocks.classes.shape, margin) & blocks.seen
    said = says(blocks, earlier, usable)
    regions = regions_of(said, usable)
    if np.count_nonzero(usable) < LEAST_BLOCKS or said_elsewhere(said, usable, regions) < LEAST_SAID:
        return Outcome(Test.DOUBLE_JPEG, facts=facts, why_not=Sentence("double_jpeg.too_alike"))
    return _judged(subject, blocks, regions, facts)


def _judged(subject: Subject, blocks: Blocks, regions: list[Region], facts: tuple[Sentence, ...]) -> Outcome:
    strongest = regions[0].strength if regions else 0.0
    found = [(each, nfa_of(each.strength)) for each in regions]
    findings = tuple(_finding(subject, each, nfa) for each, nfa in found if nfa <= MAX_NFA)
    nfa = found[0][1] if found else 1.0
    return Outcome(Test.DOUBLE_JPEG, findings, facts, None, strongest, float(blocks.classes.size), nfa)


def _without_earlier(subject: Subject, steps: NDArray[np.uint16]) -> Outcome:
    shift = earlier_grid(subject.luminance, int(steps[0]))
    facts = () if shift is None else (Sentence("double_jpeg.shifted", across=shift.across, down=shift.down),)
    quality = nearest_quality(steps)
    if quality <= COARSE_QUALITY:
        return _not_applicable("coarse", facts, quality=quality)
    return _not_applicable("once", facts)


def _not_applicable(why: str, facts: tuple[Sentence, ...] = (), **values: int) -> Outcome:
    return Outcome(Test.DOUBLE_JPEG, facts=facts, why_not=Sentence(f"double_jpeg.{why}", **values))


def _fact(earlier: Earlier) -> Sentence:
    if earlier.quality is None:
        return Sentence("double_jpeg.twice")
    return Sentence("double_jpeg.twice_quality", quality=earlier.quality)


def _holds(component: JpegComponent, luminance: NDArray[np.uint8]) -> bool:
    """
    Say whether a component holds the picture's luminance, by the means of its blocks.

    It does not where the file stores other colours, or where another of its pictures was decoded.
    """
    height, width = luminance.shape
    rows, columns = component.values.shape[:2]
    if (rows, columns) != (-(-height // SIDE), -(-width // SIDE)) or min(height, width) < SIDE:
        return False
    whole = luminance[: height // SIDE * SIDE, : width // SIDE * SIDE]
    means = whole.reshape(height // SIDE, SIDE, width // SIDE, SIDE).mean(axis=(1, 3), dtype=np.float32)
    stored = component.values[: height // SIDE, : width // SIDE, 0] * (component.steps[0] / np.float32(SIDE)) + 128
    return bool(np.median(np.abs(np.clip(stored, 0, 255) - means)) <= _MOST_LEVELS_APART)


def _finding(subject: Subject, region: Region, nfa: float) -> Finding:
    height, width = subject.luminance.shape
    mask = np.repeat(np.repeat(region.mask, SIDE, axis=0), SIDE, axis=1)[:height, :width]
    box = box_of(mask)
    assert box is not None
    text = Sentence("double_jpeg.region", width=box[2], height=box[3])
    return Finding(Test.DOUBLE_JPEG, text, nfa, (box,), np.ascontiguousarray(mask))
