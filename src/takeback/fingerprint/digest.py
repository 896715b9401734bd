"""Digests: the same bytes, or the same pixels, and nothing near them."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 32
"""SHA-256 (FIPS 180-4)."""

PIXELS_VERSION = b"takeback/pixels/v1\x00"
"""Says what was digested. Change it whenever decoding changes what canonical pixels are."""


def file_digest(data: bytes) -> bytes:
    """Return the SHA-256 of the file as it came, 32 bytes."""
    return hashlib.sha256(data).digest()


def sums_of_lists(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """
    Return the older digests of a file by which outside lists name it, each with its kind: `md5` and `sha1`.

    Two files can be made that share one, so that one equal is no proof; a SHA-256 is.
    """
    md5, sha1 = hashlib.md5(data, usedforsecurity=False), hashlib.sha1(data, usedforsecurity=False)
    return ("md5", md5.digest()), ("sha1", sha1.digest())


def pixel_digest(pixels: NDArray[np.uint8]) -> bytes:
    """
    Return the SHA-256 of canonical pixels, uint8 [height, width, 3]: equal for two files that show the same.

    Over a version, height and width (uint32, little endian) and the pixels row by row. Grey pixels
    [height, width] count as three equal channels. Raises `TypeError` for another dtype and `ValueError`
    for another shape.
    """
    if pixels.dtype != np.uint8:
        raise TypeError("the array's dtype must be uint8")
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError("pixels must have the shape [height, width] or [height, width, 3]")
    digest = hashlib.sha256(PIXELS_VERSION)
    digest.update(struct.pack("<II", *pixels.shape[:2]))
    digest.update(np.ascontiguousarray(pixels))
    return digest.digest()
