"""Fingerprints, sealed, and digests, keyed: what entries and items are recognised by."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import batched
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, delete, insert, literal, or_, select

from takeback.bank import EntryState
from takeback.fingerprint import DESCRIPTOR_VALUES, MIN_QUALITY, Descriptor, Orientation, PdqHash, Route
from takeback.fingerprint.tiles import Tiles
from takeback.index.indexes import Searchable
from takeback.index.interface import CODE_BYTES
from takeback.registration import LocalFeatures
from takeback.store.bulk import insert_rows
from takeback.store.changes import Owner
from takeback.store.keyring import Keyring
from takeback.store.seal import Seal, seal_all, unseal_all
from takeback.store.tables import digest, entry, exchange, fingerprint

PDQ, CROPS, SSCD, LOCAL, TILES = "pdq", "pdq-crops", "sscd", "local", "pdq-tiles"
"""Algorithms: one code; the codes of a picture's crops, in one row; a descriptor; local features; its tiles."""
_SEARCHED = (PDQ, CROPS, SSCD, LOCAL)
VERSION = 1
WHOLE = "whole"
_PRINT_COLUMNS = (
    "algorithm", "route", "version", "orientation", "view", "model", "quality", "key_id", "sealed"
)  # fmt: skip
_UPRIGHT = Orientation.UPRIGHT.value
_BATCH_ROWS = 5_000
MAX_IDS = 500
"""Ids in one statement: SQLite took 999 values at most until 3.32 (SQLITE_MAX_VARIABLE_NUMBER)."""
log = logging.getLogger("takeback.store")

type Searched = Literal["entry", "original", "item"]
"""What is searched apart: entries that may match, ordinary pictures, and what the sites store."""

_STATES = {
    "entry": [EntryState.HOLDING.value, EntryState.GATED.value],
    "original": [EntryState.ORIGINAL.value],
}


@dataclass(frozen=True, slots=True)
class KnownBy:
    """
    What an entry or an item is known by.

    `prints` are PDQ fingerprints, each with the view of the picture that it is of; `crops` are those of a
    picture's crops; `tiles` those of an original; `digests` are SHA-256 digests with their kind, `file` or `pixels`.
    `nearest_512` are PDQ fingerprints by that route, which StopNCII's list holds: those of an outside list are searched
    (`takeback.media.views.ViewKind.REDUCED` is how an upload is looked at for them), those of a notice only kept.
    """

    prints: Sequence[tuple[str, PdqHash]] = ()
    nearest_512: Sequence[PdqHash] = ()
    crops: Sequence[PdqHash] = ()
    descriptors: Sequence[tuple[str, Descriptor]] = ()
    local: Sequence[LocalFeatures] = ()
    tiles: Sequence[Tiles] = ()
    digests: Sequence[tuple[str, bytes]] = ()


class SealedPrints(NamedTuple):
    """What is stored of an entry or item: fingerprints sealed under its data key, digests under an HMAC."""

    key_id: str
    prints: Sequence[tuple[object, ...]]
    """Values in the order of `_PRINT_COLUMNS`."""
    digests: Sequence[tuple[str, bytes]]


class _Row(NamedTuple):
    """What is stored of one fingerprint; `value` is sealed."""

    algorithm: str
    value: bytes
    view: str = WHOLE
    quality: int = MIN_QUALITY
    model: str | None = None
    route: str = Route.PIXELS.value


class _Opened(NamedTuple):
    key: int
    algorithm: str
    model: str | None
    view: str | None
    quality: int
    value: bytes


_OWNER_COLUMN = {
    "entry": fingerprint.c.entry_id,
    "original": fingerprint.c.entry_id,
    "item": fingerprint.c.item_id,
}
_DIGEST_COLUMN = {"entry": digest.c.entry_id, "item": digest.c.item_id}


class PrintStore:
    """Writes sealed fingerprints and keyed digests, and opens them for the indexes."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, owner: Owner, owner_id: int, known_by: KnownBy, key: tuple[str, bytes]) -> None:
        """Seal fingerprints under the data key `key` (id, key) of their entry or site; digests are keyed."""
        (sealed,) = seal_prints(self._keyring, [(known_by, key)])
        self.add_all(owner, [(owner_id, sealed)])

    def add_all(self, owner: Owner, sealed: Iterable[tuple[int, SealedPrints]]) -> None:
        """Write what was sealed of many (`seal_prints`), each with the id of its entry or item."""
        rows, keyed = [], []
        for owner_id, each in sealed:
            rows += [(owner_id, *values) for values in each.prints]
            keyed += [(owner_id, *values) for values in each.digests]
        insert_rows(self._connection, fingerprint, (f"{owner}_id", *_PRINT_COLUMNS), rows)
        insert_rows(self._connection, digest, (f"{owner}_id", "kind", "keyed"), keyed)

    def keyed(self, value: bytes) -> bytes:
        """Return the form in which a digest is stored and looked up."""
        return self._keyring.keyed_digest(value)

    def digests_of(self, owner: Owner, owner_id: int) -> set[bytes]:
        """Return the digests of an entry or item, of its file and of its pixels, as they are stored."""
        query = select(digest.c.keyed).where(_DIGEST_COLUMN[owner] == owner_id)
        return {bytes(row.keyed) for row in self._connection.execute(query)}

    def drop(self, owner: Owner, owner_id: int) -> list[int]:
        """Erase every fingerprint and digest of an entry or item; return the fingerprints' keys."""
        keys = self.keys_of(owner, owner_id)
        self._connection.execute(delete(fingerprint).where(_OWNER_COLUMN[owner] == owner_id))
        self._connection.execute(delete(digest).where(_DIGEST_COLUMN[owner] == owner_id))
        return keys

    def keys_between(self, first_id: int, last_id: int) -> list[tuple[int, int]]:
        """Return the key and the entry of each fingerprint of entries with ids from one to another, by their keys."""
        between = fingerprint.c.entry_id.between(first_id, last_id)
        rows = self._connection.execute(select(fingerprint.c.id, fingerprint.c.entry_id).where(between))
        return sorted((row[0], row[1]) for row in rows)

    def keys_of(self, owner: Owner, owner_id: int) -> list[int]:
        """Return the keys of the fingerprints of an entry or item."""
        rows = self._connection.execute(select(fingerprint.c.id).where(_OWNER_COLUMN[owner] == owner_id))
        return [row.id for row in rows]

    def searchable(self, owner: Searched, owner_ids: Sequence[int], algorithms: Sequence[str] = ()) -> Searchable:
        """Open the searchable fingerprints of some entries or items, all of them or those of some algorithms."""
        opened: list[_Opened] = []
        for ids in batched(owner_ids, MAX_IDS):
            found = self._connection.execute(_select(owner, algorithms).where(_OWNER_COLUMN[owner].in_(ids)))
            opened += self._open(found.all())
        return _searchable(opened)

    def searchable_between(self, owner: Searched, first_id: int, last_id: int) -> Searchable:
        """Open the same of all entries or items with ids from one to another."""
        between = _OWNER_COLUMN[owner].between(first_id, last_id)
        return _searchable(self._open(self._connection.execute(_select(owner).where(between)).all()))

    def all_searchable(self, owner: Searched, algorithms: Sequence[str] = ()) -> Iterator[Searchable]:
        """Open the searchable fingerprints of all entries or all items, in batches of bounded memory."""
        last = 0
        while True:
            query = _select(owner, algorithms).where(fingerprint.c.id > last).order_by(fingerprint.c.id)
            rows = self._connection.execute(query.limit(_BATCH_ROWS)).all()
            if not rows:
                return
            last = rows[-1].id
            yield _searchable(self._open(rows))

    def known_by(self, owner: Searched, owner_id: int) -> KnownBy:
        """Open what one entry or item is searched by, without its digests, which cannot be read back."""
        opened = self._open(self._connection.execute(_select(owner).where(_OWNER_COLUMN[owner] == owner_id)).all())
        codes = [(each, _codes(each.value)) for each in opened if each.algorithm in (PDQ, CROPS)]
        return KnownBy(
            prints=[
                (each.view or WHOLE, PdqHash(each.value, each.quality)) for each, _ in codes if each.algorithm == PDQ
            ],
            crops=[
                PdqHash(row.tobytes(), MIN_QUALITY) for each, rows in codes if each.algorithm == CROPS for row in rows
            ],
            descriptors=[
                (each.view or WHOLE, Descriptor(each.model or "", each.value))
                for each in opened
                if each.algorithm == SSCD
            ],
            local=[LocalFeatures.from_bytes(each.value) for each in opened if each.algorithm == LOCAL],
        )

    def codes_of(self, entry_id: int) -> list[tuple[Route, bytes]]:
        """Open the PDQ codes of an entry by route, those of its whole picture: what a list is told of it."""
        mine = (fingerprint.c.entry_id == entry_id, fingerprint.c.algorithm == PDQ, fingerprint.c.view == WHOLE)
        rows = self._connection.execute(_opening().add_columns(fingerprint.c.route).where(*mine)).all()
        opened = {each.key: each.value for each in self._open([row[:-1] for row in rows])}
        return [(Route(row.route), opened[row.id]) for row in rows if row.id in opened]

    def local_features(self, keys: Sequence[int]) -> Mapping[int, LocalFeatures]:
        """Open the local features of each key that has some and still may match."""
        query = _opening().where(fingerprint.c.algorithm == LOCAL)
        found: dict[int, LocalFeatures] = {}
        for some in batched(keys, MAX_IDS):
            rows = self._connection.execute(query.where(fingerprint.c.id.in_([int(key) for key in some]))).all()
            found |= {each.key: LocalFeatures.from_bytes(each.value) for each in self._open(rows)}
        return found

    def tiles_of(self, entry_id: int) -> list[Tiles]:
        """Open the tiles of an entry that is an original."""
        mine = (fingerprint.c.entry_id == entry_id, fingerprint.c.algorithm == TILES)
        rows = self._connection.execute(_opening().where(*mine)).all()
        return [Tiles.from_bytes(each.value) for each in self._open(rows)]

    def codes(self, keys: Sequence[int]) -> Mapping[int, tuple[int, bytes]]:
        """Open single codes of entries by their keys: the entry of each, and its 32 bytes."""
        found: dict[int, tuple[int, bytes]] = {}
        for some in batched(keys, MAX_IDS):
            mine = (fingerprint.c.id.in_(some), fingerprint.c.algorithm == PDQ, fingerprint.c.entry_id.is_not(None))
            rows = self._connection.execute(_opening().add_columns(fingerprint.c.entry_id).where(*mine)).all()
            owners = {row.id: row.entry_id for row in rows}
            found |= {each.key: (owners[each.key], each.value) for each in self._open([row[:-1] for row in rows])}
        return found

    def copy_digests(self, item_id: int, entry_id: int) -> None:
        """Let an entry be recognised by the digests of an item; they are keyed, and cannot be read back."""
        columns = (literal(entry_id), digest.c.kind, digest.c.keyed)
        self._connection.execute(
            insert(digest).from_select(
                ["entry_id", "kind", "keyed"], select(*columns).where(digest.c.item_id == item_id)
            )
        )

    def _open(self, rows: Sequence[Any]) -> list[_Opened]:
        """
        Open sealed fingerprints; one whose key is gone is left out, and how many is logged.

        A single key is gone by design: an erasure destroyed it, and this view of the database is older, or
        it is an older backup beside the present keys. Both mean withdrawn, so neither may match again. A
        key store that is lost as a whole is another matter: `Store.open` refuses it.
        """
        keys = self._keyring.data_keys([row[_KEY_ID] for row in rows])
        present = [row for row in rows if row[_KEY_ID] in keys]
        if len(present) < len(rows):
            missing = len(rows) - len(present)
            log.warning("%d fingerprints no longer match: the keys that sealed them were destroyed", missing)
        values = unseal_all(
            (Seal(keys[key_id]), sealed, _purpose(algorithm)) for _, algorithm, _, _, _, key_id, sealed in present
        )
        return [
            _Opened(number, algorithm, model, view, quality, value)
            for (number, algorithm, model, view, quality, _, _), value in zip(present, values, strict=True)
        ]


def seal_prints(keyring: Keyring, known: Sequence[tuple[KnownBy, tuple[str, bytes]]]) -> list[SealedPrints]:
    """Seal what entries or items are known by, each under its data key (id, key); needs no database."""
    found = [_rows(known_by) for known_by, _ in known]
    sealed = iter(
        seal_all(
            [
                (sealing, row.value, _purpose(row.algorithm))
                for rows, (_, (_, secret)) in zip(found, known, strict=True)
                for sealing in [Seal(secret)]
                for row in rows
            ]
        )
    )
    return [
        SealedPrints(
            key_id,
            [
                (algorithm, route, VERSION, _UPRIGHT, view, model, quality, key_id, next(sealed))
                for algorithm, _, view, quality, model, route in rows
            ],
            [(kind, keyring.keyed_digest(value)) for kind, value in known_by.digests],
        )
        for rows, (known_by, (key_id, _)) in zip(found, known, strict=True)
    ]


_KEY_ID = 5
"""Where the id of the key stands in a row of `_opening`."""


def _opening() -> Select[Any]:
    columns = (fingerprint.c.id, fingerprint.c.algorithm, fingerprint.c.model, fingerprint.c.view)
    return select(*columns, fingerprint.c.quality, fingerprint.c.key_id, fingerprint.c.sealed)


@cache
def _purpose(algorithm: str) -> bytes:
    return f"fingerprint/{algorithm}".encode()


def _rows(known_by: KnownBy) -> list[_Row]:
    rows = [_Row(PDQ, pdq.code, view, pdq.quality) for view, pdq in known_by.prints]
    rows += [_Row(PDQ, pdq.code, route=Route.NEAREST_512.value) for pdq in known_by.nearest_512]
    if known_by.crops:
        rows.append(_Row(CROPS, b"".join(pdq.code for pdq in known_by.crops)))
    rows += [
        _Row(SSCD, descriptor.values, view, model=descriptor.model_id) for view, descriptor in known_by.descriptors
    ]
    rows += [_Row(LOCAL, features.to_bytes()) for features in known_by.local]
    rows += [_Row(TILES, tiles.to_bytes()) for tiles in known_by.tiles]
    return rows


def _codes(value: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(value, np.uint8).reshape(-1, CODE_BYTES)


def _searchable(opened: Sequence[_Opened]) -> Searchable:
    codes = [(each.key, each.value) for each in opened if each.algorithm in (PDQ, CROPS)]
    by_model: dict[str, list[_Opened]] = {}
    for each in opened:
        if each.algorithm == SSCD:
            by_model.setdefault(each.model or "", []).append(each)
    return Searchable(
        pdq=(
            np.repeat(np.array([key for key, _ in codes], np.uint64), [len(value) // CODE_BYTES for _, value in codes]),
            _codes(b"".join(value for _, value in codes)),
        ),
        descriptors={model: _descriptors(rows) for model, rows in by_model.items()},
        local=[(each.key, LocalFeatures.from_bytes(each.value).codes) for each in opened if each.algorithm == LOCAL],
    )


def _descriptors(rows: Sequence[_Opened]) -> tuple[NDArray[np.uint64], NDArray[np.int8]]:
    values = np.frombuffer(b"".join(each.value for each in rows), np.int8).reshape(-1, DESCRIPTOR_VALUES)
    return np.array([each.key for each in rows], np.uint64), values


def _select(owner: Searched, algorithms: Sequence[str] = ()) -> Select[Any]:
    """
    Select what an index may hold: good enough to be compared, and of an entry that may match; of our route, or of an
    outside list.
    """
    query = _opening().where(_OWNER_COLUMN[owner].is_not(None), fingerprint.c.quality >= MIN_QUALITY)
    query = query.where(fingerprint.c.algorithm.in_(algorithms or _SEARCHED))
    if owner not in _STATES:
        return query.where(fingerprint.c.route == Route.PIXELS.value)
    query = query.join(entry, entry.c.id == fingerprint.c.entry_id).where(entry.c.state.in_(_STATES[owner]))
    of_list = entry.c.bank_id.in_(select(exchange.c.bank_id))
    return query.where(or_(fingerprint.c.route == Route.PIXELS.value, of_list))
