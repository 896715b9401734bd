"""The one way by which anything is shown again: she was heard, and a second person says which element is not met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState
from takeback.cases import CopyState
from takeback.cases.elements import require_elements
from takeback.errors import IllegalTransition, InputError
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.hearing import require_heard
from takeback.workflow.order import copy_facts, note, order_put_back
from takeback.workflow.reasons import complete_laws
from takeback.workflow.tally import count_matches


@dataclass(frozen=True, slots=True)
class Answer:
    """What a second person says of a contest, or of a refusal that they read again."""

    reason: str
    """Goes to both sides."""
    actor: str
    elements: tuple[str, ...] = ()
    """Which elements of the laws are not met; needed to show anything again, unless she agrees."""
    seen: str | None = None
    """`standing` of the case as the person saw it, where they looked at a page; it has to be so still."""

    def as_json(self, *, put_back: bool, agreed: bool, at: datetime) -> dict[str, Json]:
        """Return what is kept of it with each copy."""
        return {
            "put_back": put_back,
            "reason": self.reason,
            "elements": list(self.elements),
            "agreed": agreed,
            "at": at.isoformat(),
        }


def require_reason(answer: Answer) -> None:
    """Raise `InputError` where an answer has no reason."""
    if not answer.reason.strip():
        raise InputError("An answer needs a reason.", advice="Both sides are told it; one sentence is enough.")


def check_may_be_shown(case: Case) -> None:
    """Raise `IllegalTransition` for a case about someone under 18: nothing of it is ever put back."""
    if case.under_18:
        raise IllegalTransition(
            "What may show someone under 18 is never put back.",
            advice="Report and preserve it as your law asks (18 U.S.C. § 2258A; UK Online Safety Act s. 66).",
        )


def show_again(tx: Transaction, case: Case, copies: Sequence[Copy], answer: Answer, *, at: datetime) -> None:
    """
    Put copies back that are hidden, inside `tx`.

    1. Never what may show someone under 18.
    2. Only after she was heard about each, where a notice began the case, and by another person than the one who
       decided before.
    3. Only with the element of each law that is not met, unless she agreed about each.
    """
    check_may_be_shown(case)
    require_another(copies, answer.actor)
    agreed = False
    if case.has_notice:
        hearings = [None if copy.hearing_id is None else tx.hearings.by_id(copy.hearing_id) for copy in copies]
        require_heard(hearings, at)
        agreed = bool(hearings) and all(each is not None and each.agrees is True for each in hearings)
    if copies and not (agreed and not answer.elements):
        require_elements(answer.elements, complete_laws(case) or case.laws)
    _put_back(tx, case, copies, answer, agreed=agreed, at=at)


def show_unclaimed(tx: Transaction, case: Case, copies: Sequence[Copy], answer: Answer, *, at: datetime) -> None:
    """
    Put copies back, inside `tx`, that were hidden because an outside list has something like them.

    Nobody here claims what they show, so nobody is to be heard, and one person is enough: they were hidden by a program
    alone. With the element of each law that is not met, and never what may show someone under 18.
    """
    check_may_be_shown(case)
    if copies:
        require_elements(answer.elements, complete_laws(case) or case.laws)
    _put_back(tx, case, copies, answer, agreed=False, at=at)


def _put_back(
    tx: Transaction, case: Case, copies: Sequence[Copy], answer: Answer, *, agreed: bool, at: datetime
) -> None:
    # What was removed a person confirmed before.
    count_matches(tx, [copy for copy in copies if copy.state is CopyState.HELD], confirmed=False, at=at)
    for copy in copies:
        kept = answer.as_json(put_back=True, agreed=agreed and not answer.elements, at=at)
        copy = tx.copies.move(copy, CopyState.PUT_BACK, decided_at=at, answer=kept)
        tx.accounts.forget_removal(copy.id)
        order_put_back(tx, case, copy, why=answer.reason, at=at)
        facts = {**copy_facts(copy), "reason": answer.reason, "elements": list(answer.elements), "agreed": agreed}
        note(tx, EventKind.COPY_PUT_BACK, case, at=at, actor=answer.actor, facts=facts)


def require_another(copies: Sequence[Copy], actor: str, *decided_by: str | None) -> None:
    """Raise `IllegalTransition` where `actor` decided one of the copies before, or is one of `decided_by`."""
    if actor in {copy.decided_by for copy in copies}.union(decided_by):
        raise IllegalTransition(
            "Whoever decided a case does not answer its contest, nor read its refusal again.",
            advice="Let a second moderator answer, with a key of their own.",
        )


def entries_of(tx: Transaction, case: Case) -> list[Entry]:
    """Return what a case looks for: its own entries, or those of the operator's own bank that are contested in it."""
    if case.own_bank_id is None:
        return tx.banks.of_case(case.id)
    return [tx.banks.by_id(each) for each in {upload.entry_id for upload in tx.refused_uploads.of_case(case.id)}]


def close_entries(tx: Transaction, case: Case, entry_ids: set[int | None] | None, actor: str, at: datetime) -> None:
    """Let entries of a case match no more: those named, or all."""
    for entry in entries_of(tx, case):
        if (entry_ids is None or entry.id in entry_ids) and entry.state in (EntryState.HOLDING, EntryState.GATED):
            tx.banks.set_state(entry.id, EntryState.CLOSED)
            note(tx, EventKind.GATE_ENTRY_CLOSED, case, at=at, actor=actor, facts={"entry": entry.public_id})
