"""She and the desk write to each other: the receipt is her mailbox, whatever other way there is to reach her."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.cases.sealed import SealedWords, require_sealed, seal_words
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.messages import Sender
from takeback.workflow.desk_keys import present_keys, require_desk
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.recusal import require_unbiased

MAX_MESSAGE = 10_000
"""Characters of one message."""
MAX_MESSAGES = 100
"""Of one side in one case."""


def write_to_desk(store: Store, receipt: str, written: str | SealedWords, *, at: datetime) -> Case:
    """
    Pass on what she writes: sealed as it came, or sealed on receipt where the desk has keys.

    `NotFound` for a receipt of no case, `InputError` for nothing or too much, `DeskKeysChanged` where it is sealed to
    others than the desk, `IllegalTransition` where the case is erased.
    """
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        case = tx.cases.by_receipt(digest)
        keep_message(tx, case, written, at=at)
        return case


def keep_message(tx: Transaction, case: Case, written: str | SealedWords, *, at: datetime) -> None:
    """Keep inside `tx` what she writes; raises what `write_to_desk` does."""
    if isinstance(written, SealedWords):
        require_sealed(written, ())
    else:
        _require_text(written)
    _require_open(case, tx.messages.count(case, Sender.PERSON))
    sealed = _sealed(tx, written)
    body = {"text": str(written).strip()} if sealed is None else {"sealed": sealed.as_json()}
    tx.messages.add(case, Sender.PERSON, body, None if sealed is None else sealed.desk_keys, at)
    note(tx, EventKind.MESSAGE_TO_DESK, case, at=at, actor=THE_PERSON)


def write_to_person(store: Store, case_id: str, text: str, *, actor: str, at: datetime) -> Case:
    """Leave her a message, which she reads with her receipt; raises what `write_to_desk` does for a text."""
    _require_text(text)
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        _require_open(case, tx.messages.count(case, Sender.DESK))
        tx.messages.add(case, Sender.DESK, {"text": text.strip()}, None, at)
        tx.news.tell(case.id, at)
        note(tx, EventKind.MESSAGE_TO_PERSON, case, at=at, actor=actor)
        return case


def _sealed(tx: Transaction, written: str | SealedWords) -> SealedWords | None:
    """Return it sealed to the present desk; None where that has no keys."""
    keys = present_keys(tx)
    if isinstance(written, SealedWords):
        require_desk(written, keys)
        return written
    return seal_words({"text": written.strip()}, (), keys) if keys else None


def _require_text(text: str) -> None:
    if not 0 < len(text.strip()) <= MAX_MESSAGE:
        raise InputError(f"A message has 1 to {MAX_MESSAGE:,} characters.", advice="Write it in several.")


def _require_open(case: Case, count: int) -> None:
    if case.erased_at is not None:
        raise IllegalTransition("All that was hers is erased: there is nobody to write to.")
    if count >= MAX_MESSAGES:
        raise InputError(f"A case takes {MAX_MESSAGES} messages of each side.", advice="Send another notice.")
