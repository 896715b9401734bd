"""Of an animation the distinct frames come out, and no more work is done than was allowed."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.media import Image, MediaLimits, decode_frames, decode_image

Pixels = NDArray[np.uint8]
ANIMATED: dict[str, dict[str, object]] = {
    "GIF": {},
    "WEBP": {"lossless": True},
    "PNG": {},
    "AVIF": {"quality": 95},
    "TIFF": {},
}


def flat(level: int, size: tuple[int, int] = (64, 48)) -> PIL.Image.Image:
    return PIL.Image.new("RGB", size, (level, 255 - level, level // 2))


def animation(save_file: Callable[..., bytes], kind: str, levels: list[int]) -> bytes:
    frames = [flat(level) for level in levels]
    return save_file(frames[0], kind, save_all=True, append_images=frames[1:], **ANIMATED.get(kind, {}))


def gif_of(frames: int, size: tuple[int, int] = (16, 16)) -> bytes:
    """A GIF whose every frame repaints one pixel, written by hand: encoders join frames that look alike."""
    palette = bytes(range(0, 96)) * 8
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0xF7, 0, 0) + palette
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    # One LZW code of nine bits between clear (256) and end (257).
    codes = [b"\x08\x04" + (256 | value << 9 | 257 << 18).to_bytes(4, "little") + b"\x00" for value in range(256)]
    return head + b"".join(frame + codes[number % 256] for number in range(frames)) + b";"


@pytest.mark.parametrize("kind", ANIMATED)
def test_each_distinct_frame_comes_once_and_in_order(save_file: Callable[..., bytes], kind: str) -> None:
    levels = [10, 10, 120, 240, 120, 10, 60]
    found = list(decode_frames(animation(save_file, kind, levels)))
    assert [round(int(image.pixels[24, 32, 0]), -1) for image in found] == [10, 120, 240, 60]
    assert all(image.pixels.shape == (48, 64, 3) for image in found)
    assert all(image.pixels.flags.c_contiguous for image in found)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
def test_a_still_is_one_frame_with_the_same_pixels(drawing: Pixels, save_file: Callable[..., bytes], kind: str) -> None:
    file = save_file(drawing, kind)
    (only,) = decode_frames(file)
    assert np.array_equal(only.pixels, decode_image(file).pixels)
    assert only.format == decode_image(file).format


def test_a_picture_that_flashes_by_once_is_kept(save_file: Callable[..., bytes], drawing: Pixels) -> None:
    # A slow fade of two hundred steps, and one frame of something else.
    fade = [PIL.Image.new("L", (128, 96), 40 + step // 2) for step in range(200)]
    fade.insert(137, PIL.Image.fromarray(drawing).convert("L"))
    file = save_file(fade[0], "WEBP", save_all=True, append_images=fade[1:], lossless=True)
    found = list(decode_frames(file, limits=MediaLimits(max_frames=4)))
    assert len(found) == 4
    wanted = np.asarray(fade[137].convert("RGB"))
    assert any(float(np.abs(image.pixels.astype(np.int16) - wanted).mean()) < 3 for image in found)


def test_the_first_frame_always_stays(save_file: Callable[..., bytes]) -> None:
    file = animation(save_file, "GIF", list(range(0, 250, 10)))
    for max_frames in (1, 2, 5):
        found = list(decode_frames(file, limits=MediaLimits(max_frames=max_frames)))
        assert len(found) == max_frames
        assert np.array_equal(found[0].pixels, decode_image(file).pixels)


def test_frames_that_are_held_together_stay_within_max_pixels(save_file: Callable[..., bytes]) -> None:
    file = animation(save_file, "GIF", list(range(0, 250, 10)))
    found = list(decode_frames(file, limits=MediaLimits(max_pixels=64 * 48 * 3)))
    assert len(found) == 3


def test_a_gif_of_ten_thousand_frames_is_answered_soon_and_says_which_limit() -> None:
    file = gif_of(10_000)
    assert len(list(decode_frames(gif_of(300)))) >= 1
    seen: list[Image] = []
    began = time.perf_counter()
    with pytest.raises(MediaTooLarge, match="max_decoded_frames"):
        seen.extend(decode_frames(file))
    assert time.perf_counter() - began < 5
    # What was looked at is given before the error says that there was more.
    assert 1 <= len(seen) <= MediaLimits().max_frames
    assert decode_image(file).pixels.shape == (16, 16, 3)


def test_the_pixels_of_all_frames_together_have_a_limit() -> None:
    limits = MediaLimits(max_decoded_pixels=16 * 16 * 100)
    with pytest.raises(MediaTooLarge, match="max_decoded_pixels"):
        list(decode_frames(gif_of(101), limits=limits))
    assert len(list(decode_frames(gif_of(100), limits=limits))) >= 1


def test_a_later_page_that_is_too_large_is_refused_before_it_is_decoded(
    save_file: Callable[..., bytes],
) -> None:
    file = save_file(flat(10), "TIFF", save_all=True, append_images=[flat(200, (640, 480))])
    seen: list[Image] = []
    with pytest.raises(MediaTooLarge, match="max_pixels"):
        seen.extend(decode_frames(file, limits=MediaLimits(max_pixels=64 * 48)))
    assert len(seen) == 1


def test_pages_of_different_sizes_are_all_frames(save_file: Callable[..., bytes]) -> None:
    file = save_file(flat(10), "TIFF", save_all=True, append_images=[flat(200, (80, 20))])
    assert [image.pixels.shape for image in decode_frames(file)] == [(48, 64, 3), (20, 80, 3)]


def test_a_damaged_later_frame_is_said_after_the_frames_before_it(
    save_file: Callable[..., bytes], drawing: Pixels
) -> None:
    frames = [PIL.Image.fromarray(np.roll(drawing, step * 20, axis=1)) for step in range(6)]
    file = save_file(frames[0], "GIF", save_all=True, append_images=frames[1:])
    seen: list[Image] = []
    with pytest.raises(UnreadableMedia):
        seen.extend(decode_frames(file[: int(len(file) * 0.9)]))
    assert 1 <= len(seen) < 6


def test_transparent_frames_are_laid_over_white(save_file: Callable[..., bytes]) -> None:
    clear = PIL.Image.new("RGBA", (32, 32), (200, 0, 0, 0))
    solid = PIL.Image.new("RGBA", (32, 32), (0, 0, 200, 255))
    for kind in ("WEBP", "PNG"):
        first, second = decode_frames(save_file(clear, kind, save_all=True, append_images=[solid], **ANIMATED[kind]))
        assert first.pixels[0, 0].tolist() == [255, 255, 255]
        assert second.pixels[0, 0].tolist() == [0, 0, 200]
