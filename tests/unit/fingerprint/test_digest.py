"""Digests of files and of pixels."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from takeback.fingerprint import file_digest, pixel_digest

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def test_the_file_digest_is_sha_256() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's example
    assert file_digest(b"abc").hex() == expected


def test_the_pixel_digest_is_sha_256_over_version_height_width_and_pixels() -> None:
    said = b"takeback/pixels/v1\x00" + b"\x02\x00\x00\x00" + b"\x03\x00\x00\x00" + bytes(range(18))
    assert pixel_digest(PIXELS) == hashlib.sha256(said).digest()


def test_one_changed_pixel_changes_the_digest() -> None:
    changed = PIXELS.copy()
    changed[1, 2, 0] ^= 1
    assert pixel_digest(changed) != pixel_digest(PIXELS)


def test_the_same_bytes_in_another_shape_have_another_digest() -> None:
    assert pixel_digest(PIXELS.reshape(3, 2, 3)) != pixel_digest(PIXELS)


def test_how_the_array_lies_in_memory_does_not_matter() -> None:
    assert pixel_digest(np.asfortranarray(PIXELS)) == pixel_digest(PIXELS)


def test_grey_pixels_count_as_three_equal_channels() -> None:
    grey = PIXELS[..., 0]
    assert pixel_digest(grey) == pixel_digest(np.stack([grey] * 3, axis=2))


def test_another_dtype_or_shape_is_refused() -> None:
    with pytest.raises(TypeError):
        pixel_digest(PIXELS.astype(np.uint16))
    with pytest.raises(ValueError, match="shape"):
        pixel_digest(np.zeros((2, 3, 4), np.uint8))
