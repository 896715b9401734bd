"""Whether a case is still as a person saw it who acts on it now."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from takeback.errors import IllegalTransition
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.refused_uploads import RefusedUpload


def standing(case: Case, copies: Sequence[Copy], contested: Sequence[RefusedUpload] = ()) -> str:
    """
    Return what a decision depends on, in one word: where the case and its copies stand, and by what facts.

    `contested` are the refused uploads of which a contest waits; others come at any moment, and change no decision.
    """
    facts: list[object] = [(copy.public_id, copy.state.value, copy.copy_class, copy.blind) for copy in copies]
    facts += [each.public_id for each in contested]
    return sha256(repr((case.public_id, case.state.value, facts)).encode()).hexdigest()[:32]


def standing_of(tx: Transaction, case: Case) -> str:
    """Return the same of a case as it is now."""
    return standing(case, tx.copies.of_case(case.id), tx.refused_uploads.contested(case.id))


def require_seen(tx: Transaction, case: Case, seen: str | None) -> None:
    """
    Raise `IllegalTransition` where the case is not any more as the person saw it: it may be another decision now.

    `seen` is its `standing` then; None where they looked at no page.
    """
    if seen not in (None, standing_of(tx, case)):
        raise IllegalTransition(
            "This case changed since you looked at it.", advice="Look at it again; what you chose and wrote is kept."
        )
