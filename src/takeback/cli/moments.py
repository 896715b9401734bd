"""Moments and lengths of time as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_HOUR_SECONDS = 3600


def in_words(at: datetime | None) -> str:
    """Return `2026-11-22 12:00 UTC`; a dash for no moment."""
    return "–" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def read_moment(text: str | None) -> datetime | None:
    """Read a moment as the HTTP interface writes it (RFC 3339)."""
    return None if text is None else datetime.fromisoformat(text)


def time_left(until: datetime, now: datetime) -> str:
    """Return `47 h 12 min left`, or `3 h 05 min late`."""
    left = until - now
    late = left < timedelta()
    seconds = int(abs(left).total_seconds())
    return f"{seconds // _HOUR_SECONDS} h {seconds % _HOUR_SECONDS // 60:02} min {'late' if late else 'left'}"
