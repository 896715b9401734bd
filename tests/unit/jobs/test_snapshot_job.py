"""When the snapshots are written anew: after many changes, after an erasure, and never all the time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.house import AT, LAWS, drawn, notice_about, reported

from takeback.assembly import Parts
from takeback.bank import EntryState, Opinion
from takeback.cases.notice import ReportedPicture
from takeback.config import Settings
from takeback.fingerprint import PdqHash
from takeback.jobs.snapshot import LEAST_CHANGES, OLDEST_SECONDS, REST_SECONDS, SnapshotJob
from takeback.store import Store
from takeback.store.banks import NOTICES_BANK, NewEntry
from takeback.store.journal import Journal
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import known_by_of_reported
from takeback.workflow.register import add_entries
from takeback.workflow.replica import Replica, snapshot_paths
from takeback.workflow.snapshot import are_sealed, prepare_snapshots
from takeback.workflow.withdraw import withdraw


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def parts(store: Store, journal: Journal, data: Path, tmp_path: Path) -> Parts:
    folder = tmp_path / "run"
    folder.mkdir()
    prepare_snapshots(store, folder=folder, data=data)
    # A job of snapshots decodes nothing.
    return Parts(Settings(data=data), store, Replica.open(folder, store), journal, None, snapshots=folder)  # type: ignore[arg-type]


def _step(job: SnapshotJob) -> None:
    asyncio.run(job.step())


def _soon(parts: Parts, least_changes: int) -> SnapshotJob:
    """Return a job to which fewer changes are many."""
    return SnapshotJob(parts, clock=Seconds(), least_changes=least_changes)


def _pictures(count: int) -> list[ReportedPicture]:
    rng = np.random.default_rng(count)
    ones = np.zeros((count, 256), np.uint8)
    ones[:, :128] = 1
    codes = np.packbits(rng.permuted(ones, axis=1), axis=1)
    return [ReportedPicture(pdq=PdqHash(code.tobytes(), 100)) for code in codes]


def _enter(store: Store, count: int) -> None:
    add_entries(
        store,
        NOTICES_BANK,
        _pictures(count),
        opinion=Opinion.POSITIVE,
        source="list",
        expires_at=None,
        actor="a",
        at=AT,
    )


@pytest.mark.parametrize("least", [50, pytest.param(LEAST_CHANGES, marks=pytest.mark.slow)])
def test_few_changes_write_nothing_and_many_write_a_snapshot_that_everyone_takes(parts: Parts, least: int) -> None:
    job = SnapshotJob(parts, clock=Seconds()) if least == LEAST_CHANGES else _soon(parts, least)
    assert parts.snapshots is not None
    other = Replica.open(parts.snapshots, parts.store)
    _enter(parts.store, 10)
    _step(job)
    assert parts.replica.snapshot_seq < parts.replica.seq
    _enter(parts.store, least)
    _step(job)
    assert parts.replica.snapshot_seq == parts.replica.seq
    other.take_newer(parts.snapshots, parts.store)
    assert (other.snapshot_seq, len(other.entries)) == (parts.replica.seq, least + 10)


def test_a_page_of_a_list_is_one_change_and_counts_as_the_codes_that_it_brings(parts: Parts) -> None:
    job = _soon(parts, 50)
    keys = parts.store.keyring.new_data_keys(60)
    with parts.store.write() as tx:
        bank = tx.banks.bank_by_name(NOTICES_BANK)
        new = [
            NewEntry("list", Opinion.POSITIVE, EntryState.HOLDING, known_by=known_by_of_reported([picture]))
            for picture in _pictures(60)
        ]
        tx.banks.add_entries(bank.id, new, keys, AT)
    _step(job)
    assert parts.replica.snapshot_seq == parts.replica.seq == 1


def test_an_erasure_is_followed_by_new_sealed_snapshots_but_not_more_than_one_a_minute(parts: Parts) -> None:
    seconds = Seconds()
    job = SnapshotJob(parts, clock=seconds)
    assert parts.snapshots is not None
    for seed in (1, 2):
        notice = notice_about(reported(drawn(seed)))
        received = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
        withdraw(parts.store, parts.journal, received.ending, at=AT)
        assert not are_sealed(parts.store, parts.settings.data)
        _step(job)
        assert are_sealed(parts.store, parts.settings.data) == (seed == 1)
    seconds.now += REST_SECONDS
    _step(job)
    assert are_sealed(parts.store, parts.settings.data)
    assert len(Replica.open(parts.snapshots, parts.store).entries) == 0


def test_a_single_change_is_written_after_an_hour(parts: Parts) -> None:
    seconds = Seconds()
    job = SnapshotJob(parts, clock=seconds)
    _enter(parts.store, 1)
    _step(job)
    assert parts.replica.snapshot_seq < parts.replica.seq
    seconds.now += OLDEST_SECONDS
    _step(job)
    assert parts.replica.snapshot_seq == parts.replica.seq


def test_a_run_without_memory_to_share_writes_none(parts: Parts) -> None:
    assert parts.snapshots is not None
    for path in snapshot_paths(parts.snapshots):
        path.unlink()
    job = _soon(replace(parts, snapshots=None), 50)
    _enter(parts.store, 50)
    _step(job)
    assert not any(path.exists() for path in snapshot_paths(parts.snapshots))
