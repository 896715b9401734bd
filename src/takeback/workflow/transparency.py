"""
What the public is told in numbers: of half-years that are over, and nothing that points to one person.

1. Only what has ended: whoever sends a notice cannot see in the numbers what it found.
2. A number from 1 to 4 is told as "<5", and a division with a small part is held back as a whole (`cases/figures.py`).
3. Months and laws stand apart, each as a division of the whole: no table has both, which would give away its gaps.
4. Months come with their half-year, never before: else the last of them would be what is left of it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from takeback.audit.event import Json
from takeback.cases.figures import (
    FEWEST_FOR_95,
    FEWEST_FOR_HALF,
    Figure,
    Share,
    divisions_told,
    halves_of,
    is_small,
    percentile,
    share_told,
    told,
)
from takeback.match import CopyClass
from takeback.store import Store
from takeback.store.tallies import ALL_LAWS, Tally
from takeback.workflow.tally import IN_OUTAGE, IN_SERVICE, NAMED

CLASSES = (*(each.value for each in CopyClass), NAMED)
FIGURES: Mapping[str, tuple[str, tuple[str, ...], str, tuple[str, ...]]] = {
    "notices": ("notices", (), "", ()),
    "valid": ("valid", (), "", ()),
    "granted": ("decided", ("removed",), "", ()),
    "refused": ("decided", ("refused",), "", ()),
    "overturned": ("overturned", (), "", ()),
    "found": ("found", (), "classes", CLASSES),
    "removed": ("removed", (), "classes", CLASSES),
    "contested": ("contested", (), "", ()),
    "restored": ("restored", (), "", ()),
    "uploads_contested": ("uploads", ("contested",), "", ()),
    "uploads_let": ("uploads", ("let",), "", ()),
    "missed": ("missed", (), "seen", (IN_SERVICE, IN_OUTAGE)),
    "late": ("late_by", (), "hours", ("1", "6", "24", "more")),
}
"""Each figure: what is counted for it, which parts of that (all where none is named), and what else it divides into."""
TIMES: Mapping[str, str] = {"hidden": "hidden_within", "decided": "decided_within"}


@dataclass(frozen=True, slots=True)
class Times:
    """Within how many minutes half of all lay, and 95 of 100; None where they are too few to say."""

    median: int | None
    percentile_95: int | None

    @classmethod
    def of(cls, steps: Mapping[int, int]) -> Times:
        """Return them of spans that were counted by their steps."""
        return cls(percentile(steps, 0.5, FEWEST_FOR_HALF), percentile(steps, 0.95, FEWEST_FOR_95))

    def as_json(self) -> dict[str, Json]:
        """Return them for programs."""
        return {"median_minutes": self.median, "percentile_95_minutes": self.percentile_95}


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of some months, as they are."""

    first: str
    last: str
    counted_from: str
    """The first month in which this service counted anything."""
    figures: Mapping[str, Figure]
    times: Mapping[str, Mapping[str, Times]]
    """Name → law, or `ALL_LAWS` → times."""
    banks: Mapping[str, tuple[int, int]]
    """Name of a bank → how many of its matches a person confirmed, and how many they did not."""

    @property
    def valid_share(self) -> Share | None:
        """Which share of the notices was complete."""
        return share_told(self.figures["valid"].total, self.figures["notices"].total)


def report_of(store: Store, first: str, last: str) -> Report:
    """Return the numbers of the months from `first` to `last` (`2026-07`), both included."""
    with store.read() as tx:
        counted, months = tx.tallies.of_months(first, last), tx.tallies.months()
    return made_of(counted, first, last, counted_from=months[0] if months else first)


def made_of(counted: Sequence[Tally], first: str, last: str, *, counted_from: str) -> Report:
    """Return the report that what was counted in its months makes."""
    figures = {name: _figure(counted, *source) for name, source in FIGURES.items()}
    laws = sorted({each.law for each in counted})
    times = {
        name: {law: Times.of(_steps(counted, counter, law)) for law in (ALL_LAWS, *(each for each in laws if each))}
        for name, counter in TIMES.items()
    }
    names = ("confirmed", "unconfirmed")
    said = {name: _parts(counted, name, ALL_LAWS) for name in names}
    banks = {bank: (said[names[0]][bank], said[names[1]][bank]) for bank in sorted({*said[names[0]], *said[names[1]]})}
    return Report(first, last, counted_from, figures, times, banks)


def public_reports(store: Store, *, at: datetime) -> list[Report]:
    """Return the numbers of each half-year that is over, the latest first."""
    now = f"{at.astimezone(UTC):%Y-%m}"
    with store.read() as tx:
        months = tx.tallies.months()
    return [report_of(store, first, last) for first, last in halves_of(months) if last < now]


def as_told(report: Report) -> dict[str, Json]:
    """Return a report as the public is told it."""
    figures: dict[str, Json] = {}
    for name, figure in report.figures.items():
        figures[name] = {"total": told(figure.total), **{by: _plain(each) for by, each in _told(report, name).items()}}
    if is_small(report.figures["notices"].total - report.figures["valid"].total):
        # What it leaves of the notices is too small to be told; the share says that much.
        figures["valid"] = {"total": None, **dict.fromkeys(report.figures["valid"].by)}
    share = report.valid_share
    return {
        **_head(report),
        "figures": figures,
        "valid_share": None if share is None else share.as_json(),
        "times": _times(report),
        "banks": {bank: _bank(*counts) for bank, counts in report.banks.items()},
    }


def as_counted(report: Report) -> dict[str, Json]:
    """Return a report with every number as it is: for the operator alone."""
    return {
        **_head(report),
        "figures": {
            name: {"total": figure.total, **{by: dict(parts) for by, parts in figure.by.items()}}
            for name, figure in report.figures.items()
        },
        "times": _times(report),
        "banks": {bank: {"confirmed": yes, "unconfirmed": no} for bank, (yes, no) in report.banks.items()},
    }


def rows_of(report: Mapping[str, Json]) -> list[tuple[str, ...]]:
    """Return a report, as it is told or counted, as the rows of a table under `HEADINGS`."""
    rows: list[tuple[str, ...]] = []
    period = (str(report["from"]), str(report["to"]))
    for name, each in _mapping(report["figures"]).items():
        for division, parts in _mapping(each).items():
            if division == "total":
                rows.append((*period, name, "total", "", _cell(parts)))
            elif parts is None:
                rows.append((*period, name, division, "", ""))
            else:
                rows.extend((*period, name, division, part, _cell(count)) for part, count in _mapping(parts).items())
    for name, by_law in _mapping(report["times"]).items():
        for law, times in _mapping(by_law).items():
            division = "laws" if law != "all" else "total"
            part = law if law != "all" else ""
            for measure, minutes in _mapping(times).items():
                rows.append((*period, f"{name}_{measure}", division, part, _cell(minutes)))
    for bank, said in _mapping(report["banks"]).items():
        for measure, each in _mapping(said).items():
            rows.append((*period, f"bank_{measure}", "banks", bank, _cell(each)))
    return rows


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as a table for programs (RFC 4180)."""
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


HEADINGS = ("from", "to", "figure", "division", "part", "number")


def _figure(counted: Sequence[Tally], counter: str, only: Sequence[str], by: str, parts: Sequence[str]) -> Figure:
    here = [each for each in counted if each.name == counter and (not only or each.part in only)]
    whole = [each for each in here if each.law == ALL_LAWS]
    laws: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for each in here:
        if each.law != ALL_LAWS:
            laws[each.law] += each.count
    for each in whole:
        months[each.month] += each.count
    divided: dict[str, Mapping[str, int]] = {"laws": dict(sorted(laws.items())), "months": dict(sorted(months.items()))}
    if by:
        inner: Counter[str] = Counter()
        for each in whole:
            inner[_hours(each.part) if by == "hours" else each.part] += each.count
        divided[by] = {part: inner[part] for part in parts}
    return Figure(sum(each.count for each in whole), divided)


def _hours(step: str) -> str:
    """Return within how many hours a step lies, of those that a report tells apart."""
    return next((str(hours) for hours in (1, 6, 24) if int(step) <= 60 * hours), "more")


def _steps(counted: Sequence[Tally], counter: str, law: str) -> Mapping[int, int]:
    return {int(step): count for step, count in _parts(counted, counter, law).items()}


def _parts(counted: Sequence[Tally], counter: str, law: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in counted:
        if each.name == counter and each.law == law:
            found[each.part] += each.count
    return found


def _told(report: Report, name: str) -> Mapping[str, Mapping[str, int] | None]:
    """Return the divisions of a figure as they are told; of valid ones also only where what they leave is not small."""
    divisions = dict(divisions_told(report.figures[name]))
    if name == "valid":
        notices = report.figures["notices"].by
        for by, parts in report.figures[name].by.items():
            whole = notices[by]
            if any(is_small(whole.get(part, 0) - parts.get(part, 0)) for part in {*whole, *parts}):
                divisions[by] = None
    return divisions


def _times(report: Report) -> dict[str, Json]:
    return {
        name: {law or "all": times.as_json() for law, times in by_law.items()} for name, by_law in report.times.items()
    }


def _bank(confirmed: int, unconfirmed: int) -> dict[str, Json]:
    share = share_told(confirmed, confirmed + unconfirmed)
    return {"judged": told(confirmed + unconfirmed), "confirmed": None if share is None else share.as_json()}


def _head(report: Report) -> dict[str, Json]:
    return {"from": report.first, "to": report.last, "counted_from": report.counted_from}


def _plain(parts: Mapping[str, int] | None) -> Json:
    return None if parts is None else dict(parts)


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping)
    return value


def _cell(value: Json) -> str:
    """Return a number for a table; empty where it is held back. A share that is only bounded says so before it."""
    if isinstance(value, Mapping):
        bound = {"at_least": ">=", "at_most": "<="}.get(str(value["bound"]), "")
        return f"{bound}{value['percent']}%"
    return "" if value is None else str(value)
