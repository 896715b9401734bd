"""Who posted a copy, as far as the site said so when it checked the item."""

from __future__ import annotations

from dataclasses import dataclass

from takeback.store import Transaction
from takeback.store.copies import Copy
from takeback.store.items import Item
from takeback.store.sites import Site


@dataclass(frozen=True, slots=True)
class Poster:
    """The site of a copy, what is still known of its item there, and the account that posted it, where it was named."""

    site: Site
    item: Item | None
    account: str | None


def poster_of(tx: Transaction, copy: Copy) -> Poster | None:
    """Return who posted a copy; None where it is on no site here."""
    if copy.site_id is None:
        return None
    site = tx.sites.by_id(copy.site_id)
    item = None if copy.site_item_id is None else tx.items.find(site.id, copy.site_item_id)
    if item is None or item.sealed_account is None:
        return Poster(site, item, None)
    return Poster(site, item, tx.items.account_of(item, tx.keyring.data_key(site.key_id)))
