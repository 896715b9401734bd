"""What lies in a file after its picture ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MAGIC: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"PK\x03\x04", "zip"),
    (b"Rar!", "rar"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "png"),
    (b"RIFF", "riff"),
)
_LOOKED_AT: Final = 1 << 20
"""Bytes in which a film is looked for: phones write a few of their own before it."""


@dataclass(frozen=True, slots=True)
class Trailer:
    """`size` bytes after the end; `kind` is the word for them in the list of sentences."""

    size: int
    kind: str


def read_trailer(data: bytes, end: int) -> Trailer | None:
    """Return what follows `end`; None where nothing does."""
    size = len(data) - end
    if size <= 0:
        return None
    head = data[end : end + _LOOKED_AT]
    kept = head.lstrip(b"\0")
    if not kept:
        return Trailer(size, "zeros" if size <= _LOOKED_AT or not data[end:].strip(b"\0") else "unknown")
    kind = next((kind for magic, kind in _MAGIC if kept.startswith(magic)), "")
    # A box of a film's type has its length before its name (ISO/IEC 14496-12).
    if not kind and b"ftyp" in head:
        kind = "film"
    return Trailer(size, kind or "unknown")
