"""Files that a test builds: drawn pictures, EXIF with a thumbnail, second pictures, and what is put between."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

PREVIEW = 0x010002
UNDEFINED = 0
GAIN_MAP_XMP = (
    b"http://ns.adobe.com/xap/1.0/\0<rdf:Description xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' "
    b"hdrgm:Version='1.0'/>"
)
OWN_TABLE = [3 + each // 3 for each in range(64)]

type Pixels = NDArray[np.uint8]


def scene(seed: int = 0, width: int = 640, height: int = 480) -> Pixels:
    """Draw a picture with large and small things in it, uint8 [height, width, 3]."""
    random = np.random.default_rng(seed)
    drawn = np.zeros((height, width, 3))
    for cells, strength in ((3, 60), (7, 40), (20, 25), (60, 15)):
        drawn += strength * cv2.resize(random.normal(size=(cells, cells, 3)), (width, height), interpolation=3)
    for _ in range(25):
        middle = (int(random.integers(width)), int(random.integers(height)))
        cv2.circle(
            drawn, middle, int(random.integers(8, 60)), [float(each) for each in random.integers(-120, 120, 3)], -1
        )
    return np.clip(cv2.GaussianBlur(drawn, (0, 0), 1.0) + 128, 0, 255).astype(np.uint8)


def small(pixels: Pixels, width: int = 160, height: int = 120) -> Pixels:
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(pixels: Pixels, **parameters: Any) -> bytes:
    return saved(pixels, "JPEG", **parameters)


def saved(pixels: Pixels, kind: str, **parameters: Any) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, kind, **parameters)
    return file.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """Put a segment first."""
    return data[:2] + segment(marker, body) + data[2:]


def exif(
    thumbnail: bytes = b"",
    *,
    camera: str = "",
    size: tuple[int, int] = (0, 0),
    taken: str = "",
    modified: str = "",
) -> bytes:
    """Return EXIF as it stands in a JPEG file's segment, little-endian."""
    main = [(0x0110, camera.encode() + b"\0")] if camera else []
    main += [(0x0132, modified.encode() + b"\0")] if modified else []
    told: list[tuple[int, bytes | int]] = [(0x9003, taken.encode() + b"\0")] if taken else []
    told += [(0xA002, size[0]), (0xA003, size[1])] if any(size) else []
    first = _directory([*main, (0x8769, 0)], 8, 0)
    first = _directory([*main, (0x8769, 8 + len(first))], 8, 0)
    second = _directory(told, 8 + len(first), 0)
    after = 8 + len(first) + len(second)
    third = b""
    if thumbnail:
        first = _directory([*main, (0x8769, 8 + len(first))], 8, after)
        third = _directory([(0x0201, 0), (0x0202, len(thumbnail))], after, 0)
        third = _directory([(0x0201, after + len(third)), (0x0202, len(thumbnail))], after, 0) + thumbnail
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + third


def with_exif(data: bytes, thumbnail: bytes = b"", **values: Any) -> bytes:
    return with_segment(data, 0xE1, exif(thumbnail, **values))


def with_pictures(data: bytes, others: Sequence[tuple[int, bytes]]) -> bytes:
    """Put other pictures behind a JPEG file and list them as the multi-picture format does."""
    head = b"MPF\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + struct.pack("<HHII", 0xB001, 4, 1, len(others) + 1)
    head += struct.pack("<HHII", 0xB002, 7, 16 * (len(others) + 1), 8 + 2 + 24 + 4) + bytes(4)
    length = len(data) + 4 + len(head) + 16 * (len(others) + 1)
    entries, place = struct.pack("<IIIHH", 0x030000, length, 0, 0, 0), length - 10
    for attribute, each in others:
        entries += struct.pack("<IIIHH", attribute, len(each), place, 0, 0)
        place += len(each)
    return with_segment(data, 0xE2, head + entries) + b"".join(each for _, each in others)


def gain_map(pixels: Pixels) -> bytes:
    """Return a gain map as a JPEG file that calls itself one."""
    return with_segment(jpeg(pixels[..., 0]), 0xE1, GAIN_MAP_XMP)


def _directory(entries: Sequence[tuple[int, bytes | int]], start: int, following: int) -> bytes:
    head, tail = struct.pack("<H", len(entries)), b""
    place = start + 2 + 12 * len(entries) + 4
    for tag, value in entries:
        if isinstance(value, int):
            head += struct.pack("<HHII", tag, 4, 1, value)
        elif len(value) <= 4:
            head += struct.pack("<HHI4s", tag, 2, len(value), value)
        else:
            head += struct.pack("<HHII", tag, 2, len(value), place + len(tail))
            tail += value
    return head + struct.pack("<I", following) + tail
