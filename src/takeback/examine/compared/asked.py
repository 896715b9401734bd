"""Asking a sandboxed child for a comparison, and checking what it says like any outsider's answer."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine.compared.comparison import Change, ChangeKind, Comparison
from takeback.media.limits import MIB, MediaLimits
from takeback.media.sandbox import DecoderPool

HANDLER: Final = "takeback.examine.compared.apart:comparison_handler"
WARM_UP: Final = "takeback.examine.compared.apart:warm_up"

MAX_CHANGES = 1000
MAX_TEXT = 300

_CPU_SECONDS = 60
_WALL_SECONDS = 120
_MEMORY_BYTES = 1536 * MIB


def pool_limits(limits: MediaLimits) -> MediaLimits:
    """Return what a child may take for two files within `limits`, and for comparing them."""
    return replace(
        limits,
        max_bytes=2 * limits.max_bytes,
        cpu_seconds=max(limits.cpu_seconds, _CPU_SECONDS),
        wall_seconds=max(limits.wall_seconds, _WALL_SECONDS),
        max_memory_bytes=max(limits.max_memory_bytes, _MEMORY_BYTES),
    )


class PooledComparer:
    """Asks a pool whose handler is `HANDLER`, started with `pool_limits(limits)`."""

    def __init__(self, pool: DecoderPool, limits: MediaLimits) -> None:
        self._pool = pool
        self._limits = limits

    def compare(self, original: bytes, suspect: bytes) -> Comparison:
        """Return what `compare_images` says of two files; see `DecoderPool.run` for the errors."""
        for data in (original, suspect):
            if len(data) > self._limits.max_bytes:
                raise MediaTooLarge(
                    f"The file has {len(data):,} bytes; the limit max_bytes is {self._limits.max_bytes:,}."
                )
        options = {**self._limits.as_options(), "original_bytes": len(original)}
        answer = self._pool.run(original + suspect, options)
        return comparison_of(answer.result, answer.attachment, self._limits)


def comparison_of(told: Mapping[str, Any], packed: bytes, limits: MediaLimits) -> Comparison:
    """Read what `Comparison.as_json` and the handler wrote; `UnreadableMedia` for anything else."""
    try:
        width, height = (_whole(told[name], 1, limits.max_side) for name in ("width", "height"))
        if width * height > limits.max_pixels:
            raise ValueError("too large")
        changes = tuple(_change(each, width, height) for each in _listed(told["changes"], MAX_CHANGES))
        compared = told["compared"]
        return Comparison(
            width=width,
            height=height,
            same_source=_maybe(told["same_source"]),
            source_nfa=_number(told["source_nfa"], 0, 1),
            changed=_maybe(told["changed"]),
            nfa=_number(told["nfa"], 0, 1),
            unjudged=None if told["unjudged"] is None else _text(told["unjudged"]),
            changes=changes,
            compared=None if compared is None else _box(compared, width, height),
            compared_share=_number(told["compared_share"], 0, 1),
            changed_share=_number(told["changed_share"], 0, 1),
            mirrored=_maybe(told["mirrored"]) is True,
            scale=None if told["scale"] is None else _number(told["scale"], 0, 1e6),
            angle=None if told["angle"] is None else _number(told["angle"], -360, 360),
            flow=None if told["flow"] is None else _number(told["flow"], 0, 1e6),
            mask=_mask(packed, width, height) if packed else None,
        )
    except (KeyError, TypeError, ValueError, zlib.error):
        raise UnreadableMedia("The decoder's answer is not what a decoder sends.") from None


def _change(told: Any, width: int, height: int) -> Change:
    left, top, across, down = _box(told["box"], width, height)
    area = _whole(told["area"], 0, width * height)
    return Change(
        ChangeKind(told["kind"]), left, top, across, down, area, _number(told["nfa"], 0, 1), _text(told["reason"])
    )


def _box(told: Any, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, across, down = _listed(told, 4)
    return _whole(left, 0, width), _whole(top, 0, height), _whole(across, 0, width + 1), _whole(down, 0, height + 1)


def _listed(told: Any, most: int) -> Sequence[Any]:
    if not isinstance(told, list) or len(told) > most:
        raise ValueError("not a list")
    return told


def _whole(told: Any, least: int, most: int) -> int:
    if type(told) is not int or not least <= told <= most:
        raise ValueError("not a whole number within its bounds")
    return told


def _number(told: Any, least: float, most: float) -> float:
    if type(told) not in (int, float) or not math.isfinite(told) or not least <= told <= most:
        raise ValueError("not a number within its bounds")
    return float(told)


def _maybe(told: Any) -> bool | None:
    if told is not None and type(told) is not bool:
        raise ValueError("neither yes nor no")
    return told


def _text(told: Any) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= MAX_TEXT or not told.isprintable():
        raise ValueError("not a text")
    return told


def _mask(packed: bytes, width: int, height: int) -> NDArray[np.bool_]:
    row = (width + 7) // 8
    reader = zlib.decompressobj()
    data = reader.decompress(packed, row * height + 1)
    if len(data) != row * height:
        raise ValueError("not a mask")
    return np.unpackbits(np.frombuffer(data, np.uint8).reshape(height, row), axis=1)[:, :width].astype(np.bool_)
