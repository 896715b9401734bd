"""The pixels of published files are those that other programs' fingerprints were taken from."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pdqhash
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.media import decode_image
from takeback.media.image import Image

# Files whose colours have one agreed reading (1-bit and 16-bit have none).
MODES = ("CMYK.jpg", "F.webp", "HSV.webp", "I.webp", "L.png", "LA.png", "LAB.webp", "P.png", "PA.webp", "RGB.jpg",
         "RGBA.png", "YCbCr.jpg")  # fmt: skip


def bits(image: Image) -> tuple[NDArray[np.uint8], int]:
    code, quality = pdqhash.compute(image.pixels)
    return np.asarray(code, np.uint8), int(quality)


def test_fourteen_published_fingerprints_come_out_bit_for_bit(vectors: Path) -> None:
    with (vectors / "pdq" / "expected.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 14
    for row in rows:
        code, quality = bits(decode_image((vectors / "pdq" / row["file"]).read_bytes()))
        assert np.packbits(code).tobytes().hex() == row["pdq"], row["file"]
        assert quality == int(row["quality"]), row["file"]


@pytest.mark.parametrize("name", MODES)
def test_a_colour_mode_moves_the_fingerprint_by_two_bits_at_most(vectors: Path, name: str) -> None:
    folder = vectors / "pdq" / "modes"
    original, _ = bits(decode_image((folder / "original.jpg").read_bytes()))
    other, _ = bits(decode_image((folder / name).read_bytes()))
    assert int((original != other).sum()) <= 2


def test_a_plain_jpeg_has_the_pixels_that_pillow_would_give_it(photos: Path) -> None:
    for path in sorted((photos / "scenes").iterdir())[:20]:
        data = path.read_bytes()
        with PIL.Image.open(io.BytesIO(data)) as picture:
            assert np.array_equal(decode_image(data).pixels, np.asarray(picture.convert("RGB"))), path.name


def test_every_camera_photograph_is_read(photos: Path) -> None:
    for path in sorted((photos / "camera").iterdir()):
        image = decode_image(path.read_bytes())
        assert image.format == "jpeg"
        assert image.pixels.dtype == np.uint8
        assert image.pixels.ndim == 3
        assert image.pixels.flags.c_contiguous
