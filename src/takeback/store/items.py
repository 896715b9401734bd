"""What the sites already store: their own ids, with sealed fingerprints, never a picture."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from takeback.store.changes import ChangeStore
from takeback.store.prints import MAX_IDS, KnownBy, PrintStore
from takeback.store.seal import seal, unseal
from takeback.store.tables import copy, digest, fingerprint, item

_ACCOUNT = "item/account"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a site stores, by the site's own id."""

    id: int
    public_id: str
    site_id: int
    site_item_id: str
    url: str
    checked_at: datetime
    first_checked_at: datetime | None
    """When it came here first; None for one that an earlier release remembered."""
    sealed_account: bytes | None
    """The site's own id of the account that posted it, under the site's data key; None where it said none."""


class ItemStore:
    """Remembers items and forgets them when the site says that they are gone."""

    def __init__(self, connection: Connection, prints: PrintStore, changes: ChangeStore) -> None:
        self._connection = connection
        self._prints = prints
        self._changes = changes

    def remember(
        self,
        site_id: int,
        site_item_id: str,
        *,
        url: str,
        known_by: KnownBy,
        key: tuple[str, bytes],
        at: datetime,
        account: str | None = None,
    ) -> Item:
        """
        Remember an item; one of the same id is replaced, so a repeated check makes no second.

        `account` is kept sealed, and until another is named: a check that names none says nothing of it.
        """
        found = self.find(site_id, site_item_id)
        named = {} if account is None else {"sealed_account": seal(key[1], account.encode(), _ACCOUNT)}
        removed: list[int] = []
        if found is None:
            item_id = self._connection.execute(
                insert(item)
                .values(
                    public_id=secrets.token_hex(16),
                    site_id=site_id,
                    site_item_id=site_item_id,
                    url=url,
                    checked_at=at,
                    first_checked_at=at,
                    **named,
                )
                .returning(item.c.id)
            ).scalar_one()
        else:
            item_id = found.id
            removed = self._prints.drop("item", item_id)
            again = update(item).where(item.c.id == item_id).values(url=url, checked_at=at, **named)
            self._connection.execute(again)
        self._prints.add("item", item_id, known_by, key)
        self._changes.append("item", item_id, removed)
        return item_of(self._connection.execute(select(item).where(item.c.id == item_id)).one())

    def forget(self, item_id: int) -> None:
        """Erase an item with its fingerprints and digests."""
        removed = self._prints.drop("item", item_id)
        self._connection.execute(delete(item).where(item.c.id == item_id))
        self._changes.append("item", item_id, removed)

    def account_of(self, found: Item, key: bytes) -> str | None:
        """Return the account that posted an item, opened with the site's data key; None where it is not known."""
        return None if found.sealed_account is None else unseal(key, found.sealed_account, _ACCOUNT).decode()

    def find(self, site_id: int, site_item_id: str) -> Item | None:
        """Return an item by the site's own id."""
        row = self._connection.execute(
            select(item).where(item.c.site_id == site_id, item.c.site_item_id == site_item_id)
        ).first()
        return None if row is None else item_of(row)

    def find_by_url(self, site_id: int, url: str) -> Item | None:
        """Return an item by its address."""
        row = self._connection.execute(select(item).where(item.c.site_id == site_id, item.c.url == url)).first()
        return None if row is None else item_of(row)

    def by_key(self, keys: Sequence[int]) -> Mapping[int, Item]:
        """Return the item of each fingerprint key that still has one."""
        query = select(fingerprint.c.id.label("key"), item).join(item, item.c.id == fingerprint.c.item_id)
        found: dict[int, Item] = {}
        for some in batched(keys, MAX_IDS):
            rows = self._connection.execute(query.where(fingerprint.c.id.in_([int(key) for key in some])))
            found |= {row.key: item_of(row) for row in rows}
        return found

    def by_digest(self, digests: Sequence[bytes]) -> list[tuple[Item, str]]:
        """Return the items that any of these digests names, each with the digest's kind."""
        return self.by_keyed([self._prints.keyed(value) for value in digests])

    def by_keyed(self, keyed: Collection[bytes]) -> list[tuple[Item, str]]:
        """Return the same by digests as they are stored."""
        rows = self._connection.execute(
            select(item, digest.c.kind).join(digest, digest.c.item_id == item.c.id).where(digest.c.keyed.in_(keyed))
        )
        return [(item_of(row), row.kind) for row in rows]

    def entries_with_equal_digest(self, entry_ids: Sequence[int]) -> set[int]:
        """Return which entries share a digest with an item."""
        ours, theirs = digest.alias(), digest.alias()
        query = select(ours.c.entry_id).join(theirs, theirs.c.keyed == ours.c.keyed)
        found: set[int] = set()
        for ids in batched(entry_ids, MAX_IDS):
            rows = self._connection.execute(query.where(ours.c.entry_id.in_(ids), theirs.c.item_id.is_not(None)))
            found |= {row.entry_id for row in rows}
        return found

    def site_ids_after(self, site_id: int, after_id: int, limit: int, *, checked_before: datetime) -> list[Item]:
        """Return the next items of a site, last checked before a moment, in the order in which they were remembered."""
        rows = self._connection.execute(
            select(item)
            .where(item.c.site_id == site_id, item.c.id > after_id, item.c.checked_at < checked_before)
            .order_by(item.c.id)
            .limit(limit)
        )
        return [item_of(row) for row in rows]

    def known(self, site_id: int, site_item_ids: Sequence[str]) -> set[str]:
        """Return which of a site's own ids an item or a copy has."""
        found: set[str] = set()
        for ids in batched(site_item_ids, MAX_IDS):
            for table in (item, copy):
                rows = self._connection.execute(
                    select(table.c.site_item_id).where(table.c.site_id == site_id, table.c.site_item_id.in_(ids))
                )
                found.update(row.site_item_id for row in rows)
        return found

    def any(self) -> bool:
        """Whether one is remembered."""
        return self._connection.execute(select(item.c.id).limit(1)).first() is not None

    def count(self) -> int:
        """Return how many items are remembered."""
        return int(self._connection.execute(select(func.count()).select_from(item)).scalar_one())


def item_of(row: Row[tuple[object, ...]]) -> Item:
    """Return the item of a row."""
    return Item(
        row.id, row.public_id, row.site_id, row.site_item_id, row.url, row.checked_at, row.first_checked_at,
        row.sealed_account,
    )  # fmt: skip
