"""What the DSA Transparency Database is sent: one statement for each picture that was hidden and decided about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import batched

from takeback.audit.event import Json
from takeback.cases import CopyState
from takeback.cases.dsa import MOST_IN_ONE_CALL, Restriction, as_restriction, broken_rules, record_of
from takeback.cases.statement import House
from takeback.errors import IntegrityError
from takeback.store import Store, Transaction
from takeback.store.copies import Copy
from takeback.workflow.reasons import reasons_of


def statements_since(store: Store, since: datetime, house: House) -> list[dict[str, Json]]:
    """
    Return the statement about each copy that was decided about since a moment, oldest first.

    A hold that a removal follows is one restriction with it; one that nobody has decided on is none yet. The same copy
    has the same id each time, by which the database refuses a second statement about it. `IntegrityError` where one
    breaks a rule of the database: nothing is exported then.
    """
    with store.read() as tx:
        records = [record_of(_restriction(tx, copy), house) for copy in tx.copies.restricted_since(since)]
    for record in records:
        if faults := broken_rules(record):
            raise IntegrityError(
                f"A statement would not be taken by the database: {faults[0]}.",
                advice="Report this: it is a fault of the program. Nothing was written.",
            )
    return records


def calls_of(records: list[dict[str, Json]]) -> Iterator[Mapping[str, Json]]:
    """Yield the bodies of `POST /api/v1/statements`, each of as many statements as one call takes."""
    for some in batched(records, MOST_IN_ONE_CALL):
        yield {"statements": list(some)}


def _restriction(tx: Transaction, copy: Copy) -> Restriction:
    case = tx.cases.by_id(copy.case_id)
    was_removed = copy.state is not CopyState.PUT_BACK or copy.decided_how is not None
    reasons = as_restriction(reasons_of(case, copy), was_removed=was_removed)
    shown = copy.decided_at if copy.state is CopyState.PUT_BACK else None
    return Restriction(
        reasons,
        tx.keyring.statement_id(copy.public_id),
        seen_on=_day(copy.found_at),
        hidden_on=_day(_hidden_at(tx, copy)),
        shown_again_on=None if shown is None else _day(shown),
    )


def _hidden_at(tx: Transaction, copy: Copy) -> datetime:
    """Return when a copy was hidden: when it was found, or, where that hid nothing, by the first order."""
    if copy.linked or (copy.copy_class is not None and copy.copy_class.holds):
        return copy.found_at
    return min((one.created_at for one in tx.outbox.of_copy(copy.id)), default=copy.decided_at or copy.found_at)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
