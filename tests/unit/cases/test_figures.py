"""Numbers that point to nobody: small ones are not told, and nothing that is told gives them away."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.cases.figures import (
    FEWEST_FOR_95,
    FEWEST_FOR_HALF,
    LESS,
    LONGER,
    STEPS,
    Figure,
    Share,
    divisions_told,
    halves_of,
    is_small,
    percentile,
    share_told,
    step_of,
    told,
)

SMALL_NUMBERS = {1, 2, 3, 4}


def test_from_one_to_four_it_is_told_as_less_than_five() -> None:
    assert [told(count) for count in range(7)] == [0, LESS, LESS, LESS, LESS, 5, 6]


def test_of_every_small_part_each_value_from_one_to_four_is_still_possible() -> None:
    """All tables of three parts that add up: those that are told alike are one reader's knowledge."""
    alike: dict[object, set[tuple[int, ...]]] = defaultdict(set)
    for first, second, third in product(range(17), repeat=3):
        parts = (first, second, third)
        if sum(parts) > 16:
            continue
        named = dict(zip("abc", parts, strict=True))
        shown = divisions_told(Figure(sum(parts), {"classes": named}))["classes"]
        alike[told(sum(parts)), None if shown is None else tuple(shown.values())].add(parts)
    for tables in alike.values():
        for place in range(3):
            possible = {parts[place] for parts in tables}
            if possible & SMALL_NUMBERS:
                assert possible >= SMALL_NUMBERS, tables


def test_of_two_laws_that_overlap_no_small_number_can_be_worked_out() -> None:
    """`only_a`, `only_b` and `both` are what a reader would know, of notices that are under one law or two."""
    alike: dict[object, set[tuple[int, ...]]] = defaultdict(set)
    for only_a, only_b, both in product(range(17), repeat=3):
        total = only_a + only_b + both
        if total > 16:
            continue
        shown = divisions_told(Figure(total, {"laws": {"a": only_a + both, "b": only_b + both}}))["laws"]
        alike[told(total), None if shown is None else tuple(shown.values())].add((only_a, only_b, both))
    for tables in alike.values():
        for place in range(3):
            possible = {each[place] for each in tables}
            assert not (len(possible) == 1 and possible & SMALL_NUMBERS), tables


def test_a_number_that_is_small_itself_is_divided_into_nothing() -> None:
    assert divisions_told(Figure(3, {"laws": {"a": 3}, "months": {}})) == {"laws": None, "months": None}


# ---- Shares ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_share_says_of_a_small_part_only_that_it_is_small(part: int, rest: int) -> None:
    total = part + rest
    share = share_told(part, total)
    if share is None:
        assert total < 5
    elif is_small(rest):
        assert share == share_told(total - 4, total)
        assert share.bound == "at_least"
        assert 100 * part >= share.percent * total
    elif is_small(part):
        assert share == share_told(1, total)
        assert share.bound == "at_most"
        assert 100 * part <= share.percent * total
    else:
        assert share == Share(round(100 * part / total))


def test_a_part_that_is_more_than_the_whole_is_no_share() -> None:
    """A notice of June that is completed in July is valid in July."""
    assert share_told(7, 6) is None


# ---- Spans of time -----------------------------------------------------------------------------------------------


def test_a_span_lies_within_its_step_and_above_the_one_before() -> None:
    assert step_of(timedelta(seconds=-5)) == 1
    assert step_of(timedelta(minutes=1)) == 1
    assert step_of(timedelta(minutes=1, seconds=1)) == 2
    assert step_of(timedelta(hours=47, minutes=30)) == 48 * 60
    assert step_of(timedelta(days=15)) == LONGER


@given(st.lists(st.integers(1, 20_000), min_size=FEWEST_FOR_95, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_the_step_of_the_one_that_stands_there(minutes: list[int], share: float) -> None:
    spans: dict[int, int] = defaultdict(int)
    for each in minutes:
        spans[step_of(timedelta(minutes=each))] += 1
    there = sorted(minutes)[-(-int(share * 100) * len(minutes) // 100) - 1]
    assert percentile(spans, share, FEWEST_FOR_95) == step_of(timedelta(minutes=there))


@pytest.mark.parametrize(("share", "fewest"), [(0.5, FEWEST_FOR_HALF), (0.95, FEWEST_FOR_95)])
def test_of_too_few_there_is_no_percentile(share: float, fewest: int) -> None:
    assert percentile({60: fewest - 1}, share, fewest) is None
    assert percentile({60: fewest}, share, fewest) == 60
    assert percentile({}, share, fewest) is None


def test_the_steps_rise() -> None:
    assert list(STEPS) == sorted(set(STEPS))


def test_months_lie_in_half_years_the_latest_first() -> None:
    months = ["2025-12", "2026-01", "2026-06", "2026-07"]
    assert halves_of(months) == [("2026-07", "2026-12"), ("2026-01", "2026-06"), ("2025-07", "2025-12")]
