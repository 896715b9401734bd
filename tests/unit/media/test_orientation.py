"""Pictures come out as they are seen, turned once."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from pillow_heif import HeifImageFile

from takeback.media import decode_image

Pixels = NDArray[np.uint8]

# How an upright picture is stored under each orientation: the inverse of what a viewer does.
STORED: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}


def exif_of(orientation: int) -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied_exactly(
    drawing: Pixels, save_file: Callable[..., bytes], kind: str, orientation: int
) -> None:
    stored = np.ascontiguousarray(STORED[orientation](drawing))
    file = save_file(stored, kind, exif=exif_of(orientation), **LOSSLESS[kind])
    pixels = decode_image(file).pixels
    assert np.array_equal(pixels, drawing)
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied_to_lossy_formats(
    drawing: Pixels, save_file: Callable[..., bytes], kind: str, orientation: int
) -> None:
    stored = np.ascontiguousarray(STORED[orientation](drawing))
    pixels = decode_image(save_file(stored, kind, exif=exif_of(orientation), quality=90)).pixels
    assert pixels.shape == drawing.shape
    assert float(np.abs(pixels.astype(np.int16) - drawing).mean()) < 8


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_heic_picture_is_not_turned_twice(drawing: Pixels, save_file: Callable[..., bytes], orientation: int) -> None:
    # As a phone writes it: the box `irot` turns the picture, and EXIF says the same once more.
    stored = np.ascontiguousarray(STORED[orientation](drawing))
    file = save_file(stored, "HEIF", quality=90, exif=exif_of(orientation))
    written = HeifImageFile(io.BytesIO(file))  # type: ignore[no-untyped-call]
    assert written.info["original_orientation"] == orientation
    pixels = decode_image(file).pixels
    assert pixels.shape == drawing.shape
    assert float(np.abs(pixels.astype(np.int16) - drawing).mean()) < 8


@pytest.mark.parametrize(
    "exif",
    [b"", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\xff", b"\xff" * 40, exif_of(0), exif_of(9), exif_of(6)[:20]],
)
def test_damaged_exif_is_no_orientation(drawing: Pixels, save_file: Callable[..., bytes], exif: bytes) -> None:
    assert np.array_equal(decode_image(save_file(drawing, "WEBP", lossless=True, exif=exif)).pixels, drawing)


def test_an_orientation_in_xmp_alone_is_not_applied(drawing: Pixels, png_file: Callable[..., bytes]) -> None:
    rows = b"".join(b"\0" + row.tobytes() for row in drawing)
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'
    pixels = decode_image(png_file((128, 96), rows, more=[(b"iTXt", xmp)])).pixels
    assert np.array_equal(pixels, drawing)


def test_an_orientation_written_as_another_type_is_read_or_ignored(
    drawing: Pixels, save_file: Callable[..., bytes]
) -> None:
    # One entry, tag 0x0112, type RATIONAL, whose value lies outside the block.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHII", 0x0112, 5, 1, 4000) + bytes(4)
    assert decode_image(save_file(drawing, "WEBP", lossless=True, exif=exif)).pixels.shape == drawing.shape
