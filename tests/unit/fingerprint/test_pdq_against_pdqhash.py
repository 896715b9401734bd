"""The package `pdqhash` (ThreatExchange's C++) is the judge: 0 bits and equal quality on photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pdqhash
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.fingerprint import PdqHash, pdq_hash


def photographs(photos: Path) -> list[Path]:
    return sorted(path for path in photos.glob("*/*") if path.suffix.lower() in (".jpg", ".jpeg"))


def their_hash(pixels: NDArray[np.uint8]) -> PdqHash:
    bits, quality = pdqhash.compute(pixels)
    return PdqHash(np.packbits(bits.astype(np.uint8)).tobytes(), quality)


def assert_equal_on(paths: list[Path]) -> None:
    for path in paths:
        with PIL.Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
        assert pdq_hash(pixels) == their_hash(pixels), path.name


def test_two_dozen_photographs_have_the_hash_that_pdqhash_gives(photos: Path) -> None:
    paths = photographs(photos)[::9]
    assert len(paths) >= 24
    assert_equal_on(paths)


@pytest.mark.slow
def test_every_photograph_has_the_hash_that_pdqhash_gives(photos: Path) -> None:
    assert_equal_on(photographs(photos))


def test_drawings_whose_coefficients_tie_have_the_hash_that_pdqhash_gives() -> None:
    x = np.arange(190)
    stripes = np.broadcast_to((x // 7 % 2 * 255).astype(np.uint8)[np.newaxis, :, np.newaxis], (260, 190, 3))
    halves = np.full((200, 300, 3), 250, np.uint8)
    halves[:100, :150] = (10, 60, 200)
    ramp = np.add.outer(np.arange(131), np.arange(257)).astype(np.uint8)[..., np.newaxis].repeat(3, axis=2)
    for drawing in (stripes, halves, ramp, np.full((140, 333, 3), 77, np.uint8)):
        pixels = np.ascontiguousarray(drawing)
        assert pdq_hash(pixels) == their_hash(pixels)
