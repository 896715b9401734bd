"""The kernel's votes for a JPEG's grid are those of the plain twin, whatever instructions make them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.examine.blind.scenes import resaved, scene

from takeback import _native
from takeback.examine.blind.jpeg_grid import reference

NONE = 255


def planes() -> list[NDArray[np.uint8]]:
    """Return pictures with and without a grid, noise, steps and stripes, of sides that fit no vector."""
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (37, 141), np.uint8)
    stripes = np.tile(rng.integers(0, 256, (1, 150), np.uint8), (40, 1))
    steps = scene(90, 150, 3)[..., 0] // 32 * 32  # Whole blocks of one value.
    saved = resaved(scene(64, 270, 4), 70)[..., 1].copy()
    return [
        noise,
        stripes,
        stripes.T.copy(),
        steps,
        saved,
        saved[3:, 5:-2],
        noise[:15, :15],
        np.full((20, 20), 9, np.uint8),
    ]


def digest() -> str:
    """Return a digest of the kernel's answers."""
    answers = [each for plane in planes() for each in _native.grid_votes(plane)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(each).tobytes() for each in answers)).hexdigest()


@pytest.mark.parametrize("number", range(8))
def test_the_kernel_counts_and_votes_as_the_plain_twin(number: int) -> None:
    plane = planes()[number]
    for found, expected in zip(_native.grid_votes(plane), reference.grid_votes(plane), strict=True):
        assert found.dtype == expected.dtype
        assert (found == expected).all()


@pytest.mark.parametrize("level", _native.LEVELS)
def test_every_level_of_this_machine_answers_alike(level: str) -> None:
    code = "from tests.unit.examine.blind.test_grid_votes import digest; print(digest())"
    environ = {**os.environ, "TAKEBACK_KERNEL": level, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    answer = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == digest()


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 5), (7, 1)])
def test_pixels_of_a_jpeg_vote_for_where_its_blocks_begin(top: int, left: int) -> None:
    _, votes = _native.grid_votes(resaved(scene(160, 160, 5), 80)[8 - top :, 8 - left :, 0].copy())
    given = votes[votes != NONE]
    assert (given == 8 * top + left).mean() > 0.5


def test_the_transform_is_orthonormal() -> None:
    matrix = reference.transformed(np.eye(8, dtype=np.float32), axis=0)
    assert matrix @ matrix.T == pytest.approx(np.eye(8), abs=1e-6)
    assert matrix[0] == pytest.approx(np.full(8, 8**-0.5), abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1000), (1000, 3), (7, 8), (8, 8), (14, 15), (15, 14)])
def test_a_picture_too_small_for_64_blocks_around_a_pixel_has_no_votes(shape: tuple[int, int]) -> None:
    zeros, votes = _native.grid_votes(np.zeros(shape, np.uint8))
    assert votes.shape == shape
    assert (votes == NONE).all()
    assert zeros.size == max(0, shape[0] - 7) * max(0, shape[1] - 7) * (min(shape) >= 8)


def test_a_crop_of_an_array_is_read_in_its_place() -> None:
    plane = resaved(scene(80, 120, 6), 75)[..., 0].copy()
    for found, expected in zip(
        _native.grid_votes(plane[9:70, 11:]), _native.grid_votes(plane[9:70, 11:].copy()), strict=True
    ):
        assert (found == expected).all()


def test_what_is_no_luminance_is_refused() -> None:
    with pytest.raises(ValueError, match="height, width"):
        _native.grid_votes(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match="reach"):
        _native.parts_of(np.zeros((20, 20), np.uint8), 9)


def test_parts_hang_together_over_the_reach_and_no_farther() -> None:
    mask = np.zeros((9, 12), np.uint8)
    mask[1, 1] = mask[3, 3] = mask[6, 3] = mask[1, 11] = 1
    for reach, expected in ((1, 4), (2, 3), (3, 2), (8, 1)):
        labels, count = _native.parts_of(mask, reach)
        assert count == expected
        assert ((labels > 0) == (mask > 0)).all()
        assert len(np.unique(labels[mask > 0])) == count


def test_a_part_that_closes_a_ring_is_one() -> None:
    mask = np.zeros((12, 12), np.uint8)
    mask[1:11, 1] = mask[1:11, 10] = mask[10, 1:11] = 1
    labels, count = _native.parts_of(mask, 1)
    assert count == 1
    assert set(np.unique(labels)) == {0, 1}
