"""
The tiles of a picture, each fingerprinted alone: what part of it is still there after another part was replaced.

A fingerprint of the whole says nothing once a third of the picture is new. A tile that was not touched stays as near
as a copy does; one that was replaced is as far as any other picture.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import MalformedHash
from takeback.fingerprint.pdq import CODE_BYTES, MAX_ONES, MAX_QUALITY, packed_rows
from takeback.media.miniatures import SQUARE_SIDE

VERSION = 1

PLANE_SIDE = 288
"""Pixels: what the picture is squashed to, whatever its shape, before its tiles are cut."""

TILE_SIDE = 48
"""Pixels of that plane: a sixth of a side. Five to the side bear more, but keep no corner of a large forgery."""

TILE_STEP = TILE_SIDE // 2
"""Tiles overlap by half, so that what was replaced is told to a twelfth of a side."""

GRID = (PLANE_SIDE - TILE_SIDE) // TILE_STEP + 1
"""Tiles along a side: 11."""

TILES = GRID * GRID

_HEADER = struct.Struct("<4sHH")
_MAGIC = b"TBTL"

TILE_BYTES = _HEADER.size + TILES * (CODE_BYTES + 1)
"""Bytes of the tiles of one picture."""

type Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """
    The PDQ codes of the tiles of one picture, row by row.

    `codes` uint8 [121, 32], `qualities` uint8 [121], 0..100, as PDQ has them. Both stay out of `repr`: they are never
    logged. Raises `ValueError` for other shapes or dtypes, or a quality out of range.
    """

    codes: NDArray[np.uint8] = field(repr=False)
    qualities: NDArray[np.uint8] = field(repr=False)

    def __post_init__(self) -> None:
        if self.codes.dtype != np.uint8 or self.codes.shape != (TILES, CODE_BYTES):
            raise ValueError(f"codes must be uint8 [{TILES}, {CODE_BYTES}]")
        if self.qualities.dtype != np.uint8 or self.qualities.shape != (TILES,):
            raise ValueError(f"qualities must be uint8 [{TILES}]")
        if (self.qualities > MAX_QUALITY).any():
            raise ValueError(f"A PDQ quality lies between 0 and {MAX_QUALITY}.")

    def to_bytes(self) -> bytes:
        """Return them as they are sealed and sent: 8 bytes, then 32 a tile, then 1 a tile."""
        return _HEADER.pack(_MAGIC, VERSION, TILES) + self.codes.tobytes() + self.qualities.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Tiles:
        """Read what `to_bytes` wrote; `MalformedHash` for anything else, another version, or codes of no picture."""
        if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
            raise _malformed("These are not a picture's tiles.")
        _, version, count = _HEADER.unpack_from(data)
        if version != VERSION:
            raise _malformed(f"The tiles are of version {version}; this Takeback reads version {VERSION}.")
        if count != TILES or len(data) != TILE_BYTES:
            raise _malformed("The tiles are cut short, or something follows them.")
        codes = np.frombuffer(data, np.uint8, TILES * CODE_BYTES, _HEADER.size).reshape(TILES, CODE_BYTES)
        qualities = np.frombuffer(data, np.uint8, TILES, _HEADER.size + TILES * CODE_BYTES)
        if (np.bitwise_count(codes).sum(axis=1) > MAX_ONES).any() or (qualities > MAX_QUALITY).any():
            raise _malformed("The tiles are of no picture: a code or a quality is out of range.")
        return cls(codes, qualities)


def tiles_of(plane: Plane) -> Tiles:
    """
    Return the tiles of `plane`, the luminance of a picture as it is seen, uint8 [height, width].

    Places are relative to the sides, so that neither size nor shape matters. Raises `TypeError` for another dtype
    and `ValueError` for another shape or an empty picture.
    """
    square = squared(plane)
    hashed = [_native.pdq_hash(square[y : y + TILE_SIDE, x : x + TILE_SIDE]) for x, y in tile_places()]
    codes = np.frombuffer(b"".join(code for code, _ in hashed), np.uint8).reshape(TILES, CODE_BYTES)
    return Tiles(codes, np.array([quality for _, quality in hashed], np.uint8))


def squared(plane: Plane) -> Plane:
    """Return `plane` squashed to the square that tiles are cut from, uint8 [288, 288]; errors as `tiles_of`."""
    if plane.ndim != 2:
        raise ValueError("plane must be [height, width]")
    return _native.resample(packed_rows(plane), SQUARE_SIDE, SQUARE_SIDE)


def tile_places() -> Iterator[tuple[int, int]]:
    """Yield x and y of the top left corner of each tile in the square, in the order of the codes."""
    for row in range(GRID):
        for column in range(GRID):
            yield column * TILE_STEP, row * TILE_STEP


def _malformed(message: str) -> MalformedHash:
    return MalformedHash(message, advice="Compute the tiles again from the picture, with this version.")
