"""Fingerprints, sealed, and digests, keyed: what entries and items are recognised by."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, delete, insert, select

from takeback.bank import EntryState
from takeback.fingerprint import MIN_QUALITY, Orientation, PdqHash
from takeback.index.interface import CODE_BYTES
from takeback.store.changes import Owner
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import digest, entry, fingerprint

ALGORITHM = "pdq"
ROUTE_PIXELS = "pixels"
"""PDQ of the full-resolution upright sRGB picture; other routes are other fingerprints."""
VERSION = 1
_PURPOSE = "fingerprint/pdq"
_BATCH_ROWS = 5_000
MAX_IDS = 500
"""Ids in one statement: SQLite took 999 values at most until 3.32 (SQLITE_MAX_VARIABLE_NUMBER)."""
log = logging.getLogger("takeback.store")

_MATCHING_STATES = [EntryState.HOLDING.value, EntryState.GATED.value]


@dataclass(frozen=True, slots=True)
class StoredCodes:
    """Clear codes with their keys: `keys` uint64 [n], `codes` uint8 [n, 32]."""

    keys: NDArray[np.uint64]
    codes: NDArray[np.uint8]


_OWNER_COLUMN = {"entry": fingerprint.c.entry_id, "item": fingerprint.c.item_id}
_DIGEST_COLUMN = {"entry": digest.c.entry_id, "item": digest.c.item_id}


class PrintStore:
    """Writes sealed fingerprints and keyed digests, and opens them for the index."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add_pdq(
        self,
        owner: Owner,
        owner_id: int,
        prints: Sequence[tuple[Orientation, PdqHash]],
        key: tuple[str, bytes],
    ) -> None:
        """Seal fingerprints under the data key `key` (id, key) of their entry or site."""
        key_id, secret = key
        rows = [
            {
                f"{owner}_id": owner_id,
                "algorithm": ALGORITHM,
                "route": ROUTE_PIXELS,
                "version": VERSION,
                "orientation": orientation.value,
                "quality": pdq.quality,
                "key_id": key_id,
                "sealed": seal(secret, pdq.code, _PURPOSE),
            }
            for orientation, pdq in prints
        ]
        if rows:
            self._connection.execute(insert(fingerprint), rows)

    def add_digests(self, owner: Owner, owner_id: int, digests: Sequence[tuple[str, bytes]]) -> None:
        """Store SHA-256 digests, each with its kind (`file` or `pixels`), under the keyed HMAC."""
        rows = [
            {f"{owner}_id": owner_id, "kind": kind, "keyed": self._keyring.keyed_digest(value)}
            for kind, value in digests
        ]
        if rows:
            self._connection.execute(insert(digest), rows)

    def keyed(self, value: bytes) -> bytes:
        """Return the form in which a digest is stored and looked up."""
        return self._keyring.keyed_digest(value)

    def drop(self, owner: Owner, owner_id: int) -> list[int]:
        """Erase every fingerprint and digest of an entry or item; return the fingerprints' keys."""
        keys = self.keys_of(owner, owner_id)
        self._connection.execute(delete(fingerprint).where(_OWNER_COLUMN[owner] == owner_id))
        self._connection.execute(delete(digest).where(_DIGEST_COLUMN[owner] == owner_id))
        return keys

    def keys_of(self, owner: Owner, owner_id: int) -> list[int]:
        """Return the keys of the fingerprints of an entry or item."""
        rows = self._connection.execute(select(fingerprint.c.id).where(_OWNER_COLUMN[owner] == owner_id))
        return [row.id for row in rows]

    def codes_of(self, owner: Owner, owner_ids: Sequence[int]) -> StoredCodes:
        """Open the searchable fingerprints of some entries or items."""
        rows: list[tuple[int, str, bytes]] = []
        for ids in batched(owner_ids, MAX_IDS):
            found = self._connection.execute(_searchable(owner).where(_OWNER_COLUMN[owner].in_(ids)))
            rows += [(row.id, row.key_id, row.sealed) for row in found]
        return self._open(rows)

    def pdq_of(self, owner: Owner, owner_id: int) -> list[PdqHash]:
        """Open the searchable fingerprints of one entry or item, with their quality."""
        query = _searchable(owner).where(_OWNER_COLUMN[owner] == owner_id).add_columns(fingerprint.c.quality)
        rows = self._connection.execute(query).all()
        opened = dict(self._open_each([(row.id, row.key_id, row.sealed) for row in rows]))
        return [PdqHash(opened[row.id], row.quality) for row in rows if row.id in opened]

    def all_codes(self, owner: Owner) -> Iterator[StoredCodes]:
        """Open the searchable fingerprints of all entries or all items, in batches of bounded memory."""
        last = 0
        while True:
            batch = _searchable(owner).where(fingerprint.c.id > last).order_by(fingerprint.c.id).limit(_BATCH_ROWS)
            rows = self._connection.execute(batch).all()
            if not rows:
                return
            last = rows[-1].id
            yield self._open([(row.id, row.key_id, row.sealed) for row in rows])

    def _open(self, rows: Sequence[tuple[int, str, bytes]]) -> StoredCodes:
        opened = self._open_each(rows)
        codes = np.frombuffer(b"".join(code for _, code in opened), dtype=np.uint8).reshape(-1, CODE_BYTES)
        return StoredCodes(np.array([row_id for row_id, _ in opened], dtype=np.uint64), codes)

    def _open_each(self, rows: Sequence[tuple[int, str, bytes]]) -> list[tuple[int, bytes]]:
        """
        Open sealed codes; one whose key is gone is left out, and how many is logged.

        A single key is gone by design: an erasure destroyed it, and this view of the database is older, or
        it is an older backup beside the present keys. Both mean withdrawn, so neither may match again. A
        key store that is lost as a whole is another matter: `Store.open` refuses it.
        """
        keys = self._keyring.data_keys([key_id for _, key_id, _ in rows])
        missing = sum(key_id not in keys for _, key_id, _ in rows)
        if missing:
            log.warning("%d fingerprints no longer match: the keys that sealed them were destroyed", missing)
        return [(row_id, unseal(keys[key_id], sealed, _PURPOSE)) for row_id, key_id, sealed in rows if key_id in keys]


def _searchable(owner: Owner) -> Select[tuple[int, str, bytes]]:
    """Select what an index may hold: good enough to be compared, and of an entry that may match."""
    query = select(fingerprint.c.id, fingerprint.c.key_id, fingerprint.c.sealed).where(
        _OWNER_COLUMN[owner].is_not(None), fingerprint.c.quality >= MIN_QUALITY
    )
    if owner == "entry":
        query = query.join(entry, entry.c.id == fingerprint.c.entry_id).where(entry.c.state.in_(_MATCHING_STATES))
    return query
