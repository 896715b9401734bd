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
from takeback.exchanges.interface import FetchCheckpoint, Standing
from takeback.store import Keyring, Store, Transaction
from takeback.store.banks import NewEntry
from takeback.store.exchanges import FLAWED, INSTANCE, UNREAD, ExchangeRow, KnownRecord, Said
from takeback.workflow.keyed_page import KeyedPage, KeyedRecord, SealedRecord, seal_records
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
class _Work:
    """What is to be written of some records."""

    said: list[Said] = field(default_factory=list)
    new: list[KeyedRecord] = field(default_factory=list)
    """Each gets an entry."""
    doubts: list[tuple[int, Opinion]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


def take_page(
    store: Store, exchange: ExchangeRow, page: KeyedPage, after: Mapping[str, object], *, at: datetime,
    shared: SharedLots | None = None,
) -> None:  # fmt: skip
    """
    Take in what a page says, and write down where to go on; `after` are further columns of the exchange.

    What has ended matches nothing from the commit on, in every process a twentieth of a second later. Many codes that
    come at once are left in `shared`.
    """
    taken = _Taken()
    lots = list(batched(page.records, _AT_ONCE)) or [()]
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


def _take_lot(
    store: Store, exchange: ExchangeRow, lot: Sequence[KeyedRecord], place: FetchCheckpoint | None,
    after: Mapping[str, object], taken: _Taken, at: datetime,
) -> tuple[list[str], Lot | None]:  # fmt: skip
    """Take some records in; return the data keys to destroy after the commit, and the codes that came."""
    with store.read() as tx:
        if len(lot) >= _MANY:
            tx.exchanges.give_room()
        known = tx.exchanges.known(exchange.id, [each.keyed for each in lot])
        work = _sorted(lot, known, taken)
    sealed = _sealed(store.keyring, work.new)
    with store.write() as tx:
        destroyed = [key for entry_id in work.ends for key in end_entry(tx, exchange, entry_id, at=at)]
        for entry_id, opinion in work.doubts:
            # What a person here decided about, no list makes doubtful.
            if tx.banks.by_id(entry_id).state is EntryState.HOLDING:
                tx.banks.set_opinion(entry_id, opinion)
                let_entry_hold(tx, exchange, entry_id, at=at)
        source = actor_of(exchange)
        entries = _entries(work.new, source)
        ids = tx.banks.add_sealed(exchange.bank_id, entries, [each.prints for each in sealed], at)
        came = _lot(tx, ids, sealed)
        added = [
            Said(new.keyed, new.standing, new.content, entry_id, each.name)
            for new, each, entry_id in zip(work.new, sealed, ids, strict=True)
        ]
        tx.exchanges.say(exchange.id, [*work.said, *added], at)
        if place is not None:
            tx.exchanges.set_place(exchange.id, place, **after)
            facts = {"list": exchange.name, **taken.as_facts()}
            kind = EventKind.NOTICE_TAKEN if exchange.api == INSTANCE else EventKind.LIST_FETCHED
            tx.audit.append(kind, at=at, actor=source, facts=facts)
    return destroyed, came


def _sealed(keyring: Keyring, new: Sequence[KeyedRecord]) -> list[SealedRecord]:
    """Return what is sealed of new records, and seal what is not: before the transaction, which is to be short."""
    rest = iter(seal_records(keyring, [each.record for each in new if each.record is not None]))
    return [next(rest) if each.sealed is None else each.sealed for each in new]


def _entries(new: Sequence[KeyedRecord], source: str) -> list[NewEntry]:
    # One for all that a list says the same of: what each is known by is sealed already.
    by_standing = {
        standing.value: NewEntry(source, opinion, EntryState.HOLDING) for standing, opinion in _OPINION.items()
    }
    return [by_standing[each.standing] for each in new]


def _lot(tx: Transaction, ids: Sequence[int], sealed: Sequence[SealedRecord]) -> Lot | None:
    """Return the codes of many new entries, inside the transaction that added them; None where any is not one code."""
    codes = [each.code for each in sealed if each.code is not None]
    if len(ids) < _MANY or len(codes) < len(ids):
        return None
    keys = tx.prints.keys_between(ids[0], ids[-1])
    if [entry_id for _, entry_id in keys] != list(ids):
        return None
    numbers = np.array([key for key, _ in keys], np.uint64)
    clear = np.frombuffer(b"".join(codes), np.uint8).reshape(len(keys), -1)
    return Lot(tx.changes.last(), range(ids[0], ids[-1] + 1), numbers, clear)


def _sorted(lot: Sequence[KeyedRecord], known: Mapping[bytes, KnownRecord], taken: _Taken) -> _Work:
    work = _Work()
    for each in lot:
        before = known.get(each.keyed)
        if each.why is not None:
            _sort_unread(work, each, before, taken)
        else:
            _sort_record(work, each, before, taken)
    return work


def _sort_unread(work: _Work, each: KeyedRecord, before: KnownRecord | None, taken: _Taken) -> None:
    """What cannot be read ends nothing that could be read before: it is doubted."""
    taken.flawed += each.standing == FLAWED
    taken.unread += each.standing == UNREAD
    if before is not None and before.entry_id is not None:
        work.doubts.append((before.entry_id, Opinion.DISPUTED))
        work.said.append(_again(before, Standing.DOUBTED.value))
        return
    work.said.append(Said(each.keyed, each.standing, why=each.why))


def _sort_record(work: _Work, each: KeyedRecord, before: KnownRecord | None, taken: _Taken) -> None:
    entry_id = None if before is None else before.entry_id
    if each.standing == Standing.ENDED.value:
        if entry_id is not None:
            work.ends.append(entry_id)
        taken.ended += entry_id is not None
        taken.unchanged += entry_id is None
        # Told again or not: nothing is left of it but that it was there.
        work.said.append(Said(each.keyed, each.standing))
        return
    if entry_id is not None and before is not None and before.content == each.content:
        is_changed = before.standing != each.standing
        if is_changed:
            work.doubts.append((entry_id, _OPINION[Standing(each.standing)]))
        # That it was named now is written down too: of a list that is always told whole, what was not is over.
        work.said.append(_again(before, each.standing))
        taken.changed += is_changed
        taken.unchanged += not is_changed
        return
    if entry_id is not None:
        work.ends.append(entry_id)
        taken.changed += 1
    else:
        taken.added += 1
    work.new.append(each)


def _again(before: KnownRecord, standing: str) -> Said:
    return Said(before.keyed, standing, before.content, before.entry_id, before.sealed_name)
