"""Who is party to a case, or close to someone who is, neither reads nor decides it."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.errors import IllegalTransition
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.workflow.order import note


def recuse(store: Store, case_id: str, *, actor: str, at: datetime) -> Case:
    """Bind `actor` to keep out of a case, for good; saying it twice changes nothing. `NotFound` for no case."""
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        if tx.recusals.add(case.id, actor, at):
            note(tx, EventKind.RECUSED, case, at=at, actor=actor)
        return case


def require_unbiased(tx: Transaction, case: Case, actor: str) -> None:
    """Raise `IllegalTransition` where `actor` said that they keep out of a case."""
    if actor in tx.recusals.of_case(case.id):
        raise IllegalTransition(
            "You said that you keep out of this case.", advice="Let someone else do it, with a key of their own."
        )
