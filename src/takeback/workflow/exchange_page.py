"""
What a page of an outside list says is taken in, and how far the list was read is written down with it.

What a list says of a record takes the place of what it said before. Records are taken some at a time, each lot in a
transaction that is short; the last of a page has the place of the next page too. A crash in between has the page asked
again, and what was taken of it before is taken once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

import numpy as np

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState, Opinion
from takeback.exchanges.interface import Algorithm, FetchCheckpoint, Page, Record, Signal, Standing, Unread
from takeback.fingerprint import PdqHash, Route
from takeback.store import Store, Transaction
from takeback.store.banks import NewEntry
from takeback.store.exchanges import FLAWED, INSTANCE, UNREAD, ExchangeRow, KnownRecord, Said
from takeback.store.prints import WHOLE, KnownBy
from takeback.workflow.list_case import actor_of, end_entry, let_entry_hold
from takeback.workflow.shared_lots import Lot, SharedLots

_AT_ONCE = 800
"""Records in one transaction: below 50 ms."""
_MANY = 100
"""Records from which more of the database is kept in memory."""

_OPINION = {Standing.LIVE: Opinion.POSITIVE, Standing.DOUBTED: Opinion.DISPUTED}


@dataclass(slots=True)
class _Taken:
    """What came of a page: how many records of each kind."""

    added: int = 0
    changed: int = 0
    ended: int = 0
    flawed: int = 0
    unread: int = 0
    unchanged: int = 0

    def as_facts(self) -> dict[str, Json]:
        """Return what the log says of it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Lot:
    """What is to be written of some records."""

    said: list[Said] = field(default_factory=list)
    new: list[tuple[bytes, bytes, Record]] = field(default_factory=list)
    """Keyed name and content of each record that gets an entry."""
    doubts: list[tuple[int, Opinion]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


def take_page(
    store: Store, exchange: ExchangeRow, page: Page, after: Mapping[str, object], *, at: datetime,
    shared: SharedLots | None = None,
) -> None:  # fmt: skip
    """
    Take in what a page says, and write down where to go on; `after` are further columns of the exchange.

    What has ended matches nothing from the commit on, in every process a twentieth of a second later. Many codes that
    come at once are left in `shared`.
    """
    taken = _Taken()
    everything: list[Record | Unread] = [*page.records, *page.unread]
    lots = list(batched(_last_of_each(everything), _AT_ONCE)) or [()]
    for number, lot in enumerate(lots, start=1):
        place = page.after if number == len(lots) else None
        destroyed, came = _take_lot(store, exchange, lot, place, after, taken, at)
        if shared is not None and came is not None:
            shared.put(came)
        if destroyed:
            store.keyring.destroy(destroyed)


def end_unnamed(store: Store, exchange: ExchangeRow, since: datetime, *, at: datetime) -> None:
    """End what a list that is always told whole did not name since a moment."""
    while True:
        with store.write() as tx:
            gone = tx.exchanges.live_before(exchange.id, since, _AT_ONCE)
            keys = [
                key
                for each in gone
                if each.entry_id is not None
                for key in end_entry(tx, exchange, each.entry_id, at=at)
            ]
            tx.exchanges.say(exchange.id, [Said(each.keyed, Standing.ENDED.value) for each in gone], at)
            if gone:
                facts: dict[str, Json] = {"list": exchange.name, "ended": len(gone)}
                tx.audit.append(EventKind.LIST_FETCHED, at=at, actor=actor_of(exchange), facts=facts)
        if keys:
            store.keyring.destroy(keys)
        if len(gone) < _AT_ONCE:
            return


def _last_of_each(everything: Sequence[Record | Unread]) -> list[Record | Unread]:
    """Return each name once: what stands last on a page counts."""
    return list({each.name: each for each in everything}.values())


def _take_lot(
    store: Store, exchange: ExchangeRow, lot: Sequence[Record | Unread], place: FetchCheckpoint | None,
    after: Mapping[str, object], taken: _Taken, at: datetime,
) -> tuple[list[str], Lot | None]:  # fmt: skip
    """Take some records in; return the data keys to destroy after the commit, and the codes that came."""
    with store.read() as tx:
        if len(lot) >= _MANY:
            tx.exchanges.give_room()
        keyed = {tx.exchanges.keyed(exchange.id, each.name): each for each in lot}
        known = tx.exchanges.known(exchange.id, list(keyed))
        work = _sorted(tx, exchange, keyed, known, taken)
    # Keys first: they live apart from the database, and an unused one does no harm.
    keys = store.keyring.new_data_keys(len(work.new)) if work.new else []
    with store.write() as tx:
        destroyed = [key for entry_id in work.ends for key in end_entry(tx, exchange, entry_id, at=at)]
        for entry_id, opinion in work.doubts:
            # What a person here decided about, no list makes doubtful.
            if tx.banks.by_id(entry_id).state is EntryState.HOLDING:
                tx.banks.set_opinion(entry_id, opinion)
                let_entry_hold(tx, exchange, entry_id, at=at)
        source = actor_of(exchange)
        records = [record for _, _, record in work.new]
        ids = tx.banks.add_entries(exchange.bank_id, [_entry(record, source) for record in records], keys, at)
        came = _lot(tx, ids, records)
        names = _sealed_names(tx, records, keys)
        added = [
            Said(keyed_name, record.standing.value, content, entry_id, names.get(number))
            for number, ((keyed_name, content, record), entry_id) in enumerate(zip(work.new, ids, strict=True))
        ]
        tx.exchanges.say(exchange.id, [*work.said, *added], at)
        if place is not None:
            tx.exchanges.set_place(exchange.id, place, **after)
            facts = {"list": exchange.name, **taken.as_facts()}
            kind = EventKind.NOTICE_TAKEN if exchange.api == INSTANCE else EventKind.LIST_FETCHED
            tx.audit.append(kind, at=at, actor=source, facts=facts)
    return destroyed, came


def _lot(tx: Transaction, ids: Sequence[int], records: Sequence[Record]) -> Lot | None:
    """Return the codes of many new entries, inside the transaction that added them; None where any is not one code."""
    if len(ids) < _MANY or not all(map(_is_one_code, records)):
        return None
    keys = tx.prints.keys_between(ids[0], ids[-1])
    if [entry_id for _, entry_id in keys] != list(ids):
        return None
    codes = np.frombuffer(b"".join([record.signals[0].value for record in records]), np.uint8)
    numbers = np.array([key for key, _ in keys], np.uint64)
    return Lot(tx.changes.last(), range(ids[0], ids[-1] + 1), numbers, codes.reshape(len(keys), -1))


def _is_one_code(record: Record) -> bool:
    return len(record.signals) == 1 and record.signals[0].algorithm is Algorithm.PDQ


def _sealed_names(tx: Transaction, records: Sequence[Record], keys: Sequence[tuple[str, bytes]]) -> dict[int, bytes]:
    """Seal the names by which the list is told of records later: all but those that a fingerprint says as well."""
    named = [number for number, record in enumerate(records) if not _is_its_fingerprint(record)]
    sealed = tx.exchanges.seal_names((keys[number], records[number].name) for number in named)
    return dict(zip(named, sealed, strict=True))


def _is_its_fingerprint(record: Record) -> bool:
    """Whether its name can be told from what is kept of it: a digest, which is under an HMAC, is no help."""
    return record.is_its_signal and _is_one_code(record)


def _sorted(
    tx: Transaction, exchange: ExchangeRow, keyed: Mapping[bytes, Record | Unread], known: Mapping[bytes, KnownRecord],
    taken: _Taken,
) -> _Lot:  # fmt: skip
    work = _Lot()
    for name, each in keyed.items():
        before = known.get(name)
        if isinstance(each, Unread):
            _sort_unread(work, name, each, before, taken)
            continue
        content = tx.exchanges.keyed(exchange.id, _content(each))
        _sort_record(work, name, content, each, before, taken)
    return work


def _sort_unread(work: _Lot, name: bytes, each: Unread, before: KnownRecord | None, taken: _Taken) -> None:
    """What cannot be read ends nothing that could be read before: it is doubted."""
    taken.flawed += each.is_flawed
    taken.unread += not each.is_flawed
    if before is not None and before.entry_id is not None:
        work.doubts.append((before.entry_id, Opinion.DISPUTED))
        work.said.append(_again(before, Standing.DOUBTED))
        return
    work.said.append(Said(name, FLAWED if each.is_flawed else UNREAD, why=each.why[:100]))


def _sort_record(
    work: _Lot, name: bytes, content: bytes, record: Record, before: KnownRecord | None, taken: _Taken
) -> None:
    entry_id = None if before is None else before.entry_id
    if record.standing is Standing.ENDED:
        if entry_id is not None:
            work.ends.append(entry_id)
        taken.ended += entry_id is not None
        taken.unchanged += entry_id is None
        # Told again or not: nothing is left of it but that it was there.
        work.said.append(Said(name, Standing.ENDED.value))
        return
    if entry_id is not None and before is not None and before.content == content:
        is_changed = before.standing != record.standing
        if is_changed:
            work.doubts.append((entry_id, _OPINION[record.standing]))
        # That it was named now is written down too: of a list that is always told whole, what was not is over.
        work.said.append(_again(before, record.standing))
        taken.changed += is_changed
        taken.unchanged += not is_changed
        return
    if entry_id is not None:
        work.ends.append(entry_id)
        taken.changed += 1
    else:
        taken.added += 1
    work.new.append((name, content, record))


def _again(before: KnownRecord, standing: Standing) -> Said:
    return Said(before.keyed, standing.value, before.content, before.entry_id, before.sealed_name)


def _content(record: Record) -> str:
    signals = [f"{each.algorithm.value}:{each.route.value}:{each.value.hex()}" for each in record.signals]
    return " ".join(sorted(signals))


def _entry(record: Record, source: str) -> NewEntry:
    return NewEntry(source, _OPINION[record.standing], EntryState.HOLDING, known_by=_known_by(record.signals))


_KIND = {Algorithm.MD5: "md5", Algorithm.SHA1: "sha1", Algorithm.SHA256: "file", Algorithm.PIXELS: "pixels"}


def _known_by(signals: Sequence[Signal]) -> KnownBy:
    prints: list[tuple[str, PdqHash]] = []
    nearest_512: list[PdqHash] = []
    digests: list[tuple[str, bytes]] = []
    for each in signals:
        if each.algorithm is not Algorithm.PDQ:
            digests.append((_KIND[each.algorithm], each.value))
        elif each.route is Route.PIXELS:
            prints.append((WHOLE, each.pdq))
        else:
            nearest_512.append(each.pdq)
    return KnownBy(prints=prints, nearest_512=nearest_512, digests=digests)
