"""Codes that come in one lot are shared by the processes of a run: used where they are there, never after an end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.house import AT
from tests.lists.stopncii import random_codes

from takeback.bank import Thresholds
from takeback.exchanges.interface import Algorithm as A
from takeback.exchanges.interface import FetchCheckpoint, Page, Record, Standing, signal_of
from takeback.fingerprint import Route
from takeback.store import Store
from takeback.store.changes import Change
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.workflow.exchange_page import take_page
from takeback.workflow.keyed_page import keyed_page
from takeback.workflow.replica import Replica
from takeback.workflow.shared_lots import Lot, SharedLots
from takeback.workflow.snapshot import prepare_snapshots

COUNT = 150
CODES = random_codes(COUNT, seed=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def exchange(store: Store) -> ExchangeRow:
    with store.write() as tx:
        bank = tx.banks.add_bank("LIST", Thresholds(), AT)
        tx.exchanges.add(bank.id, NewExchange("stop_ncii", {}), AT)
        return tx.exchanges.by_name("LIST")


@pytest.fixture
def other(store: Store, folder: Path, tmp_path: Path, exchange: ExchangeRow) -> Replica:
    """Another process, which follows."""
    prepare_snapshots(store, folder=folder, data=tmp_path)
    return Replica.open(folder, store)


def _record(code: str, standing: Standing = Standing.LIVE) -> Record:
    signal = signal_of(A.PDQ, code, Route.NEAREST_512)
    assert signal is not None
    return Record(f"ImagePDQ:{code}", standing, (signal,), is_its_signal=True)


def _take(store: Store, exchange: ExchangeRow, records: list[Record], lots: SharedLots) -> None:
    page = keyed_page(store.keyring, exchange.id, Page(FetchCheckpoint(), records, is_last=True))
    take_page(store, exchange, page, {}, at=AT, shared=lots)


def _found(replica: Replica, code: str) -> int:
    return len(replica.entries.pdq.search(np.frombuffer(bytes.fromhex(code), np.uint8)[np.newaxis], 0).key)


def _change(store: Store) -> Change:
    with store.read() as tx:
        return tx.changes.since(0)[-1]


def test_a_lot_is_read_as_it_was_left_for_no_other_change(store: Store, exchange: ExchangeRow, folder: Path) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES], lots)
    change = _change(store)
    found = lots.get(change)
    assert found is not None
    assert [row.tobytes().hex() for row in found.codes] == CODES
    with store.read() as tx:
        kept = tx.prints.searchable_between("entry", change.ids.start, change.ids.stop - 1)
    assert (found.keys.tolist(), found.codes.tolist()) == (kept.pdq[0].tolist(), kept.pdq[1].tolist())
    assert lots.get(Change(change.seq, "entry", change.owner_id, (), change.owner_id + 1)) is None
    assert lots.get(Change(change.seq + 1, "entry", change.owner_id, (), change.last_owner_id)) is None


@pytest.mark.parametrize("cut", [0, 7, 31, 32, 500])
def test_a_lot_that_is_not_whole_is_none(store: Store, exchange: ExchangeRow, folder: Path, cut: int) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES], lots)
    (path,) = folder.glob("*.lot")
    path.write_bytes(path.read_bytes()[:cut])
    assert lots.get(_change(store)) is None


def test_a_process_that_follows_takes_the_lot_and_without_one_what_is_stored(
    store: Store, exchange: ExchangeRow, folder: Path, other: Replica
) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES], lots)
    change = _change(store)
    kept = lots.get(change)
    assert kept is not None
    # Codes that are stored nowhere, so that it shows where they were read.
    lots.put(Lot(change.seq, change.ids, kept.keys, ~kept.codes))
    other.follow(store)
    assert len(other.entries.pdq) == COUNT
    assert _found(other, (~kept.codes[0]).tobytes().hex()) == 1
    lots.clear()
    plain = Replica.load(store)
    assert all(_found(plain, code) for code in CODES)
    assert len(other.originals.pdq) == 0


def test_what_ended_before_it_was_followed_is_not_brought_back_by_its_lot(
    store: Store, exchange: ExchangeRow, folder: Path, other: Replica
) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES], lots)
    _take(store, exchange, [_record(CODES[7], Standing.ENDED)], lots)
    other.follow(store)
    assert len(other.entries.pdq) == COUNT - 1
    assert not _found(other, CODES[7])
    # Nothing of it is left in memory that others read, either.
    assert not list(folder.glob("*.lot"))


def test_few_codes_and_records_of_other_signals_leave_none(store: Store, exchange: ExchangeRow, folder: Path) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES[:5]], lots)
    md5 = signal_of(A.MD5, "ab" * 16)
    assert md5 is not None
    _take(store, exchange, [*map(_record, CODES[5:]), Record("film", Standing.LIVE, (md5,))], lots)
    assert not list(folder.glob("*.lot"))


def test_a_lot_is_its_owners_alone_and_a_full_disk_leaves_none(
    store: Store, exchange: ExchangeRow, folder: Path
) -> None:
    lots = SharedLots(folder)
    _take(store, exchange, [_record(code) for code in CODES], lots)
    (path,) = folder.glob("*.lot")
    assert path.stat().st_mode & 0o777 == 0o600
    folder.chmod(0o700)
    gone = SharedLots(folder / "nowhere")
    gone.put(Lot(1, range(1, 2), np.zeros(1, np.uint64), np.zeros((1, 32), np.uint8)))
    gone.clear()
    lots.clear(older_than_seconds=60)
    assert path.exists()
    lots.clear()
    assert not path.exists()
