"""
What of a picture leaves a decoder when more than fingerprints is needed: small, and of one size.

From the squares the parent computes a learned descriptor, from the plane local features. Neither can be done
in the sandbox, and both are hostile input like any picture: pixels that a stranger chose, though no longer in
a format that has to be parsed. This module loads no parser.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import UnreadableMedia
from takeback.media.limits import MediaLimits
from takeback.media.views import MAX_VIEWS, View, ViewKind, pixels_of

SQUARE_SIDE: Final = 288
"""Pixels; what SSCD was evaluated at (Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", 2022)."""

MAX_SQUARES: Final = 2
"""Views that are sent as squares: the whole, and the first other one that is likely. A descriptor takes 40 ms."""

PLANE_SIDE: Final = 640
"""Pixels on the plane's long side: enough for several hundred local features."""

_HEADER: Final = struct.Struct(">8sIIB")
_NAME: Final = b"minis/1\x00"
_SQUARE_BYTES: Final = SQUARE_SIDE * SQUARE_SIDE * 3


@dataclass(frozen=True, slots=True, eq=False)
class Miniatures:
    """
    One picture made small.

    `squares` uint8 [n, 288, 288, 3], 1 to `MAX_SQUARES` views squashed to one size, aspect ignored. `plane`
    uint8 [h, w] is the luminance of the whole picture (0.299 R + 0.587 G + 0.114 B) in the size that
    `plane_size` says. `width` and `height` are the picture's own. `square_views` says what the squares are
    of: 0 is the whole and comes first, i is `FrameFingerprint.views[i - 1]`. The pixels stay out of `repr`.
    Raises `ValueError` for arrays of another shape or dtype.
    """

    squares: NDArray[np.uint8] = field(repr=False)
    plane: NDArray[np.uint8] = field(repr=False)
    width: int
    height: int
    square_views: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.square_views)
        if not _are_square_views(self.square_views):
            raise ValueError("the squares are of the whole, then of other views in order")
        if self.squares.dtype != np.uint8 or self.squares.shape != (count, SQUARE_SIDE, SQUARE_SIDE, 3):
            raise ValueError(f"squares must be uint8 [{count}, {SQUARE_SIDE}, {SQUARE_SIDE}, 3]")
        if self.plane.dtype != np.uint8 or self.plane.shape != plane_size(self.width, self.height):
            raise ValueError("the plane must be uint8 in the size that plane_size says")

    def to_bytes(self) -> bytes:
        """Return the form that `from_bytes` reads, under 1 MiB."""
        header = _HEADER.pack(_NAME, self.width, self.height, len(self.square_views))
        return b"".join((header, bytes(self.square_views), self.squares.tobytes(), self.plane.tobytes()))

    @classmethod
    def from_bytes(cls, data: bytes, *, limits: MediaLimits = MediaLimits()) -> Miniatures:
        """
        Read what `to_bytes` wrote in a process that may be a stranger's; the arrays are read-only views of `data`.

        Raises `UnreadableMedia` for anything else: another length, a size out of `limits`, no such views.
        """
        # 1. What is announced.
        if len(data) < _HEADER.size:
            _refuse()
        name, width, height, count = _HEADER.unpack_from(data)
        if name != _NAME:
            _refuse()
        if not (1 <= width <= limits.max_side and 1 <= height <= limits.max_side) or width * height > limits.max_pixels:
            _refuse()
        # 2. All that follows has one possible length.
        square_views = tuple(data[_HEADER.size : _HEADER.size + count])
        squares_at, plane = _HEADER.size + count, plane_size(width, height)
        plane_at = squares_at + count * _SQUARE_BYTES
        if len(data) != plane_at + plane[0] * plane[1] or not _are_square_views(square_views):
            _refuse()
        squares = np.frombuffer(data, np.uint8, count * _SQUARE_BYTES, squares_at)
        return cls(
            squares=squares.reshape(count, SQUARE_SIDE, SQUARE_SIDE, 3),
            plane=np.frombuffer(data, np.uint8, offset=plane_at).reshape(plane),
            width=width,
            height=height,
            square_views=square_views,
        )


def miniatures_of(pixels: NDArray[np.uint8], parts: Sequence[View] = ()) -> Miniatures:
    """
    Make `pixels`, uint8 [height, width, 3], small.

    `parts` are its views other than the whole, the likeliest first; only one with `View.likely` gets a square. A
    direction that shrinks is averaged over the area, one that grows is bilinear.
    """
    height, width = pixels.shape[:2]
    views = (View(ViewKind.WHOLE, 0, 0, width, height), *parts)
    numbers = [number for number, view in enumerate(views) if view.likely][:MAX_SQUARES]
    squares = [_native.resample(_packed(pixels_of(views[n], pixels)), SQUARE_SIDE, SQUARE_SIDE) for n in numbers]
    return Miniatures(
        squares=np.stack(squares),
        plane=_native.resample_luminance(_packed(pixels), *plane_size(width, height)),
        width=width,
        height=height,
        square_views=tuple(numbers),
    )


def plane_size(width: int, height: int) -> tuple[int, int]:
    """Return height and width of a picture's plane: its own, or those with the long side of `PLANE_SIDE`."""
    longest = max(width, height)
    if longest <= PLANE_SIDE:
        return height, width
    scaled = [max(1, (2 * side * PLANE_SIDE + longest) // (2 * longest)) for side in (height, width)]
    return scaled[0], scaled[1]


def _are_square_views(views: tuple[int, ...]) -> bool:
    in_order = list(views) == sorted(set(views))
    return 1 <= len(views) <= MAX_SQUARES and in_order and views[0] == 0 and views[-1] < MAX_VIEWS


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `pixels`, copied only if the pixels of a row are not side by side; the kernel reads no others."""
    return pixels if pixels.strides[1:] == (3, 1) else np.ascontiguousarray(pixels)


def _refuse() -> NoReturn:
    raise UnreadableMedia("The decoder's miniatures are not what a decoder sends.")
