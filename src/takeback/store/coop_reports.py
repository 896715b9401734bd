"""What was told to the operator's Coop of each case, and what somebody there said of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, and_, exists, insert, or_, select, update

from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition, NotFound
from takeback.match import CopyClass
from takeback.store.tables import case, coop_report, coop_word, copy

_SAME = (CopyClass.IDENTICAL.value, CopyClass.SUBSTANTIALLY_SAME.value)
_OPEN_CASES = (CaseState.HELD.value, CaseState.REMOVED.value)


class CoopState(StrEnum):
    """Where a report stands."""

    WAITING = "waiting"
    TOLD = "told"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CoopReportRow:
    """One report; `public_id` is the id of its item in Coop."""

    id: int
    public_id: str
    case_id: int
    copy_id: int
    """The copy that it shows."""
    entry_id: int | None
    """Whose other copies, found by then, it stands for; None where it is of its one copy alone."""
    state: CoopState
    made_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    told_at: datetime | None
    problem: str | None
    word: str | None
    """What was said there last: `remove`, `not_covered`, or `unknown` for an action that is not known here."""
    word_by: str | None
    """Who of the desk that was; None where nobody that is known here."""
    word_at: datetime | None
    decided: bool
    """Whether that was the decision; where it was not, `why` says so."""
    why: str | None


class CoopReportStore:
    """Reads and writes reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def untold(self, limit: int) -> list[int]:
        """
        Return the ids of held copies that no report stands for, the oldest first.

        Not those of cases about someone under 18, and not what was refused and waits for a second person.
        """
        same = and_(copy.c.copy_class.in_(_SAME), coop_report.c.entry_id == copy.c.entry_id)
        told = exists().where(
            coop_report.c.case_id == copy.c.case_id,
            coop_report.c.made_at >= copy.c.found_at,
            or_(coop_report.c.copy_id == copy.c.id, same),
        )
        query = (
            select(copy.c.id)
            .join(case, case.c.id == copy.c.case_id)
            .where(
                copy.c.state == CopyState.HELD.value, copy.c.hearing_id.is_(None), copy.c.site_id.is_not(None),
                case.c.state.in_(_OPEN_CASES), case.c.under_18.is_(False), ~told,
            )
        )  # fmt: skip
        return list(self._connection.execute(query.order_by(copy.c.id).limit(limit)).scalars())

    def add(self, case_id: int, copy_id: int, entry_id: int | None, *, at: datetime) -> CoopReportRow:
        """Add a report, to be told now."""
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(coop_report).values(
                public_id=public_id, case_id=case_id, copy_id=copy_id, entry_id=entry_id,
                state=CoopState.WAITING.value, made_at=at, attempts=0, next_attempt_at=at, decided=False,
            )
        )  # fmt: skip
        return self.by_public_id(public_id)

    def by_public_id(self, public_id: str) -> CoopReportRow:
        """Return one report; `NotFound` where there is none."""
        return _found(self._connection.execute(select(coop_report).where(coop_report.c.public_id == public_id)).first())

    def by_id(self, report_id: int) -> CoopReportRow:
        """Return one report; `NotFound` where there is none."""
        return _found(self._connection.execute(select(coop_report).where(coop_report.c.id == report_id)).first())

    def of_case(self, case_id: int) -> list[CoopReportRow]:
        """Return the reports of a case, oldest first."""
        query = select(coop_report).where(coop_report.c.case_id == case_id).order_by(coop_report.c.id)
        return [_found(row) for row in self._connection.execute(query)]

    def by_state(self, state: CoopState, limit: int = 100) -> list[CoopReportRow]:
        """Return the reports in one state, newest first."""
        query = select(coop_report).where(coop_report.c.state == state.value).order_by(coop_report.c.id.desc())
        return [_found(row) for row in self._connection.execute(query.limit(limit))]

    def due(self, at: datetime, limit: int) -> list[CoopReportRow]:
        """Return the reports that are to be told now, the oldest first."""
        query = select(coop_report).where(coop_report.c.next_attempt_at <= at).order_by(coop_report.c.id)
        return [_found(row) for row in self._connection.execute(query.limit(limit))]

    def told(self, report_id: int, at: datetime) -> None:
        """Keep that Coop has it."""
        self._settle(report_id, CoopState.TOLD, told_at=at, problem=None, next_attempt_at=None)

    def failed(self, report_id: int, problem: str, again_at: datetime | None) -> None:
        """Keep why Coop did not take it, and when it is tried again; never by itself, where `again_at` is None."""
        state = CoopState.FAILED if again_at is None else CoopState.WAITING
        self._settle(report_id, state, problem=problem, next_attempt_at=again_at)

    def again(self, report_id: int, at: datetime) -> None:
        """Have one that failed told from the start; `IllegalTransition` where it has not failed."""
        done = self._connection.execute(
            update(coop_report)
            .where(coop_report.c.id == report_id, coop_report.c.state == CoopState.FAILED.value)
            .values(state=CoopState.WAITING.value, attempts=0, next_attempt_at=at)
        )
        if done.rowcount != 1:
            raise IllegalTransition("This report has not failed.")

    def is_new_word(self, report_id: int, digest: bytes) -> bool:
        """Keep the digest of what was said; False where the same was said before."""
        same = (coop_word.c.report_id == report_id, coop_word.c.digest == digest)
        if self._connection.execute(select(exists().where(*same))).scalar_one():
            return False
        self._connection.execute(insert(coop_word).values(report_id=report_id, digest=digest))
        return True

    def said(self, report_id: int, word: str, *, by: str | None, decided: bool, why: str | None, at: datetime) -> None:
        """Keep what somebody in Coop said of it, and what became of that."""
        values = {"word": word, "word_by": by, "word_at": at, "decided": decided, "why": why}
        self._connection.execute(update(coop_report).where(coop_report.c.id == report_id).values(**values))

    def _settle(self, report_id: int, state: CoopState, **columns: object) -> None:
        self._connection.execute(
            update(coop_report)
            .where(coop_report.c.id == report_id, coop_report.c.state == CoopState.WAITING.value)
            .values(state=state.value, attempts=coop_report.c.attempts + 1, **columns)
        )


def _found(row: Row[tuple[object, ...]] | None) -> CoopReportRow:
    if row is None:
        raise NotFound("There is no such report.", advice="Check its id; its case may be over and forgotten.")
    return CoopReportRow(
        row.id, row.public_id, row.case_id, row.copy_id, row.entry_id, CoopState(row.state), row.made_at, row.attempts,
        row.next_attempt_at, row.told_at, row.problem, row.word, row.word_by, row.word_at, row.decided, row.why,
    )  # fmt: skip
