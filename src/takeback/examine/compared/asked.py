"""Asking a sandboxed child for a comparison, and checking what it says like any outsider's answer."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.examine.answers import box, listed, mask_of, maybe, number, text, whole
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


def comparison_of(told: Mapping[str, Any], attached: bytes, limits: MediaLimits) -> Comparison:
    """Read what `Comparison.as_json` and the handler wrote; `UnreadableMedia` for anything else."""
    try:
        width, height = (whole(told[name], 1, limits.max_side) for name in ("width", "height"))
        if width * height > limits.max_pixels:
            raise ValueError("too large")
        changes = tuple(_change(each, width, height) for each in listed(told["changes"], MAX_CHANGES))
        compared = told["compared"]
        return Comparison(
            width=width,
            height=height,
            same_source=maybe(told["same_source"]),
            source_nfa=number(told["source_nfa"], 0, 1),
            changed=maybe(told["changed"]),
            nfa=number(told["nfa"], 0, 1),
            unjudged=None if told["unjudged"] is None else text(told["unjudged"], MAX_TEXT),
            changes=changes,
            compared=None if compared is None else box(compared, width, height),
            compared_share=number(told["compared_share"], 0, 1),
            changed_share=number(told["changed_share"], 0, 1),
            mirrored=maybe(told["mirrored"]) is True,
            scale=None if told["scale"] is None else number(told["scale"], 0, 1e6),
            angle=None if told["angle"] is None else number(told["angle"], -360, 360),
            flow=None if told["flow"] is None else number(told["flow"], 0, 1e6),
            mask=mask_of(attached, width, height) if attached else None,
        )
    except (KeyError, TypeError, ValueError, zlib.error):
        raise UnreadableMedia("The decoder's answer is not what a decoder sends.") from None


def _change(told: Any, width: int, height: int) -> Change:
    left, top, across, down = box(told["box"], width, height)
    area = whole(told["area"], 0, width * height)
    return Change(
        ChangeKind(told["kind"]),
        left,
        top,
        across,
        down,
        area,
        number(told["nfa"], 0, 1),
        text(told["reason"], MAX_TEXT),
    )
