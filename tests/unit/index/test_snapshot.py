"""Snapshots: whole or refused, shared by whoever opens them, and erased in place."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.index.codes import answers, codes, keys, linear, settled_codes

from takeback.errors import SnapshotCorrupt, StoreError
from takeback.index import HammingIndex

SAMPLES = Path(__file__).parent / "samples"
HEADER_BYTES = 4096


def saved(path: Path, count: int, *, seq: int = 0) -> HammingIndex:
    index = HammingIndex(threads=1)
    index.add(keys(count), codes(count))
    index.save(path, seq=seq)
    return index


def ids_in(raw: bytes, rows: int) -> NDArray[np.uint32]:
    """The last part of a snapshot: the row at each place of the sixteen tables (`native/core/index/segment.hpp`)."""
    places = rows + rows // 6
    return np.frombuffer(raw[-16 * places * 4 :], np.uint32).reshape(16, places)


# ---- Written and opened ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 3_000, 20_000])
def test_an_opened_snapshot_answers_as_the_index_that_wrote_it(count: int, tmp_path: Path) -> None:
    index = saved(tmp_path / "index", count, seq=41)
    opened = HammingIndex.open(tmp_path / "index", threads=1)
    assert (len(opened), opened.seq) == (count, 41)
    queries = codes(50)
    for radius in (0, 31, 60):
        assert answers(opened, queries, radius) == answers(index, queries, radius)


def test_a_snapshot_holds_what_came_by_every_way_and_not_what_went(tmp_path: Path) -> None:
    stored = codes(110_000)
    index = HammingIndex(threads=1)
    index.add(keys(100_000), stored[:100_000])
    for row in range(100_000, 110_000, 100):
        index.add(keys(100, first=row + 1), stored[row : row + 100])
    index.remove(keys(900, first=50_001))
    index.save(tmp_path / "index")
    opened = HammingIndex.open(tmp_path / "index")
    kept = np.setdiff1d(keys(110_000), keys(900, first=50_001))
    assert len(opened) == len(kept)
    assert answers(opened, stored[::300], 31) == answers(
        linear(kept, stored[(kept - 1).astype(np.int64)]), stored[::300], 31
    )


def test_a_snapshot_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    saved(tmp_path / "index", 10, seq=1)
    older = HammingIndex.open(tmp_path / "index")
    saved(tmp_path / "index", 20, seq=2)
    assert (len(older), len(HammingIndex.open(tmp_path / "index"))) == (10, 20)
    assert os.listdir(tmp_path) == ["index"]
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o600


def test_a_snapshot_that_cannot_be_written_is_an_error_that_leaves_the_older_one(tmp_path: Path) -> None:
    saved(tmp_path / "index", 10, seq=1)
    index = HammingIndex()
    with pytest.raises(StoreError, match="No such file or directory"):
        index.save(tmp_path / "missing" / "index")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        index.save(tmp_path / "folder")
    assert sorted(os.listdir(tmp_path)) == ["folder", "index"]
    assert HammingIndex.open(tmp_path / "index").seq == 1


def test_a_disk_without_room_is_an_error_and_not_a_crash(small_disk: Path) -> None:
    index = saved(small_disk / "index", 3_000, seq=1)
    index.add(keys(100_000, first=10_000), codes(100_000))
    with pytest.raises(StoreError, match="No space left"):
        index.save(small_disk / "index", seq=2)
    assert os.listdir(small_disk) == ["index"]
    assert HammingIndex.open(small_disk / "index").seq == 1


@pytest.mark.parametrize("version", [1])
def test_a_snapshot_of_every_version_that_there_was_still_opens(version: int, tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    sample.write_bytes((SAMPLES / f"v{version}.snapshot").read_bytes())
    index = HammingIndex.open(sample)
    stored = settled_codes(40)
    assert (len(index), index.seq) == (39, 1234)
    assert index.contains(keys(40)).tolist() == [key != 7 for key in range(1, 41)]
    assert answers(index, stored, 0) == [(row, 0, row + 1) for row in range(40) if row != 6]


# ---- Refused --------------------------------------------------------------------------------------------


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read or written: No such file"):
        HammingIndex.open(tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "shorter than"),
        (b"\x89PNG\r\n\x1a\n" + bytes(5_000), "not a snapshot"),
        (b"TKBKHAM\n", "shorter than"),
        (b"TKBKHAM\n" + bytes(8_000), "not a snapshot"),
    ],
)
def test_a_foreign_file_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(content)
    with pytest.raises(SnapshotCorrupt, match=why):
        HammingIndex.open(tmp_path / "index")


def test_a_snapshot_of_a_later_version_is_refused_by_its_number(tmp_path: Path) -> None:
    saved(tmp_path / "index", 10)
    whole = bytearray((tmp_path / "index").read_bytes())
    whole[8] = 9
    (tmp_path / "index").write_bytes(whole)
    with pytest.raises(SnapshotCorrupt, match="format 9, and this version reads 1"):
        HammingIndex.open(tmp_path / "index")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_anywhere_and_a_cut_at_any_length_are_found(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "index"
    if not path.exists():
        saved(path, 3_000)
    whole = path.read_bytes()
    harmed = bytearray(whole)
    if data.draw(st.booleans(), label="cut"):
        harmed = harmed[: data.draw(st.integers(0, len(whole) - 1), label="length")]
    else:
        # The rest of the header's page is not used.
        place = data.draw(st.integers(0, 63) | st.integers(HEADER_BYTES, len(whole) - 1), label="byte")
        harmed[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    other = tmp_path / "harmed"
    other.write_bytes(harmed)
    with pytest.raises(SnapshotCorrupt):
        HammingIndex.open(other)


def test_a_longer_file_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "index", 10)
    with (tmp_path / "index").open("ab") as file:
        file.write(bytes(64))
    with pytest.raises(SnapshotCorrupt, match="longer"):
        HammingIndex.open(tmp_path / "index")


# ---- Shared ---------------------------------------------------------------------------------------------


def test_what_is_removed_is_erased_in_the_file_which_still_opens(tmp_path: Path) -> None:
    stored = codes(20_000)
    saved(tmp_path / "index", 20_000)
    index = HammingIndex.open(tmp_path / "index")
    gone = stored[4_999]
    assert gone.tobytes() in (tmp_path / "index").read_bytes()
    index.remove(keys(1, first=5_000))
    raw = (tmp_path / "index").read_bytes()
    assert gone.tobytes() not in raw
    # Its place in a table would tell a sixteenth of it: the row's number stands in none.
    ids = ids_in(raw, 20_000)
    assert not (ids == 4_999).any()
    assert [(ids == row).sum() for row in (4_998, 5_000)] == [16, 16]
    again = HammingIndex.open(tmp_path / "index")
    assert len(again) == 19_999
    assert not again.contains(keys(1, first=5_000)).any()
    assert answers(again, stored[4_990:5_010], 0) == [(row, 0, 4_991 + row) for row in range(20) if row != 9]


def test_very_many_removals_erase_and_leave_a_snapshot_that_opens(tmp_path: Path) -> None:
    stored = codes(30_000)
    saved(tmp_path / "index", 30_000)
    index = HammingIndex.open(tmp_path / "index")
    index.remove(keys(6_000))
    index.settle()
    raw = (tmp_path / "index").read_bytes()
    assert not any(code.tobytes() in raw for code in stored[:6_000:100])
    ids = ids_in(raw, 30_000)
    assert not (ids < 6_000).any()
    assert len(HammingIndex.open(tmp_path / "index")) == 24_000


def _remove(path: Path, first: int, count: int, ready: object) -> None:
    index = HammingIndex.open(path, threads=1)
    ready.wait()  # type: ignore[attr-defined]
    for key in range(first, first + count):
        index.remove(keys(1, first=key))


def test_processes_that_remove_the_same_and_other_rows_at_once_leave_a_whole_snapshot(tmp_path: Path) -> None:
    stored = codes(20_000)
    saved(tmp_path / "index", 20_000)
    watcher = HammingIndex.open(tmp_path / "index", threads=1)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    others = [
        context.Process(target=_remove, args=(tmp_path / "index", first, 3_000, ready)) for first in (1, 1, 2_001)
    ]
    for other in others:
        other.start()
    steady = stored[10_000:10_050]
    expected = [(row, 0, 10_001 + row) for row in range(50)]
    while any(other.is_alive() for other in others):
        assert answers(watcher, steady, 31) == expected
    for other in others:
        other.join()
        assert other.exitcode == 0
    again = HammingIndex.open(tmp_path / "index")
    assert len(again) == len(watcher) == 15_000
    assert answers(watcher, stored[::50], 0) == [(row, 0, 50 * row + 1) for row in range(400) if 50 * row >= 5_000]


def test_what_is_added_to_an_opened_snapshot_is_this_process_s_own(tmp_path: Path) -> None:
    saved(tmp_path / "index", 100)
    one, other = HammingIndex.open(tmp_path / "index"), HammingIndex.open(tmp_path / "index")
    one.add(keys(1, first=500), codes(1, seed=9))
    assert (len(one), len(other)) == (101, 100)


def test_a_key_removed_while_a_snapshot_is_written_is_not_in_it(tmp_path: Path) -> None:
    """Whenever the removal comes: before, during or after the writing, the newest snapshot opens without it."""
    stored = codes(200_000)
    index = HammingIndex(threads=1)
    index.add(keys(200_000), stored)
    writer = threading.Thread(target=index.save, args=(tmp_path / "index",))
    writer.start()
    removed = 0
    while writer.is_alive() and removed < 20_000:
        index.remove(keys(100, first=removed + 1))
        removed += 100
    writer.join()
    opened = HammingIndex.open(tmp_path / "index")
    present = opened.contains(keys(200_000))
    # They went in ascending order, so those that came too late for the file are the last.
    assert not (present[:-1] & ~present[1:]).any()
    assert 200_000 - removed <= len(opened) <= 200_000
    assert answers(opened, stored[::4_000], 0) == [
        (row, 0, 4_000 * row + 1) for row in range(50) if present[4_000 * row]
    ]
