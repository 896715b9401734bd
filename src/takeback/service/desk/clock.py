"""Time left in words that a tired person reads at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.service.pages.words import Words

SOON = timedelta(hours=12)
"""From here on a deadline is marked; the desk is told of it then, too (`takeback.cases.alert`)."""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How much time is left, in words, and how pressing that is: `late`, `soon`, or nothing."""

    text: str
    pressing: str


def time_left(words: Words, deadline_at: datetime | None, now: datetime) -> TimeLeft:
    """Say how much time is left until a deadline, or by how much it is over."""
    if deadline_at is None:
        return TimeLeft(words("time.none"), "")
    left = deadline_at - now
    if left <= timedelta(0):
        return TimeLeft(words("time.over", amount=amount_of(words, -left)), "late")
    return TimeLeft(words("time.left", amount=amount_of(words, left)), "soon" if left <= SOON else "")


def amount_of(words: Words, time: timedelta) -> str:
    """Return a length of time in its two largest units, rounded down."""
    minutes = int(time.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return words("time.days", days=hours // 24, hours=hours % 24)
    return words("time.hours", hours=hours, minutes=minutes) if hours else words("time.minutes", minutes=minutes)
