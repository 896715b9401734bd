"""The segments of a JPEG file (ITU-T T.81, Annex B), as they stand in it; nothing is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from takeback.errors import UnreadableMedia
from takeback.examine.libjpeg import Table

MAX_SEGMENTS: Final = 4_096
"""A camera's file has some thirty, a progressive one of 100 megapixels some sixty."""

MAX_TABLES: Final = 64
"""Of each kind; a file needs eight, and a progressive one twenty."""

_FILL: Final = re.compile(rb"\xff+")
_MARKER_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_EOI, _SOS, _DQT, _DHT, _DRI, COMMENT = 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD9)))
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

# T.81, figure A.6: the place in the file of each coefficient in its row and column.
ZIGZAG: Final = (
    0, 1, 5, 6, 14, 15, 27, 28, 2, 4, 7, 13, 16, 26, 29, 42, 3, 8, 12, 17, 25, 30, 41, 43, 9, 11, 18, 24, 31, 40, 44,
    53, 10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60, 21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49,
    57, 58, 62, 63,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and where its body lies; `name` is what an application segment calls itself."""

    marker: int
    start: int
    body: int
    end: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame header: `kind` is its marker, a component is its name, sampling across and down, and its table."""

    kind: int
    width: int
    height: int
    components: tuple[tuple[int, int, int, int], ...]

    @property
    def is_progressive(self) -> bool:
        """Whether the picture is sent in passes (SOF2 and the other progressive kinds)."""
        return self.kind & 3 == 2


@dataclass(frozen=True, slots=True)
class Jpeg:
    """
    What stands in a JPEG file.

    `tables` by their number, each as it was defined last; `huffman` the bodies of the Huffman tables in their order.
    `end` is where the end marker ends; a file without one is not `is_complete`.
    """

    segments: tuple[Segment, ...]
    tables: dict[int, Table] = field(repr=False)
    huffman: tuple[bytes, ...] = field(repr=False)
    frame: Frame | None
    restart_interval: int
    scans: int
    end: int
    is_complete: bool

    def named(self, name: str) -> Segment | None:
        """Return the first application segment that calls itself so."""
        return next((each for each in self.segments if each.name == name), None)


def read_jpeg(data: bytes, start: int = 0) -> Jpeg:
    """Read the segments of the JPEG file that begins at `start`; raises `UnreadableMedia` where there is none."""
    if data[start : start + 2] != b"\xff\xd8":
        raise UnreadableMedia("The file does not begin as a JPEG file does.")
    segments = tuple(_segments(data, start))
    tables = dict(islice(_all_of(_quantisation, data, segments, _DQT), MAX_TABLES))
    huffman = tuple(islice(_all_of(_huffman, data, segments, _DHT), MAX_TABLES))
    frame = next((_frame(each.marker, data[each.body : each.end]) for each in segments if each.marker in _FRAMES), None)
    restart = next((data[each.body : each.body + 2] for each in segments if each.marker == _DRI), b"")
    last = segments[-1] if segments else None
    is_complete = last is not None and last.marker == _EOI
    scans = sum(each.marker == _SOS for each in segments)
    end = last.end if last is not None and is_complete else len(data)
    return Jpeg(segments, tables, huffman, frame, int.from_bytes(restart, "big"), scans, end, is_complete)


def _all_of[T](
    read: Callable[[bytes], Iterator[T]], data: bytes, segments: tuple[Segment, ...], marker: int
) -> Iterator[T]:
    return chain.from_iterable(read(data[each.body : each.end]) for each in segments if each.marker == marker)


def _segments(data: bytes, start: int) -> Iterator[Segment]:
    """Yield each segment up to the end marker, or to where the file is no JPEG any more."""
    place = start + 2
    for _ in range(MAX_SEGMENTS):
        fill = _FILL.match(data, place)
        place = place if fill is None else fill.end() - 1
        if data[place : place + 1] != b"\xff" or place + 2 > len(data):
            return
        marker = data[place + 1]
        if marker == _EOI or marker in _ALONE:
            yield Segment(marker, place, place + 2, place + 2)
            if marker == _EOI:
                return
            place += 2
            continue
        if place + 4 > len(data):
            return
        end = place + 2 + struct.unpack_from(">H", data, place + 2)[0]
        if end < place + 4 or end > len(data):
            return
        yield Segment(marker, place, place + 4, end, _name(marker, data[place + 4 : min(end, place + 84)]))
        place = end
        if marker == _SOS:
            after = _MARKER_AFTER_SCAN.search(data, place)
            if after is None:
                return
            place = after.start()


def _name(marker: int, body: bytes) -> str:
    """Return what an application segment calls itself: mostly up to a zero."""
    if not 0xE0 <= marker <= 0xEF:
        return ""
    if marker == 0xEE and body.startswith(b"Adobe"):
        return "Adobe"
    name = body.split(b"\0", 1)[0]
    return name.decode("latin-1") if name.isascii() and name.decode("ascii").isprintable() else ""


def _quantisation(body: bytes) -> Iterator[tuple[int, Table]]:
    place = 0
    while place < len(body):
        is_wide, number = body[place] >> 4, body[place] & 15
        size = 128 if is_wide else 64
        steps = body[place + 1 : place + 1 + size]
        if len(steps) < size:
            return
        told = struct.unpack(">64H", steps) if is_wide else tuple(steps)
        yield number, tuple(told[each] for each in ZIGZAG)
        place += 1 + size


def _huffman(body: bytes) -> Iterator[bytes]:
    place = 0
    while place + 17 <= len(body):
        end = place + 17 + sum(body[place + 1 : place + 17])
        if end > len(body):
            return
        yield body[place:end]
        place = end


def _frame(kind: int, body: bytes) -> Frame | None:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        return None
    _, height, width, count = struct.unpack_from(">BHHB", body)
    parts = (body[6 + 3 * each : 9 + 3 * each] for each in range(count))
    return Frame(kind, width, height, tuple((part[0], part[1] >> 4, part[1] & 15, part[2]) for part in parts))
