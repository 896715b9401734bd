"""Asking a sandboxed child for an examination, and checking what it says like any outsider's answer."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine.answers import box, listed, mask_of, number, whole
from takeback.examine.beside import NOTHING_BESIDE, Beside
from takeback.examine.examination import Examination
from takeback.examine.outcome import EXAMINED, Finding, Outcome, Test
from takeback.examine.sentences import Sentence, Value
from takeback.examine.shown import BLURRED_SIDE, SHOWN_SIDE, Shown, reduced_size
from takeback.media.limits import FORMATS, MIB, MediaLimits
from takeback.media.sandbox import DecoderPool

HANDLER: Final = "takeback.examine.apart:examination_handler"
WARM_UP: Final = "takeback.examine.apart:warm_up"

MAX_FINDINGS = 100
"""Of one test; and of boxes of one finding, and facts of one test."""

_CPU_SECONDS = 120
_WALL_SECONDS = 240
_MEMORY_BYTES = 1536 * MIB
_BESIDE_BYTES = 8 * MIB
"""For what travels behind the file: trust lists, and how cameras build theirs."""
_LENGTH_BYTES = 4
_STRANGE = "The decoder's answer is not what a decoder sends."

type Progress = Callable[[int], None]
"""Told how many of the tests (`EXAMINED`) are done."""


def pool_limits(limits: MediaLimits) -> MediaLimits:
    """Return what a child may take for a file within `limits`, and for examining it."""
    return replace(
        limits,
        max_bytes=limits.max_bytes + _BESIDE_BYTES,
        cpu_seconds=max(limits.cpu_seconds, _CPU_SECONDS),
        wall_seconds=max(limits.wall_seconds, _WALL_SECONDS),
        max_memory_bytes=max(limits.max_memory_bytes, _MEMORY_BYTES),
    )


class PooledExaminer:
    """Asks a pool whose handler is `HANDLER`, started with `pool_limits(limits)`."""

    def __init__(self, pool: DecoderPool, limits: MediaLimits, beside: Beside = NOTHING_BESIDE) -> None:
        self._pool = pool
        self._limits = limits
        self._beside = beside.as_bytes()

    def examine(
        self, data: bytes, progress: Progress = lambda _done: None, shown: Shown = Shown.LEFT_OUT
    ) -> Examination:
        """Return what `examine_image` says of a file, and of its picture what is to be `shown`; errors as of `run`."""
        if len(data) > self._limits.max_bytes:
            raise MediaTooLarge(f"The file has {len(data):,} bytes; the limit max_bytes is {self._limits.max_bytes:,}.")
        options = {**self._limits.as_options(), "file_bytes": len(data), "shown": shown.value}
        with self._pool.stages(data + self._beside, options) as stages:
            try:
                return self._read(data, stages, progress, shown)
            except (KeyError, TypeError, ValueError, zlib.error):
                raise UnreadableMedia(_STRANGE) from None

    def _read(self, data: bytes, stages: Iterator[Any], progress: Progress, shown: Shown) -> Examination:
        first = next(stages).result
        width, height = (whole(first[name], 1, self._limits.max_side) for name in ("width", "height"))
        if width * height > self._limits.max_pixels or first["format"] not in FORMATS:
            raise ValueError("not a picture that is examined")
        outcomes: list[Outcome] = []
        for test in EXAMINED:
            progress(len(outcomes))
            answer = next(stages)
            outcomes.append(outcome_of(answer.result, answer.attachment, test, width, height))
        progress(len(outcomes))
        digest = hashlib.sha256(data).hexdigest()
        seen = _seen(next(stages).attachment, width, height, shown)
        return Examination(width, height, first["format"], digest, tuple(outcomes), seen)


def outcome_of(told: Mapping[str, Any], attached: bytes, test: Test, width: int, height: int) -> Outcome:
    """Read what the handler wrote of one test; `ValueError`, `TypeError` or `KeyError` for anything else."""
    if told["test"] != test.value:
        raise ValueError("of another test")
    findings = listed(told["findings"], MAX_FINDINGS)
    masks = _masks(attached, len(findings), width, height)
    return Outcome(
        test,
        findings=tuple(_finding(each, mask, test, width, height) for each, mask in zip(findings, masks, strict=True)),
        facts=tuple(_sentence(each) for each in listed(told["facts"], MAX_FINDINGS)),
        why_not=None if told["why_not"] is None else _sentence(told["why_not"]),
        statistic=number(told["statistic"], -1e300, 1e300),
        counted=number(told["counted"], 0, 1e300),
        nfa=number(told["nfa"], 0, 1e300),
    )


def _finding(told: Any, mask: NDArray[np.bool_] | None, test: Test, width: int, height: int) -> Finding:
    boxes = tuple(box(each, width, height) for each in listed(told["boxes"], MAX_FINDINGS))
    nfa = None if told["nfa"] is None else number(told["nfa"], 0, 1)
    return Finding(test, _sentence(told["text"]), nfa, boxes, mask)


def _sentence(told: Any) -> Sentence:
    key, values = listed(told, 2)
    if not isinstance(key, str) or not isinstance(values, dict):
        raise ValueError("not a sentence")
    return Sentence(key, **{name: _value(value) for name, value in values.items()})


def _value(told: Any) -> Value:
    if isinstance(told, str):
        return told
    return whole(told, -(2**53), 2**53) if type(told) is int else number(told, -1e300, 1e300)


def _seen(attached: bytes, width: int, height: int, shown: Shown) -> NDArray[np.uint8] | None:
    if shown is Shown.LEFT_OUT:
        return None
    across, down = reduced_size(width, height, BLURRED_SIDE if shown is Shown.BLURRED else SHOWN_SIDE)
    return np.frombuffer(attached, np.uint8).reshape(down, across, 3)


def _masks(attached: bytes, count: int, width: int, height: int) -> list[NDArray[np.bool_] | None]:
    masks: list[NDArray[np.bool_] | None] = []
    place = 0
    for _ in range(count):
        size = int.from_bytes(attached[place : place + _LENGTH_BYTES], "big")
        bits = attached[place + _LENGTH_BYTES : place + _LENGTH_BYTES + size]
        if place + _LENGTH_BYTES > len(attached) or len(bits) != size:
            raise ValueError("a mask is cut short")
        masks.append(mask_of(bits, width, height) if size else None)
        place += _LENGTH_BYTES + size
    if place != len(attached):
        raise ValueError("more than masks")
    return masks
