"""The account that posted a removed picture contests it, and a second person answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.sites import Site
from takeback.workflow.decide import check_may_be_shown
from takeback.workflow.order import HIDDEN, copy_facts, note, order_put_back
from takeback.workflow.sweep import refresh_deadline

MAX_GROUNDS_CHARACTERS = 2_000


def contest(store: Store, site: Site, item_id: str, grounds: str, *, at: datetime) -> Copy:
    """
    Take a contest that a site passes on for its user; the picture stays hidden.

    `NotFound` where no removed copy is that item; `InputError` where no grounds are given.
    """
    if not grounds.strip() or len(grounds) > MAX_GROUNDS_CHARACTERS:
        raise InputError(
            f"A contest needs grounds, of at most {MAX_GROUNDS_CHARACTERS} characters.",
            advice="Say in a few sentences why the removal is wrong.",
        )
    with store.write() as tx:
        removed = [copy for copy in tx.copies.of_item(site.id, item_id) if copy.state is CopyState.REMOVED]
        if not removed:
            raise NotFound("No removed copy has this item id.")
        actor = f"site/{site.public_id}"
        for copy in removed:
            case = tx.cases.by_id(copy.case_id)
            tx.copies.move(copy, CopyState.CONTESTED, sealed_grounds=tx.cases.seal_grounds(case, grounds))
            if case.state is CaseState.REMOVED:
                case = tx.cases.move(case, CaseState.CONTESTED)
            note(tx, EventKind.CONTESTED, case, at=at, actor=actor, facts={"copy": copy.public_id})
            refresh_deadline(tx, case)
        return tx.copies.by_id(removed[0].id)


def answer_contest(store: Store, case_id: str, *, put_back: bool, reason: str, actor: str, at: datetime) -> Case:
    """
    Answer the contests of a case: put its contested copies back, or uphold the removal.

    Another person than whoever decided these copies answers; `IllegalTransition` where it is the same one,
    where nothing is contested, and for what may show someone under 18, which is never put back. What was
    put back is not looked for any more; other copies of the case stay as they are.
    """
    if not reason.strip():
        raise InputError("An answer needs a reason.", advice="Both sides are told it; one sentence is enough.")
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        contested = tx.copies.of_case(case.id, [CopyState.CONTESTED])
        if not contested:
            raise IllegalTransition("No copy of this case is contested.")
        _check_person(case, contested, actor)
        if put_back:
            check_may_be_shown(case)
        for copy in contested:
            _answer_copy(tx, case, copy, put_back=put_back, reason=reason, actor=actor, at=at)
        if put_back:
            _close_entries(tx, case, contested, actor, at)
        tx.news.tell(case.id, at)
        if case.state is CaseState.CONTESTED:
            case = _end_contest(tx, case, at)
        refresh_deadline(tx, case)
        return tx.cases.by_id(case.id)


def _end_contest(tx: Transaction, case: Case, at: datetime) -> Case:
    """The case is put back only when nothing of it is hidden any more."""
    if tx.copies.of_case(case.id, HIDDEN):
        return tx.cases.move(case, CaseState.REMOVED)
    return tx.cases.move(case, CaseState.PUT_BACK, closed_at=at)


def _check_person(case: Case, contested: Sequence[Copy], actor: str) -> None:
    decided_by = {copy.decided_by for copy in contested}
    if case.finding is not None:
        decided_by.add(case.finding.get("actor"))
    if actor in decided_by:
        raise IllegalTransition(
            "Whoever decided a case does not answer its contest.",
            advice="Let a second moderator answer, with a key of their own.",
        )


def _close_entries(tx: Transaction, case: Case, put_back: Sequence[Copy], actor: str, at: datetime) -> None:
    shown = {copy.entry_id for copy in put_back}
    for entry in tx.banks.of_case(case.id):
        if entry.id in shown and entry.state in (EntryState.HOLDING, EntryState.GATED):
            tx.banks.set_state(entry.id, EntryState.CLOSED)
            note(tx, EventKind.GATE_ENTRY_CLOSED, case, at=at, actor=actor, facts={"entry": entry.public_id})


def _answer_copy(
    tx: Transaction, case: Case, copy: Copy, *, put_back: bool, reason: str, actor: str, at: datetime
) -> None:
    if put_back:
        copy = tx.copies.move(copy, CopyState.PUT_BACK, decided_at=at)
        order_put_back(tx, case, copy, why=reason, at=at)
        kind = EventKind.COPY_PUT_BACK
    else:
        copy = tx.copies.move(copy, CopyState.REMOVED, decided_at=at)
        kind = EventKind.COPY_REMOVED
    note(tx, kind, case, at=at, actor=actor, facts={**copy_facts(copy), "reason": reason})
