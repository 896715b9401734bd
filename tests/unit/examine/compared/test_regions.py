"""How strongly a changed part counts: beside what else differs in this pair, and by how steep the picture is there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback.examine.compared.regions import Region, regions
from takeback.examine.compared.residual import residual

SIDE = 320
PART = (slice(120, 190), slice(100, 180))

type Pixels = NDArray[np.uint8]


def _drawn(gradient: float) -> Pixels:
    """A picture of stripes, 16 pixels wide each, that rise and fall by `gradient` levels a pixel."""
    stripes = 128 + gradient * (8 - np.abs(np.arange(SIDE) % 32 - 16))
    return np.repeat(np.tile(stripes, (SIDE, 1))[..., np.newaxis], 3, axis=2).round().astype(np.uint8)


def _strongest(prediction: Pixels, everywhere: float, part: float) -> Region:
    """The strongest region of a suspect that differs by noise (levels) everywhere, and by more in one part."""
    rng = np.random.default_rng(3)
    apart = rng.normal(0, 1, prediction.shape) * everywhere
    apart[PART] = rng.normal(0, part, apart[PART].shape)
    suspect = np.clip(prediction + apart, 0, 255).round().astype(np.uint8)
    inside = np.ones(prediction.shape[:2], np.bool_)
    found = regions(residual(suspect, prediction, inside), inside, suspect, prediction)
    assert len(found) == 1
    assert (found[0].left, found[0].top) == pytest.approx((100, 120), abs=8)
    return found[0]


def test_the_same_difference_counts_for_less_where_all_of_the_pair_differs() -> None:
    exact, saved_badly = _strongest(_drawn(1), 0.2, 14), _strongest(_drawn(1), 4, 14)
    assert exact.strength > 2 * saved_badly.strength


def test_the_same_difference_counts_for_less_where_the_picture_is_steep() -> None:
    smooth, steep = _strongest(_drawn(0.2), 0.2, 14), _strongest(_drawn(12), 0.2, 14)
    assert smooth.strength > 2 * steep.strength


def test_what_is_usual_for_a_pair_is_not_moved_by_a_change_of_a_fifth_of_it() -> None:
    prediction, rng = _drawn(1), np.random.default_rng(5)
    suspect = prediction.copy()
    suspect[:, : SIDE // 5] = rng.integers(0, 256, suspect[:, : SIDE // 5].shape)
    inside = np.ones(prediction.shape[:2], np.bool_)
    large = regions(residual(suspect, prediction, inside), inside, suspect, prediction)[0]
    assert large.strength > 4 * _strongest(prediction, 0.2, 14).strength


def test_a_part_in_tones_of_its_own_counts_for_less_where_all_of_the_copy_is_in_other_tones() -> None:
    prediction = _drawn(3)
    lighter, other = prediction.copy(), prediction.copy()
    lighter[PART] += 14
    other[PART] = np.random.default_rng(3).integers(110, 150, other[PART].shape)
    inside = np.ones(prediction.shape[:2], np.bool_)
    kept, toned = (
        [
            regions(residual(each, prediction, inside), inside, each, prediction, toned=by)[0].strength
            for each in (lighter, other)
        ]
        for by in (0.5, 6.0)
    )
    assert toned[0] < 0.4 * kept[0]
    assert toned[1] > 0.6 * kept[1]
