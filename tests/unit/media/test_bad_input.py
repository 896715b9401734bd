"""Whatever the bytes are, the answer is a picture or one of two errors, and comes soon."""

from __future__ import annotations

import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.errors import BadSetting, InputError, MediaTooLarge, UnreadableMedia
from takeback.media import MediaLimits, decode_frames, decode_image

Pixels = NDArray[np.uint8]
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
NOISE = random.Random(3).randbytes(5000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"<!doctype html><title>holiday.jpg</title>",
        b"PK\x03\x04" + NOISE,
        b"%PDF-1.7\n" + NOISE,
        b"\x00\x00\x00\x20ftypisom" + NOISE,
        NOISE,
        b"\xff\xd8\xff\xe0" + NOISE,
        b"\x89PNG\r\n\x1a\n" + NOISE,
        b"GIF89a" + NOISE,
        b"BM" + NOISE,
        b"II*\x00" + NOISE,
        b"MM\x00*" + b"\xff" * 400,
        b"RIFF\x00\x10\x00\x00WEBPVP8 " + NOISE,
        b"RIFF\x00\x10\x00\x00WEBP",
        b"\x00\x00\x00\x18ftypheic" + NOISE,
        b"\xff\xff\xff\xffftypavif" + NOISE,
    ],
    ids=lambda data: data[:16].hex() or "empty",
)
def test_what_is_no_picture_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        decode_image(data)
    with pytest.raises(UnreadableMedia):
        list(decode_frames(data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_picture_is_unreadable_not_half_grey(
    drawing: Pixels, save_file: Callable[..., bytes], kind: str, part: float
) -> None:
    file = save_file(np.tile(drawing, (3, 3, 1)), kind)
    with pytest.raises(UnreadableMedia):
        decode_image(file[: int(len(file) * part)])


def test_a_truncated_jpeg_with_a_false_end_is_unreadable(drawing: Pixels, save_file: Callable[..., bytes]) -> None:
    for parameters in ({}, {"progressive": True}):
        file = save_file(np.tile(drawing, (3, 3, 1)), "JPEG", **parameters)
        with pytest.raises(UnreadableMedia, match="cut short"):
            decode_image(file[: len(file) // 2] + b"\xff\xd9")


@pytest.mark.parametrize("kind", KINDS)
def test_no_changed_byte_raises_anything_else(
    drawing: Pixels, save_file: Callable[..., bytes], kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = save_file(drawing, kind)
    chance = random.Random(4)
    for _ in range(60):
        changed = bytearray(file)
        # Mostly in the first bytes, where sizes and offsets are.
        place = min(chance.randrange(len(file)), chance.randrange(len(file)), chance.randrange(len(file)))
        changed[place] = chance.randrange(256)
        try:
            assert decode_image(bytes(changed)).pixels.dtype == np.uint8
            list(decode_frames(bytes(changed)))
        except (UnreadableMedia, MediaTooLarge):
            continue
    assert capfd.readouterr() == ("", "")


def test_sixty_thousand_pixels_square_is_too_large_by_its_header(png_file: Callable[..., bytes]) -> None:
    for rows in (bytes(100), bytes(20_000_000)):
        began = time.perf_counter()
        with pytest.raises(MediaTooLarge, match="max_pixels"):
            decode_image(png_file((60_000, 60_000), rows))
        assert time.perf_counter() - began < 1


@pytest.mark.parametrize("kind", KINDS)
def test_each_limit_is_read_from_the_header_and_named(
    drawing: Pixels, save_file: Callable[..., bytes], kind: str
) -> None:
    file = save_file(drawing, kind)
    with pytest.raises(MediaTooLarge, match="max_pixels"):
        decode_image(file, limits=MediaLimits(max_pixels=96 * 128 - 1))
    with pytest.raises(MediaTooLarge, match="max_side"):
        decode_image(file, limits=MediaLimits(max_side=127))
    with pytest.raises(MediaTooLarge, match="max_bytes"):
        decode_image(file, limits=MediaLimits(max_bytes=len(file) - 1))
    exact = MediaLimits(max_bytes=len(file), max_side=128, max_pixels=96 * 128)
    assert decode_image(file, limits=exact).pixels.shape == (96, 128, 3)


@pytest.mark.parametrize(
    "header",
    [
        b"VP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + (60_000).to_bytes(3, "little") * 2,
        b"VP8L\x0a\x00\x00\x00\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f",
    ],
)
def test_a_large_webp_is_refused_before_its_canvas_is_made(header: bytes) -> None:
    with pytest.raises(MediaTooLarge, match="max_pixels"):
        decode_image(b"RIFF\x00\x10\x00\x00WEBP" + header)


def test_text_that_unpacks_to_gigabytes_is_never_unpacked(drawing: Pixels, png_file: Callable[..., bytes]) -> None:
    rows = b"".join(b"\0" + row.tobytes() for row in drawing)
    bomb = zlib.compress(bytes(50_000_000), 9)
    texts = [(b"zTXt", b"a\0\0" + bomb), (b"iTXt", b"a\0\1\0\0\0" + bomb), (b"iCCP", b"a\0\0" + bomb)]
    pixels = decode_image(png_file((128, 96), rows, more=texts)).pixels
    assert np.array_equal(pixels, drawing)


def test_what_pillow_only_warns_of_is_no_error(drawing: Pixels, png_file: Callable[..., bytes]) -> None:
    # An animation of no frames: Pillow warns, and shows the still.
    rows = b"".join(b"\0" + row.tobytes() for row in drawing)
    file = png_file((128, 96), rows, more=[(b"acTL", bytes(8))])
    assert np.array_equal(decode_image(file).pixels, drawing)
    assert len(list(decode_frames(file))) == 1


def test_a_tiff_with_absurd_tags_is_unreadable() -> None:
    tags = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    absurd = [(273, 4, 0xFFFFFFFF, 8), (277, 3, 1, 0xFFFF), (278, 4, 1, 0xFFFFFFFF), (279, 4, 0xFFFFFFFF, 8)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags + absurd)
    data = b"II*\x00" + struct.pack("<IH", 8, len(tags + absurd)) + entries + struct.pack("<I", 8)
    with pytest.raises(UnreadableMedia):
        decode_image(data)
    with pytest.raises(UnreadableMedia):
        list(decode_frames(data))


def test_the_name_of_a_file_plays_no_part(tmp_path: Path, save_file: Callable[..., bytes]) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(save_file(PIL.Image.new("RGB", (8, 8)), "PNG"))
    assert decode_image(path.read_bytes()).format == "png"


def test_messages_hold_nothing_of_the_file(png_file: Callable[..., bytes]) -> None:
    secret = b"someone's words"
    damaged = png_file((8, 8), b"", more=[(b"tEXt", b"Comment\0" + secret), (b"PLTE", secret)])
    for data in (secret, damaged, b"GIF89a" + secret):
        with pytest.raises(InputError) as raised:
            decode_image(data)
        assert "words" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_limits_are_positive_whole_numbers() -> None:
    for wrong in (0, -1, 1.5, True, "9"):
        with pytest.raises(BadSetting, match="max_pixels"):
            MediaLimits.from_options({"max_pixels": wrong})
    with pytest.raises(BadSetting, match="colour"):
        MediaLimits.from_options({"colour": 1})
    limits = MediaLimits(max_frames=3, cpu_seconds=2)
    assert MediaLimits.from_options(limits.as_options()) == limits
