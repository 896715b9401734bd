"""
The bytes of what a site removes and cannot keep: fetched and sealed before the removal goes out, for a put-back.

    a person decides ── the removal waits ── fetched, checked, sealed in a file, written down ── the removal goes out
                              │
                              └ cannot be kept ── a person chooses: try again, or remove it without

What is to be removed is hidden all the while. Nothing here shows them to anybody, and nothing gives them to anybody but
the site (`takeback.workflow.quarantine_give`); how they end is `takeback.workflow.quarantine_end`. What may show
someone under 18 is never kept (`takeback.workflow.order.must_be_kept`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from takeback.audit.event import EventKind, Json
from takeback.errors import IllegalTransition, InputError, NotFound, OutsideError, StoreError
from takeback.store import Store, Transaction
from takeback.store.copies import Copy
from takeback.store.outbox import DeliveryState
from takeback.store.quarantine import Kept, KeptState
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.workflow.order import PUT_BACK, note
from takeback.workflow.picture import Decoder
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.sweep import ACTOR, refresh_deadline

RETRY_AFTER = tuple(timedelta(minutes=each) for each in (0.2, 1, 5, 15, 60, 120))
"""Ours: three hours and a half for a site that is down, of the two days that a law gives."""
CHOOSE_WITHIN = timedelta(hours=24)
"""How soon a person is to choose where the bytes cannot be kept; the case stands in the queue by it."""
_HEADERS = ("content-type", "content-disposition", "last-modified")
"""What a site says of a file that it may want to say again."""
_MAX_HEADER = 500
_UNANSWERED = (KeptState.WAITING, KeptState.ASKED)


class Choice(StrEnum):
    """What a person chooses where bytes cannot be kept."""

    AGAIN = "again"
    WITHOUT = "without"
    """Remove it although it cannot be put back; or, where what was kept cannot be given back, put it back without."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a site sent for an address."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str]


def due_bytes(store: Store, *, at: datetime, limit: int) -> list[tuple[Kept, Copy]]:
    """Return what is to be fetched now."""
    with store.read() as tx:
        return [(each, tx.copies.by_id(each.copy_id)) for each in tx.quarantine.due(at, limit)]


def require_fetchable(store: Store, copy: Copy) -> None:
    """Raise `OutsideError`, for good, where a copy's address is not below its site's: a site's key can name any."""
    with store.read() as tx:
        site = tx.sites.for_link(copy.url) if copy.url else None
    if site is None or site.id != copy.site_id:
        raise OutsideError("The address of this item is not on its site.", permanent=True)


def require_same(store: Store, copy: Copy, data: bytes, decoder: Decoder) -> None:
    """
    Raise `OutsideError`, for good, where `data` is not the item: kept in its place, it would be put back in its place.

    Where the item was checked, its file or its pixels are the same; a link has to lead to a picture at least.
    """
    with store.read() as tx:
        item = None
        if copy.site_id is not None:
            by_id = None if copy.site_item_id is None else tx.items.find(copy.site_id, copy.site_item_id)
            item = by_id or tx.items.find_by_url(copy.site_id, copy.url)
        known = set() if item is None else tx.prints.digests_of("item", item.id)
    if store.keyring.keyed_digest(sha256(data).digest()) in known:
        return
    try:
        seen = query_of_fingerprints(decoder.fingerprints(data))
    except InputError:
        raise OutsideError("What stands at this address is no picture.", permanent=True) from None
    if known and not known.intersection(store.keyring.keyed_digest(value) for _, value in seen.digests):
        raise OutsideError("What stands at this address is not what was checked.", permanent=True)


def keep_bytes(
    store: Store, folder: QuarantineFolder, found: Kept, sent: Sent, *, max_bytes: int, at: datetime
) -> bool:
    """
    Seal what a site sent into its file, and let the removal go out; False where that was settled meanwhile.

    `max_bytes` bounds the whole quarantine. `OutsideError` where that or the disk is full. One call at a time.
    """
    # 1. A key of its own, and its name in the database before there is a file: a crash leaves nothing unknown.
    key = _key(store, found)
    # 2. The file, durable.
    with store.read() as tx:
        size = tx.quarantine.names.size()
    if size + len(sent.body) > max_bytes:
        raise OutsideError("The quarantine is full.", advice="Raise `quarantine_max_bytes`, or remove it without.")
    try:
        folder.keep(found.file_name, sent.body, key)
    except StoreError as problem:
        raise OutsideError(problem.message) from problem
    # 3. Only now the removal: in one change with what says that the bytes are there.
    with store.write() as tx:
        now = tx.quarantine.by_id(found.id)
        is_wanted = now.state is KeptState.WAITING and now.over_at is None
        if is_wanted:
            tx.quarantine.keep(now, _about(sent, at), len(sent.body), key[1], at)
            _release(tx, now, at)
            note_bytes(tx, EventKind.BYTES_KEPT, now, {"bytes": len(sent.body)}, actor=ACTOR, at=at)
    if not is_wanted:
        store.keyring.destroy([key[0]], in_snapshots=False)
        folder.erase(found.file_name)
    return is_wanted


def fail_bytes(store: Store, found: Kept, problem: str, *, permanent: bool, at: datetime) -> None:
    """Try it again later, or let a person choose; the removal waits meanwhile, and what it is of stays hidden."""
    with store.write() as tx:
        now = tx.quarantine.by_id(found.id)
        if now.state is not KeptState.WAITING or now.over_at is not None:
            return
        if not permanent and now.attempts < len(RETRY_AFTER):
            tx.quarantine.retry(now, problem, at + RETRY_AFTER[now.attempts], attempts=now.attempts + 1)
            return
        tx.quarantine.ask(now, problem, at + CHOOSE_WITHIN)
        note_bytes(tx, EventKind.BYTES_NOT_KEPT, now, {"problem": problem}, actor=ACTOR, at=at)
        refresh_deadline(tx, tx.cases.by_id(now.case_id))


def choose(store: Store, case_id: str, copy_id: str, choice: Choice, *, actor: str, at: datetime) -> None:
    """
    Choose, as a person, where the bytes of a copy are not kept: have it tried again, or remove it without.

    Where a put-back failed, what was kept for it can be given up: tried again, the order says that there are none.
    `NotFound` for no copy of the case, `IllegalTransition` where neither is so, and for whoever keeps out of the case.
    """
    with store.write() as tx:
        case, copy = tx.cases.by_public_id(case_id), tx.copies.by_public_id(copy_id)
        require_unbiased(tx, case, actor)
        if copy.case_id != case.id:
            raise NotFound("This case has no such copy.")
        found = kept_of(tx, copy)
        if found is not None and choice is Choice.WITHOUT and _cannot_be_given(tx, found):
            tx.quarantine.end(found, at)
            note_bytes(tx, EventKind.BYTES_WAIVED, found, {"why": "they cannot be given back"}, actor=actor, at=at)
            return
        if found is None or found.state not in _UNANSWERED:
            raise IllegalTransition("No removal of this copy waits for its bytes.", advice="Read the case again.")
        if choice is Choice.AGAIN:
            tx.quarantine.retry(found, found.problem, at, attempts=0)
            note_bytes(tx, EventKind.BYTES_TRIED_AGAIN, found, {}, actor=actor, at=at)
        else:
            waive(tx, found, actor=actor, why="a person chose", at=at)
        for of in {case.id, found.case_id}:
            refresh_deadline(tx, tx.cases.by_id(of))


def kept_of(tx: Transaction, copy: Copy) -> Kept | None:
    """Return how the bytes of a copy's item stand; None where none are to be kept, or no more."""
    if copy.site_id is None:
        return None
    return tx.quarantine.live(tx.outbox.item_key(copy.site_id, copy.site_item_id, copy.url))


def waive(tx: Transaction, found: Kept, *, actor: str, why: str, at: datetime) -> None:
    """Let the removal go out without the bytes."""
    tx.quarantine.waive(found)
    _release(tx, found, at)
    note_bytes(tx, EventKind.BYTES_WAIVED, found, {"why": why}, actor=actor, at=at)


def note_bytes(
    tx: Transaction, kind: EventKind, found: Kept, facts: Mapping[str, Json], *, actor: str, at: datetime
) -> None:
    """Append an event about kept bytes to the case that they were kept for."""
    case = tx.cases.by_id(found.case_id)
    about: dict[str, Json] = {"copy": tx.copies.by_id(found.copy_id).public_id, **facts}
    note(tx, kind, case, at=at, actor=actor, facts=about)


def _cannot_be_given(tx: Transaction, found: Kept) -> bool:
    order = tx.outbox.last_of_item(found.item_key, PUT_BACK)
    return found.state is KeptState.KEPT and order is not None and order.state is DeliveryState.FAILED


def _key(store: Store, found: Kept) -> tuple[str, bytes]:
    if found.key_id is not None and (known := store.keyring.data_keys([found.key_id])):
        return found.key_id, known[found.key_id]
    ((key_id, key),) = store.keyring.new_data_keys()
    with store.write() as tx:
        tx.quarantine.give_key(found, key_id)
    return key_id, key


def _release(tx: Transaction, found: Kept, at: datetime) -> None:
    if found.outbox_id is not None:
        tx.outbox.release(found.outbox_id, at)


def _about(sent: Sent, at: datetime) -> dict[str, object]:
    headers = {name: sent.headers[name][:_MAX_HEADER] for name in _HEADERS if name in sent.headers}
    return {"sha256": sha256(sent.body).hexdigest(), "headers": headers, "fetched_at": at.isoformat()}
