"""
What nobody needs any more is erased by itself: her words some time after the case ended, then the rest of it.

    a case ends ── the time for contesting ── a month ── her words, contact and links; fingerprints that match nothing
                                                │         (or 72 hours after she asked for it)
                                                └─ a month, and once the upload records are gone ── the case itself

A contest, a copy that is undecided, an open hearing and a legal hold stop it; how long each is kept, the law packs say
(`keeps`). A removal goes on matching after her words are erased, until she withdraws. Each erasure is an event; what is
left in the end, `takeback.workflow.forget` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState, law_pack
from takeback.cases.case import UNDECIDED_COPIES
from takeback.cases.law import Keeps, law_packs
from takeback.cases.retention import INCOMPLETE_FOR, Course, keeps_of, rest_until, words_until
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.workflow.legal_hold import held_until
from takeback.workflow.reasons import complete_laws
from takeback.workflow.withdraw import erase_hers

MOST_LISTED = 1_000
"""Cases with words, and as many without, that a list of what is due looks at: a second."""
WHY = "retention"
"""What the event of an erasure says that nobody asked for."""


class Part(StrEnum):
    """What of a case is erased next."""

    WORDS = "words"
    """Her words, who she is and how to reach her, and her links to other sites."""
    REST = "rest"
    """All the rest: state, copies, orders, and what the log says of it."""


class Waits(StrEnum):
    """What an erasure waits for beside its time."""

    UNDECIDED = "undecided"
    CONTESTED = "contested"
    LEGAL_HOLD = "legal_hold"
    UPLOAD_RECORDS = "upload_records"
    QUARANTINE = "quarantine"
    """Bytes that are kept for a put-back, of an item that another case is about too."""
    MATCHING = "matching"
    """The case is looked for until she withdraws it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What of one case is erased next, and when."""

    case: Case
    part: Part
    due_at: datetime
    waits_for: Waits | None
    """What stops it however late it is; None where nothing does."""


def due_of_case(tx: Transaction, case: Case, contest_for: timedelta, at: datetime) -> Due | None:
    """Return what of a case is erased next, by itself; None while it is under way."""
    keeps, course = keeps_of_case(case), _course(tx, case)
    rest_at = rest_until(course, keeps, contest_for)
    if rest_at is not None:
        return Due(case, Part.REST, rest_at, _rest_waits_for(tx, case, at))
    if case.state is CaseState.INCOMPLETE:
        return Due(case, Part.WORDS, case.received_at + INCOMPLETE_FOR, _waits_for(tx, case, at))
    if case.closed_at is None and case.state is not CaseState.REMOVED:
        return None
    return Due(case, Part.WORDS, words_until(course, keeps, contest_for), _waits_for(tx, case, at))


def keeps_of_case(case: Case) -> Keeps:
    """Return how long is kept what, under the laws that a case is complete under."""
    return keeps_of([law_pack(law) for law in complete_laws(case) or case.laws])


def retention(store: Store, contest_for: timedelta, *, limit: int, at: datetime) -> list[Due]:
    """
    Return what is erased next of the cases that have ended, what is due first at the top, at most `limit`.

    Of thousands, those that ended first are looked at. What goes on matching without her words is not among them.
    """
    with store.read() as tx:
        ended = tx.cases.ended_before(at, at, limit=MOST_LISTED) + tx.cases.erased_before(at, limit=MOST_LISTED)
        due = [found for case in ended if (found := due_of_case(tx, case, contest_for, at)) is not None]
    return sorted(due, key=lambda each: (each.due_at, each.case.id))[:limit]


def erase_retained(store: Store, contest_for: timedelta, *, actor: str, at: datetime) -> int:
    """Erase the words of the cases whose time is over, and destroy their keys; return how many."""
    shortest = min(pack.keeps.notice for pack in law_packs().values())
    with store.read() as tx:
        ended = tx.cases.ended_before(at - shortest, at - shortest - contest_for)
    erased = [_erase_words(store, case.id, contest_for, actor, at) for case in ended]
    key_ids = [key_id for of_case in erased for key_id in of_case]
    if key_ids:
        # What a crash leaves of them the next round destroys, and the next start (`finish_withdrawals`).
        store.keyring.destroy(key_ids)
    return sum(bool(of_case) for of_case in erased)


def _erase_words(store: Store, case_id: int, contest_for: timedelta, actor: str, at: datetime) -> list[str]:
    """Erase the words of one case if they are due; return the keys to destroy, none where they are not."""
    with store.write() as tx:
        case = tx.cases.by_id(case_id)
        found = due_of_case(tx, case, contest_for, at)
        if found is None or found.part is not Part.WORDS or found.due_at > at or found.waits_for is not None:
            return []
        key_ids = [case.key_id, *_drop_what_matches_nothing(tx, case)]
        address = tx.news.of_case(case.id)
        if address is not None:
            key_ids.append(tx.news.erase(address))
        erase_hers(tx, case, why=WHY, actor=actor, at=at)
    return key_ids


def _drop_what_matches_nothing(tx: Transaction, case: Case) -> Iterator[str]:
    """Erase the fingerprints of entries that were decided against; yield the keys to destroy."""
    for entry in tx.banks.of_case(case.id):
        if entry.state is EntryState.CLOSED:
            yield tx.banks.erase(entry.id)


def _course(tx: Transaction, case: Case) -> Course:
    copies, hearings = tx.copies.of_case(case.id), tx.hearings.of_case(case.id)
    decisions = [case.decided_at, *(copy.decided_at for copy in copies), *(each.closed_at for each in hearings)]
    decided_at = max((moment for moment in decisions if moment is not None), default=None)
    ended = [moment for moment in (case.closed_at, decided_at) if moment is not None]
    return Course(max(ended, default=case.received_at), decided_at, case.erased_at)


def _waits_for(tx: Transaction, case: Case, at: datetime) -> Waits | None:
    # Words without their key were erased before a restore of an older database, and no hold keeps them.
    is_there = case.erased_at is not None or bool(tx.keyring.data_keys([case.key_id]))
    if is_there and held_until(tx, case, at) is not None:
        return Waits.LEGAL_HOLD
    states = {copy.state for copy in tx.copies.of_case(case.id)}
    if CopyState.CONTESTED in states or tx.refused_uploads.contested(case.id):
        return Waits.CONTESTED
    # A refusal that held nothing stays open to her as long as she may ask; then it waits for nobody.
    waiting = any(each.due_at is not None for each in tx.hearings.open_of_case(case.id))
    return Waits.UNDECIDED if waiting or states & UNDECIDED_COPIES else None


def _rest_waits_for(tx: Transaction, case: Case, at: datetime) -> Waits | None:
    found = _waits_for(tx, case, at)
    if found is not None:
        return found
    if any(entry.state is not EntryState.WITHDRAWN for entry in tx.banks.of_case(case.id)):
        return Waits.MATCHING
    if any(kept.over_at is None for kept in tx.quarantine.of_case(case.id)):
        return Waits.QUARANTINE
    return None if tx.upload_records.last_expiry(case.id) is None else Waits.UPLOAD_RECORDS
