"""
Whether a part of the picture was copied within it.

1. The picture is reduced to a size at which it can be searched (`plane`), unless it is drawn (`drawn`).
2. Shifts by which much of it lies on itself (`shifts`), and transforms between its local features (`keypoints`), are
   proposed; under the likeliest the region that is the same is outlined pixel by pixel (`verified`).
3. A region counts if the rest of this picture does not resemble it as closely (`elsewhere`), and if of clean pictures
   hardly one has a region as strong (`calibration.toml`): the larger of both numbers of false alarms.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.drawn import MAX_EVEN, even_share
from takeback.examine.blind.copy_move.pairs import Pair, Search, search
from takeback.examine.blind.copy_move.plane import MIN_SIDE, Plane, plane_of
from takeback.examine.boxes import box_of
from takeback.examine.conformal import bound_beside
from takeback.examine.outcome import MAX_NFA, Finding, Outcome, Test
from takeback.examine.sentences import Sentence
from takeback.examine.subject import Subject
from takeback.registration import opencv
from takeback.registration.transform import angle_of, scale_of

BOUND = bound_beside("takeback.examine.blind.copy_move")
"""What the strongest pairs of clean pictures reach."""

LEAST_TEXTURED = 0.01
"""Share of the picture that has texture, below which there is nothing to tell two places apart by."""

TURNED_DEGREES = 1.0
SCALED_PARTS = 0.02
"""From which a copy is said to be turned or scaled: what is fitted to pixels is more exact than that."""

type Mask = NDArray[np.bool_]


def copy_move(subject: Subject) -> Outcome:
    """
    Find regions of the picture that are the same as others, shifted, turned, scaled by up to two, or mirrored.

    Deterministic.
    """
    plane, why_not = plane_or_reason(subject.luminance)
    if plane is None:
        return Outcome(Test.COPY_MOVE, why_not=why_not)
    found = search(plane)
    findings = tuple(_finding(subject, plane, pair) for pair in found.pairs if nfa_of(pair) <= MAX_NFA)
    nfa = min((nfa_of(pair) for pair in found.pairs), default=1.0)
    return Outcome(Test.COPY_MOVE, findings, statistic=strongest(found), counted=float(found.tried), nfa=nfa)


def plane_or_reason(luminance: NDArray[np.uint8]) -> tuple[Plane | None, Sentence | None]:
    """Return the plane in which copies are searched for, or why they cannot be."""
    if min(luminance.shape) < MIN_SIDE:
        return None, Sentence("copy_move.too_small", pixels=MIN_SIDE)
    plane = plane_of(luminance)
    if min(plane.shape) < MIN_SIDE // 2:
        return None, Sentence("copy_move.too_narrow")
    if plane.textured.mean() < LEAST_TEXTURED:
        return None, Sentence("copy_move.flat")
    if even_share(plane) > MAX_EVEN:
        return None, Sentence("copy_move.drawn")
    return plane, None


def strongest(found: Search) -> float:
    """Return the strength of the strongest pair that the picture's likeness to itself does not explain, 0 of none."""
    return max((pair.strength for pair in found.pairs if pair.nfa <= MAX_NFA), default=0.0)


def nfa_of(pair: Pair) -> float:
    """Return the larger of what this picture and what other pictures say: neither alone is relied on."""
    return max(pair.nfa, BOUND.nfa(pair.strength))


def _finding(subject: Subject, plane: Plane, pair: Pair) -> Finding:
    shape = subject.luminance.shape
    places = [_at_size(mask, (shape[1], shape[0])) for mask in (pair.mask, pair.copy)]
    boxes = tuple(box for box in map(box_of, places) if box is not None)
    return Finding(Test.COPY_MOVE, _text(pair.region.matrix), nfa_of(pair), boxes, places[0] | places[1])


def _text(matrix: NDArray[np.float64]) -> Sentence:
    """Say what was done to the copy; which place is the source, the pixels do not tell."""
    mirrored = float(np.linalg.det(matrix[:, :2])) < 0
    degrees = abs(angle_of(matrix * [[-1], [1]] if mirrored else matrix))
    scale = scale_of(matrix)
    percent = round(100 * max(scale, 1 / scale))
    changed = degrees >= TURNED_DEGREES or abs(math.log(scale)) >= SCALED_PARTS
    if mirrored:
        return Sentence("copy_move.mirrored", degrees=round(degrees), percent=percent)
    if changed:
        return Sentence("copy_move.changed", degrees=round(degrees), percent=percent)
    return Sentence("copy_move.shifted")


def _at_size(mask: Mask, size: tuple[int, int]) -> Mask:
    if mask.shape == size[::-1]:
        return mask
    return np.asarray(opencv().resize(mask.astype(np.uint8), size, interpolation=opencv().INTER_NEAREST) > 0)
