"""What `pdq_hash` accepts as pixels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback import _native
from takeback.fingerprint import PdqHash, pdq_hash


def noise(*shape: int, seed: int = 7) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(4, 4, 3), (4, 900, 3), (900, 4), (1, 1)])
def test_a_picture_with_a_side_below_five_pixels_has_no_hash_and_no_quality(shape: tuple[int, ...]) -> None:
    assert pdq_hash(noise(*shape)) == PdqHash(bytes(32), 0)


def test_a_picture_with_both_sides_of_five_pixels_has_a_hash() -> None:
    assert any(pdq_hash(noise(5, 5, 3)).code)


def test_a_grey_picture_and_its_three_channel_copy_have_the_same_hash() -> None:
    grey = noise(150, 130)
    assert pdq_hash(grey) == pdq_hash(np.repeat(grey[..., np.newaxis], 3, axis=2))


def test_a_view_has_the_hash_of_its_copy() -> None:
    pixels = noise(200, 180, 3)
    for view in (pixels[20:, 10:150], pixels[::-1], pixels[::2], pixels[:, ::-1], pixels.swapaxes(0, 1)):
        assert pdq_hash(view) == pdq_hash(view.copy())


def test_a_mirrored_view_of_a_single_column_is_accepted() -> None:
    assert pdq_hash(noise(900, 1, 3)[:, ::-1]) == PdqHash(bytes(32), 0)
    assert pdq_hash(noise(1, 900, 3)[::-1]) == PdqHash(bytes(32), 0)


def test_one_channel_of_a_colour_picture_is_a_grey_picture() -> None:
    pixels = noise(90, 80, 3)
    assert pdq_hash(pixels[..., 1]) == pdq_hash(pixels[..., 1].copy())


def test_read_only_pixels_are_accepted_and_left_alone() -> None:
    pixels = noise(90, 80, 3)
    before = pixels.copy()
    pixels.flags.writeable = False
    pdq_hash(pixels)
    assert np.array_equal(pixels, before)


def test_bytes_outside_a_crop_do_not_matter() -> None:
    pixels = noise(140, 260, 3)
    crop = pixels[:, 3:257]
    expected = pdq_hash(crop.copy())
    pixels[:, :3] = 255
    pixels[:, 257:] = 255
    assert pdq_hash(crop) == expected


@pytest.mark.parametrize("shape", [(9,), (9, 9, 4), (9, 9, 1), (2, 9, 9, 3), (0, 9, 3), (9, 0)])
def test_another_shape_is_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels"):
        pdq_hash(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.bool_, np.int8, np.uint16])
def test_another_dtype_is_a_type_error(dtype: type) -> None:
    with pytest.raises(TypeError, match="uint8"):
        pdq_hash(np.zeros((9, 9, 3), dtype))


def test_the_kernel_refuses_what_is_no_array() -> None:
    with pytest.raises(TypeError):
        _native.pdq_hash([[1, 2], [3, 4]])  # type: ignore[arg-type]


def test_the_kernel_refuses_pixels_that_are_not_side_by_side() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        _native.pdq_hash(noise(20, 20, 3)[:, ::2])


def test_threads_hash_at_the_same_time_with_the_same_answers() -> None:
    pictures = [noise(300, 200 + number, 3, seed=number) for number in range(16)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pdq_hash, pictures)) == [pdq_hash(pixels) for pixels in pictures]
