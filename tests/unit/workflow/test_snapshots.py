"""Indexes that processes share, and that the next start unseals: the same answers, and nothing erased comes back."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.house import AT, LAWS, Pixels, drawn, notice_about, prints_of, reported
from tests.unit.decoding import InProcess

from takeback.assembly import Follower, Parts
from takeback.bank import Opinion
from takeback.config import Settings
from takeback.errors import SealBroken, SnapshotCorrupt, StoreError
from takeback.store import Keyring, MasterKey, Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_entries
from takeback.workflow.replica import Replica, snapshot_paths
from takeback.workflow.snapshot import are_sealed, prepare_snapshots, publish, sealed_paths
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import withdraw

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where this run's snapshots lie."""
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess())


def _notice(store: Store, replica: Replica, pixels: Pixels) -> Received:
    return receive_notice(store, replica, notice_about(reported(pixels)), default_laws=LAWS, request=None, at=AT)


def _remember(store: Store, replica: Replica, site: Site, seed: int) -> None:
    upload = Upload(site, str(seed), f"https://forum.example/{seed}")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), upload, at=AT)


def _action(store: Store, replica: Replica, seed: int) -> Action:
    return check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), None, at=AT).action


def _code(seed: int) -> bytes:
    pdq = reported(drawn(seed)).pdq
    assert pdq is not None
    return pdq.code


# ---- The same answers -----------------------------------------------------------------------------------


def test_a_replica_of_snapshots_answers_as_the_store_and_follows_it(
    store: Store, replica: Replica, site: Site, folder: Path, data: Path
) -> None:
    _remember(store, replica, site, 1)
    _notice(store, replica, drawn(2))
    publish(store, replica, folder=folder, data=data)
    shared = Replica.open(folder, store)
    assert (shared.seq, len(shared.entries), len(shared.items)) == (replica.seq, 1, 1)
    assert _action(store, shared, 2) is Action.HOLD
    # What came after the snapshot is followed.
    case = _notice(store, replica, drawn(1)).case
    decide(store, case.public_id, REMOVE, at=AT)
    assert _action(store, shared, 1) is Action.REFUSE


def test_the_next_start_unseals_and_needs_no_row(
    store: Store, replica: Replica, site: Site, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(2))
    prepare_snapshots(store, folder=folder, data=data)
    for path in snapshot_paths(folder):
        path.unlink()
    with store.write() as tx:
        tx.connection.execute(text("update fingerprint set sealed = x'00'"))  # whoever opens a row now fails
    prepare_snapshots(store, folder=folder, data=data)
    assert len(Replica.open(folder, store).entries) == 1
    with pytest.raises(SealBroken):
        Replica.load(store)


def test_changes_since_the_sealed_snapshot_are_followed_at_the_next_start(
    store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    prepare_snapshots(store, folder=folder, data=data)
    _notice(store, replica, drawn(2))
    prepare_snapshots(store, folder=folder, data=data)
    shared = Replica.open(folder, store)
    assert len(shared.entries) == 1
    assert (_action(store, shared, 1), _action(store, shared, 2)) == (Action.HOLD, Action.HOLD)


def test_an_entry_that_only_changes_its_state_stays_where_others_search_it(
    store: Store, replica: Replica, site: Site, folder: Path, data: Path
) -> None:
    _remember(store, replica, site, 1)
    case = _notice(store, replica, drawn(1)).case
    publish(store, replica, folder=folder, data=data)
    ahead, behind = Replica.open(folder, store), Replica.open(folder, store)
    decide(store, case.public_id, REMOVE, at=AT)
    ahead.follow(store)
    # The other has not followed: it must not lose what it searches.
    assert len(behind.entries) == len(ahead.entries) == 1


# ---- What cannot be used --------------------------------------------------------------------------------


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def _foreign(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n")


def _lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _forget(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [_cut, _flip, _foreign, _lengthen, _forget])
def test_sealed_snapshots_that_do_not_open_are_made_anew_from_the_store(
    harm: Callable[[Path], None], store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    prepare_snapshots(store, folder=folder, data=data)
    harm(sealed_paths(data)[0])
    prepare_snapshots(store, folder=folder, data=data)
    assert _action(store, Replica.open(folder, store), 1) is Action.HOLD
    assert are_sealed(store, data)


def test_two_sealed_snapshots_cannot_stand_for_each_other(
    store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    prepare_snapshots(store, folder=folder, data=data)
    entries, items = sealed_paths(data)
    items.write_bytes(entries.read_bytes())
    prepare_snapshots(store, folder=folder, data=data)
    assert len(Replica.open(folder, store).items) == 0


def test_snapshots_of_a_later_state_than_the_database_are_not_used(
    store: Store, replica: Replica, folder: Path, data: Path, tmp_path: Path
) -> None:
    _notice(store, replica, drawn(1))
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"vacuum into '{tmp_path / 'earlier.db'}'")
    _notice(store, replica, drawn(2))
    prepare_snapshots(store, folder=folder, data=data)
    earlier = Store(f"sqlite+pysqlite:///{tmp_path / 'earlier.db'}", store.keyring)
    prepare_snapshots(earlier, folder=folder, data=data)
    assert len(Replica.open(folder, store).entries) == 1
    earlier.engine.dispose()


def test_a_clear_snapshot_that_is_harmed_is_refused(store: Store, replica: Replica, folder: Path, data: Path) -> None:
    publish(store, replica, folder=folder, data=data)
    _flip(snapshot_paths(folder)[0])
    with pytest.raises(SnapshotCorrupt, match=r"entry\.snapshot cannot be used"):
        Replica.open(folder, store)


# ---- What is erased -------------------------------------------------------------------------------------


def test_a_withdrawal_is_erased_from_the_shared_snapshot_and_ends_the_sealed_one(
    store: Store, replica: Replica, journal: Journal, folder: Path, data: Path
) -> None:
    received = _notice(store, replica, drawn(1))
    _notice(store, replica, drawn(2))
    prepare_snapshots(store, folder=folder, data=data)
    clear = snapshot_paths(folder)[0]
    assert _code(1) in clear.read_bytes()
    sealed = [path.read_bytes() for path in sealed_paths(data)]
    shared = Replica.open(folder, store)
    withdraw(store, journal, received.ending, at=AT)
    # 1. The key of the sealed one is gone at once, whoever kept a copy of it.
    assert not are_sealed(store, data)
    # 2. The first process that follows erases the code for all.
    shared.follow(store)
    assert _code(1) not in clear.read_bytes()
    assert _code(2) in clear.read_bytes()
    # 3. An old copy of the sealed files opens no more, and the next start makes new ones without it.
    for path, content in zip(sealed_paths(data), sealed, strict=True):
        path.write_bytes(content)
    prepare_snapshots(store, folder=folder, data=data)
    assert len(Replica.open(folder, store).entries) == 1
    assert _code(1) not in snapshot_paths(folder)[0].read_bytes()
    assert are_sealed(store, data)


def test_an_erasure_while_a_snapshot_is_written_leaves_none_that_opens(
    store: Store, replica: Replica, journal: Journal, folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = _notice(store, replica, drawn(1))
    save = replica.save

    def and_then_she_withdraws(target: Path) -> None:
        save(target)
        withdraw(store, journal, received.ending, at=AT)

    monkeypatch.setattr(replica, "save", and_then_she_withdraws)
    publish(store, replica, folder=folder, data=data)
    assert not are_sealed(store, data)
    assert not any(path.exists() for path in sealed_paths(data))


def test_nothing_of_a_fingerprint_lies_open_in_the_data(
    store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    prepare_snapshots(store, folder=folder, data=data)
    assert _code(1) in snapshot_paths(folder)[0].read_bytes()
    for path in data.iterdir():
        content = path.read_bytes()
        assert _code(1) not in content
        assert _code(1).hex().encode() not in content
    for path in (*sealed_paths(data), *snapshot_paths(folder)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_only_the_newest_snapshot_has_a_key(store: Store, replica: Replica, folder: Path, data: Path) -> None:
    _notice(store, replica, drawn(1))
    publish(store, replica, folder=folder, data=data)
    older = sealed_paths(data)[0].read_bytes()
    publish(store, replica, folder=folder, data=data)
    assert are_sealed(store, data)
    sealed_paths(data)[0].write_bytes(older)
    assert not are_sealed(store, data)


# ---- Going over to newer ones ---------------------------------------------------------------------------


def test_a_replica_goes_over_to_newer_snapshots_and_loses_nothing(
    store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    publish(store, replica, folder=folder, data=data)
    follower = Replica.open(folder, store)
    before = follower.entries
    follower.take_newer(folder, store)
    assert follower.entries is before
    _notice(store, replica, drawn(2))
    publish(store, replica, folder=folder, data=data)
    _notice(store, replica, drawn(3))
    follower.follow(store)
    follower.take_newer(folder, store)
    assert follower.entries is not before
    assert (follower.snapshot_seq, follower.seq) == (2, 3)
    assert [_action(store, follower, seed) for seed in (1, 2, 3, 4)] == [*[Action.HOLD] * 3, Action.ALLOW]


def test_newer_snapshots_that_are_harmed_are_said_once_and_the_replica_goes_on(
    store: Store, replica: Replica, folder: Path, data: Path
) -> None:
    _notice(store, replica, drawn(1))
    publish(store, replica, folder=folder, data=data)
    follower = Replica.open(folder, store)
    publish(store, replica, folder=folder, data=data)
    _flip(snapshot_paths(folder)[0])
    with pytest.raises(SnapshotCorrupt):
        follower.take_newer(folder, store)
    follower.take_newer(folder, store)
    assert _action(store, follower, 1) is Action.HOLD


def _follow_and_count(data: Path, folder: Path, ready: object, counts: object) -> None:
    store = Store.open(sqlite_url(data), Keyring(MasterKey(bytes(range(32))), data / "keys.db"))
    replica = Replica.open(folder, store)
    ready.wait()  # type: ignore[attr-defined]
    for _ in range(200):
        replica.follow(store)
        replica.take_newer(folder, store)
    counts.put((replica.seq, len(replica.entries), os.getpid()))  # type: ignore[attr-defined]
    store.close()


def test_processes_that_share_snapshots_end_with_the_same_codes_while_notices_come_and_go(
    store: Store, replica: Replica, journal: Journal, folder: Path, data: Path
) -> None:
    publish(store, replica, folder=folder, data=data)
    context = multiprocessing.get_context("spawn")
    ready, counts = context.Barrier(3), context.Queue()
    others = [context.Process(target=_follow_and_count, args=(data, folder, ready, counts)) for _ in range(2)]
    for other in others:
        other.start()
    ready.wait()
    for seed in range(30):
        received = _notice(store, replica, drawn(seed))
        if seed % 3 == 0:
            withdraw(store, journal, received.ending, at=AT)
        if seed % 10 == 9:
            publish(store, replica, folder=folder, data=data)
    for other in others:
        other.join()
        assert other.exitcode == 0
    final = Replica.open(folder, store)
    final.follow(store)
    assert (final.seq, len(final.entries)) == (Replica.load(store).seq, 20)
    for _ in others:
        seq, held, _ = counts.get()
        assert seq <= final.seq
        assert held <= 21  # at most the one that is just being withdrawn
    assert sorted(_action(store, final, seed) for seed in range(30)).count(Action.HOLD) == 20


# ---- Many at once ---------------------------------------------------------------------------------------


def test_a_notice_that_thousands_of_items_match_is_one_query_after_the_other(
    store: Store, replica: Replica, site: Site
) -> None:
    """More keys than SQLite takes in one statement, as it is built where nobody raised the limit."""
    with store.read() as tx:
        raw = tx.connection.connection.driver_connection
        assert raw is not None
        raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
        many = list(range(1, 40_001))
        assert tx.items.by_key(many) == {}
        assert tx.banks.entries(many) == {}
        assert len(tx.prints.searchable("item", many).keys) == 0


def test_changes_of_one_operator_s_list_are_followed_in_one_go(store: Store, replica: Replica) -> None:
    pictures = [reported(drawn(seed), orientations=False) for seed in range(12)]
    add_entries(
        store, NOTICES_BANK, pictures, opinion=Opinion.POSITIVE, source="list", expires_at=None, actor="a", at=AT
    )
    replica.follow(store)
    assert len(replica.entries) == 12


# ---- When there is something to follow ------------------------------------------------------------------


def test_a_process_is_behind_after_every_commit_of_another_until_it_has_followed(parts: Parts, data: Path) -> None:
    follower = Follower(parts)
    assert follower.is_behind()
    follower.follow()
    assert not follower.is_behind()
    for commit in (parts.store, Store(sqlite_url(data), parts.store.keyring)):
        _notice(commit, Replica(), drawn(1))
        assert follower.is_behind()
        follower.follow()
        assert not follower.is_behind()
    assert len(parts.replica.entries) == 2


def test_a_process_that_could_not_follow_is_still_behind(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(parts)

    def fail(_store: Store) -> None:
        raise StoreError("The database was busy for too long; nothing was written.")

    with monkeypatch.context() as patch:
        patch.setattr(parts.replica, "follow", fail)
        with pytest.raises(StoreError):
            follower.follow()
    assert follower.is_behind()
    follower.follow()
    assert not follower.is_behind()
