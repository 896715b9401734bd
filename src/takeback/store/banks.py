"""Banks and their entries, as they are now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from itertools import batched

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from takeback.bank import Entry, EntryState, ListKind, Opinion, Reach, Thresholds
from takeback.errors import InputError, NotFound
from takeback.fingerprint.tiles import Tiles
from takeback.registration import LocalFeatures
from takeback.store.bulk import insert_rows, next_ids, stored_moment
from takeback.store.changes import ChangeStore
from takeback.store.exchanges import INSTANCE
from takeback.store.keyring import Keyring
from takeback.store.prints import MAX_IDS, KnownBy, PrintStore, SealedPrints, seal_prints
from takeback.store.tables import bank, case, digest, entry, exchange, fingerprint, forwarded_digest, suspicion

_ENTRY_COLUMNS = (
    "id", "public_id", "bank_id", "case_id", "source", "opinion", "state", "expires_at", "counts_from", "created_at",
    "key_id", "added_by",
)  # fmt: skip
_LOT_BYTES = 8
"""Of a public id's 16: what entries that came together have in common, so that their rows lie together in its index."""
_THRESHOLDS = [each.name for each in fields(Thresholds)]
NOTICES_BANK = "notices"
"""The bank that every case's entries are in."""
ORIGINALS_BANK = "originals"
"""The bank of ordinary pictures that forgeries may be made of."""


@dataclass(frozen=True, slots=True)
class BankRow:
    """A bank: a name and the distances at which its entries match."""

    id: int
    public_id: str
    name: str
    thresholds: Thresholds
    entries: int
    enabled_ratio: float = 1.0
    """In how many requests of HMA's API its entries match, 0..1; with 0 they match at no door."""

    @property
    def is_kept_by_cases(self) -> bool:
        """Whether notices fill it: nobody renames it, switches it off, or removes it."""
        return self.name in (NOTICES_BANK, ORIGINALS_BANK)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What an entry is recognised by, and who said so."""

    source: str
    opinion: Opinion
    state: EntryState
    expires_at: datetime | None = None
    case_id: int | None = None
    known_by: KnownBy = field(default_factory=KnownBy)
    counts_from: datetime | None = None
    added_by: str | None = None
    """Who of the operator's put it in."""


class BankStore:
    """Reads and writes banks and entries; it is the `Bank` that screening asks."""

    def __init__(self, connection: Connection, keyring: Keyring, prints: PrintStore, changes: ChangeStore) -> None:
        self._connection = connection
        self._keyring = keyring
        self._prints = prints
        self._changes = changes

    # Banks

    def add_bank(self, name: str, thresholds: Thresholds, at: datetime) -> BankRow:
        """Add a bank; `InputError` where the name is taken."""
        self._require_free(name)
        self._connection.execute(
            insert(bank).values(
                public_id=secrets.token_hex(16),
                name=name,
                created_at=at,
                **asdict(thresholds),
            )
        )
        return self.bank_by_name(name)

    def set_thresholds(self, bank_id: int, thresholds: Thresholds) -> BankRow:
        """Give a bank other thresholds."""
        self._connection.execute(update(bank).where(bank.c.id == bank_id).values(**asdict(thresholds)))
        return self._bank_by_id(bank_id)

    def set_name(self, bank_id: int, name: str) -> BankRow:
        """Give a bank another name; `InputError` where that is taken."""
        self._require_free(name)
        self._connection.execute(update(bank).where(bank.c.id == bank_id).values(name=name))
        return self._bank_by_id(bank_id)

    def set_enabled_ratio(self, bank_id: int, ratio: float) -> BankRow:
        """Say in how many requests of HMA's API the bank's entries match, 0..1."""
        self._connection.execute(update(bank).where(bank.c.id == bank_id).values(enabled_ratio=ratio))
        return self._bank_by_id(bank_id)

    def remove_bank(self, bank_id: int, at: datetime) -> None:
        """
        Let a bank be gone: it has no name, and its entries match nothing from now on.

        The row stays as long as its entries' do, and theirs for the keys that are still to be destroyed after a crash.
        """
        gone = {"name": bank.c.public_id, "enabled_ratio": 0.0, "removed_at": at}
        self._connection.execute(update(bank).where(bank.c.id == bank_id).values(gone))

    def entries_of_removed(self, most: int) -> list[Entry]:
        """Return at most `most` entries of removed banks whose fingerprints are still there."""
        live = (bank.c.removed_at.is_not(None), entry.c.state != EntryState.WITHDRAWN.value)
        return [_entry(row) for row in self._connection.execute(_entries().where(*live).limit(most))]

    def _bank_by_id(self, bank_id: int) -> BankRow:
        return _bank(self._connection.execute(_banks().where(bank.c.id == bank_id)).one())

    def _require_free(self, name: str) -> None:
        if self._connection.execute(select(bank.c.id).where(bank.c.name == name)).first():
            raise InputError("There is a bank of this name already.", advice="Choose another name.")

    def originals_bank(self, at: datetime) -> BankRow:
        """Return the bank of originals, made with the first of them."""
        row = self._connection.execute(_banks().where(bank.c.name == ORIGINALS_BANK)).first()
        return self.add_bank(ORIGINALS_BANK, Thresholds(), at) if row is None else _bank(row)

    def bank_by_name(self, name: str) -> BankRow:
        """Return one bank; `NotFound` where there is none."""
        row = self._connection.execute(_banks().where(bank.c.name == name, bank.c.removed_at.is_(None))).first()
        if row is None:
            raise NotFound("There is no bank of this name.")
        return _bank(row)

    def all_banks(self) -> list[BankRow]:
        """Return every bank, oldest first."""
        query = _banks().where(bank.c.removed_at.is_(None)).order_by(bank.c.id)
        return [_bank(row) for row in self._connection.execute(query)]

    def reach(self) -> Reach:
        """Return how far a search has to go to miss no bank's entry (`Bank.reach`)."""
        bits, similarity, inliers = self._connection.execute(_WIDEST).one()
        return Reach.of([]) if bits is None else Reach(bits, similarity, inliers)

    # Entries

    def add_entry(self, bank_id: int, new: NewEntry, key: tuple[str, bytes], at: datetime) -> Entry:
        """Add an entry under a data key of its own (id, key), visible to every replica after the commit."""
        (entry_id,) = self.add_entries(bank_id, [new], [key], at)
        return self.by_id(entry_id)

    def add_entries(
        self, bank_id: int, new: Sequence[NewEntry], keys: Sequence[tuple[str, bytes]], at: datetime
    ) -> list[int]:
        """Add many entries at once, each under its own data key; return their ids in the same order."""
        known = [(each.known_by, key) for each, key in zip(new, keys, strict=True)]
        return self.add_sealed(bank_id, new, seal_prints(self._keyring, known), at)

    def add_sealed(
        self, bank_id: int, new: Sequence[NewEntry], sealed: Sequence[SealedPrints], at: datetime
    ) -> list[int]:
        """The same where what they are known by was sealed before (`seal_prints`), and stands in place of it."""
        ids = next_ids(self._connection, entry, len(new))
        lot, own = secrets.token_hex(_LOT_BYTES), secrets.token_hex(_LOT_BYTES * len(new))
        added_at = stored_moment(at)
        public_ids = (lot + own[first : first + 2 * _LOT_BYTES] for first in range(0, len(own), 2 * _LOT_BYTES))
        rows = [
            (
                entry_id, public_id, bank_id, each.case_id, each.source, each.opinion.value,
                each.state.value, stored_moment(each.expires_at), stored_moment(each.counts_from), added_at,
                prints.key_id, each.added_by,
            )
            for entry_id, public_id, each, prints in zip(ids, public_ids, new, sealed, strict=True)
        ]  # fmt: skip
        insert_rows(self._connection, entry, _ENTRY_COLUMNS, rows)
        self._prints.add_all("entry", zip(ids, sealed, strict=True))
        self._changes.append_new("entry", ids)
        return list(ids)

    def set_state(self, entry_id: int, state: EntryState) -> None:
        """Let an entry do more or less than before."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(state=state.value))
        self._changes.append("entry", entry_id, self._prints.keys_of("entry", entry_id))

    def accept(self, entry_id: int, actor: str) -> None:
        """Let what a partner submitted be the operator's own, put in by `actor`."""
        self.set_opinion(entry_id, Opinion.POSITIVE)
        self.set_state(entry_id, EntryState.GATED)
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(added_by=actor))

    def added_by(self, entry_id: int) -> str | None:
        """Return who of the operator's put an entry in; None where that is not known, or nobody did."""
        who: str | None = self._connection.execute(select(entry.c.added_by).where(entry.c.id == entry_id)).scalar_one()
        return who

    def added_at(self, entry_id: int) -> datetime:
        """Return when an entry came."""
        at: datetime = self._connection.execute(select(entry.c.created_at).where(entry.c.id == entry_id)).scalar_one()
        return at

    def name_of(self, bank_id: int) -> str:
        """Return the name of a bank; empty where it is removed."""
        of = (bank.c.id == bank_id, bank.c.removed_at.is_(None))
        return self._connection.execute(select(bank.c.name).where(*of)).scalar() or ""

    def set_opinion(self, entry_id: int, opinion: Opinion) -> None:
        """Let an entry's source say something else of it."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(opinion=opinion.value))

    def set_case(self, entry_id: int, case_id: int) -> None:
        """Let an entry of an outside list be that of the case that was opened for its first match."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(case_id=case_id))

    def set_counts_from(self, entry_id: int, moment: datetime | None) -> None:
        """Let an entry rest until a moment; None: it does not rest."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(counts_from=moment))

    def erase(self, entry_id: int) -> str:
        """Erase the fingerprints and digests of an entry and return the id of the data key to destroy."""
        removed = self._prints.drop("entry", entry_id)
        for table in (suspicion, forwarded_digest):
            self._connection.execute(delete(table).where(table.c.entry_id == entry_id))
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(state=EntryState.WITHDRAWN.value))
        self._changes.append("entry", entry_id, removed)
        key_id: str = self._connection.execute(select(entry.c.key_id).where(entry.c.id == entry_id)).scalar_one()
        return key_id

    def data_key(self, entry_id: int) -> tuple[str, bytes]:
        """Return the data key that seals what is stored of an entry: id and key."""
        key_id: str = self._connection.execute(select(entry.c.key_id).where(entry.c.id == entry_id)).scalar_one()
        return key_id, self._keyring.data_key(key_id)

    def withdrawn_key_ids(self) -> list[str]:
        """Return the data keys of erased entries: whichever still exist are to be destroyed."""
        rows = self._connection.execute(select(entry.c.key_id).where(entry.c.state == EntryState.WITHDRAWN.value))
        return [row.key_id for row in rows]

    def of_case(self, case_id: int) -> list[Entry]:
        """Return the entries of one case."""
        return [_entry(row) for row in self._connection.execute(_entries().where(entry.c.case_id == case_id))]

    def ids_after(self, bank_id: int, after: int, most: int) -> list[int]:
        """Return the next entries of a bank that may match, by id."""
        mine = (entry.c.bank_id == bank_id, entry.c.id > after, entry.c.state == EntryState.HOLDING.value)
        query = select(entry.c.id).where(*mine).order_by(entry.c.id).limit(most)
        return [row.id for row in self._connection.execute(query)]

    def last_id(self, bank_id: int) -> int:
        """Return the id of a bank's last entry; 0 where it has none."""
        last = select(func.max(entry.c.id)).where(entry.c.bank_id == bank_id)
        return int(self._connection.execute(last).scalar_one() or 0)

    def own_decided(self, bank_id: int) -> list[int]:
        """Return the ids of a bank's entries that the operator put in, to be found, and answers for."""
        mine = (entry.c.bank_id == bank_id, entry.c.state == EntryState.GATED.value, entry.c.case_id.is_(None))
        query = select(entry.c.id).where(*mine, entry.c.opinion == Opinion.POSITIVE.value).order_by(entry.c.id)
        return [row.id for row in self._connection.execute(query)]

    def newest_at(self) -> datetime | None:
        """Return when the newest entry came; None where there is none."""
        newest = select(entry.c.created_at).order_by(entry.c.id.desc()).limit(1)
        found: datetime | None = self._connection.execute(newest).scalar_one_or_none()
        return found

    def in_quarantine(self) -> list[Entry]:
        """Return the entries in quarantine, the newest last."""
        query = _entries().where(entry.c.quarantined_at.is_not(None)).order_by(entry.c.quarantined_at)
        return [_entry(row) for row in self._connection.execute(query)]

    def by_public_id(self, public_id: str) -> Entry:
        """Return one entry; `NotFound` where there is none."""
        row = self._connection.execute(_entries().where(entry.c.public_id == public_id)).first()
        if row is None:
            raise NotFound("There is no such entry.")
        return _entry(row)

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entry of each fingerprint key that still has one (`Bank.entries`)."""
        found: dict[int, Entry] = {}
        for some in batched(keys, MAX_IDS):
            rows = self._connection.execute(_ENTRIES_OF_KEYS, {"keys": [int(key) for key in some]})
            found |= {row.key: _entry(row) for row in rows}
        return found

    def local_features(self, keys: Sequence[int]) -> Mapping[int, LocalFeatures]:
        """Return the local features behind each key that has some (`Bank.local_features`)."""
        return self._prints.local_features(keys)

    def local_features_of(self, entry: Entry) -> Sequence[LocalFeatures]:
        """Return the local features that an entry has (`Bank.local_features_of`)."""
        return list(self._prints.local_features(self._prints.keys_of("entry", entry.id)).values())

    def tiles_of(self, entry: Entry) -> Sequence[Tiles]:
        """Return the tiles of an original (`Bank.tiles_of`)."""
        return self._prints.tiles_of(entry.id)

    # Originals

    def originals_of(self, case_id: int) -> list[Entry]:
        """Return the ordinary pictures of a case of which altered copies are looked for, expired ones too."""
        return [each for each in self.of_case(case_id) if each.state is EntryState.ORIGINAL]

    def expired_originals(self, at: datetime) -> list[Entry]:
        """Return the originals that have expired and are not erased yet."""
        query = _entries().where(entry.c.state == EntryState.ORIGINAL.value, entry.c.expires_at <= at)
        return [_entry(row) for row in self._connection.execute(query)]

    def set_expiry(self, entry_id: int, expires_at: datetime) -> None:
        """Let an entry count until another moment."""
        self._connection.execute(update(entry).where(entry.c.id == entry_id).values(expires_at=expires_at))

    def by_id(self, entry_id: int) -> Entry:
        """Return one entry; `NotFound` where there is none."""
        row = self._connection.execute(_entries().where(entry.c.id == entry_id)).first()
        if row is None:
            raise NotFound("There is no such entry.")
        return _entry(row)

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        """Return the entries that any of these SHA-256 digests names (`Bank.entries_by_digest`)."""
        if not digests:
            return {}
        keyed = {self._keyring.keyed_digest(value): value for value in digests}
        rows = self._connection.execute(_ENTRIES_OF_DIGESTS, {"keyed": list(keyed)})
        found: dict[bytes, list[Entry]] = {}
        for row in rows:
            found.setdefault(keyed[row.keyed], []).append(_entry(row))
        return found


def _entries(*extra: object) -> Select[tuple[object, ...]]:
    columns = (
        entry.c.id, entry.c.public_id, entry.c.source, entry.c.opinion, entry.c.state, entry.c.expires_at,
        entry.c.case_id, entry.c.quarantined_at, entry.c.counts_from, case.c.capped_at, case.c.under_18,
        bank.c.name.label("bank"),
        bank.c.enabled_ratio, exchange.c.id.label("list_id"), exchange.c.holds, exchange.c.of_minors,
        exchange.c.api,
        *(bank.c[each] for each in _THRESHOLDS),
    )  # fmt: skip
    joined = entry.join(bank, bank.c.id == entry.c.bank_id).outerjoin(case, case.c.id == entry.c.case_id)
    joined = joined.outerjoin(exchange, exchange.c.bank_id == bank.c.id)
    return select(*columns, *extra).select_from(joined)


# What every upload asks: a statement that is made once is also compiled once.
_WIDEST = select(
    func.max(bank.c.possible_bits), func.min(bank.c.possible_similarity), func.min(bank.c.possible_inliers)
)
_ENTRIES_OF_KEYS = (
    _entries(fingerprint.c.id.label("key"))
    .join(fingerprint, fingerprint.c.entry_id == entry.c.id)
    .where(fingerprint.c.id.in_(bindparam("keys", expanding=True)))
)
_ENTRIES_OF_DIGESTS = (
    _entries(digest.c.keyed.label("keyed"))
    .join(digest, digest.c.entry_id == entry.c.id)
    .where(digest.c.keyed.in_(bindparam("keyed", expanding=True)))
)


def _banks() -> Select[tuple[object, ...]]:
    count = select(func.count()).where(entry.c.bank_id == bank.c.id).scalar_subquery()
    return select(bank, count.label("entries"))


def _thresholds(row: Row[tuple[object, ...]]) -> Thresholds:
    return Thresholds(**{name: getattr(row, name) for name in _THRESHOLDS})


def _bank(row: Row[tuple[object, ...]]) -> BankRow:
    return BankRow(row.id, row.public_id, row.name, _thresholds(row), row.entries, row.enabled_ratio)


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        row.id, row.public_id, row.bank, row.source, Opinion(row.opinion), EntryState(row.state), row.expires_at,
        row.case_id, _thresholds(row), row.quarantined_at, row.counts_from, row.enabled_ratio,
        is_capped=row.capped_at is not None or (row.case_id is None and row.holds is False),
        of_list=None if row.list_id is None else _kind(row),
        under_18=bool(row.under_18),
    )  # fmt: skip


def _kind(row: Row[tuple[object, ...]]) -> ListKind:
    if row.of_minors:
        return ListKind.OF_MINORS
    return ListKind.FORWARDED if row.api == INSTANCE else ListKind.ORDINARY
