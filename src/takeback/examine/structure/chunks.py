"""Chunks of PNG (third edition, section 5) and WebP (RFC 9649), and boxes of HEIC and AVIF (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from takeback.errors import UnreadableMedia

MAX_CHUNKS: Final = 4_096
"""That are looked at; a picture of 100 megapixels in chunks of eight kilobytes may have more, all of them alike."""

MAX_BRANDS: Final = 60
MAX_ITEMS: Final = 1_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_META: Final = b"meta"


@dataclass(frozen=True, slots=True)
class Chunks:
    """
    Names of a file's chunks in their order, one for each run of equal names, and where the last one ends.

    `items` are the names of what a HEIC or AVIF file holds (`infe`), or of nothing; `brands` those of its file type.
    `zlib` is how PNG's pixels are packed: the level that their first two bytes tell (RFC 1950), 0 to 3.
    """

    names: tuple[str, ...]
    end: int
    is_complete: bool
    zlib: int | None = None
    brands: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


def read_png(data: bytes) -> Chunks:
    """Return the chunks of a PNG file; raises `UnreadableMedia` for another one."""
    if not data.startswith(_PNG):
        raise UnreadableMedia("The file does not begin as a PNG file does.")
    names: list[str] = []
    place, level = len(_PNG), None
    for _ in range(MAX_CHUNKS):
        if place + 12 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, place)
        if place + 12 + length > len(data):
            break
        if name == b"IDAT" and level is None and length >= 2:
            level = data[place + 9] >> 6
        _add(names, name)
        place += 12 + length
        if name == b"IEND":
            return Chunks(tuple(names), place, True, level)
    return Chunks(tuple(names), place, False, level)


def read_webp(data: bytes) -> Chunks:
    """Return the chunks of a WebP file; raises `UnreadableMedia` for another one."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise UnreadableMedia("The file does not begin as a WebP file does.")
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    names: list[str] = []
    place = 12
    for _ in range(MAX_CHUNKS):
        if place + 8 > min(end, len(data)):
            break
        name, length = struct.unpack_from("<4sI", data, place)
        _add(names, name)
        place += 8 + length + length % 2
    return Chunks(tuple(names), min(max(place, end), len(data)), max(place, end) <= len(data) + 1)


def read_boxes(data: bytes) -> Chunks:
    """Return the boxes of a HEIC or AVIF file; raises `UnreadableMedia` for another one."""
    if data[4:8] != b"ftyp":
        raise UnreadableMedia("The file does not begin as a HEIC or AVIF file does.")
    names: list[str] = []
    brands: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    place, is_complete = 0, True
    for start, body, end, name in _boxes(data, 0, len(data)):
        _add(names, name)
        if name == b"ftyp" and start == 0:
            places = (body, *range(body + 8, min(end, body + 8 + 4 * MAX_BRANDS) - 3, 4))
            brands = tuple(_word(data[each : each + 4]) for each in places)
        elif name == _META:
            items = _items(data, body + 4, end)
        place, is_complete = end, end <= len(data)
    return Chunks(tuple(names), min(place, len(data)), is_complete, None, brands, items)


def _boxes(data: bytes, start: int, end: int) -> list[tuple[int, int, int, bytes]]:
    """Return start, body, end and name of each box between two places."""
    found: list[tuple[int, int, int, bytes]] = []
    while start + 8 <= end and len(found) < MAX_CHUNKS:
        length, name = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if length == 1 and start + 16 <= end:
            length, body = struct.unpack_from(">Q", data, start + 8)[0], start + 16
        length = length or end - start
        if length < body - start:
            break
        found.append((start, body, start + length, name))
        start += length
    return found


def _items(data: bytes, start: int, end: int) -> tuple[str, ...]:
    """Return the types of the items that a meta box lists (ISO/IEC 14496-12, 8.11.6), in their order."""
    listed = next((box for box in _boxes(data, start, min(end, len(data))) if box[3] == b"iinf"), None)
    if listed is None or listed[1] + 8 > len(data):
        return ()
    first = listed[1] + (6 if data[listed[1]] == 0 else 8)
    entries = _boxes(data, first, min(listed[2], len(data)))[:MAX_ITEMS]
    # Version 2 has a number of two bytes before the type, version 3 of four; both a protection index.
    return tuple(
        _word(data[place : place + 4])
        for _, body, _, name in entries
        if name == b"infe" and (place := body + (8 if data[body : body + 1] == b"\2" else 10)) + 4 <= len(data)
    )


def _add(names: list[str], name: bytes) -> None:
    word = _word(name)
    if not names or names[-1] != word:
        names.append(word)


def _word(name: bytes) -> str:
    return "".join(chr(each) if 32 <= each < 127 else "?" for each in name)
