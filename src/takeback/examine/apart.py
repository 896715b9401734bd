"""
An examination in a sandboxed child (`takeback.media.sandbox`), test after test: the file is a stranger's.

First come the picture's size and format; then an outcome after the other, with its masks as an
attachment: each has its length before it. Of the picture only goes home what whoever asks wants to see (`Shown`).
Importing this module loads whatever the tests need, since a child can load nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import cv2
import numpy as np

from takeback.examine.answers import packed
from takeback.examine.beside import Beside
from takeback.examine.examine import outcomes_of, size_of
from takeback.examine.outcome import Finding, Outcome
from takeback.examine.seen import seen_of
from takeback.examine.sentences import Sentence
from takeback.examine.shown import Shown
from takeback.examine.subject import Subject, luminance_of, read_subject
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import Answer
from takeback.media.sandbox.wire import MAX_ATTACHMENT_BYTES
from takeback.media.warm_up import decode_every_format
from takeback.provenance import c2pa

WARM_UP_SIDE = 192
"""Pixels of the picture that goes through every test before the first real one arrives."""
LENGTH_BYTES = 4


def examination_handler(payload: bytes, options: Mapping[str, object]) -> Iterator[Answer]:
    """
    Examine the file in `payload`; `file_bytes` of the options says where it ends.

    Behind it stands what else is told (`Beside`).
    """
    rest = dict(options)
    end = rest.pop("file_bytes")
    if not isinstance(end, int) or not 0 <= end <= len(payload):
        raise ValueError("not a request")
    shown = Shown(str(rest.pop("shown")))
    beside = Beside.from_bytes(payload[end:])
    subject = read_subject(payload[:end], MediaLimits.from_options(rest), beside)
    width, height = size_of(subject)
    yield Answer({"width": width, "height": height, "format": subject.format})
    for outcome in outcomes_of(subject):
        yield _answer(outcome)
    seen = seen_of(subject, shown)
    yield Answer({}, b"" if seen is None else seen.tobytes())


def _answer(outcome: Outcome) -> Answer:
    masks = [b"" if each.mask is None else packed(each.mask) for each in outcome.findings]
    if sum(LENGTH_BYTES + len(mask) for mask in masks) > MAX_ATTACHMENT_BYTES:
        # Too intricate to be sent: their boxes are.
        masks = [b""] * len(masks)
    told = {
        "test": outcome.test.value,
        "findings": [_finding(each) for each in outcome.findings],
        "facts": [_sentence(each) for each in outcome.facts],
        "why_not": None if outcome.why_not is None else _sentence(outcome.why_not),
        "statistic": outcome.statistic,
        "counted": outcome.counted,
        "nfa": outcome.nfa,
    }
    return Answer(told, b"".join(len(mask).to_bytes(LENGTH_BYTES, "big") + mask for mask in masks))


def _finding(finding: Finding) -> dict[str, object]:
    boxes = [[int(side) for side in box] for box in finding.boxes]
    return {"text": _sentence(finding.text), "nfa": finding.nfa, "boxes": boxes}


def _sentence(sentence: Sentence) -> list[object]:
    return [sentence.key, dict(sentence.values)]


def warm_up() -> None:
    """Decode every format and put a drawn picture through every test, so that all is loaded that is needed."""
    cv2.setNumThreads(1)
    decode_every_format()
    c2pa.warm_up()
    pixels = np.random.default_rng(0).integers(0, 255, (WARM_UP_SIDE, WARM_UP_SIDE, 3), dtype=np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2.0), np.uint8)
    for _ in outcomes_of(Subject(b"", "png", pixels, luminance_of(pixels))):
        pass
    done, file = cv2.imencode(".jpg", pixels)
    if done:
        for _ in outcomes_of(read_subject(file.tobytes(), MediaLimits())):
            pass
