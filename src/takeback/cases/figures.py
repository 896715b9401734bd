"""
What a report says in numbers: spans of time as a few steps, and how few is too few to be told.

Spans are counted by the step that they lie within, since a count can be added up month by month and holds nothing of a
single case but that. So a report says "at most": of the cases, half were hidden within five minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

SMALL = 5
"""A number from 1 to 4 could point to one person: it is told as `LESS`."""
LESS = "<5"
FEWEST_FOR_HALF = 5
"""Of how many the median is told at least; of fewer it could be the time of one that somebody knows."""
FEWEST_FOR_95 = 20
"""Of how many the 95th percentile: of fewer it is the longest of all, and so the time of one."""

_MINUTES = (1, 2, 5, 10, 15, 30)
_HOURS = (*range(1, 73), 96, 120, 168, 336)
STEPS = (*_MINUTES, *(60 * hours for hours in _HOURS))
"""Spans of time in minutes, each up to and with its own."""
LONGER = 10**6
"""What is longer than the last of them: more than 14 days."""

type Told = int | str | None
"""A number as it is told: itself, `LESS`, or None where it is held back."""


def step_of(span: timedelta) -> int:
    """Return the step, in minutes, that a span lies within; a clock that went back makes it the first."""
    return next((step for step in STEPS if span <= timedelta(minutes=step)), LONGER)


def percentile(spans: Mapping[int, int], share: float, fewest: int) -> int | None:
    """Return the step, in minutes, within which a share of all lies; None of less than `fewest`."""
    count = sum(spans.values())
    if count < fewest:
        return None
    wanted = ceil(share * count)
    seen = 0
    for step in sorted(spans):
        seen += spans[step]
        if seen >= wanted:
            return step
    return None


def is_small(count: int) -> bool:
    """Whether a number is too small to be told."""
    return 0 < count < SMALL


def told(count: int) -> Told:
    """Return a number as it is told by itself."""
    return LESS if is_small(count) else count


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and what it is made up of: by law, by month, by class; each apart, never by two of them at once."""

    total: int
    by: Mapping[str, Mapping[str, int]]
    """Name of the division → part → number. Parts of `laws` may overlap; those of every other add up to `total`."""


def parts_told(total: int, parts: Mapping[str, int]) -> Mapping[str, int] | None:
    """
    Return the parts of a number, or None where one of them, or what it leaves of the whole, is too small to be told.

    One small part that is left out comes back by subtraction from the whole; two can, where both are 1 or both are 4.
    So it is all or none. Parts that overlap, such as the laws that one notice is under, give away how many are under
    several: their sum above the whole must not be small either.
    """
    counts = list(parts.values())
    left = [abs(total - count) for count in counts]
    if any(map(is_small, [*counts, *left, abs(sum(counts) - total)])):
        return None
    return parts


def divisions_told(figure: Figure) -> Mapping[str, Mapping[str, int] | None]:
    """Return each division as it is told; none of a number that is too small itself."""
    if is_small(figure.total):
        return dict.fromkeys(figure.by)
    return {name: parts_told(figure.total, parts) for name, parts in figure.by.items()}


def halves_of(months: Sequence[str]) -> list[tuple[str, str]]:
    """Return the half-years that months lie in, each by its first and last month, the latest first."""
    years = {(month[:4], "01" if month[5:] <= "06" else "07") for month in months}
    return [(f"{year}-{first}", f"{year}-{int(first) + 5:02d}") for year, first in sorted(years, reverse=True)]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole in percent; `bound` says that it is at least or at most so much, where the rest is small."""

    percent: int
    bound: str | None = None

    def as_json(self) -> dict[str, int | str | None]:
        """Return it for programs."""
        return {"percent": self.percent, "bound": self.bound}


def share_told(part: int, total: int) -> Share | None:
    """
    Return which share of a whole a part is; None of a whole that is too small, or smaller than its part.

    Where the part, or the rest, is from 1 to 4, the share says that and no more: 4 stands for it.
    """
    if total < SMALL or part > total:
        return None
    if is_small(total - part):
        return Share(100 * (total - SMALL + 1) // total, "at_least")
    if is_small(part):
        return Share(ceil(100 * (SMALL - 1) / total), "at_most")
    return Share(round(100 * part / total))
