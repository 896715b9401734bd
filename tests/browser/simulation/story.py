"""What happens on three days: who reports what, posts it again, contests, withdraws; when the site fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

COPIES = 10
"""Of each picture: half are on the site when it is reported, half are posted afterwards."""
DAYS = 3
FLOOD = 15
"""Notices of one source within ten minutes."""


@dataclass(frozen=True, slots=True)
class Report:
    """One notice; `is_true` is whether the picture is what it says, which only a look at it tells."""

    number: int
    at: datetime
    is_true: bool
    source: str
    posted_at: tuple[datetime, ...]
    """When each copy is posted."""
    contested_after: timedelta | None = None
    """How long after it was hidden whoever posted the first copy contests that."""
    withdrawn_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All of it; the site answers nothing during `outages`."""

    begins_at: datetime
    reports: tuple[Report, ...]
    outages: tuple[tuple[datetime, datetime], ...]

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(days=DAYS)


def story_of(begins_at: datetime, notices: int, *, seed: int = 6) -> Story:
    """
    Return `notices` over three days, a fifth of them false.

    A flood of false ones comes on the first day, one of true ones on the second; every twelfth true one is contested
    without ground, every third false one too, and every fortieth true one withdrawn.
    """
    rng = np.random.default_rng(seed)
    false = set(rng.permutation(notices)[: notices // 5].tolist())
    floods = _floods(begins_at, sorted(false), [each for each in range(notices) if each not in false])
    reports = []
    for number in range(notices):
        at, source = floods.get(number) or (begins_at + timedelta(hours=float(rng.uniform(1, 24 * DAYS - 1))), "")
        is_true = number not in false
        contests = number % 12 == 1 if is_true else number % 3 == 0
        reports.append(
            Report(
                number,
                at,
                is_true,
                source or f"2001:db8:{number:x}::1",
                _posted_at(at, rng),
                timedelta(hours=float(rng.uniform(1, 20))) if contests else None,
                timedelta(hours=float(rng.uniform(1, 30))) if is_true and number % 40 == 7 else None,
            )
        )
    night = begins_at + timedelta(days=1, hours=2)
    evening = begins_at + timedelta(days=2, hours=18)
    outages = (night, night + timedelta(hours=3)), (evening, evening + timedelta(minutes=20))
    return Story(begins_at, tuple(reports), outages)


def _floods(begins_at: datetime, false: list[int], true: list[int]) -> dict[int, tuple[datetime, str]]:
    minutes = [timedelta(minutes=10 * place / FLOOD) for place in range(FLOOD)]
    first, second = begins_at + timedelta(hours=5), begins_at + timedelta(days=1, hours=12)
    size = min(FLOOD, len(false) // 2)
    found = {number: (first + by, "198.51.100.7") for number, by in zip(false[:size], minutes, strict=False)}
    return found | {number: (second + by, "203.0.113.9") for number, by in zip(true[:size], minutes, strict=False)}


def _posted_at(at: datetime, rng: np.random.Generator) -> tuple[datetime, ...]:
    before = [at - timedelta(minutes=float(rng.uniform(1, 50))) for _ in range(COPIES // 2)]
    after = [at + timedelta(hours=float(rng.uniform(0.1, 20))) for _ in range(COPIES - COPIES // 2)]
    return (*sorted(before), *sorted(after))
