"""
Kept bytes go back: to the site alone, for the put-back that was ordered, as long as that order is being carried out.

The order names their digest and where they are fetched; the site signs for them with the secret of its webhook, as
Takeback signs its looks. Nobody of the desk, no key of the interface and no page gets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import cast

from takeback.actions import signature
from takeback.audit.event import EventKind, Json
from takeback.errors import NotAllowed, NotFound, SealBroken
from takeback.store import Store, Transaction
from takeback.store.outbox import Delivery, DeliveryState
from takeback.store.quarantine import Kept, KeptState
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.workflow.order import PUT_BACK
from takeback.workflow.quarantine import note_bytes
from takeback.workflow.quarantine_end import GIVEN_FOR


@dataclass(frozen=True, slots=True)
class Given:
    """What a site gets back, byte for byte what it sent."""

    body: bytes = field(repr=False)
    sha256: str
    headers: Mapping[str, str]
    """What it said of the file when it was fetched: type, name and last change, where it said so."""


def path_of(delivery_id: str) -> str:
    """Return where the bytes of a put-back are fetched, below this service's address; that is what the site signs."""
    return f"/api/v1/put-backs/{delivery_id}/bytes"


def bytes_told(store: Store, folder: QuarantineFolder, one: Delivery) -> dict[str, Json]:
    """
    Return what an order says of the bytes: of a put-back of what was to be kept, where they are, or null for nowhere.

    All of them are opened for it. `IntegrityError` and `StoreError` where they are not what was written, or missing: a
    site is never told to fetch what cannot be given.
    """
    if one.kind != PUT_BACK:
        return {}
    with store.read() as tx:
        kept = tx.quarantine.live(one.item_key)
        if kept is None or kept.state is not KeptState.KEPT:
            return {"bytes": None} if tx.quarantine.was_asked(one.item_key) else {}
    given = _open(store, folder, kept)
    told: dict[str, Json] = {
        "path": path_of(one.public_id),
        "sha256": given.sha256,
        "size": len(given.body),
        "headers": dict(given.headers),
    }
    return {"bytes": told}


def give_bytes(store: Store, folder: QuarantineFolder, delivery_id: str, signed: str, *, at: datetime) -> Given:
    """
    Give a site the bytes of a put-back; each time is an event.

    `signed` is the header by which it signs for them. `NotFound` where no put-back of this id is being carried out,
    `NotAllowed` for another's signature or an old one, `IntegrityError` where they are not what was written.
    """
    if not signed:
        raise NotAllowed("The site signs for the bytes of a put-back.", advice="See docs/webhook.md.")
    with store.read() as tx:
        one, kept = _being_put_back(tx, delivery_id, at)
        secret = tx.sites.by_id(one.site_id).secret
    signature.verify(secret, signed, signature.fetch_body(path_of(delivery_id)), now=int(at.timestamp()))
    given = _open(store, folder, kept)
    with store.write() as tx:
        site = tx.sites.by_id(one.site_id)
        facts: dict[str, Json] = {"delivery": one.public_id, "bytes": len(given.body)}
        note_bytes(tx, EventKind.BYTES_GIVEN, kept, facts, actor=f"site/{site.public_id}", at=at)
    return given


def _being_put_back(tx: Transaction, delivery_id: str, at: datetime) -> tuple[Delivery, Kept]:
    one = tx.outbox.by_public_id(delivery_id)
    kept = tx.quarantine.live(one.item_key) if one.kind == PUT_BACK and not tx.outbox.has_newer(one) else None
    is_open = one.state is DeliveryState.WAITING or (
        one.state is DeliveryState.DELIVERED and one.delivered_at is not None and at < one.delivered_at + GIVEN_FOR
    )
    if kept is None or kept.state is not KeptState.KEPT or not is_open:
        raise NotFound("There is no such delivery.")
    return one, kept


def _open(store: Store, folder: QuarantineFolder, kept: Kept) -> Given:
    with store.read() as tx:
        about = tx.quarantine.about(kept)
    body = folder.read(kept.file_name, store.keyring)
    digest = sha256(body).hexdigest()
    if digest != about["sha256"]:
        raise SealBroken("The bytes that were kept are not those that were written down.")
    return Given(body, digest, cast(Mapping[str, str], about["headers"]))
