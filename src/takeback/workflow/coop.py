"""
What is held is told to the operator's Coop, once for copies that show the same, so that its people can look there.

Told is where it is, how it was found and by when it is due; nothing of the notice, and never what may show someone
under 18. What they answer is `takeback.workflow.coop_word`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takeback.actions.coop.report import CoopReport
from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition
from takeback.match import CopyClass
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.coop_reports import CoopReportRow, CoopState
from takeback.store.copies import Copy
from takeback.workflow.order import note

OPEN_CASES = (CaseState.HELD, CaseState.REMOVED, CaseState.CONTESTED)
"""Cases whose held copies are a person's to decide, and nobody's else."""
_SAME = (CopyClass.IDENTICAL, CopyClass.SUBSTANTIALLY_SAME)
_LINK = "link"
_NOT_ANY_MORE = "It is not told any more: nothing of it waits for a decision, or it may show someone under 18."


def begin_reports(store: Store, *, most: int, at: datetime) -> int:
    """Make a report of each cluster of held copies that none stands for; return how many."""
    with store.read() as tx:
        if not tx.coop_reports.untold(1):
            return 0
    made = 0
    with store.write() as tx:
        # One by one: a report that is made stands for the others of its cluster.
        while made < most and (untold := tx.coop_reports.untold(1)):
            copy = tx.copies.by_id(untold[0])
            entry = copy.entry_id if copy.copy_class in _SAME else None
            tx.coop_reports.add(copy.case_id, copy.id, entry, at=at)
            made += 1
    return made


def due_reports(store: Store, *, most: int, at: datetime, desk: str) -> list[tuple[CoopReportRow, CoopReport | None]]:
    """Return the reports that are due with what each says; None where it is not to be told any more."""
    with store.read() as tx:
        return [(row, _report(tx, row, desk)) for row in tx.coop_reports.due(at, most)]


def report_told(store: Store, row: CoopReportRow, *, at: datetime) -> None:
    """Keep that Coop took a report."""
    with store.write() as tx:
        tx.coop_reports.told(row.id, at)
        _note(tx, EventKind.COOP_TOLD, row, {"attempts": row.attempts + 1}, actor="takeback", at=at)


def report_failed(store: Store, row: CoopReportRow, problem: str, again_at: datetime | None, *, at: datetime) -> None:
    """Keep why Coop did not take a report; where it is not told again by itself, the log and the desk say so."""
    with store.write() as tx:
        tx.coop_reports.failed(row.id, problem, again_at)
        if again_at is None:
            facts: dict[str, Json] = {"attempts": row.attempts + 1, "problem": problem}
            _note(tx, EventKind.COOP_NOT_TOLD, row, facts, actor="takeback", at=at)


def drop_report(store: Store, row: CoopReportRow, *, at: datetime) -> None:
    """Let a report not be told whose copies nobody has to decide any more, or nobody may see."""
    report_failed(store, row, _NOT_ANY_MORE, None, at=at)


def report_again(store: Store, report_id: str, *, actor: str, at: datetime) -> CoopReportRow:
    """Have a report told again that Coop did not take; `NotFound`, or `IllegalTransition` where it has not failed."""
    with store.write() as tx:
        row = tx.coop_reports.by_public_id(report_id)
        if row.state is not CoopState.FAILED:
            raise IllegalTransition("Coop has this report, or is still being told.")
        tx.coop_reports.again(row.id, at)
        _note(tx, EventKind.COOP_TRIED_AGAIN, row, {}, actor=actor, at=at)
        return tx.coop_reports.by_id(row.id)


def copies_of_report(tx: Transaction, row: CoopReportRow) -> list[Copy]:
    """Return the held copies that a report stands for: those of its cluster that were found when it was made."""
    held = tx.copies.of_case(row.case_id, [CopyState.HELD])
    return [copy for copy in held if copy.hearing_id is None and copy.found_at <= row.made_at and _stands(row, copy)]


def may_be_told(case: Case, copies: Sequence[Copy]) -> bool:
    """Say whether something is left to decide, and may be seen by whoever decides."""
    return bool(copies) and not case.under_18 and case.state in OPEN_CASES


def _stands(row: CoopReportRow, copy: Copy) -> bool:
    same = row.entry_id is not None and copy.entry_id == row.entry_id and copy.copy_class in _SAME
    return same or copy.id == row.copy_id


def _report(tx: Transaction, row: CoopReportRow, desk: str) -> CoopReport | None:
    case, copies = tx.cases.by_id(row.case_id), copies_of_report(tx, row)
    if not may_be_told(case, copies):
        return None
    shown = next((copy for copy in copies if copy.id == row.copy_id), copies[0])
    return CoopReport(
        item_id=row.public_id,
        at=row.made_at,
        found_as=_LINK if shown.copy_class is None else shown.copy_class.value,
        address=shown.url,
        site_item=shown.site_item_id or "",
        desk=f"{desk}/desk/cases/{case.public_id}" if desk else "",
        due_at=shown.deadline_at,
    )


def _note(
    tx: Transaction, kind: EventKind, row: CoopReportRow, facts: dict[str, Json], *, actor: str, at: datetime
) -> None:
    about: dict[str, Json] = {"report": row.public_id, "copy": tx.copies.by_id(row.copy_id).public_id}
    note(tx, kind, tx.cases.by_id(row.case_id), at=at, actor=actor, facts={**about, **facts})
