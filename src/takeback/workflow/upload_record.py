"""
Who posted what was removed: sealed at the removal, so that the police may ask, and erased when its time is over.

The site says at the check which account posts, by its own id. That is kept sealed while the site keeps the item; at
the removal, item, account, time and address go into a record under a key of its own, for as long as the law packs of
the case give. Nobody opens it alone: one person asks and says why, another opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.cases import law_pack
from takeback.cases.retention import keeps_of
from takeback.errors import IllegalTransition, InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.upload_records import RecordRequest
from takeback.workflow.legal_hold import held_until
from takeback.workflow.order import note
from takeback.workflow.poster import Poster
from takeback.workflow.reasons import complete_laws
from takeback.workflow.recusal import require_unbiased

REQUEST_FOR = timedelta(days=7)
"""For how long a request waits for the second person."""
MAX_REASON = 500


@dataclass(slots=True)
class RecordKey:
    """The key of the records of one decision: they expire together, and so does it."""

    key: tuple[str, bytes]
    used: bool = False

    def keep(self, tx: Transaction, case: Case, copy: Copy, poster: Poster, *, at: datetime) -> None:
        """Seal inside `tx` who posted a copy that is removed."""
        self.used = True
        tx.upload_records.add(case.id, _known(copy, poster, at), self.key, at=at, expires_at=at + _kept_for(case))


@contextmanager
def record_key(store: Store) -> Iterator[RecordKey]:
    """Give a key for the records of one decision, durable before its transaction; unused, it is destroyed again."""
    ((key_id, key),) = store.keyring.new_data_keys()
    records = RecordKey((key_id, key))
    is_kept = False
    try:
        yield records
        is_kept = records.used
    finally:
        if not is_kept:
            store.keyring.destroy([key_id], in_snapshots=False)


def ask_for_records(store: Store, case_id: str, reason: str, *, actor: str, at: datetime) -> RecordRequest:
    """
    Ask, with a reason, that the upload records of a case are opened; a second person opens them.

    `NotFound` for no case, `InputError` for no reason, `IllegalTransition` where there is no record (any more), and
    for whoever keeps out of the case.
    """
    if not 0 < len(reason.strip()) <= MAX_REASON:
        raise InputError(
            f"A reason has 1 to {MAX_REASON} characters.", advice="Say which authority asks, and under which number."
        )
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        _require_records(tx, case)
        made = tx.upload_records.ask(case.id, reason.strip(), actor=actor, at=at)
        facts = {"request": made.public_id, "reason": made.reason}
        note(tx, EventKind.UPLOAD_RECORDS_ASKED, case, at=at, actor=actor, facts=facts)
        return made


def open_records(
    store: Store, case_id: str, request_id: str, *, actor: str, at: datetime
) -> list[Mapping[str, object]]:
    """
    Open the upload records of a case, as another person than the one who asked; once for each request.

    `NotFound` where nobody asked so; `IllegalTransition` for whoever asked or keeps out, and where the request was
    granted before or is older than a week.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_unbiased(tx, case, actor)
        request = tx.upload_records.request(case.id, request_id)
        if request.opened_at is not None or at >= request.asked_at + REQUEST_FOR:
            raise IllegalTransition("This request was granted already, or is too old.", advice="Ask again.")
        if actor == request.asked_by:
            raise IllegalTransition(
                "Whoever asks for upload records does not open them.", advice="Let a second person open them."
            )
        _require_records(tx, case)
        live = [each for each in tx.upload_records.of_case(case.id) if each.sealed is not None]
        opened = [tx.upload_records.opened(each) for each in live]
        tx.upload_records.grant(request, actor=actor, at=at)
        facts: dict[str, Json] = {"request": request.public_id, "records": len(opened), "reason": request.reason}
        note(tx, EventKind.UPLOAD_RECORDS_OPENED, case, at=at, actor=actor, facts=facts)
        return opened


def erase_expired_records(store: Store, *, actor: str, at: datetime) -> int:
    """Erase the upload records whose time is over and that no legal hold keeps; return how many."""
    with store.read() as tx:
        waiting = tx.upload_records.cases_with_expired(at)
    erased = 0
    for case_id in waiting:
        with store.write() as tx:
            case = tx.cases.by_id(case_id)
            if held_until(tx, case, at) is not None:
                continue
            count = tx.upload_records.erase_expired(case.id, at)
            note(tx, EventKind.UPLOAD_RECORDS_ERASED, case, at=at, actor=actor, facts={"records": count})
            erased += count
    # Also those that a crash, or a restore of an older key store, left behind.
    with store.read() as tx:
        left = store.keyring.data_keys(tx.upload_records.erased_key_ids())
    if left:
        store.keyring.destroy(list(left), in_snapshots=False)
    return erased


def _require_records(tx: Transaction, case: Case) -> None:
    if tx.upload_records.last_expiry(case.id) is None:
        raise IllegalTransition("There is no upload record of this case, or none any more.")


def _kept_for(case: Case) -> timedelta:
    return keeps_of([law_pack(law) for law in complete_laws(case) or case.laws]).upload_record


def _known(copy: Copy, poster: Poster, at: datetime) -> dict[str, object]:
    item = poster.item
    first_at = None if item is None else item.first_checked_at or item.checked_at
    return {
        "copy": copy.public_id,
        "site": poster.site.name,
        "item_id": copy.site_item_id,
        "account": poster.account,
        "address": copy.url if item is None else item.url,
        "first_checked_at": None if first_at is None else first_at.isoformat(),
        "removed_at": at.isoformat(),
    }
