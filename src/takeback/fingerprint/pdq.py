"""
PDQ, the fingerprint that platforms exchange: 256 bits that stay nearly the same in a copy.

Facebook, "PDQ", 2019; facebook/ThreatExchange `pdq/`. The kernel gives the answers of the reference (the
package `pdqhash`) bit for bit; `reference.py` is its readable twin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import MalformedHash

CODE_BYTES = 32
"""Bytes of one code: 256 bits."""

MIN_QUALITY = 50
"""Below this, the picture has too little detail to be compared ("discard quality ≤ 49", `pdq/README.md`)."""

MATCH_RADIUS = 31
"""Bits by which two copies may differ ("match at distance ≤ 31", `pdq/README.md`)."""

NEAREST_SIDE = 512
"""Pixels; what other tools reduce a larger picture to (`pdq/cpp/io/pdqio.cpp`)."""

MAX_QUALITY = 100

MAX_ONES = 128
"""A bit says that its coefficient lies above the 128th smallest of 256, so no more can be set."""

MIN_PLAUSIBLE_ONES = 100
"""Photographs have exactly 128 ones; only ties in drawn, regular pictures leave fewer."""

_HEX = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class PdqHash:
    """
    A PDQ fingerprint.

    `code` is 32 bytes, bit 255 first, which is the order of the reference's hexadecimal text. `quality`
    0..100 says how much detail the picture had. The code stays out of `repr`: a fingerprint is never
    logged. Raises `ValueError` for a code of another length or a quality out of range.
    """

    code: bytes = field(repr=False)
    quality: int

    def __post_init__(self) -> None:
        if len(self.code) != CODE_BYTES:
            raise ValueError(f"A PDQ code has {CODE_BYTES} bytes.")
        if not 0 <= self.quality <= MAX_QUALITY:
            raise ValueError(f"A PDQ quality lies between 0 and {MAX_QUALITY}.")

    @classmethod
    def from_hex(cls, text: str, *, quality: int = MAX_QUALITY) -> PdqHash:
        """
        Read 64 hexadecimal digits, upper or lower case, as other systems send them.

        Lists carry no quality: what they hold passed the sender's own bound, so the default is full.
        Raises `MalformedHash` for anything else, a trailing newline too, and for a code that no
        photograph has: fewer than 100 ones (all zero: too small or flat to hash) or more than 128.
        """
        return cls(plausible_code_from_hex(text), quality)

    @property
    def is_plausible(self) -> bool:
        """Whether a photograph can have this code: fewer than 100 ones are a drawing's, or made up."""
        return MIN_PLAUSIBLE_ONES <= _ones(self.code) <= MAX_ONES

    @property
    def is_telling(self) -> bool:
        """Whether it says enough of its picture to be given, or looked for: detail enough, and a photograph's code."""
        return self.quality >= MIN_QUALITY and self.is_plausible

    def hex(self) -> str:
        """Return 64 lower-case hexadecimal digits, bit 255 first."""
        return self.code.hex()

    def array(self) -> NDArray[np.uint8]:
        """Return the code as uint8 [32], read-only: a row for an index."""
        return np.frombuffer(self.code, np.uint8)

    def distance(self, other: PdqHash) -> int:
        """Return how many of the 256 bits differ."""
        return (int.from_bytes(self.code) ^ int.from_bytes(other.code)).bit_count()


def pdq_hash(pixels: NDArray[np.uint8]) -> PdqHash:
    """
    Return the PDQ fingerprint of `pixels`, uint8 [height, width, 3] (RGB) or [height, width] (grey).

    A side below 5 pixels gives the code 0 and quality 0, as the reference does. Raises `TypeError` for
    another dtype and `ValueError` for another shape or an empty picture.
    """
    return PdqHash(*_native.pdq_hash(packed_rows(pixels)))


def nearest_512(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Return `pixels` as facebook/ThreatExchange's C++ tool and WASM build hash them.

    What is higher or wider than 512 pixels becomes 512 × 512, aspect ignored: sample (y, x) is the pixel
    (y · height // 512, x · width // 512); of the picture only those are read. Anything smaller stays as it
    is. `pixels` and errors as for `pdq_hash`.
    """
    if pixels.ndim in (2, 3) and max(pixels.shape[:2]) <= NEAREST_SIDE:
        return pixels
    return _native.nearest_512(packed_rows(pixels))


def packed_rows(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `pixels`, copied only if the pixels of a row are not side by side (a transposed view, say)."""
    pixel_bytes = 3 if pixels.ndim == 3 else 1
    packed = pixels.ndim > 1 and pixels.strides[1] == pixel_bytes and pixels.strides[-1] == 1
    return pixels if packed else np.ascontiguousarray(pixels)


def code_from_hex(text: str) -> bytes:
    """
    Return the 32 bytes of a PDQ code written as 64 hexadecimal digits; all zero is allowed.

    Raises `MalformedHash` for anything else and for more than 128 ones.
    """
    if _HEX.fullmatch(text) is None:
        raise MalformedHash("A PDQ fingerprint has exactly 64 hexadecimal digits; this text has not.")
    code = bytes.fromhex(text)
    if _ones(code) > MAX_ONES:
        raise MalformedHash("The PDQ fingerprint has more than 128 ones, which no picture gives.")
    return code


def plausible_code_from_hex(text: str) -> bytes:
    """Return the 32 bytes of a PDQ code that a photograph can have; raises as `PdqHash.from_hex`."""
    code = code_from_hex(text)
    ones = _ones(code)
    if not ones:
        raise MalformedHash("The PDQ fingerprint is all zero: its picture was too small or flat.")
    if ones < MIN_PLAUSIBLE_ONES:
        raise MalformedHash("The PDQ fingerprint is one that no photograph has: too few of its bits are set.")
    return code


def _ones(code: bytes) -> int:
    return int.from_bytes(code).bit_count()
