"""
How often what happened in each calendar month: numbers alone, written in the transaction of what they count.

Nothing of a case, a copy or a person is in them, so that the erasure of all cases leaves them as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select, text

from takeback.store.tables import tally

ALL_LAWS = ""
"""Where a thing counts once, under however many laws."""


_COLUMNS = ("month", "law", "name", "part", "count")
_ADD = text(
    "insert into tally (month, law, name, part, count) values (:month, :law, :name, :part, :count) "
    "on conflict (month, law, name, part) do update set count = tally.count + excluded.count"
)
"""In one statement, which SQLite and PostgreSQL both know, since each event of a case adds to several numbers."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one thing happened in one month, under one law or all."""

    month: str
    """Year and month in UTC: `2026-11`."""
    law: str
    name: str
    part: str
    """Which of several: a class of copy, a bank, a span of time; empty where there is only one."""
    count: int


class TallyStore:
    """Counts, and reads what was counted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: Counter[tuple[str, str, str, str]] = Counter()

    def add(self, name: str, part: str = "", *, laws: Iterable[str] = (), times: int = 1, at: datetime) -> None:
        """
        Count one thing, `times` over, once for all laws together and once for each of `laws`.

        What a transaction counts is written together (`flush`): a notice that finds hundreds of copies counts each.
        """
        month = f"{at.astimezone(UTC):%Y-%m}"
        for law in (ALL_LAWS, *dict.fromkeys(laws)):
            self._waiting[month, law, name, part] += times

    def flush(self) -> None:
        """Write what was counted. `Store.write` does it before the commit, every reader here before it reads."""
        if self._waiting:
            rows = [(*key, count) for key, count in sorted(self._waiting.items())]
            self._connection.execute(_ADD, [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
            self._waiting.clear()

    def of_months(self, first: str, last: str) -> list[Tally]:
        """Return what was counted from one month to another, both included."""
        self.flush()
        query = select(tally).where(tally.c.month >= first, tally.c.month <= last)
        order = (tally.c.month, tally.c.law, tally.c.name, tally.c.part)
        return [Tally(*row) for row in self._connection.execute(query.order_by(*order))]

    def total(self, name: str) -> dict[str, int]:
        """Return how often each part of a thing was counted in all months, under all laws together."""
        self.flush()
        query = select(tally.c.part, func.sum(tally.c.count)).where(tally.c.name == name, tally.c.law == ALL_LAWS)
        rows = self._connection.execute(query.group_by(tally.c.part).order_by(tally.c.part))
        return {part: int(count) for part, count in rows}

    def months(self) -> list[str]:
        """Return each month in which anything was counted."""
        self.flush()
        return list(self._connection.execute(select(tally.c.month).distinct().order_by(tally.c.month)).scalars())
