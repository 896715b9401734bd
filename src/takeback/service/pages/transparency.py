"""`/transparency`: what was done with notices, in numbers and in words, where the operator publishes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from fastapi import APIRouter, Request, Response

from takeback.cases import law_packs
from takeback.cases.figures import LESS, LONGER
from takeback.service.auth import ServiceParts
from takeback.service.pages.answer import PageRoute, page, words_of
from takeback.service.pages.words import Words
from takeback.service.transparency import published
from takeback.store.banks import NOTICES_BANK
from takeback.workflow.transparency import CLASSES, TIMES, as_told

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_ALONE = (
    "notices",
    "valid",
    "granted",
    "refused",
    "overturned",
    "contested",
    "restored",
    "uploads_contested",
    "uploads_let",
    "missed",
    "late",
)
_DIVIDED = ("notices", "valid", "removed")
_HOUR = 60
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a heading, the names of its columns, and its rows; the first cell of each says what the row is."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class HalfYear:
    """What is shown of a half-year."""

    heading: str
    since: str
    tables: tuple[Table, ...]


@router.get("/transparency")
def transparency(request: Request, parts: ServiceParts) -> Response:
    """Show the numbers of each half-year that is over."""
    words = words_of(request)
    shown = [half_year(words, as_told(report)) for report in published(parts)]
    return page(words, "transparency.html", language_links="/transparency", half_years=shown)


def half_year(words: Words, told: Mapping[str, Any]) -> HalfYear:
    """Return what is shown of a half-year; a table of which nothing may be told is left out."""
    first, last, since = (_month(words, told[name]) for name in ("from", "to", "counted_from"))
    tables = (_numbers(words, told), _times(words, told), _copies(words, told), _late(words, told),
              _by_law(words, told), _by_month(words, told), _banks(words, told))  # fmt: skip
    return HalfYear(
        words("transparency.period", first=first, last=last),
        words("transparency.since", month=since) if told["from"] < told["counted_from"] else "",
        tuple(table for table in tables if table is not None),
    )


def _numbers(words: Words, told: Mapping[str, Any]) -> Table:
    figures, share = told["figures"], told["valid_share"]
    rows = [(words(f"transparency.figures.{name}"), _number(words, figures[name]["total"])) for name in _ALONE]
    rows.insert(2, (words("transparency.figures.share"), _share(words, share)))
    return _table(words, "numbers", ("what", "number"), rows)


def _times(words: Words, told: Mapping[str, Any]) -> Table:
    rows = [
        (words(f"transparency.times.{name}"), *_within(words, told["times"][name]["all"])) for name in TIMES
    ]  # fmt: skip
    return _table(words, "times", ("what", "half", "most"), rows)


def _copies(words: Words, told: Mapping[str, Any]) -> Table:
    found, removed = told["figures"]["found"], told["figures"]["removed"]
    rows: list[tuple[str, ...]] = [
        (words("transparency.together"), _number(words, found["total"]), _number(words, removed["total"]))
    ]
    for name in CLASSES:
        counts = (_part(words, figure["classes"], name) for figure in (found, removed))
        rows.append((words(f"transparency.classes.{name}"), *counts))
    return _table(words, "copies", ("what", "found", "removed"), rows)


def _late(words: Words, told: Mapping[str, Any]) -> Table | None:
    missed, late = told["figures"]["missed"]["seen"], told["figures"]["late"]["hours"]
    rows = [(words(f"transparency.seen.{name}"), _number(words, count)) for name, count in (missed or {}).items()]
    rows += [(words(f"transparency.late.{name}"), _number(words, count)) for name, count in (late or {}).items()]
    return _table(words, "missed", ("what", "number"), rows) if any((missed or {}).values()) else None


def _by_law(words: Words, told: Mapping[str, Any]) -> Table | None:
    figures, times = told["figures"], told["times"]
    rows = []
    for law, pack in law_packs().items():
        if law in times["hidden"]:
            counts = [_part(words, figures[name]["laws"], law) for name in _DIVIDED]
            rows.append((pack.name, *counts, _within(words, times["decided"][law])[0]))
    return _table(words, "laws", ("law", *_DIVIDED, "decided_half"), rows) if rows else None


def _by_month(words: Words, told: Mapping[str, Any]) -> Table | None:
    divided = {name: told["figures"][name]["months"] for name in _DIVIDED}
    months = sorted({month for parts in divided.values() for month in parts or ()})
    rows = [(_month(words, month), *(_part(words, parts, month) for parts in divided.values())) for month in months]
    return _table(words, "months", ("month", *_DIVIDED), rows) if rows else None


def _banks(words: Words, told: Mapping[str, Any]) -> Table | None:
    rows = [
        (words("transparency.bank_notices") if bank == NOTICES_BANK else bank, _number(words, each["judged"]),
         _share(words, each["confirmed"]))
        for bank, each in told["banks"].items()
    ]  # fmt: skip
    return _table(words, "banks", ("list", "judged", "confirmed"), rows) if rows else None


def _table(words: Words, name: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    names = tuple(words(f"transparency.columns.{column}") for column in columns)
    return Table(words(f"transparency.headings.{name}"), names, tuple(rows))


def _part(words: Words, parts: Mapping[str, int] | None, name: str) -> str:
    """Return a part of a number that may be divided; where it may not, no part is shown."""
    return words("transparency.held_back") if parts is None else _number(words, parts.get(name, 0))


def _number(words: Words, count: int | str | None) -> str:
    if count is None:
        return words("transparency.held_back")
    return words("transparency.small") if count == LESS else format_decimal(count, locale=words.locale)


def _share(words: Words, share: Mapping[str, Any] | None) -> str:
    if share is None:
        return words("transparency.held_back")
    percent = format_percent(share["percent"] / 100, locale=words.locale)
    return percent if share["bound"] is None else words(f"transparency.{share['bound']}", percent=percent)


def _within(words: Words, times: Mapping[str, int | None]) -> tuple[str, str]:
    return _span(words, times["median_minutes"]), _span(words, times["percentile_95_minutes"])


def _span(words: Words, minutes: int | None) -> str:
    """Return a span of time in the largest unit that it is whole in."""
    if minutes is None:
        return words("transparency.held_back")
    if minutes == LONGER:
        return words("transparency.longer")
    if minutes >= 4 * _DAY:
        return format_unit(minutes // _DAY, "duration-day", locale=words.locale)
    if minutes >= _HOUR:
        return format_unit(minutes // _HOUR, "duration-hour", locale=words.locale)
    return format_unit(minutes, "duration-minute", locale=words.locale)


def _month(words: Words, month: str) -> str:
    return str(format_skeleton("yMMMM", date(int(month[:4]), int(month[5:]), 1), locale=words.locale))
