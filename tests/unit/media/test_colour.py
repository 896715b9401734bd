"""Whatever the file's colour mode, the pixels are sRGB over white."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from PIL import ImageCms

from takeback.media import decode_image

Pixels = NDArray[np.uint8]

# CIE XYZ under D50 of the primaries of DCI-P3 with white D65 ("Display P3"), as in such displays' own profiles.
P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
GAMMA = 2.2


def profile_of(primaries: NDArray[np.float64], curve: NDArray[np.float64] | None = None) -> bytes:
    """A matrix profile (ICC.1:2001-04) with these primaries, and a plain gamma or a table."""

    def fixed(values: NDArray[np.float64]) -> bytes:
        return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)

    points = [GAMMA * 256] if curve is None else list(curve * 65535)
    response = b"curv" + bytes(4) + struct.pack(f">I{len(points)}H", len(points), *map(round, points))
    description = b"desc" + bytes(4) + struct.pack(">I", 6) + b"drawn\0" + bytes(78)
    tags = {
        b"desc": description,
        b"cprt": b"text" + bytes(4) + b"none",
        b"wtpt": b"XYZ " + bytes(4) + fixed(np.array([0.9642, 1.0, 0.8249])),
        **{
            name: b"XYZ " + bytes(4) + fixed(primaries[:, column])
            for column, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), response),
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", start + len(body), len(value))
        body += value
    size = start + len(body)
    header = struct.pack(">I", size) + bytes(4) + bytes.fromhex("02400000") + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + fixed(np.array([0.9642, 1.0, 0.8249])) + bytes(48)
    return header + table + body


def encoded(linear: NDArray[np.float64]) -> Pixels:
    return np.rint(255 * np.clip(linear, 0, 1) ** (1 / GAMMA)).astype(np.uint8)


def srgb_of(linear: NDArray[np.float64]) -> Pixels:
    """IEC 61966-2-1 § 5.2."""
    linear = np.clip(linear, 0, 1)
    return np.rint(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def most_apart(one: Pixels, other: Pixels) -> int:
    return int(np.abs(one.astype(np.int16) - other).max())


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_a_wide_gamut_profile_is_applied(save_file: Callable[..., bytes], kind: str) -> None:
    # A grey and three colours, laid out in 16 × 16 blocks so that JPEG keeps them.
    wanted = np.array([[0.5, 0.5, 0.5], [0.7, 0.2, 0.1], [0.1, 0.5, 0.2], [0.1, 0.1, 0.6]])
    in_p3 = wanted @ SRGB.T @ np.linalg.inv(P3).T
    file = save_file(
        encoded(in_p3).repeat(16, axis=0)[np.newaxis].repeat(16, axis=0),
        kind,
        icc_profile=profile_of(P3),
        **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}),
    )
    pixels = decode_image(file).pixels[8, 8::16]
    assert most_apart(pixels, srgb_of(wanted)) <= 3
    assert most_apart(encoded(in_p3), srgb_of(wanted)) > 8


def test_a_profile_that_is_srgb_by_another_name_changes_nothing(
    drawing: Pixels, save_file: Callable[..., bytes]
) -> None:
    signal = np.linspace(0, 1, 20)
    linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    rough = profile_of(SRGB, linear)
    applied = ImageCms.profileToProfile(
        PIL.Image.fromarray(drawing),
        ImageCms.ImageCmsProfile(io.BytesIO(rough)),
        ImageCms.createProfile("sRGB"),
    )
    assert most_apart(np.asarray(applied), drawing) in (1, 2)
    assert np.array_equal(decode_image(save_file(drawing, "PNG", icc_profile=rough)).pixels, drawing)


@pytest.mark.parametrize("profile", [b"no profile", bytes(3000), profile_of(P3)[:200]])
def test_a_broken_profile_is_ignored(drawing: Pixels, save_file: Callable[..., bytes], profile: bytes) -> None:
    assert np.array_equal(decode_image(save_file(drawing, "PNG", icc_profile=profile)).pixels, drawing)


def test_an_rgb_profile_on_a_grey_picture_is_ignored(drawing: Pixels, save_file: Callable[..., bytes]) -> None:
    grey = PIL.Image.fromarray(drawing).convert("L")
    pixels = decode_image(save_file(grey, "PNG", icc_profile=profile_of(P3))).pixels
    assert np.array_equal(pixels[..., 0], np.asarray(grey))


def test_a_grey_picture_has_three_equal_channels(drawing: Pixels, save_file: Callable[..., bytes]) -> None:
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        pixels = decode_image(save_file(PIL.Image.fromarray(drawing).convert("L"), kind)).pixels
        assert pixels.shape == (96, 128, 3)
        assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_what_hides_under_transparency_never_shows(save_file: Callable[..., bytes], drawing: Pixels) -> None:
    alpha = np.full((96, 128), 255, np.uint8)
    alpha[:, 64:] = 0
    hidden = np.random.default_rng(1).integers(0, 256, (96, 64, 3), dtype=np.uint8)
    for kind in ("PNG", "TIFF"):
        seen = []
        for under in (drawing[:, 64:], hidden):
            rgba = np.dstack([np.hstack([drawing[:, :64], under]), alpha])
            seen.append(decode_image(save_file(rgba, kind)).pixels)
        assert np.array_equal(seen[0], seen[1])
        assert np.array_equal(seen[0][:, :64], drawing[:, :64])
        assert (seen[0][:, 64:] == 255).all()


def test_half_transparent_black_over_white_is_grey(save_file: Callable[..., bytes]) -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[..., 3] = 128
    assert decode_image(save_file(rgba, "PNG")).pixels[0, 0].tolist() == [127, 127, 127]
    assert decode_image(save_file(rgba, "WEBP", lossless=True, exact=True)).pixels[0, 0].tolist() == [127] * 3
    grey_alpha = PIL.Image.fromarray(rgba).convert("LA")
    assert decode_image(save_file(grey_alpha, "PNG")).pixels[0, 0].tolist() == [127, 127, 127]


def test_a_palette_colour_marked_transparent_becomes_white(save_file: Callable[..., bytes]) -> None:
    palette = PIL.Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30, 90, 90, 90])
    palette.paste(2, (0, 0, 4, 8))
    for kind in ("PNG", "GIF"):
        pixels = decode_image(save_file(palette, kind, transparency=2)).pixels
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[0, 7].tolist() == [10, 200, 30]


def test_a_one_bit_picture_is_black_and_white(save_file: Callable[..., bytes]) -> None:
    checks = PIL.Image.fromarray(np.indices((8, 8)).sum(axis=0) % 2 == 1)
    assert checks.mode == "1"
    for kind in ("PNG", "TIFF", "BMP"):
        assert set(np.unique(decode_image(save_file(checks, kind)).pixels).tolist()) == {0, 255}


def test_sixteen_bit_grey_is_scaled_not_clipped(save_file: Callable[..., bytes]) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    for kind in ("PNG", "TIFF"):
        pixels = decode_image(save_file(PIL.Image.fromarray(ramp), kind)).pixels
        assert np.array_equal(pixels[..., 0].ravel(), np.arange(256))


def test_sixteen_bit_colour_is_scaled_not_clipped(png_file: Callable[..., bytes]) -> None:
    row = b"\0" + struct.pack(">6H", 0x00FF, 0x8000, 0xFFFF, 0x4000, 0x4000, 0x4000)
    pixels = decode_image(png_file((2, 1), row, depth=16)).pixels
    assert pixels[0].tolist() == [[0, 128, 255], [64, 64, 64]]


@pytest.mark.parametrize(("colour", "values"), [(2, (0x1234, 0x8000, 0xFFFF)), (0, (0x1234,))])
def test_the_transparent_colour_of_a_sixteen_bit_picture_becomes_white(
    png_file: Callable[..., bytes], colour: int, values: tuple[int, ...]
) -> None:
    count = len(values)
    row = b"\0" + struct.pack(f">{count}H", *values) + struct.pack(f">{count}H", *[0x6000] * count)
    clear = struct.pack(f">{count}H", *values)
    file = png_file((2, 1), row, depth=16, colour=colour, more=[(b"tRNS", clear)])
    assert decode_image(file).pixels[0].tolist() == [[255, 255, 255], [96, 96, 96]]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0, 257 * 7, 65535]], np.int32), [0, 7, 255]),
        (np.array([[0, 7, 200]], np.int32), [0, 7, 200]),
    ],
)
def test_wider_values_are_scaled_by_the_range_they_use(
    save_file: Callable[..., bytes], values: NDArray[np.float32], wanted: list[int]
) -> None:
    assert decode_image(save_file(PIL.Image.fromarray(values), "TIFF")).pixels[0, :, 0].tolist() == wanted


def test_values_that_are_no_numbers_do_no_harm(save_file: Callable[..., bytes]) -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    assert decode_image(save_file(PIL.Image.fromarray(values), "TIFF")).pixels.shape == (1, 4, 3)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "RGBA", "P"])
def test_a_tiff_of_another_colour_mode_shows_the_same(
    drawing: Pixels, save_file: Callable[..., bytes], mode: str
) -> None:
    original = PIL.Image.fromarray(drawing)
    other = original.quantize(256) if mode == "P" else original.convert(mode)
    pixels = decode_image(save_file(other, "TIFF")).pixels
    assert float(np.abs(pixels.astype(np.int16) - drawing).mean()) < 6


def test_a_cmyk_jpeg_shows_the_same(drawing: Pixels, save_file: Callable[..., bytes]) -> None:
    cmyk = PIL.Image.fromarray(drawing).convert("CMYK")
    pixels = decode_image(save_file(cmyk, "JPEG", quality=95)).pixels
    assert float(np.abs(pixels.astype(np.int16) - drawing).mean()) < 6


def test_a_picture_larger_than_a_strip_is_whole(save_file: Callable[..., bytes]) -> None:
    # Over four million pixels, so that more than one strip is converted; a profile takes the other way.
    tall = np.random.default_rng(2).integers(0, 256, (3000, 1500, 3), dtype=np.uint8)
    assert np.array_equal(decode_image(save_file(tall, "BMP")).pixels, tall)
    rgba = np.dstack([tall, np.full(tall.shape[:2], 255, np.uint8)])
    assert np.array_equal(decode_image(save_file(rgba, "PNG", compress_level=0)).pixels, tall)
