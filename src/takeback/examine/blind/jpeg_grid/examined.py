"""
The test of the JPEG grid: which part of a picture was not saved as JPEG where it is, with the rest.

1. Each pixel votes for where the blocks lie (`votes`; IPOL 2021.390): one origin for the whole picture, or none.
2. The steps with which the last saving rounded the coefficients on that grid are told from the pixels (`steps`).
3. A region is found whose pixels vote for another origin and that does not show the grid of the rest, or whose blocks
   do not lie on multiples of the steps (`regions`). The paper finds regions without a grid by saving the picture once
   more; known steps tell them more surely.

A JPEG file's own saving laid its grid over all that was changed before. Then nothing can be found, and that is said.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from takeback.examine.blind.jpeg_grid.coefficients import Blocks
from takeback.examine.blind.jpeg_grid.pieces import Piece, joined, piece_of
from takeback.examine.blind.jpeg_grid.regions import (
    SHOWN,
    SHOWN_TOO,
    Region,
    foreign_regions,
    odd_blocks,
    odd_regions,
    shows_grid,
)
from takeback.examine.blind.jpeg_grid.steps import Saving, saving_of
from takeback.examine.blind.jpeg_grid.votes import ORIGINS, Grid, Votes, strongest_grid, votes_of
from takeback.examine.blind.transform import SIDE
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject

EXACT_FORMATS: Final = ("png", "bmp", "gif", "tiff")
"""Those that keep pixels as they were: what a JPEG left in them is still there. JPEG itself is another matter."""
LEAST_SIDE: Final = 64
"""Pixels of a picture that is looked at: eight blocks."""
LEAST_SHARE: Final = 0.25
"""Of the picture's votes, for the grid that it lies on, where its steps are unknown: drawings vote for none at all."""
DENSE: Final = 0.5
"""Of the votes of a region, for its own grid, where the steps of the rest are unknown: drawings stay below 0.3."""
WAYS: Final = 2
"""In which a region is found, by votes and by steps: each has half of the test's share."""
MOST_APART: Final = 4
"""Between the qualities that have the steps that are known, to speak of one: two on each side of what is said."""

_LOG_EACH = math.log(MAX_NFA / WAYS)
_LEAST_LOG = -690.0
"""Of what a float still holds."""


def jpeg_grid(subject: Subject) -> Outcome:
    """Say which parts of a picture do not lie on the JPEG grid of the rest, or why that cannot be told."""
    shape = subject.luminance.shape
    # 1. Can there be a grid that was not laid last?
    if subject.format not in (*EXACT_FORMATS, "jpeg"):
        return _not_applicable(Sentence("jpeg_grid.other_format", format=subject.format.upper()))
    if min(shape) < LEAST_SIDE:
        return _not_applicable(Sentence("jpeg_grid.too_small", least=LEAST_SIDE))
    votes = votes_of(subject.luminance)
    grid = strongest_grid(votes)
    is_seen = grid.log_nfa <= math.log(MAX_NFA)
    if subject.format == "jpeg" and (not is_seen or grid.origin == 0):
        return _not_applicable(Sentence("jpeg_grid.blind"))
    # 2. Is there one, of the picture as a whole?
    if not is_seen:
        return _not_applicable(Sentence("jpeg_grid.no_grid"))
    return _on_grid(subject, votes, grid)


def _on_grid(subject: Subject, votes: Votes, grid: Grid) -> Outcome:
    # 1. What the last saving did, and what it did not do everywhere.
    blocks = Blocks(subject, grid)
    saving = saving_of(blocks)
    foreign, earlier = _told_apart(votes, grid)
    if not saving.is_known:
        foreign = [each for each in foreign if each.share >= DENSE]
        if not foreign and grid.share < LEAST_SHARE:
            return _not_applicable(Sentence("jpeg_grid.no_grid"))
    pieces = [piece_of(each, 0, 0) for each in foreign]
    # What was saved twice on one grid has no table of the library's, and astray coefficients of its own.
    if saving.qualities:
        odd = odd_regions(*odd_blocks(blocks, saving.steps), votes.tests, _LOG_EACH)
        pieces += [piece_of(each, grid.top, grid.left) for each in odd]
    # 2. In words.
    found = joined(pieces)
    told = tuple(
        _finding(each, Sentence("jpeg_grid.odd" if each.origin is None else "jpeg_grid.foreign"), votes.shape)
        for each in found
    )
    return _outcome(votes, found, told, tuple(_facts(grid, saving, earlier, bool(found))))


def _told_apart(votes: Votes, grid: Grid) -> tuple[list[Region], bool]:
    """
    Return the regions of another origin without `grid`, and whether there are others that have both.

    What has both is the trace of an earlier saving under the last one, as a cropped picture has it.
    """
    found = foreign_regions(votes, grid, _LOG_EACH)
    foreign: list[Region] = []
    has_both = False
    for origin in range(ORIGINS):
        of_one = [each for each in found if each.origin == origin]
        if of_one and shows_grid(votes, origin, of_one, grid.origin, SHOWN):
            if shows_grid(votes, grid.origin, of_one, origin, SHOWN_TOO):
                has_both = True
            else:
                foreign += of_one
    return foreign, has_both


def _facts(grid: Grid, saving: Saving, earlier: bool, found: bool) -> list[Sentence]:
    facts = []
    if not found:
        facts.append(Sentence("jpeg_grid.whole" if saving.qualities else "jpeg_grid.whole_faint"))
    if grid.origin:
        # As a person counts what was cut off: the block began that many pixels before the picture.
        facts.append(Sentence("jpeg_grid.cropped", left=-grid.left % SIDE, top=-grid.top % SIDE))
    qualities = saving.qualities
    if qualities and qualities[-1] - qualities[0] <= MOST_APART:
        facts.append(Sentence("jpeg_grid.quality", quality=(qualities[0] + qualities[-1]) // 2))
    elif saving.is_known and not qualities:
        facts.append(Sentence("jpeg_grid.own_steps"))
    if earlier:
        facts.append(Sentence("jpeg_grid.earlier"))
    return facts


def _finding(piece: Piece, text: Sentence, shape: tuple[int, int]) -> Finding:
    return Finding(Test.JPEG_GRID, text, _nfa(piece), (piece.box,), piece.drawn(shape))


def _nfa(piece: Piece) -> float:
    return WAYS * math.exp(max(piece.log_nfa, _LEAST_LOG))


def _outcome(votes: Votes, pieces: list[Piece], told: tuple[Finding, ...], facts: tuple[Sentence, ...]) -> Outcome:
    strongest = min((each.log_nfa for each in pieces), default=0.0)
    nfa = min((each.nfa for each in told if each.nfa is not None), default=1.0)
    statistic = max(0.0, votes.tests - strongest) if pieces else 0.0
    return Outcome(Test.JPEG_GRID, told, facts, None, statistic, float(np.exp(votes.tests)), nfa)


def _not_applicable(why: Sentence) -> Outcome:
    return Outcome(Test.JPEG_GRID, why_not=why)
