"""One picture, by itself: every test that can be applied to it, and why the others cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from takeback.examine.beside import NOTHING_BESIDE, Beside
from takeback.examine.blind.copy_move import copy_move
from takeback.examine.blind.demosaicing import demosaicing
from takeback.examine.blind.double_jpeg import double_jpeg
from takeback.examine.blind.jpeg_grid import jpeg_grid
from takeback.examine.blind.noise_level import noise_level
from takeback.examine.blind.resampling import resampling
from takeback.examine.declared.credentials import content_credentials
from takeback.examine.declared.origin import declared_origin
from takeback.examine.declared.outside import OutsideDetector, Photographs, outside_outcome
from takeback.examine.examination import Examination
from takeback.examine.outcome import EXAMINED, Outcome, Test
from takeback.examine.structure.file_structure import file_structure
from takeback.examine.subject import Subject, read_subject
from takeback.examine.upright import upright
from takeback.media import MediaLimits
from takeback.registration import opencv

_RUN: Final[Mapping[Test, Callable[[Subject], Outcome]]] = {
    Test.JPEG_GRID: jpeg_grid,
    Test.DOUBLE_JPEG: double_jpeg,
    Test.COPY_MOVE: copy_move,
    Test.NOISE_LEVEL: noise_level,
    Test.DEMOSAICING: demosaicing,
    Test.RESAMPLING: resampling,
    Test.FILE_STRUCTURE: file_structure,
    Test.DECLARED_ORIGIN: declared_origin,
    Test.CONTENT_CREDENTIALS: content_credentials,
}


def examine_image(
    data: bytes, *, limits: MediaLimits = MediaLimits(), beside: Beside = NOTHING_BESIDE,
    outside: Sequence[tuple[OutsideDetector, Photographs]] = (),
) -> Examination:  # fmt: skip
    """
    Say what the file in `data` gives away of what was done to its picture, and what cannot be told.

    The tests are set so that of a hundred unaltered pictures at most one is expected to have a finding (`BUDGET`).
    `beside` is who is believed of those who sign pictures, and how known cameras build their files; `outside` are
    detectors of others, each with what it gives for photographs. Raises `UnreadableMedia` and `MediaTooLarge` as
    `decode_image` does, and `BadSetting` without OpenCV, the extra "copies". Deterministic but for certificates that
    expire, on one thread.
    """
    subject = read_subject(data, limits, beside)
    width, height = size_of(subject)
    digest = hashlib.sha256(data).hexdigest()
    others = (outside_outcome(subject, detector, photographs) for detector, photographs in outside)
    return Examination(width, height, subject.format, digest, (*outcomes_of(subject), *others))


def outcomes_of(subject: Subject) -> Iterator[Outcome]:
    """Run one test after the other; boxes and masks are of the upright picture."""
    opencv()
    height, width = subject.luminance.shape
    for test in EXAMINED:
        yield upright(_RUN[test](subject), width, height, subject.orientation)


def size_of(subject: Subject) -> tuple[int, int]:
    """Return width and height as a person sees the picture."""
    height, width = subject.luminance.shape
    return (height, width) if subject.orientation >= 5 else (width, height)
