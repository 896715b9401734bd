"""
Stored items that too little is known of: somewhat like a reported picture, or like an original.

Of an item only a few fingerprints and one descriptor are kept. Where the other side brought more, local features or the
tiles of an ordinary picture, the item itself is fetched from its site and compared (`workflow/stored.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import islice

from takeback.bank import Reach
from takeback.store import Transaction
from takeback.store.items import Item
from takeback.workflow.evidence import gather, likeness_rank, merged
from takeback.workflow.query import Query
from takeback.workflow.replica import Replica

MAX_STORED_SUSPECTS = 100
"""Stored items that are fetched and compared for one notice, of each picture the likest first."""


def suspect_stored(
    tx: Transaction, replica: Replica, query: Query, entry_id: int, reach: Reach, *,
    most: int, known: Collection[tuple[int | None, str | None]] = (), at: datetime,
) -> int:  # fmt: skip
    """
    Have the stored items that are within `reach` of `query` compared with an entry, at most `most`; return how many.

    `known` are site and id of those that need not be. `replica` was caught up before the transaction changed anything.
    """
    near = gather(query, replica.items, reach, lambda keys: {})
    found = merged(near, tx.items.by_key(list(near)))
    ranked = sorted(found, key=lambda item: likeness_rank(found[item]), reverse=True)
    unknown = (item for item in ranked if (item.site_id, item.site_item_id) not in known)
    suspects = list(islice((item for item in unknown if _lies_on_its_site(tx, item)), most))
    tx.suspicions.add(entry_id, suspects, at)
    return len(suspects)


def _lies_on_its_site(tx: Transaction, item: Item) -> bool:
    """Whether an item's address may be fetched: a site's key can name any."""
    site = tx.sites.for_link(item.url) if item.url else None
    return site is not None and site.id == item.site_id
