"""The site says that it has an item no more: its fingerprint is erased and its copies are closed."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.errors import NotFound
from takeback.store import Store, Transaction
from takeback.store.sites import Site
from takeback.workflow.order import note
from takeback.workflow.sweep import refresh_deadline


def forget_item(store: Store, site: Site, item_id: str, *, at: datetime) -> None:
    """Forget one item; `NotFound` where neither an item nor a copy has this id."""
    with store.write() as tx:
        if not _forget(tx, site, item_id, at):
            raise NotFound("This site has no item of this id here.", advice="It may have been forgotten already.")


def forget_items(store: Store, site: Site, item_ids: list[str], *, at: datetime) -> int:
    """Forget those of `item_ids` that are known; return how many were."""
    if not item_ids:
        return 0
    with store.write() as tx:
        return sum(_forget(tx, site, item_id, at) for item_id in item_ids)


def _forget(tx: Transaction, site: Site, item_id: str, at: datetime) -> bool:
    item = tx.items.find(site.id, item_id)
    if item is not None:
        tx.items.forget(item.id)
    copies = [copy for copy in tx.copies.of_item(site.id, item_id) if copy.state is not CopyState.GONE]
    for copy in copies:
        case = tx.cases.by_id(copy.case_id)
        tx.copies.move(copy, CopyState.GONE)
        note(
            tx,
            EventKind.COPY_GONE,
            case,
            at=at,
            actor=f"site/{site.public_id}",
            facts={"copy": copy.public_id},
        )
        refresh_deadline(tx, case)
    return item is not None or bool(copies)
