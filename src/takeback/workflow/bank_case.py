"""
What somebody contests of a bank of the operator's own becomes a case that nobody sent a notice of.

What the operator puts into a bank counts as decided, and refuses uploads without a case. Whoever is refused may say all
the same that it is wrong; only then is there something to decide. The case stands as one that is removed: it has no
receipt, no words and no copies, there is nobody to be heard, and another person answers than the one who put it in.

The entry stays the bank's: it is the operator's to take out or to let rest as before, and is not erased with the case.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import Entry
from takeback.cases import CaseState
from takeback.store import Transaction
from takeback.store.cases import Case, NewCase
from takeback.workflow.grounds import THE_UPLOADER
from takeback.workflow.order import note

_DIGEST_BYTES = 32
_GOES_ON = (CaseState.REMOVED, CaseState.CONTESTED)


def case_of_contest(tx: Transaction, entry: Entry, laws: Sequence[str], *, at: datetime) -> Case:
    """
    Return the case in which it is contested that an entry of no case refuses uploads; the first contest opens it.

    `laws` are those under which the site decides where nobody named one.
    """
    known = tx.refused_uploads.case_of_entry(entry.id)
    if known is not None:
        case = tx.cases.by_id(known)
        if case.state in _GOES_ON and case.erased_at is None:
            return case
    return _opened(tx, entry, laws, at)


def own_bank_of(tx: Transaction, case: Case) -> str | None:
    """Return the name of the operator's own bank that a case is of; None for every other, empty where it is removed."""
    return None if case.own_bank_id is None else tx.banks.name_of(case.own_bank_id)


def _opened(tx: Transaction, entry: Entry, laws: Sequence[str], at: datetime) -> Case:
    # The key store is apart from the database: a key of a transaction that is rolled back does no harm.
    (key,) = tx.keyring.new_data_keys()
    bank = tx.banks.bank_by_name(entry.bank)
    new = NewCase(
        laws=laws,
        under_18=False,
        received_at=at,
        missing=[],
        words={},
        # Nobody has the receipt of this case, so nothing opens it from outside.
        receipt_digest=secrets.token_bytes(_DIGEST_BYTES),
        ending_digest=secrets.token_bytes(_DIGEST_BYTES),
        request=None,
        own_bank_id=bank.id,
    )
    case = tx.cases.add(new, key)
    facts = {"entry": entry.public_id, "bank": bank.public_id}
    note(tx, EventKind.ENTRY_CONTESTED, case, at=at, actor=THE_UPLOADER, facts=facts)
    case = tx.cases.move(tx.cases.move(case, CaseState.VALID, valid_at=at), CaseState.WATCHING)
    return tx.cases.move(case, CaseState.REMOVED, decided_at=tx.banks.added_at(entry.id))
