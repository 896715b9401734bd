"""Local features: what a picture has, how they are stored, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.registration.pictures import HEIGHT, WIDTH, cornered, mirrored, scaled

from takeback.errors import MalformedHash
from takeback.registration import MAX_FEATURES, LocalFeatures, local_features

PICTURE = cornered(1)


def test_a_picture_has_features_within_it_and_in_its_pixels() -> None:
    found = local_features(PICTURE)
    assert 200 < len(found) <= 500
    assert (found.width, found.height) == (WIDTH, HEIGHT)
    assert (found.points[:, :2] >= 0).all()
    assert (found.points[:, :2] <= (WIDTH, HEIGHT)).all()


def test_a_large_picture_is_reduced_and_its_points_are_not() -> None:
    found = local_features(scaled(PICTURE, 2.5))
    assert (found.width, found.height) == (1500, 1200)
    assert found.points[:, 0].max() > 1200


def test_no_more_than_were_asked_for() -> None:
    assert len(local_features(PICTURE, most=50)) == 50


def test_the_strongest_come_first_whatever_the_number() -> None:
    few, many = local_features(PICTURE, most=50), local_features(PICTURE, most=200)
    assert np.array_equal(few.codes, many.codes[:50])


def test_grey_and_colour_are_read_the_same() -> None:
    grey = np.asarray(PICTURE[..., 0])
    assert np.array_equal(local_features(grey).codes, local_features(np.stack([grey] * 3, axis=2)).codes)


def test_mirrored_codes_are_those_of_the_mirrored_picture() -> None:
    here, there = local_features(PICTURE), local_features(mirrored(PICTURE))
    assert here.mirrored is not None
    apart = np.bitwise_count(here.mirrored[:, np.newaxis] ^ there.codes[np.newaxis]).sum(axis=2)
    assert np.median(apart.min(axis=1)) < 20


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (15, 400), (16, 16), (100, 100), (1, 3000), (9000, 20)])
def test_flat_and_tiny_pictures_have_no_features_and_no_error(shape: tuple[int, int]) -> None:
    found = local_features(np.full(shape, 128, np.uint8))
    assert len(found) == 0
    assert (found.width, found.height) == (shape[1], shape[0])
    assert len(LocalFeatures.from_bytes(found.to_bytes())) == 0


@pytest.mark.parametrize("side", [5, 15, 16, 17, 40])
def test_tiny_pictures_of_noise_are_read(side: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    assert len(local_features(noise)) <= 500


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5,), (5, 5, 4), (5, 5, 1)])
def test_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        local_features(np.zeros(shape, np.uint8))


def test_other_numbers_than_bytes_are_refused() -> None:
    with pytest.raises(TypeError, match="uint8"):
        local_features(np.zeros((20, 20), np.float32))


@pytest.mark.parametrize("most", [0, MAX_FEATURES + 1])
def test_more_features_than_may_be_compared_are_not_made(most: int) -> None:
    with pytest.raises(ValueError, match="most"):
        local_features(PICTURE, most=most)


# ---- Stored -------------------------------------------------------------------------------------------------------


def test_bytes_bring_them_back_within_a_hundredth_of_a_pixel() -> None:
    found = local_features(PICTURE)
    data = found.to_bytes()
    back = LocalFeatures.from_bytes(data)
    assert len(data) <= 40 * len(found) + 16
    assert (back.width, back.height) == (WIDTH, HEIGHT)
    assert np.array_equal(back.codes, found.codes)
    assert back.mirrored is None
    assert np.abs(back.points[:, :2] - found.points[:, :2]).max() < 0.01
    assert np.abs(back.points[:, 2] / found.points[:, 2] - 1).max() < 0.001
    assert np.abs((back.points[:, 3] - found.points[:, 3] + 180) % 360 - 180).max() < 0.01
    assert back.to_bytes() == data


def test_every_truncation_and_every_addition_is_refused() -> None:
    data = local_features(PICTURE, most=5).to_bytes()
    for end in range(len(data)):
        with pytest.raises(MalformedHash):
            LocalFeatures.from_bytes(data[:end])
    with pytest.raises(MalformedHash):
        LocalFeatures.from_bytes(data + b"\0")


def changed(at: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + value + data[at + len(value) :]


@pytest.mark.parametrize(
    "change",
    [
        changed(0, b"JUNK"),
        changed(4, b"\2\0"),
        changed(6, bytes(4)),
        changed(10, bytes(4)),
        changed(6, b"\xff" * 4),
        changed(14, b"\xff\xff"),
    ],
    ids=["magic", "version", "no width", "no height", "too wide", "too many"],
)
def test_a_header_of_something_else_is_refused(change: Callable[[bytes], bytes]) -> None:
    data = local_features(PICTURE, most=5).to_bytes()
    with pytest.raises(MalformedHash):
        LocalFeatures.from_bytes(change(data))


def test_more_than_the_most_features_are_refused_at_their_full_length() -> None:
    data = local_features(PICTURE, most=1).to_bytes()
    longer = data[:14] + (MAX_FEATURES + 1).to_bytes(2, "little") + data[16:] * (MAX_FEATURES + 1)
    with pytest.raises(MalformedHash):
        LocalFeatures.from_bytes(longer)


def test_any_bytes_behind_a_good_header_are_finite_features() -> None:
    noise = np.random.default_rng(1).bytes(40 * 1000)
    header = local_features(PICTURE, most=1).to_bytes()[:14] + (1000).to_bytes(2, "little")
    found = LocalFeatures.from_bytes(header + noise)
    assert np.isfinite(found.points).all()
    assert (found.points[:, 2] > 0).all()


def test_codes_and_places_stay_out_of_what_is_printed() -> None:
    assert repr(local_features(PICTURE)) == f"LocalFeatures(width={WIDTH}, height={HEIGHT})"


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_sizes_that_no_point_has_are_refused(value: float) -> None:
    points = np.array([[1, 1, value, 0]], np.float32)
    with pytest.raises(ValueError, match="finite"):
        LocalFeatures(10, 10, points, np.zeros((1, 32), np.uint8))


def test_a_row_of_codes_for_each_point() -> None:
    with pytest.raises(ValueError, match="codes"):
        LocalFeatures(10, 10, np.ones((2, 4), np.float32), np.zeros((1, 32), np.uint8))


# ---- Without OpenCV -----------------------------------------------------------------------------------------------


def test_without_opencv_stored_features_still_align_and_new_ones_say_what_to_install() -> None:
    script = """
import sys
sys.modules["cv2"] = None
import numpy as np
from takeback.errors import BadSetting
from takeback.registration import LocalFeatures, align, local_features
features = LocalFeatures.from_bytes(sys.stdin.buffer.read())
print(align(features, features).inliers > 20)
try:
    local_features(np.zeros((40, 40), np.uint8))
except BadSetting as error:
    print("takeback[copies]" in error.advice)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=local_features(PICTURE).to_bytes(), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"True", b"True"]


def test_opencv_is_loaded_by_the_first_features_and_not_before() -> None:
    script = "import sys, takeback.registration, takeback.index; print('cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]
