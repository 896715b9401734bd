"""The pictures in a JPEG file besides the main one, as the multi-picture format lists them (CIPA DC-007)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from takeback.examine.structure.jpeg import Jpeg
from takeback.examine.structure.tiff import first_directory

MAX_PICTURES: Final = 16
_ENTRIES: Final = 0xB002
_HEADER_BYTES: Final = 4
_PREVIEW_CLASS: Final = 0x01
_GAIN_MAP_NAMES: Final = (
    b"http://ns.adobe.com/hdr-gain-map/1.0/",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
    b"urn:iso:std:iso:ts:21496:-1",
)
"""As Adobe's and Google's XMP, Apple's, and ISO 21496-1 name a gain map in it."""
_HEAD_BYTES: Final = 64 << 10


class Role(StrEnum):
    """What another picture in the file is for."""

    PREVIEW = "preview"
    """The same picture, smaller (MPF's class 1, "large thumbnail")."""
    GAIN_MAP = "gain_map"
    """How much lighter each place of the picture is shown on a screen that can."""
    OTHER = "other"
    """Another view, a depth map, or what is not said."""


@dataclass(frozen=True, slots=True)
class Held:
    """A picture that the file holds: a JPEG file in `data`, from `start` to `end` of the whole."""

    role: Role
    start: int
    end: int
    data: bytes = field(repr=False)


def held_pictures(data: bytes, jpeg: Jpeg) -> tuple[Held, ...]:
    """Return the pictures besides the main one that the file lists and that begin where it says."""
    segment = jpeg.named("MPF")
    if segment is None:
        return ()
    base = segment.body + _HEADER_BYTES
    directory = first_directory(data[base : segment.end])
    _, entries = directory.values.get(_ENTRIES, (0, b""))
    found: list[Held] = []
    # Each after the other: of a file that lists one place many times no more is copied than there is.
    free = jpeg.end
    for place in range(16, min(len(entries), 16 * (MAX_PICTURES + 1)) - 15, 16):
        attribute, size, offset = struct.unpack_from(f"{directory.order}III", entries, place)
        start, end = base + offset, base + offset + size
        picture = data[start:end] if start >= free else b""
        if end <= len(data) and picture.startswith(b"\xff\xd8\xff"):
            free = end
            found.append(Held(_role(attribute, picture), start, end, picture))
    return tuple(found)


def _role(attribute: int, picture: bytes) -> Role:
    if attribute >> 16 & 0xFF == _PREVIEW_CLASS:
        return Role.PREVIEW
    head = picture[:_HEAD_BYTES]
    return Role.GAIN_MAP if any(name in head for name in _GAIN_MAP_NAMES) else Role.OTHER
