"""Pixels to another size: the mean of an area where they shrink, between neighbours where they grow."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from takeback import _native

Pixels = NDArray[np.uint8]


def noise(height: int, width: int, channels: int = 3) -> Pixels:
    shape = (height, width, channels) if channels == 3 else (height, width)
    return np.random.default_rng(height * width).integers(0, 256, shape, dtype=np.uint8)


def weights(side: int, size: int) -> NDArray[np.float64]:
    """What each of `side` samples weighs in each of `size`, from the definition."""
    found = np.zeros((size, side))
    for at in range(size):
        if size < side:
            begin, end = at * side / size, (at + 1) * side / size
            samples = np.arange(side)
            found[at] = np.clip(np.minimum(end, samples + 1) - np.maximum(begin, samples), 0, None) * size / side
        else:
            middle = np.clip((at + 0.5) * side / size - 0.5, 0, side - 1)
            found[at] = np.clip(1 - np.abs(np.arange(side) - middle), 0, None)
    return found


def by_definition(pixels: NDArray[np.generic], height: int, width: int) -> NDArray[np.float64]:
    down, across = weights(pixels.shape[0], height), weights(pixels.shape[1], width)
    planes = pixels.reshape(*pixels.shape[:2], -1).astype(np.float64)
    means = [down @ planes[..., channel] @ across.T for channel in range(planes.shape[2])]
    return np.stack(means, axis=2).reshape(height, width, *pixels.shape[2:])


SIZES = (
    ((300, 400), (288, 288)),
    ((1200, 1600), (288, 288)),
    ((1200, 1600), (480, 640)),
    ((287, 289), (288, 288)),
    ((40, 700), (288, 288)),
    ((32, 33), (288, 288)),
    ((288, 288), (288, 288)),
    ((2560, 10), (10, 11)),
    ((7, 2560), (3, 10)),
    ((1, 1), (5, 4)),
    ((3, 1), (2, 1)),
)


@pytest.mark.parametrize(("before", "after"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_sample_is_the_mean_of_what_it_stands_for(
    before: tuple[int, int], after: tuple[int, int], channels: int
) -> None:
    pixels = noise(*before, channels)
    found = _native.resample(pixels, *after)
    wanted = by_definition(pixels, *after)
    assert found.shape == wanted.shape
    # Half a step by rounding, and what float32 adds to it.
    assert np.abs(found - wanted).max() <= 0.501


@pytest.mark.parametrize(("before", "after"), SIZES)
def test_luminance_is_rounded_once(before: tuple[int, int], after: tuple[int, int]) -> None:
    pixels = noise(*before)
    found = _native.resample_luminance(pixels, *after)
    wanted = by_definition(pixels @ np.array([0.299, 0.587, 0.114]), *after)
    assert found.shape == after
    assert np.abs(found - wanted).max() <= 0.501


def test_grey_pixels_are_their_own_luminance() -> None:
    pixels = noise(300, 200, 1)
    assert (_native.resample_luminance(pixels, 50, 60) == _native.resample(pixels, 50, 60)).all()


def test_a_picture_in_its_own_size_stays_as_it_is() -> None:
    pixels = noise(120, 77)
    assert (_native.resample(pixels, 120, 77) == pixels).all()


def test_whole_factors_give_what_pillow_gives() -> None:
    pixels = noise(600, 800)
    theirs = np.asarray(PIL.Image.fromarray(pixels).reduce((4, 3)))
    ours = _native.resample(pixels, 200, 200).astype(int)
    assert np.abs(ours - theirs).max() <= 1


def test_black_and_white_stay_so_at_every_size() -> None:
    for level in (0, 255):
        plain = np.full((2560, 130, 3), level, np.uint8)
        for height, width in ((10, 11), (288, 288), (3000, 640)):
            assert (_native.resample(plain, height, width) == level).all()
            assert (_native.resample_luminance(plain, height, width) == level).all()


def test_rows_may_lie_apart() -> None:
    pixels = noise(200, 300)
    for part in (pixels[20:180, 30:270], pixels[::-1], pixels[::2]):
        assert (_native.resample(part, 50, 60) == _native.resample(np.ascontiguousarray(part), 50, 60)).all()


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10), (10, 65_536), (1, 10), (10, 1)])
def test_a_size_that_cannot_be_made_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="side"):
        _native.resample(np.zeros((257, 257), np.uint8), *size)
    with pytest.raises(ValueError, match="side"):
        _native.resample_luminance(np.zeros((257, 257, 3), np.uint8), *size)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(TypeError, match="uint8"):
        _native.resample(np.zeros((9, 9, 3)), 5, 5)  # type: ignore[arg-type]
    for shape in ((9, 9, 4), (9,), (0, 9, 3)):
        with pytest.raises(ValueError, match="pixels"):
            _native.resample(np.zeros(shape, np.uint8), 5, 5)
    with pytest.raises(ValueError, match="contiguous"):
        _native.resample(np.zeros((9, 18, 3), np.uint8)[:, ::2], 5, 5)
