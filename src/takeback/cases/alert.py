"""When the desk is told that a deadline comes near: at half of the time, with twelve hours left, with two, and late."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """How near a deadline is, the most urgent last."""

    HALF = "half"
    TWELVE_HOURS = "twelve_hours"
    TWO_HOURS = "two_hours"
    LATE = "late"


URGENT_LAST = tuple(Stage)

_LEFT = {Stage.TWELVE_HOURS: timedelta(hours=12), Stage.TWO_HOURS: timedelta(hours=2), Stage.LATE: timedelta(0)}


def reached(began_at: datetime, deadline_at: datetime, at: datetime) -> list[Stage]:
    """
    Return the stages that are reached at `at`, the most urgent last; all moments aware.

    A stage that lies before `began_at` never was one: what has two hours from the start is not told of twice.
    """
    starts = {Stage.HALF: began_at + (deadline_at - began_at) / 2}
    starts |= {stage: deadline_at - left for stage, left in _LEFT.items()}
    return [stage for stage in URGENT_LAST if began_at < starts[stage] <= at]
