"""
The account that posted a hidden picture contests it, and a second person answers.

It comes through the site (`contest`), or by the link that each order carries (`contest_by_link`), without an account.
What is said against a refused upload (`takeback.workflow.refused_upload`) is answered with it.
A contested picture stays hidden until she was heard (`takeback.workflow.hearing`) and a second person has decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.cases.reasons import Contest, Reasons
from takeback.cases.statement import contest_until
from takeback.errors import IllegalTransition, NotFound
from takeback.exchanges.interface import Said
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.refused_uploads import RefusedUpload
from takeback.store.sites import Site
from takeback.workflow.grounds import THE_UPLOADER, require_grounds
from takeback.workflow.hearing import DECIDED_WITHIN, close_contest_hearings
from takeback.workflow.list_case import tell_list
from takeback.workflow.order import HIDDEN, REMOVE, copy_facts, note, order
from takeback.workflow.put_back import (
    Answer,
    check_may_be_shown,
    close_entries,
    entries_of,
    require_another,
    require_reason,
    show_again,
)
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.refused_upload import let_uploads, uphold_refusals
from takeback.workflow.standing import require_seen
from takeback.workflow.statements import last_reasons
from takeback.workflow.sweep import refresh_deadline


@dataclass(frozen=True, slots=True)
class Contestable:
    """What the link of a copy opens."""

    copy: Copy
    reasons: Reasons
    until_at: datetime | None
    """Until when a removal can be contested."""
    takes_grounds: bool
    """Whether it can be contested, or objected to, now."""


def contest(store: Store, site: Site, item_id: str, grounds: str, *, at: datetime) -> Copy:
    """
    Take a contest that a site passes on for its user; the picture stays hidden.

    `NotFound` where no removed copy is that item, `InputError` where no grounds are given, `IllegalTransition` for
    what may show someone under 18.
    """
    require_grounds(grounds)
    with store.write() as tx:
        removed = [copy for copy in tx.copies.of_item(site.id, item_id) if copy.state is CopyState.REMOVED]
        if not removed:
            raise NotFound("No removed copy has this item id.")
        for copy in removed:
            check_may_be_shown(tx.cases.by_id(copy.case_id))
        for copy in removed:
            _take(tx, copy, grounds, f"site/{site.public_id}", at)
        return tx.copies.by_id(removed[0].id)


def contestable(store: Store, code: str, contest_for: timedelta, *, at: datetime) -> Contestable:
    """Return what the code of a link opens; `NotFound` where it opens nothing."""
    with store.read() as tx:
        return _contestable(tx, code, contest_for, at)


def contest_by_link(store: Store, code: str, grounds: str, contest_for: timedelta, *, at: datetime) -> Contestable:
    """
    Take a contest by the link of an order. What is said of a picture that is only held waits for whoever decides.

    `NotFound` where the code opens nothing, `InputError` where no grounds are given, `IllegalTransition` where it was
    contested already, or the time for it is over.
    """
    require_grounds(grounds)
    with store.write() as tx:
        found = _contestable(tx, code, contest_for, at)
        if not found.takes_grounds:
            raise IllegalTransition("This cannot be contested any more.", advice="Look how it stands.")
        _take(tx, found.copy, grounds, THE_UPLOADER, at)
        return _contestable(tx, code, contest_for, at)


def answer_contest(store: Store, case_id: str, answer: Answer, *, put_back: bool, at: datetime) -> Case:
    """
    Answer the contests of a case: put its contested copies back and let its contested uploads pass, or uphold both.

    Another person than whoever decided these copies answers; `IllegalTransition` where it is the same one, or one who
    keeps out of the case, where nothing is contested, where she was not heard before a put-back, and for what may show
    someone under 18. `InputError` where a put-back names no element that is not met. What was put back is not looked
    for any more; other copies of the case stay as they are.
    """
    require_reason(answer)
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_seen(tx, case, answer.seen)
        contested, uploads = contested_for(tx, case, answer.actor)
        if put_back:
            show_again(tx, case, contested, answer, at=at)
            let_uploads(tx, case, uploads, answer, at=at)
            entry_ids = {copy.entry_id for copy in contested} | {upload.entry_id for upload in uploads}
            close_entries(tx, case, entry_ids, answer.actor, at)
            tell_list(tx, case, Said.NOT_COVERED, at=at)
        else:
            _uphold(tx, case, contested, answer, at)
            uphold_refusals(tx, case, uploads, answer, at=at)
        close_contest_hearings(tx, case, is_upheld=not put_back, at=at)
        tx.news.tell(case.id, at)
        if case.state is CaseState.CONTESTED:
            case = _end_contest(tx, case, at, of_uploads=bool(uploads))
        refresh_deadline(tx, case)
        return tx.cases.by_id(case.id)


def contested_for(tx: Transaction, case: Case, actor: str) -> tuple[list[Copy], list[RefusedUpload]]:
    """
    Return the contested copies and refused uploads of a case, for someone who may answer.

    Raises what `answer_contest` does else.
    """
    require_unbiased(tx, case, actor)
    contested, uploads = tx.copies.of_case(case.id, [CopyState.CONTESTED]), tx.refused_uploads.contested(case.id)
    if not contested and not uploads:
        raise IllegalTransition("Nothing of this case is contested.")
    # What an own bank refuses was decided by whoever put it in.
    added_by = [] if case.own_bank_id is None else [tx.banks.added_by(upload.entry_id) for upload in uploads]
    require_another(contested, actor, (case.finding or {}).get("actor"), *added_by)
    return contested, uploads


def _contestable(tx: Transaction, code: str, contest_for: timedelta, at: datetime) -> Contestable:
    copy = tx.copies.by_contest_code(code)
    case = tx.cases.by_id(copy.case_id)
    reasons = last_reasons(tx, case, copy)
    if case.under_18 or reasons is None:
        raise NotFound("No picture belongs to this link.", advice="Use the whole link that the site gave you.")
    until_at = contest_until(reasons, contest_for)
    is_open = copy.state is CopyState.HELD or (
        copy.state is CopyState.REMOVED and copy.answer is None and (until_at is None or at <= until_at)
    )
    return Contestable(copy, reasons, until_at, takes_grounds=is_open and reasons.contest is Contest.OPEN)


def _take(tx: Transaction, copy: Copy, grounds: str, actor: str, at: datetime) -> None:
    case = tx.cases.by_id(copy.case_id)
    sealed = tx.cases.seal_grounds(case, grounds)
    before_decision = copy.state is CopyState.HELD
    if before_decision:
        tx.copies.set(copy.id, sealed_grounds=sealed, contested_at=at)
    else:
        tx.copies.move(
            copy, CopyState.CONTESTED, sealed_grounds=sealed, contested_at=at, hearing_id=None,
            deadline_at=at + DECIDED_WITHIN,
        )  # fmt: skip
        if case.state is CaseState.REMOVED:
            case = tx.cases.move(case, CaseState.CONTESTED)
    facts: dict[str, Json] = {"copy": copy.public_id, "before_decision": before_decision}
    note(tx, EventKind.CONTESTED, case, at=at, actor=actor, facts=facts)
    refresh_deadline(tx, case)


def _end_contest(tx: Transaction, case: Case, at: datetime, *, of_uploads: bool) -> Case:
    """The case is put back only when nothing of it is hidden any more, nor refused where that was contested."""
    refuses = of_uploads and any(entry.state is EntryState.GATED for entry in entries_of(tx, case))
    if refuses or tx.copies.of_case(case.id, HIDDEN):
        return tx.cases.move(case, CaseState.REMOVED)
    return tx.cases.move(case, CaseState.PUT_BACK, closed_at=at)


def _uphold(tx: Transaction, case: Case, contested: Sequence[Copy], answer: Answer, at: datetime) -> None:
    for copy in contested:
        kept = answer.as_json(put_back=False, agreed=False, at=at)
        copy = tx.copies.move(copy, CopyState.REMOVED, decided_at=at, hearing_id=None, answer=kept)
        # The same order once more: with it goes the answer to whoever contested it.
        order(tx, REMOVE, case, copy, why=answer.reason, at=at)
        facts = {**copy_facts(copy), "reason": answer.reason}
        note(tx, EventKind.COPY_REMOVED, case, at=at, actor=answer.actor, facts=facts)
