"""How outside lists stand: what each holds, what of it is not compared, what is wrong, how often it was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.exchanges.interface import Standing
from takeback.store import Transaction
from takeback.store.exchanges import FLAWED, UNREAD, ExchangeRow

LATE_AFTER = timedelta(hours=24)
"""A list that was not read to its end for longer is late: it is asked every few minutes."""

_TOLD = (*(each.value for each in Standing), UNREAD, FLAWED)


class ListState(StrEnum):
    """Where the fetching of a list stands."""

    OFF = "off"
    NOBODY_REPORTS = "nobody_reports"
    """What is on it shows minors, and nobody is named who reports: it is not fetched."""
    TROUBLE = "trouble"
    """The last fetch failed; it is tried again."""
    LATE = "late"
    """It was not read to its end for `LATE_AFTER`."""
    READING = "reading"
    UP_TO_DATE = "up_to_date"


@dataclass(frozen=True, slots=True)
class ListStanding:
    """One outside list."""

    exchange: ExchangeRow
    records: Mapping[str, int]
    """How many stand at what."""
    flaws: Mapping[str, int]
    """What is wrong with the records that are not as the list's format says: they are in quarantine."""
    confirmed: int
    """Matches that a person judged first, and confirmed."""
    unconfirmed: int
    to_tell: int
    """Words that it is still to be told."""

    @property
    def counted(self) -> Sequence[tuple[str, int]]:
        """Return the records in the order in which they are told."""
        return [(name, self.records[name]) for name in _TOLD if name in self.records]

    @property
    def judged(self) -> int:
        """Return of how many matches a person said something first."""
        return self.confirmed + self.unconfirmed

    def state_at(self, at: datetime) -> ListState:
        """Return where its fetching stands."""
        return state_of(self.exchange, at)


def state_of(row: ExchangeRow, at: datetime) -> ListState:
    """Return where the fetching of a list stands."""
    if not row.enabled:
        return ListState.OFF
    if row.of_minors and not row.report_to:
        return ListState.NOBODY_REPORTS
    if row.problem is not None:
        return ListState.TROUBLE
    if is_late(row, at):
        return ListState.LATE
    is_read = row.complete_at is not None and row.began_at is None
    return ListState.UP_TO_DATE if is_read else ListState.READING


def is_late(row: ExchangeRow, at: datetime) -> bool:
    """Whether a list was not read to its end for too long."""
    return row.complete_at is not None and at - row.complete_at > LATE_AFTER


def list_standing(tx: Transaction, row: ExchangeRow) -> ListStanding:
    """Return how one list stands inside `tx`."""
    confirmed, unconfirmed = precision_of(tx, row.name)
    return ListStanding(
        row,
        records=tx.exchanges.counts(row.id),
        flaws=tx.exchanges.flaws(row.id),
        confirmed=confirmed,
        unconfirmed=unconfirmed,
        to_tell=tx.exchanges.words_waiting(row.id),
    )


def list_standings(tx: Transaction) -> list[ListStanding]:
    """Return how every list stands inside `tx`, oldest first."""
    return [list_standing(tx, row) for row in tx.exchanges.every()]


def precision_of(tx: Transaction, name: str) -> tuple[int, int]:
    """Return how many of a list's matches a person confirmed who judged them first, and how many not."""
    return tx.tallies.total("confirmed").get(name, 0), tx.tallies.total("unconfirmed").get(name, 0)
