"""
The second way to end a case: matching stops at once, and three days later all that is hers is erased.

Someone may be forcing her, so it can be cancelled until then; matching does not begin again by that. Erased are her
words, who she is and how to reach her, what was written since, and her links to other sites, with the key that sealed
them, and so in every old backup. The journal names it, so that a restore erases it again. What the site did, and when,
stays, without any of it, until the time for contesting is over (`takeback.workflow.retention`); then a record that
leads to nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.errors import IllegalTransition
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.journal import Journal, Withdrawal
from takeback.workflow.legal_hold import held_until
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.withdraw import erase_hers, withdraw

ERASED_AFTER = timedelta(hours=72)
"""How long it can be cancelled."""


def ask_for_erasure(store: Store, journal: Journal, ending: str, *, at: datetime) -> Case:
    """
    Withdraw a case by the number that ends it, and erase the rest after `ERASED_AFTER`; asking twice moves nothing.

    Raises what `withdraw` does.
    """
    case = withdraw(store, journal, ending, at=at)
    if case.erase_at is not None or case.erased_at is not None:
        return case
    with store.write() as tx:
        case = tx.cases.set_erasure(case, at + ERASED_AFTER)
        note(tx, EventKind.ERASURE_ASKED, case, at=at, actor=THE_PERSON)
    return case


def cancel_erasure(store: Store, journal: Journal, receipt: str, *, at: datetime) -> Case:
    """
    Keep what would have been erased; the case stays withdrawn.

    `NotFound` for a receipt of no case, `IllegalTransition` where nothing is to be erased, or it is erased already.
    """
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        case = tx.cases.by_receipt(digest)
        if case.erase_at is None:
            raise IllegalTransition(
                "Nothing of this case waits to be erased.", advice="Look how it stands: it may be erased already."
            )
        journal.append(Withdrawal(case.public_id, at, kept=True))
        case = tx.cases.set_erasure(case, None)
        note(tx, EventKind.ERASURE_CANCELLED, case, at=at, actor=THE_PERSON)
    return case


def erase_due(store: Store, journal: Journal, *, actor: str, at: datetime) -> int:
    """
    Erase the cases whose time has come, and destroy their keys; return how many.

    A case with a contest that nobody has answered waits: what the other side wrote is sealed under the same key. So
    does one that a legal hold keeps.
    """
    with store.read() as tx:
        due = tx.cases.due_for_erasure(at)
    erased = 0
    for case in due:
        with store.write() as tx:
            now = tx.cases.by_id(case.id)
            if now.erase_at is None or now.erase_at > at or _is_contested(tx, now):
                continue
            if held_until(tx, now, at) is not None:
                continue
            # In the transaction, where nobody can cancel it any more.
            journal.append(Withdrawal(case.public_id, at, erased=True))
            erase_hers(tx, now, actor=actor, at=at)
        erased += 1
    # Also those that a crash, or a restore of an older key store, left behind.
    with store.read() as tx:
        left = store.keyring.data_keys(tx.cases.erased_key_ids())
    if left:
        store.keyring.destroy(list(left))
    return erased


def _is_contested(tx: Transaction, case: Case) -> bool:
    return bool(tx.copies.of_case(case.id, [CopyState.CONTESTED]) or tx.refused_uploads.contested(case.id))
