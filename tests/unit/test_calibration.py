"""Thresholds that follow from different pictures, and what is claimed of them."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from takeback.bank import Thresholds
from takeback.calibration import Calibration, Pairs, calibrated, upper_bound
from takeback.errors import InputError

DOCS = Path(__file__).parents[2] / "docs"


def _pairs(bits: int = 90, similarity: float = 0.3, inliers: int = 3, count: int = 1_000_000) -> Pairs:
    """Return pairs of which three reach each of these, and the others nothing."""
    pairs = Pairs(np.full(count, 120), np.full(count, 0.1), np.zeros(count, np.int64))
    pairs.bits[:3], pairs.similarity[3:6], pairs.inliers[6:9] = bits, similarity, inliers
    return pairs


def _calibrated(pairs: Pairs, target: float = 0.0) -> Calibration:
    return calibrated(pairs, pictures=100, origin="drawn", model="0" * 16, made_on=date(2026, 11, 24), target=target)


def test_pictures_that_are_far_apart_leave_the_defaults() -> None:
    found = _calibrated(_pairs())
    assert found.thresholds == Thresholds()
    assert (found.same, found.possible, found.nearest_bits, found.most_inliers) == (0, 0, 90, 3)
    assert found.same_at_most == found.possible_at_most == pytest.approx(3e-6, rel=0.04)


@pytest.mark.parametrize(
    ("pairs", "name", "value"),
    [
        (_pairs(bits=30), "same_bits", 22),
        (_pairs(bits=30), "possible_bits", 29),
        (_pairs(bits=3), "blind_bits", 0),
        (_pairs(similarity=0.93), "same_similarity", 0.98),
        (_pairs(similarity=0.523), "possible_similarity", 0.53),
        (_pairs(inliers=15), "same_inliers", 17),
        (_pairs(inliers=8), "possible_inliers", 9),
    ],
)
def test_a_pair_that_comes_near_makes_its_threshold_stricter(pairs: Pairs, name: str, value: float) -> None:
    found = _calibrated(pairs)
    assert getattr(found.thresholds, name) == pytest.approx(value)
    assert (found.same, found.possible) == (0, 0)


def test_a_wanted_share_of_pairs_may_be_possible_and_none_the_same() -> None:
    pairs = _pairs()
    pairs.similarity[:30] = np.linspace(0.5, 0.79, 30)
    strict, loose = _calibrated(pairs), _calibrated(pairs, target=90e-6)
    # One couple may always be possible: here the two likest pairs.
    assert strict.possible == 2
    assert strict.thresholds.possible_similarity == pytest.approx(0.78)
    assert 2 < loose.possible <= 30
    assert loose.same == 0
    assert loose.possible_at_most > loose.possible / len(pairs)


@pytest.mark.parametrize("wrong", [0, 1, 5])
def test_the_bound_is_the_exact_one(wrong: int) -> None:
    bound = upper_bound(wrong, 200)
    chance = sum(math.comb(200, k) * bound**k * (1 - bound) ** (200 - k) for k in range(wrong + 1))
    assert chance == pytest.approx(0.05, abs=0.006)
    assert upper_bound(200, 200) == 1.0


def test_a_calibration_is_read_as_it_was_written() -> None:
    found = replace(_calibrated(_pairs()), origin='a "quoted" name')
    assert Calibration.from_toml(found.to_toml()) == replace(found, origin="a  quoted  name")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda text: text.replace("pairs = ", "pears = "), "pairs"),
        (lambda text: text.replace("same_bits = 31", 'same_bits = "31"'), "same_bits"),
        (lambda text: text + "more = 1\n", "more"),
        (lambda text: text.split("[thresholds]")[0], "same_bits"),
        (lambda text: text + "]", "TOML"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused_with_what_is_wrong(change: object, name: str) -> None:
    assert callable(change)
    with pytest.raises(InputError, match=name):
        Calibration.from_toml(change(_calibrated(_pairs()).to_toml()))


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="too few"):
        calibrated(_pairs(), pictures=19, origin="", model="", made_on=date(2026, 1, 1))


def test_the_defaults_are_those_of_the_calibration_that_is_published() -> None:
    """`python -m benchmarks.calibration` writes it."""
    published = Calibration.from_toml((DOCS / "calibration.toml").read_text("utf-8"))
    assert asdict(published.thresholds) == asdict(Thresholds())
    assert published.same == 0
