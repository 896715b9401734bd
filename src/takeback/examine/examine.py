"""One picture, by itself: every test that can be applied to it, and why the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Final

from takeback.examine.blind.copy_move import copy_move
from takeback.examine.examination import Examination
from takeback.examine.outcome import Outcome, Test
from takeback.examine.subject import Subject, read_subject
from takeback.examine.upright import upright
from takeback.media import MediaLimits

TESTS: Final[tuple[tuple[Test, Callable[[Subject], Outcome]], ...]] = ((Test.COPY_MOVE, copy_move),)
"""In the order in which they are run and told."""


def examine_image(data: bytes, *, limits: MediaLimits = MediaLimits()) -> Examination:
    """
    Say what the file in `data` gives away of what was done to its picture, and what cannot be told.

    Of unaltered pictures at most one in a hundred is expected to have a finding (`BUDGET`), by all tests together.
    Raises `UnreadableMedia` and `MediaTooLarge` as `decode_image` does. Deterministic, on one thread.
    """
    subject = read_subject(data, limits)
    return examination_of(subject, tuple(outcomes_of(subject)))


def outcomes_of(subject: Subject) -> Iterator[Outcome]:
    """Run one test after the other; boxes and masks are of the upright picture."""
    height, width = subject.luminance.shape
    for _, run in TESTS:
        yield upright(run(subject), width, height, subject.orientation)


def examination_of(subject: Subject, outcomes: tuple[Outcome, ...]) -> Examination:
    """Put together what the tests of `subject` said."""
    height, width = subject.luminance.shape
    if subject.orientation >= 5:
        height, width = width, height
    digest = hashlib.sha256(subject.data).hexdigest()
    return Examination(width, height, subject.format, digest, outcomes)
