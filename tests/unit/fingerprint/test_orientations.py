"""The eight orientations: from pixels (equal to hashing the turned picture), and estimated from one code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from takeback.fingerprint import MATCH_RADIUS, Orientation, PdqHash, pdq_hash, pdq_orientations, turned_codes


def turned(pixels: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    across = pixels.swapaxes(0, 1)
    views: dict[Orientation, NDArray[np.uint8]] = {
        Orientation.UPRIGHT: pixels,
        Orientation.ROTATED_90: np.rot90(pixels, -1),
        Orientation.ROTATED_180: np.rot90(pixels, 2),
        Orientation.ROTATED_270: np.rot90(pixels, 1),
        Orientation.MIRRORED: pixels[:, ::-1],
        Orientation.FLIPPED: pixels[::-1],
        Orientation.TRANSPOSED: across,
        Orientation.TRANSVERSED: np.rot90(across, 2),
    }
    return views[orientation]


def scene(height: int, width: int, seed: int = 3) -> NDArray[np.uint8]:
    """Soft waves under noise: enough detail, and no ties."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = rng.uniform(-0.15, 0.15, (6, 2))
    plane = 128 + sum(18 * np.sin(x * wave[0] + y * wave[1] + number) for number, wave in enumerate(waves))
    colours: NDArray[np.float64] = plane[..., np.newaxis] + rng.normal(0, 6, (height, width, 3))
    return np.clip(colours, 0, 255).astype(np.uint8)


def photograph(path: Path) -> NDArray[np.uint8]:
    with PIL.Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


@pytest.mark.parametrize("orientation", Orientation)
@pytest.mark.parametrize("shape", [(300, 200), (512, 512), (129, 641), (64, 64), (64, 65), (37, 12)])
def test_each_orientation_has_the_hash_of_the_picture_turned_that_way(
    orientation: Orientation, shape: tuple[int, int]
) -> None:
    pixels = scene(*shape)
    assert pdq_orientations(pixels)[orientation] == pdq_hash(turned(pixels, orientation))


def test_each_orientation_of_a_grey_picture_has_the_hash_of_the_picture_turned_that_way() -> None:
    pixels = scene(260, 190)[..., 0]
    found = pdq_orientations(pixels)
    assert found == {each: pdq_hash(turned(pixels, each)) for each in Orientation}


def test_each_orientation_of_a_photograph_has_the_hash_of_it_turned_that_way(
    photos: Path,
) -> None:
    for path in sorted((photos / "scenes").iterdir())[::22]:
        pixels = photograph(path)
        for orientation, found in pdq_orientations(pixels).items():
            really = pdq_hash(turned(pixels, orientation))
            assert found.distance(really) <= 2, (path.name, orientation)
            assert abs(found.quality - really.quality) <= 1


def test_a_mirrored_copy_is_found_although_its_own_hash_is_far() -> None:
    original = scene(400, 300)
    copy = original[:, ::-1]
    assert pdq_hash(copy).distance(pdq_hash(original)) > MATCH_RADIUS
    assert pdq_orientations(copy)[Orientation.MIRRORED] == pdq_hash(original)


@given(st.integers(0, 1000), st.sampled_from(("tie", "flat", "noise")))
def test_upright_is_the_hash_itself_even_where_coefficients_tie(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, rng.integers(1, 200, 2), dtype=np.uint8)
    if kind == "tie":
        pixels = np.broadcast_to(pixels[:1], pixels.shape)
    elif kind == "flat":
        pixels = np.full_like(pixels, seed % 256)
    assert pdq_orientations(pixels)[Orientation.UPRIGHT] == pdq_hash(pixels)


def test_a_picture_too_small_has_eight_empty_hashes() -> None:
    found = pdq_orientations(np.full((4, 90, 3), 200, np.uint8))
    assert found == dict.fromkeys(Orientation, PdqHash(bytes(32), 0))


@pytest.mark.parametrize("orientation", Orientation)
def test_the_exif_number_is_the_one_that_makes_such_a_picture_upright(orientation: Orientation) -> None:
    pixels = scene(20, 30)
    stored = PIL.Image.fromarray(np.ascontiguousarray(turned(pixels, orientation)))
    stored.getexif()[0x0112] = orientation.exif
    upright = PIL.ImageOps.exif_transpose(stored)
    assert np.array_equal(np.asarray(upright), pixels)


def test_upright_and_transposed_codes_are_known_exactly_from_one_code() -> None:
    pixels = scene(300, 200)
    estimated = turned_codes(pdq_hash(pixels).code)
    assert estimated[Orientation.UPRIGHT] == pdq_hash(pixels).code
    assert estimated[Orientation.TRANSPOSED] == pdq_hash(pixels.swapaxes(0, 1)).code


@pytest.mark.parametrize("orientation", Orientation)
def test_the_code_estimated_from_one_code_is_near_that_of_the_turned_picture(
    photos: Path, orientation: Orientation
) -> None:
    distances = []
    for path in sorted((photos / "scenes").iterdir())[::11]:
        pixels = photograph(path)
        estimated = PdqHash(turned_codes(pdq_hash(pixels).code)[orientation], 100)
        distances.append(estimated.distance(pdq_hash(turned(pixels, orientation))))
    # A wrong sign or transposition gives 128; the docstring has the measured means.
    assert np.mean(distances) < 32


def test_turning_a_code_and_back_gives_the_code() -> None:
    code = pdq_hash(scene(300, 200)).code
    there_and_back = {
        Orientation.ROTATED_90: Orientation.ROTATED_270,
        Orientation.ROTATED_270: Orientation.ROTATED_90,
    }
    for orientation in Orientation:
        back = there_and_back.get(orientation, orientation)
        assert turned_codes(turned_codes(code)[orientation])[back] == code


def test_a_code_of_another_length_cannot_be_turned() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        turned_codes(bytes(31))
