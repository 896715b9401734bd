"""
An authority wants something kept: two people order it, and nothing of the case is erased before its end.

It suspends erasure and nothing else: what she asked for, what retention is due, and the records of uploads. What is
hidden stays hidden as it would anyway, and a withdrawal ends the matching, fingerprints included, at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.legal_holds import LegalHold
from takeback.workflow.order import note
from takeback.workflow.recusal import require_unbiased

MOST_HELD = timedelta(days=366)
"""For how long one order holds at most; ours. What is wanted for longer is ordered anew, by two people again."""
MAX_AUTHORITY = 200
MAX_SCOPE = 2_000
"""Characters."""


def order_hold(
    store: Store, case_id: str, *, authority: str, scope: str, until_at: datetime, actor: str, at: datetime
) -> LegalHold:
    """
    Order that nothing of a case is erased before `until_at`; it keeps nothing until another person confirms it.

    `authority` says who wants it and under which number, `scope` what is wanted, in words. `NotFound` for no case,
    `InputError` where one of them is missing, or the time is over or too long, `IllegalTransition` for whoever keeps
    out of the case.
    """
    _check(authority, scope, until_at, at)
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        made = tx.legal_holds.order(
            case, authority=authority.strip(), scope=scope.strip(), until_at=until_at, actor=actor, at=at
        )
        facts = {"hold": made.public_id, "until": until_at.isoformat()}
        note(tx, EventKind.LEGAL_HOLD_ORDERED, case, at=at, actor=actor, facts=facts)
        return made


def confirm_hold(store: Store, case_id: str, hold_id: str, *, actor: str, at: datetime) -> LegalHold:
    """
    Order, as a second person, what a first one ordered: from now on nothing of the case is erased before its end.

    `NotFound` where the case has no such hold; `IllegalTransition` for whoever ordered it or keeps out, and where it
    is confirmed or over already.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        found = tx.legal_holds.by_public_id(case.id, hold_id)
        if found.confirmed_at is not None or _is_over(found, at):
            raise IllegalTransition(
                "This legal hold is confirmed already, or over.", advice="Look at the case's holds."
            )
        _require_another(found, actor)
        confirmed = tx.legal_holds.confirm(found, actor=actor, at=at)
        note(tx, EventKind.LEGAL_HOLD_CONFIRMED, case, at=at, actor=actor, facts={"hold": found.public_id})
        return confirmed


def end_hold(store: Store, case_id: str, hold_id: str, *, actor: str, at: datetime) -> LegalHold:
    """
    End a hold before its time; what waited for it is erased in the next round.

    One that nobody confirmed, whoever ordered it may take back; one that stands, another person than that ends, since
    nothing brings back what is erased. Raises what `confirm_hold` does.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        found = tx.legal_holds.by_public_id(case.id, hold_id)
        if _is_over(found, at):
            raise IllegalTransition("This legal hold is over already.")
        if found.confirmed_at is not None:
            _require_another(found, actor)
        return _end(tx, case, found, actor=actor, at=at)


def end_holds(store: Store, *, actor: str, at: datetime) -> int:
    """Write down that the holds whose time is over keep nothing any more; return how many."""
    with store.write() as tx:
        over = tx.legal_holds.over(at)
        for found in over:
            _end(tx, tx.cases.by_id(found.case_id), found, actor=actor, at=at)
    return len(over)


def held_until(tx: Transaction, case: Case, at: datetime) -> datetime | None:
    """Return until when a legal hold suspends the erasure of a case; None where none does."""
    return max((each.until_at for each in tx.legal_holds.of_case(case.id) if each.stands(at)), default=None)


def _end(tx: Transaction, case: Case, found: LegalHold, *, actor: str, at: datetime) -> LegalHold:
    facts: dict[str, Json] = {"hold": found.public_id, "was_confirmed": found.confirmed_at is not None}
    note(tx, EventKind.LEGAL_HOLD_ENDED, case, at=at, actor=actor, facts=facts)
    return tx.legal_holds.end(found, actor=actor, at=at)


def _is_over(found: LegalHold, at: datetime) -> bool:
    return found.ended_at is not None or at >= found.until_at


def _require_another(found: LegalHold, actor: str) -> None:
    if actor == found.ordered_by:
        raise IllegalTransition(
            "Whoever ordered a legal hold neither confirms nor ends it.", advice="Let a second person do it."
        )


def _check(authority: str, scope: str, until_at: datetime, at: datetime) -> None:
    for text, most, what in ((authority, MAX_AUTHORITY, "An authority"), (scope, MAX_SCOPE, "A scope")):
        if not 0 < len(text.strip()) <= most:
            raise InputError(
                f"{what} has 1 to {most:,} characters.", advice="Say who wants it kept, and in words what is wanted."
            )
    if not at < until_at <= at + MOST_HELD:
        raise InputError(
            f"A legal hold ends in the future, and within {MOST_HELD.days} days.",
            advice="Give the moment that the authority named; for longer, order it anew then.",
        )
