"""
The end of a case: every row of it is deleted, and one record stays that leads to nobody.

The log keeps the commitments of what happened, and verifies without what they commit to; so does the public log. The
record says that there was a notice, under which laws, when, how it was decided and how many copies of each class there
were; it has no number of the case, and is deleted when its own time is over.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.cases.law import law_packs
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.remains import ComplianceRecord
from takeback.workflow.flood import FLOOD_WINDOW
from takeback.workflow.retention import Due, Part, due_of_case, keeps_of_case

ALERTS_KEPT_FOR = timedelta(days=90)
"""How long it is kept what the desk was told of as due: it names cases by their first digits."""
_SLICE = 50
"""Entries of the log erased in one change: each takes less than 1 ms, and a change keeps the write lock for 50 ms."""
_REMOVED = (CopyState.REMOVED, CopyState.CONTESTED)


def forget_cases(store: Store, contest_for: timedelta, *, actor: str, at: datetime) -> int:
    """Delete the cases of which nothing is needed any more, and records and alerts that are over; return how many."""
    shortest = min(pack.keeps.notice for pack in law_packs().values())
    with store.read() as tx:
        erased = tx.cases.erased_before(at - shortest)
        due = [found for case in erased if _is_due(found := due_of_case(tx, case, contest_for, at), at)]
    forgotten = sum(_forget(store, each.case, contest_for, actor, at) for each in due if each is not None)
    with store.write() as tx:
        tx.remains.drop_expired(at)
        tx.alerts.drop_settled(at - ALERTS_KEPT_FOR)
        tx.sightings.drop_before(at - FLOOD_WINDOW)
    return forgotten


def record_of(tx: Transaction, case: Case) -> ComplianceRecord:
    """Return what outlives a case."""
    copies = tx.copies.of_case(case.id)
    removed = [copy.decided_at for copy in copies if copy.state in _REMOVED and copy.decided_at is not None]
    return ComplianceRecord(
        laws=case.laws,
        received_at=case.received_at,
        valid_at=case.valid_at,
        decided_at=case.decided_at,
        outcome=_outcome(case),
        removed_at=min(removed, default=None),
        copies=_by_class(copies),
        expires_at=case.received_at + keeps_of_case(case).compliance_record,
    )


def _is_due(found: Due | None, at: datetime) -> bool:
    return found is not None and found.part is Part.REST and found.due_at <= at and found.waits_for is None


def _forget(store: Store, case: Case, contest_for: timedelta, actor: str, at: datetime) -> bool:
    # 1. The keys first: they are of what is erased, and no row names them afterwards.
    with store.read() as tx:
        key_ids = [case.key_id, *tx.remains.key_ids(case)]
    left = store.keyring.data_keys(key_ids)
    if left:
        store.keyring.destroy(list(left))
    # 2. What the log says of it, a slice at a time; a crash in between leaves a case that is forgotten next time.
    entries, erased = 0, _SLICE
    while erased == _SLICE:
        with store.write() as tx:
            if not _is_due(due_of_case(tx, tx.cases.by_id(case.id), contest_for, at), at):
                return False
            erased = tx.audit.erase_case(case.public_id, _SLICE)
            entries += erased
    # 3. The rows, and the record in their place.
    with store.write() as tx:
        now = tx.cases.by_id(case.id)
        if not _is_due(due_of_case(tx, now, contest_for, at), at):
            return False
        entries += tx.audit.erase_case(case.public_id, _SLICE)
        tx.remains.keep(record_of(tx, now))
        tx.remains.delete_case(now)
        tx.audit.append(EventKind.CASE_FORGOTTEN, at=at, actor=actor, facts={"entries": entries})
    return True


def _outcome(case: Case) -> str:
    if case.state is CaseState.PUT_BACK:
        return CaseState.PUT_BACK.value
    return "undecided" if case.finding is None else str(case.finding["outcome"])


def _by_class(copies: list[Copy]) -> dict[str, dict[str, int]]:
    counts = Counter(
        ("link" if copy.copy_class is None else copy.copy_class.value, copy.state.value) for copy in copies
    )
    found: dict[str, dict[str, int]] = {}
    for (name, state), count in sorted(counts.items()):
        found.setdefault(name, {})[state] = count
    return found
