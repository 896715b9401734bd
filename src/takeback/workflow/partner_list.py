"""
What a partner is given of the banks that are shared with it, in the order of change.

Of what people send no list ever goes out: so only banks of the operator's own are shared, each with each partner by
name, and of them only what a person decided on.

What is gone (erased, closed, doubted, expired, its bank switched off or shared no more) comes once more, to say so; and
a client can delete nothing but by the fingerprint's own digits. So a copy of them is kept for whoever was told them,
sealed under a key of its own for each record: as long as it counts, and for `GONE_KEPT` after that, three times as
long as clients trust what they once fetched. Then the key is destroyed. Only fingerprints that were given away are
kept so; it protects whoever they are of, since without it the partner would go on matching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from takeback.store import Store
from takeback.store.partner_records import PartnerRecord

GONE_KEPT = timedelta(days=90)
"""`threatexchange` fetches everything anew where it did not fetch for 30 days (`StopNCIICheckpoint.is_stale`)."""
MAX_PAGE = 1_000
_AT_ONCE = 250
"""Records that one transaction makes or ends: within 50 ms."""
_MAX_TURNS = 20
"""Transactions that one request brings the list up to date in; the rest comes with the next."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a partner's list."""

    records: tuple[PartnerRecord, ...]
    has_more: bool


def list_changes(
    store: Store, partner_id: int, *, since: datetime, after: int | None, most: int, at: datetime
) -> Listing:
    """
    Return what changed for a partner from `since` on; where `after` is the last number of a page, what follows it.

    A record stands for one fingerprint as it is now, and may come again: the last one counts. With the first page the
    list is brought up to date; with each of the others, by as much as the page is long.
    """
    most = min(most, MAX_PAGE)
    if after is None:
        more_to_tell = not _bring_up_to_date(store, partner_id, at)
    else:
        more_to_tell = _tell_newer(store, partner_id, most, at) == most
    with store.read() as tx:
        found = tx.partner_records.changes(partner_id, since=since, after=after or 0, most=most + 1, at=at)
    page = found[:most]
    if page:
        with store.write() as tx:
            tx.partners.count(partner_id, at, listed=len(page))
    return Listing(tuple(page), len(found) > most or (more_to_tell and bool(page)))


def forget_gone(store: Store, *, at: datetime) -> int:
    """Delete what was gone for longer than it is told, and destroy its keys; return of how many."""
    forgotten = 0
    while True:
        with store.write() as tx:
            key_ids = tx.partner_records.drop_gone(at - GONE_KEPT, _AT_ONCE)
        if not key_ids:
            return forgotten
        # Nothing of these is in any snapshot.
        store.keyring.destroy(key_ids, in_snapshots=False)
        forgotten += len(key_ids)


def _bring_up_to_date(store: Store, partner_id: int, at: datetime) -> bool:
    """Return whether it is up to date: of a long list only a part is told at once."""
    beyond, told, ended = 0, _AT_ONCE, _AT_ONCE
    for _ in range(_MAX_TURNS):
        if ended == _AT_ONCE:
            ended = _end_what_is_gone(store, partner_id, at)
        if told == _AT_ONCE:
            ids = _untold(store, partner_id, at, beyond, _AT_ONCE)
            beyond, told = ids[-1] if ids else beyond, _tell(store, partner_id, ids, at)
        if max(told, ended) < _AT_ONCE:
            return True
    return False


def _end_what_is_gone(store: Store, partner_id: int, at: datetime) -> int:
    # What is read here may count again in the next moment; then it is told so with the next page.
    with store.read() as tx:
        gone = tx.partner_records.gone(partner_id, at, _AT_ONCE)
    if gone:
        with store.write() as tx:
            tx.partner_records.end(partner_id, gone, at)
    return len(gone)


def _tell_newer(store: Store, partner_id: int, most: int, at: datetime) -> int:
    with store.read() as tx:
        newest = tx.partner_records.last_told(partner_id)
    return _tell(store, partner_id, _untold(store, partner_id, at, newest, most), at)


def _untold(store: Store, partner_id: int, at: datetime, beyond: int, most: int) -> list[int]:
    with store.read() as tx:
        return tx.partner_records.untold(partner_id, at, beyond=beyond, most=most)


def _tell(store: Store, partner_id: int, ids: Sequence[int], at: datetime) -> int:
    """Make records; another process may have made them meanwhile, or something may be gone: the store looks again."""
    for some in batched(ids, _AT_ONCE):
        keys = store.keyring.new_data_keys(len(some))
        with store.write() as tx:
            spare = tx.partner_records.tell(partner_id, some, keys, at)
        if spare:
            store.keyring.destroy(spare, in_snapshots=False)
    return len(ids)
