"""
A region that a camera's sensor did not see where it is: its mosaic lies otherwise than the picture's, or it has none.

1. The weights by which each kind of pixel follows from its neighbours, and how badly each block fits each place of the
   mosaic by them (`prediction`).
2. Which place each block votes for; is there a mosaic at all (`votes`)? Most pictures that were scaled, smoothed or
   saved coarsely show none.
3. Regions that vote otherwise, with the number expected by chance and what clean files reach: the larger counts
   (`regions`, `calibration.toml`).
"""

from __future__ import annotations

import math

from takeback.examine.blind.demosaicing.prediction import BLOCK, blocks_of, fitted
from takeback.examine.blind.demosaicing.regions import Region, regions_of
from takeback.examine.blind.demosaicing.votes import LEAST_OWN, Votes, votes_of
from takeback.examine.boxes import at_size, box_of
from takeback.examine.conformal import bound_beside
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject

BOUND = bound_beside("takeback.examine.blind.demosaicing")
"""What the strongest regions of clean pictures reach."""
MARGIN = 1.25
"""Times what clean files reach: there are fewer photographs than files."""
LEAST_SIDE = 160
"""Pixels: a smaller picture has too few blocks."""
LEAST_BLOCKS = 250
"""That vote."""
SAMPLED = 2_000_000
"""Pixels, about: to so many of a larger picture the weights are fitted."""


def demosaicing(subject: Subject) -> Outcome:
    """Find regions of another mosaic, or of none, in a picture that shows one. Deterministic."""
    votes, why_not = votes_or_reason(subject)
    if votes is None:
        return Outcome(Test.DEMOSAICING, why_not=why_not)
    regions = regions_of(votes)
    found = [(each, nfa_of(each)) for each in regions]
    findings = tuple(_finding(subject, each, nfa) for each, nfa in found if nfa <= MAX_NFA)
    strongest = max((each.strength for each in regions), default=0.0)
    nfa = min((nfa for _, nfa in found), default=1.0)
    facts = (Sentence("demosaicing.shown"),)
    return Outcome(Test.DEMOSAICING, findings, facts, None, strongest, float(votes.aside.size), nfa)


def votes_or_reason(subject: Subject) -> tuple[Votes | None, Sentence | None]:
    """Return what the blocks vote for, or why nothing can be told by it."""
    pixels = subject.pixels
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return None, Sentence("demosaicing.too_small", pixels=LEAST_SIDE)
    # Of a large picture some strips say whether it is worth the time.
    every = max(1, round(subject.luminance.size / SAMPLED))
    weights = fitted(pixels, every)
    votes = None if weights is None else votes_of(blocks_of(pixels, weights, every))
    if weights is None or votes is None or votes.count < LEAST_BLOCKS:
        return None, Sentence("demosaicing.flat")
    if votes.own < LEAST_OWN:
        return None, Sentence("demosaicing.none")
    return votes if every == 1 else votes_of(blocks_of(pixels, weights)), None


def nfa_of(region: Region) -> float:
    """Return the larger of what chance and what clean pictures say."""
    return max(math.exp(region.log_chance), BOUND.nfa(region.strength / MARGIN))


def _finding(subject: Subject, region: Region, nfa: float) -> Finding:
    mask = at_size(region.outline, BLOCK, subject.luminance.shape)
    box = box_of(mask)
    assert box is not None
    text = Sentence("demosaicing.elsewhere" if region.has_mosaic else "demosaicing.missing")
    return Finding(Test.DEMOSAICING, text, nfa, (box,), mask)
