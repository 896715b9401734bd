"""What the operator's Coop was told of a case and said of it, as its page shows that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from takeback.service.desk.answer import words
from takeback.service.desk.timeline import name_of
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.coop_reports import CoopReportRow, CoopState

_SHORT = 8


@dataclass(frozen=True, slots=True)
class CoopLine:
    """One report."""

    row: CoopReportRow
    short: str
    """What people call the copy that it shows."""
    who: str
    """Who of the desk spoke there; empty where nobody that is known here."""

    @property
    def has_failed(self) -> bool:
        """Whether a person has to have it told again."""
        return self.row.state is CoopState.FAILED


def coop_lines(tx: Transaction, case: Case, names: Mapping[str, str]) -> list[CoopLine]:
    """Return the reports of a case, oldest first. `names` are those of the people of the desk, by actor."""
    rows = tx.coop_reports.of_case(case.id)
    return [CoopLine(row, tx.copies.by_id(row.copy_id).public_id[:_SHORT], _who(row, names)) for row in rows]


def _who(row: CoopReportRow, names: Mapping[str, str]) -> str:
    return "" if row.word_by is None else name_of(words(), row.word_by, names)
