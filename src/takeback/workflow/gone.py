"""The site says that it has an item no more: its fingerprint is erased and its copies are closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched

from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.cases.case import COPY_TRANSITIONS
from takeback.errors import NotFound
from takeback.store import Store, Transaction
from takeback.store.copies import Copy
from takeback.store.sites import Site
from takeback.workflow.order import note
from takeback.workflow.sweep import refresh_deadline

_SLICE = 50
"""Items in one change: each takes less than 1 ms, and a change keeps the write lock for 50 ms at most."""


def forget_item(store: Store, site: Site, item_id: str, *, at: datetime) -> None:
    """Forget one item; `NotFound` where neither an item nor a copy has this id."""
    with store.write() as tx:
        if not _forget(tx, site, item_id, at):
            raise NotFound("This site has no item of this id here.", advice="It may have been forgotten already.")


def forget_items(
    store: Store,
    site: Site,
    item_ids: Sequence[str],
    *,
    at: datetime,
    unless_checked_after: Mapping[str, datetime] | None = None,
) -> int:
    """
    Forget those of `item_ids` that are known; return how many were.

    With `unless_checked_after`, the moment of each item's last check when the site was asked, one that was
    checked again since is kept: the site has it again.
    """
    # 1. Most of what a site names may be unknown here: that is found out without the write lock.
    with store.read() as tx:
        known = tx.items.known(site.id, list(item_ids))
    # 2. What is known goes a few at a time: an upload that is checked meanwhile waits for one slice at most.
    forgotten = 0
    for some in batched((each for each in dict.fromkeys(item_ids) if each in known), _SLICE):
        with store.write() as tx:
            forgotten += sum(
                _forget(tx, site, item_id, at)
                for item_id in some
                if unless_checked_after is None or _unchanged(tx, site, item_id, unless_checked_after)
            )
    return forgotten


def forget_link(store: Store, site: Site, url: str, *, at: datetime) -> None:
    """Close the copies that are known by their address alone; an item of this address is not forgotten by it."""
    with store.write() as tx:
        for copy in tx.copies.at(site.id, item_id=None, url=url):
            if copy.site_item_id is None:
                _close(tx, site, copy, at)


def _unchanged(tx: Transaction, site: Site, item_id: str, checked_at: Mapping[str, datetime]) -> bool:
    item = tx.items.find(site.id, item_id)
    return item is not None and item.checked_at == checked_at.get(item_id)


def _forget(tx: Transaction, site: Site, item_id: str, at: datetime) -> bool:
    item = tx.items.find(site.id, item_id)
    if item is not None:
        tx.items.forget(item.id)
    closed = [_close(tx, site, copy, at) for copy in tx.copies.of_item(site.id, item_id)]
    return item is not None or any(closed)


def _close(tx: Transaction, site: Site, copy: Copy, at: datetime) -> bool:
    """Close a copy; not one that was removed: it can be contested although the site deleted it."""
    if CopyState.GONE not in COPY_TRANSITIONS[copy.state]:
        return False
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
    return True
