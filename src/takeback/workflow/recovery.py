"""
A way back for who lost the receipt, if she chose one: a name and a phrase of her own.

It takes the number that ends the case to choose it, since it gives a new one. What is recovered gets a new receipt and
a new number, and the former ones open nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.cases.receipt import ENDING_BYTES, RECEIPT_BYTES, ending_of, receipt_of, require_recovery
from takeback.errors import IllegalTransition
from takeback.store import Store
from takeback.store.cases import Case
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.withdraw import ended_by


@dataclass(frozen=True, slots=True)
class Recovered:
    """A case that was recovered, and what opens it from now on."""

    case: Case
    receipt: str
    ending: str


def set_recovery(store: Store, ending: str, name: str, phrase: str, *, at: datetime) -> Case:
    """
    Let a name and a phrase recover a case; another one replaces it.

    `WeakPhrase` where the phrase is too easy, `NotFound` and `NotAllowed` as `withdraw`,
    `IllegalTransition` where the case is erased.
    """
    require_recovery(name, phrase)
    ending_digest, digest = store.keyring.receipt_digest(ending), store.keyring.recovery_digest(name, phrase)
    with store.write() as tx:
        case = ended_by(tx, ending_digest)
        if case.erased_at is not None:
            raise IllegalTransition("All of this case is erased: there is nothing to recover.")
        tx.cases.set_recovery(case, digest)
        note(tx, EventKind.RECOVERY_SET, case, at=at, actor=THE_PERSON)
        return case


def recover(store: Store, name: str, phrase: str, *, at: datetime) -> Recovered:
    """Give the case of a name and a phrase a new receipt and a new number; `NotFound` where they recover none."""
    digest = store.keyring.recovery_digest(name, phrase)
    with store.read() as tx:
        tx.cases.by_recovery(digest)
    receipt, ending = receipt_of(secrets.token_bytes(RECEIPT_BYTES)), ending_of(secrets.token_bytes(ENDING_BYTES))
    stored = store.keyring.receipt_digest(receipt), store.keyring.receipt_digest(ending)
    with store.write() as tx:
        case = tx.cases.renew_secrets(tx.cases.by_recovery(digest), *stored)
        note(tx, EventKind.RECOVERED, case, at=at, actor=THE_PERSON)
    return Recovered(case, receipt, ending)
