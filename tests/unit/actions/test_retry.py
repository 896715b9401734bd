"""A failed delivery is tried again, soon at first, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.actions.retry import GIVE_UP_SECONDS, next_attempt_at, retry_after_seconds

FAILED_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _wait(attempts: int, jitter: float = 0.0, **more: float) -> float | None:
    at = next_attempt_at(attempts, FAILED_AT, jitter, **more)
    return None if at is None else (at - FAILED_AT).total_seconds()


def test_the_waits_double_up_to_ten_minutes() -> None:
    assert [_wait(n) for n in range(1, 11)] == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_it_gives_up_once_the_waits_would_pass_72_hours() -> None:
    waits = [_wait(n) for n in range(1, 1_000)]
    kept = [wait for wait in waits if wait is not None]

    assert waits == kept + [None] * (len(waits) - len(kept))
    assert len(kept) == 437
    assert sum(kept) <= GIVE_UP_SECONDS < sum(kept) + 600


def test_a_shorter_patience_is_kept() -> None:
    assert _wait(3, give_up_seconds=35) == 20
    assert _wait(4, give_up_seconds=35) is None


@given(st.integers(1, 437), st.floats(0, 1))
def test_chance_shortens_a_wait_by_a_quarter_at_most(attempts: int, jitter: float) -> None:
    longest, wait = _wait(attempts), _wait(attempts, jitter)

    assert longest is not None
    assert wait is not None
    assert 0.75 * longest <= wait <= longest


@pytest.mark.parametrize(
    ("attempts", "asked", "expected"), [(1, 60, 60), (1, 2, 5), (1, 10**9, 600), (9, 60, 600), (1, 0, 5)]
)
def test_a_wait_that_was_asked_for_is_kept_within_reason(attempts: int, asked: float, expected: float) -> None:
    assert _wait(attempts, retry_after_seconds=asked) == expected


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1), (1, float("nan"))])
def test_arguments_out_of_range_are_refused(attempts: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempts count from 1"):
        next_attempt_at(attempts, FAILED_AT, jitter)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next_attempt_at(1, FAILED_AT.replace(tzinfo=None), 0.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, 9_999_999_999.0),
        ("Sun, 22 Nov 2026 09:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 09:01:30 -0000", 90.0),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_as_rfc_9110_writes_it(value: str, seconds: float) -> None:
    assert retry_after_seconds(value, now=FAILED_AT) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "", "soon", "-5", "1.5", "٣", "Sun, 99 Nov 2026 09:01:30 GMT", "1e3",
        "Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2027 00:00:00 +99999999999999",
    ],
)  # fmt: skip
def test_a_malformed_retry_after_asks_for_nothing(value: str) -> None:
    assert retry_after_seconds(value, now=FAILED_AT) is None


def test_the_next_attempt_is_an_aware_moment() -> None:
    assert next_attempt_at(1, FAILED_AT, 0.0) == FAILED_AT + timedelta(seconds=5)
