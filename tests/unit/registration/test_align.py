"""A copy is found on its original, and the transform is right within pixels; another picture is not found."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.registration.pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    cornered,
    cropped,
    mirrored,
    pasted,
    scaled,
    turned,
)

from takeback.registration import Alignment, LocalFeatures, align, local_features

ORIGINAL = cornered(1)
ENOUGH = 20
"""Inliers of any of these copies; a picture of something else has at most 5."""


def aligned(query: Pixels, entry: Pixels = ORIGINAL) -> Alignment:
    found = align(local_features(query), local_features(entry))
    assert found is not None
    assert found.inliers >= ENOUGH
    return found


def off(found: Alignment, query: tuple[float, float], entry: tuple[float, float]) -> float:
    """Pixels between where a point of the query should lie on the entry and where it does."""
    return float(np.hypot(*(found.matrix @ (*query, 1) - entry)))


def test_a_picture_lies_on_itself() -> None:
    found = aligned(ORIGINAL)
    assert np.allclose(found.matrix, [[1, 0, 0], [0, 1, 0]], atol=0.01)
    assert found.share == pytest.approx(1, abs=0.01)
    assert not found.mirrored


def test_a_crop_is_found_where_it_was_cut_out() -> None:
    found = aligned(cropped(ORIGINAL, 150, 120, 500, 400))
    assert off(found, (0, 0), (150, 120)) < 2
    assert off(found, (350, 280), (500, 400)) < 2
    assert found.share == pytest.approx(350 * 280 / (WIDTH * HEIGHT), abs=0.02)
    assert found.box == pytest.approx((0, 0, 350, 280), abs=2)


def test_a_picture_of_half_the_size_is_found_at_twice_the_scale() -> None:
    found = aligned(scaled(ORIGINAL, 0.5))
    assert found.scale == pytest.approx(2, abs=0.02)
    assert off(found, (WIDTH / 2, HEIGHT / 2), (WIDTH, HEIGHT)) < 3


@pytest.mark.parametrize("degrees", [10, 90, 170])
def test_a_turned_picture_is_found_and_turned_back(degrees: float) -> None:
    found = aligned(turned(ORIGINAL, degrees))
    assert found.angle == pytest.approx(degrees, abs=0.5)
    assert off(found, (WIDTH / 2, HEIGHT / 2), (WIDTH / 2, HEIGHT / 2)) < 2


def test_a_mirrored_picture_is_found_as_one() -> None:
    found = aligned(mirrored(ORIGINAL))
    assert found.mirrored
    assert off(found, (0, 0), (WIDTH, 0)) < 2
    assert off(found, (WIDTH, HEIGHT), (0, HEIGHT)) < 2
    assert found.angle == pytest.approx(0, abs=0.5)
    assert found.share == pytest.approx(1, abs=0.02)


def test_a_mirrored_and_turned_picture_is_found_too() -> None:
    found = aligned(turned(mirrored(ORIGINAL), 20))
    assert found.mirrored
    assert off(found, (WIDTH / 2, HEIGHT / 2), (WIDTH / 2, HEIGHT / 2)) < 2


def test_the_entry_may_have_the_mirrored_codes_instead() -> None:
    query = LocalFeatures.from_bytes(local_features(mirrored(ORIGINAL)).to_bytes())
    found = align(query, local_features(ORIGINAL))
    assert query.mirrored is None
    assert found is not None
    assert found.mirrored
    assert off(found, (0, 0), (WIDTH, 0)) < 2


def test_where_neither_has_mirrored_codes_a_mirrored_picture_is_not_found() -> None:
    query, entry = (
        LocalFeatures.from_bytes(local_features(each).to_bytes()) for each in (mirrored(ORIGINAL), ORIGINAL)
    )
    found = align(query, entry)
    assert found is None or found.inliers < 6


def test_a_small_copy_pasted_on_another_picture_is_found_with_its_box() -> None:
    found = aligned(pasted(scaled(ORIGINAL, 0.6), cornered(2), 200, 150))
    assert found.box == pytest.approx((200, 150, 200 + 0.6 * WIDTH, 150 + 0.6 * HEIGHT), abs=3)
    assert found.share == pytest.approx(1, abs=0.02)


def test_the_points_of_a_reduced_plane_are_in_the_pixels_of_the_original() -> None:
    query = local_features(scaled(ORIGINAL, 0.5), original=(WIDTH, HEIGHT))
    found = align(query, local_features(ORIGINAL))
    assert found is not None
    assert np.allclose(found.matrix, [[1, 0, 0], [0, 1, 0]], atol=3)
    assert found.scale == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_picture_is_not_found(seed: int) -> None:
    found = align(local_features(cornered(seed)), local_features(ORIGINAL))
    assert found is None or found.inliers < 6


def test_a_picture_without_features_lies_on_nothing() -> None:
    flat, original = local_features(np.full((100, 100), 90, np.uint8)), local_features(ORIGINAL)
    assert align(flat, original) is None
    assert align(original, flat) is None
    assert align(flat, flat) is None


def test_features_in_one_spot_are_no_evidence() -> None:
    original = local_features(ORIGINAL)
    spot = np.tile(np.array([100, 100, 8, 0], np.float32), (len(original), 1))
    crowded = LocalFeatures(WIDTH, HEIGHT, spot, original.codes, original.mirrored)
    assert align(crowded, original) is None
    assert align(original, crowded) is None
    assert align(crowded, crowded) is None


def test_features_that_agree_within_a_few_pixels_only_are_no_evidence() -> None:
    original = local_features(ORIGINAL)
    for size in (1, 20):
        points = original.points.copy()
        points[:, :2] = 300 + points[:, :2] * (size / WIDTH)
        crowded = LocalFeatures(WIDTH, HEIGHT, points, original.codes)
        assert align(crowded, crowded) is None


def test_features_along_a_line_are_aligned_without_a_stretch_across_it() -> None:
    original = local_features(ORIGINAL)
    rng = np.random.default_rng(1)

    def line() -> LocalFeatures:
        y, size, angle = 50 + rng.normal(0, 1, len(original)), np.full(len(original), 8), np.zeros(len(original))
        points = np.stack([original.points[:, 0], y, size, angle], axis=1).astype(np.float32)
        return LocalFeatures(WIDTH, HEIGHT, points, original.codes)

    found = align(line(), line())
    assert found is not None
    assert np.allclose(found.matrix[:, :2], [[1, 0], [0, 1]], atol=0.02)


def test_eight_features_of_a_mirrored_picture_are_enough_to_say_how_it_lies() -> None:
    rng = np.random.default_rng(2)
    here = np.stack([rng.uniform(0, 500, 8), rng.uniform(0, 400, 8), np.full(8, 9), rng.uniform(0, 360, 8)], axis=1)
    there = here * (-1, 1, 1, -1) + (500, 0, 0, 180)
    codes = local_features(ORIGINAL, most=8).codes
    query = LocalFeatures(500, 400, here.astype(np.float32), np.zeros((8, 32), np.uint8), codes)
    found = align(query, LocalFeatures(500, 400, there.astype(np.float32), codes))
    assert found is not None
    assert (found.inliers, found.mirrored) == (8, True)
    assert off(found, (100, 0), (400, 0)) < 0.01


def test_equal_codes_everywhere_are_bounded_work_and_no_evidence() -> None:
    rng = np.random.default_rng(5)
    points = np.abs(rng.normal(300, 100, (1024, 4))).astype(np.float32) + 1
    same = LocalFeatures(WIDTH, HEIGHT, points, np.zeros((1024, 32), np.uint8))
    found = align(same, local_features(ORIGINAL))
    assert found is None or found.inliers < 6


def test_a_picture_a_twentieth_as_large_is_refused_and_a_tenth_is_not() -> None:
    original = local_features(ORIGINAL)

    def smaller(factor: int) -> LocalFeatures:
        points = original.points.copy()
        points[:, :3] /= factor
        return LocalFeatures(WIDTH // factor, HEIGHT // factor, points, original.codes)

    assert align(smaller(20), original) is None
    assert align(original, smaller(20)) is None
    found = align(smaller(10), original)
    assert found is not None
    assert found.scale == pytest.approx(10, abs=0.01)


def test_the_same_pictures_give_the_same_alignment() -> None:
    query = local_features(turned(ORIGINAL, 8))
    first, second = (align(query, local_features(ORIGINAL)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.matrix, second.matrix)
    assert first.inliers == second.inliers
