"""Entries as HMA's clients know them: by a number, with a note and metadata beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from takeback.errors import NotFound
from takeback.store.keyring import Keyring
from takeback.store.prints import MAX_IDS
from takeback.store.seal import seal, unseal
from takeback.store.tables import entry, hma_content

_PURPOSE = "hma-content"
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Told:
    """What HMA's clients write beside a picture; it says nothing to Takeback."""

    note: str | None = None
    metadata: Mapping[str, Any] | None = None
    original_uri: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return self == Told()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry was moved from: which database, and its number there."""

    database: str
    number: int


@dataclass(frozen=True, slots=True)
class HmaContent:
    """The number of an entry, and what is told of it."""

    number: int
    entry_id: int
    told: Told


class HmaContentStore:
    """Numbers entries, and keeps what is told of them sealed under each entry's own data key."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, entry_id: int, key: tuple[str, bytes], told: Told, origin: Origin | None = None) -> int:
        """
        Give an entry a number and return it: that of its origin where it is free, else one that was never used.

        `key` is the entry's data key, id and key.
        """
        values: dict[str, Any] = {"entry_id": entry_id, "sealed": _sealed(key[1], told)}
        if origin is not None:
            values |= {"origin": origin.database, "origin_number": origin.number}
            taken = select(hma_content.c.id).where(hma_content.c.id == origin.number)
            if self._connection.execute(taken).first() is None:
                values["id"] = origin.number
        return int(
            self._connection.execute(insert(hma_content).values(values).returning(hma_content.c.id)).scalar_one()
        )

    def numbers(self, entry_ids: Sequence[int]) -> dict[int, int]:
        """Return the numbers of those entries that have one."""
        found: dict[int, int] = {}
        for some in batched(entry_ids, MAX_IDS):
            columns = (hma_content.c.entry_id, hma_content.c.id)
            rows = self._connection.execute(select(*columns).where(hma_content.c.entry_id.in_(some)))
            found |= {row.entry_id: row.id for row in rows}
        return found

    def number_all(self, entry_ids: Sequence[int]) -> dict[int, int]:
        """Return the numbers of entries, giving one to each that has none."""
        found = self.numbers(entry_ids)
        for entry_id in entry_ids:
            if entry_id not in found:
                statement = insert(hma_content).values(entry_id=entry_id).returning(hma_content.c.id)
                found[entry_id] = int(self._connection.execute(statement).scalar_one())
        return found

    def by_number(self, number: int) -> HmaContent:
        """Return one; `NotFound` where no entry has the number."""
        query = select(hma_content, entry.c.key_id).join(entry, entry.c.id == hma_content.c.entry_id)
        is_one = 0 < number <= _LARGEST_ID
        row = self._connection.execute(query.where(hma_content.c.id == number)).first() if is_one else None
        if row is None:
            raise NotFound("There is no content of this number.")
        return HmaContent(row.id, row.entry_id, self._told(row))

    def tell(self, number: int, told: Told, key: tuple[str, bytes]) -> None:
        """Keep something else beside an entry, sealed under its data key."""
        sealed = _sealed(key[1], told)
        self._connection.execute(update(hma_content).where(hma_content.c.id == number).values(sealed=sealed))

    def moved(self, origin: str, numbers: Sequence[int]) -> set[int]:
        """Return which of the numbers of a database were moved from it before."""
        found: set[int] = set()
        for some in batched(numbers, MAX_IDS):
            mine = (hma_content.c.origin == origin, hma_content.c.origin_number.in_(some))
            rows = self._connection.execute(select(hma_content.c.origin_number).where(*mine))
            found |= {row.origin_number for row in rows}
        return found

    def _told(self, row: Row[tuple[object, ...]]) -> Told:
        key = self._keyring.data_keys([row.key_id]).get(row.key_id)
        return Told() if row.sealed is None or key is None else Told(**json.loads(unseal(key, row.sealed, _PURPOSE)))


def _sealed(secret: bytes, told: Told) -> bytes | None:
    if told.is_empty:
        return None
    fields = {"note": told.note, "metadata": told.metadata, "original_uri": told.original_uri}
    return seal(secret, json.dumps(fields).encode(), _PURPOSE)
