"""Moments and lengths of time as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MINUTE_SECONDS = 60


def in_words(at: datetime | None) -> str:
    """Return `2026-11-22 12:00 UTC`; a dash for no moment."""
    return "–" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def read_moment(text: str | None) -> datetime | None:
    """Read a moment as the HTTP interface writes it (RFC 3339)."""
    return None if text is None else datetime.fromisoformat(text)


def time_left(until: datetime, now: datetime) -> str:
    """Return `47 h 12 min`, with a minus sign once it is past."""
    left = until - now
    minutes = int(abs(left).total_seconds()) // _MINUTE_SECONDS
    return f"{'-' if left < timedelta() else ''}{minutes // 60} h {minutes % 60:02} min"
