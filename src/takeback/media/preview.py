"""
What a person at the desk is shown of a picture: grey, small, still, and blurred unless they ask for more.

It is all that leaves a decoder for it. Of a blurred one at most 16 by 16 values do, so that whatever a decoder was made
to do by the file that it read, no more than that can be shown. No parser is loaded here, and no file is passed on: the
PNG that a browser gets is made anew of those values.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import UnreadableMedia
from takeback.media.miniatures import plane_size

BLURRED_SIDE: Final = 16
"""Values on the long side of what is blurred: light and dark, and no faces."""
SMALL_SIDE: Final = 96
"""Pixels at which it is shown."""
CLEAR_SIDE: Final = 240
"""Pixels on the long side of what is not blurred."""

_HEADER: Final = struct.Struct(">8sHH")
_NAME: Final = b"preview1"
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """
    One picture made grey and small.

    `plane` uint8 [height, width], its long side at most `BLURRED_SIDE`, or `CLEAR_SIDE` where it is not blurred. It
    stays out of `repr`. Raises `ValueError` for another shape or dtype.
    """

    plane: NDArray[np.uint8] = field(repr=False)
    is_blurred: bool

    def __post_init__(self) -> None:
        if self.plane.dtype != np.uint8 or self.plane.ndim != 2 or not _fits(self.plane.shape, self.is_blurred):
            raise ValueError("a preview is a small grey plane")

    def to_bytes(self) -> bytes:
        """Return the form that `from_bytes` reads."""
        height, width = self.plane.shape
        return _HEADER.pack(_NAME, height, width) + self.plane.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, *, blurred: bool) -> Preview:
        """Read what `to_bytes` wrote in a process that may be a stranger's; `UnreadableMedia` for anything else."""
        if len(data) < _HEADER.size:
            _refuse()
        name, height, width = _HEADER.unpack_from(data)
        if name != _NAME or not _fits((height, width), blurred) or len(data) != _HEADER.size + height * width:
            _refuse()
        return cls(np.frombuffer(data, np.uint8, offset=_HEADER.size).reshape(height, width), blurred)

    def blurred(self) -> Preview:
        """Return it blurred."""
        side = min(BLURRED_SIDE, max(self.plane.shape))
        return Preview(_native.resample(np.ascontiguousarray(self.plane), *_scaled(self.plane.shape, side)), True)

    def as_png(self) -> bytes:
        """Return it as a PNG file; what is blurred has `SMALL_SIDE` pixels on its long side."""
        if not self.is_blurred:
            return _png(self.plane)
        return _png(_native.resample(np.ascontiguousarray(self.plane), *_scaled(self.plane.shape, SMALL_SIDE)))


def preview_of(pixels: NDArray[np.uint8], *, blurred: bool) -> Preview:
    """Return the preview of `pixels`, uint8 [height, width, 3]. A picture that is smaller stays as small."""
    height, width = pixels.shape[:2]
    plane = _native.resample_luminance(np.ascontiguousarray(pixels), *plane_size(width, height))
    side = min(BLURRED_SIDE if blurred else CLEAR_SIDE, max(plane.shape))
    return Preview(_native.resample(plane, *_scaled(plane.shape, side)), blurred)


def _scaled(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    longest = max(shape)
    return max(1, round(shape[0] * side / longest)), max(1, round(shape[1] * side / longest))


def _fits(shape: tuple[int, ...], blurred: bool) -> bool:
    return min(shape) >= 1 and max(shape) <= (BLURRED_SIDE if blurred else CLEAR_SIDE)


def _png(plane: NDArray[np.uint8]) -> bytes:
    """Return a grey plane as a PNG file of 8 bits, each row without a filter (PNG third edition, section 11.2)."""
    height, width = plane.shape
    rows = np.concatenate((np.zeros((height, 1), np.uint8), plane), axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _refuse() -> NoReturn:
    raise UnreadableMedia("The decoder's preview is not what a decoder sends.")
