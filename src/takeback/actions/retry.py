"""
When a delivery that failed is tried again.

After the first failure 5 seconds, then 10, 20, 40 and so on up to 10 minutes, then every 10 minutes; no more
once the waits add up to 72 hours, which is 437 attempts. Each wait is shortened at random by up to a quarter,
so that what failed together does not come back together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_WAIT_SECONDS = 5.0
MAX_WAIT_SECONDS = 600.0
"""
Longest wait, also where a site asks for a longer one.

The law's 48 hours run on meanwhile; a site that comes back is asked within ten minutes, so that what a notice is about
is hidden within a quarter of an hour of a site that answers, whenever in its outage the notice came.
"""

GIVE_UP_SECONDS = 72 * 3600.0
"""Waits together after which the desk is told instead: a weekend, and a working day to repair."""

JITTER_SHARE = 0.25
"""How much of a wait chance may take off."""

_DOUBLINGS = 8


def next_attempt_at(
    attempts: int,
    failed_at: datetime,
    jitter: float,
    *,
    retry_after_seconds: float | None = None,
    give_up_seconds: float = GIVE_UP_SECONDS,
) -> datetime | None:
    """
    Return when to try again after `attempts` (from 1) have failed, the last at `failed_at`; None to give up.

    `jitter`, 0 to 1, is drawn by the caller. `retry_after_seconds` is the wait that the other system asked
    for: it lengthens a wait up to 10 minutes, and never shortens one. `ValueError` on arguments out of
    range, or a moment without a time zone.
    """
    if attempts < 1 or not 0 <= jitter <= 1 or failed_at.utcoffset() is None:
        raise ValueError("attempts count from 1, jitter lies in 0..1, and the moment has a time zone")
    if sum(_wait_seconds(n) for n in range(1, attempts + 1)) > give_up_seconds:
        return None
    wait_seconds = _wait_seconds(attempts) * (1 - JITTER_SHARE * jitter)
    asked_seconds = min(retry_after_seconds or 0.0, MAX_WAIT_SECONDS)
    return failed_at + timedelta(seconds=max(wait_seconds, asked_seconds))


def retry_after_seconds(value: str, *, now: datetime) -> float | None:
    """
    Return the wait that a `Retry-After` header asks for, at least 0 seconds; None where it is malformed.

    `value` is a number of seconds or an HTTP date (RFC 9110 section 10.2.3).
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        # Nobody waits 10**9 seconds; more digits are not worth reading.
        return float(value[:10])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def _wait_seconds(attempt: int) -> float:
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, _DOUBLINGS), MAX_WAIT_SECONDS)
