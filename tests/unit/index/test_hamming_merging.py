"""Adding and removing while merges and searches go on: nothing is lost, doubled, or found after its removal."""

from __future__ import annotations

import threading

import numpy as np
from tests.unit.index.codes import answers, codes, keys, linear

from takeback.index import HammingIndex

MERGED = 60_000
"""Rows that cross the tail, and several merges, aside and inline."""


def test_codes_added_one_by_one_are_each_found_at_once_and_after_every_merge() -> None:
    stored = codes(MERGED)
    index = HammingIndex(threads=1)
    for row in range(MERGED):
        index.add(keys(1, first=row + 1), stored[row : row + 1])
        if row % 500 == 0:
            assert answers(index, stored[row : row + 1], 0) == [(0, 0, row + 1)]
    index.settle()
    assert len(index) == MERGED
    assert answers(index, stored[::200], 31) == answers(linear(keys(MERGED), stored), stored[::200], 31)


def test_keys_may_come_in_any_order() -> None:
    stored = codes(30_000)
    order = np.random.default_rng(3).permutation(30_000)
    index = HammingIndex(threads=1)
    for some in np.array_split(order, 9):
        index.add(keys(30_000)[some], stored[some])
    index.remove(keys(30_000)[order[:700]])
    index.settle()
    kept = np.sort(order[700:])
    assert answers(index, stored[::100], 20) == answers(linear(keys(30_000)[kept], stored[kept]), stored[::100], 20)


def test_a_key_that_is_removed_in_the_middle_of_a_merge_is_not_found_after_it() -> None:
    stored = codes(200_000)
    index = HammingIndex(threads=1)
    index.add(keys(100_000), stored[:100_000])
    # What follows is merged with what is there, in a thread of its own, again and again.
    for first in range(100_000, 200_000, 5_000):
        index.add(keys(5_000, first=first + 1), stored[first : first + 5_000])
        index.remove(keys(2_500, first=first - 4_999))
    index.settle()
    gone = np.concatenate([keys(2_500, first=first - 4_999) for first in range(100_000, 200_000, 5_000)])
    kept = np.setdiff1d(keys(200_000), gone)
    assert len(index) == len(kept)
    assert index.contains(gone).sum() == 0
    assert index.contains(kept).all()
    sample = stored[::1_000]
    rows = (kept - 1).astype(np.int64)
    assert answers(index, sample, 0) == answers(linear(kept, stored[rows]), sample, 0)


def test_most_rows_can_be_removed_at_once_and_their_memory_is_given_back() -> None:
    stored = codes(150_000)
    index = HammingIndex(threads=1)
    index.add(keys(150_000), stored)
    full = index.nbytes
    index.remove(keys(140_000))
    index.settle()
    assert len(index) == 10_000
    assert index.nbytes < full / 10
    kept = stored[140_000:]
    assert answers(index, stored[::500], 31) == answers(linear(keys(10_000, first=140_001), kept), stored[::500], 31)


def test_what_is_added_after_most_rows_went_is_filed_in_tables_again() -> None:
    stored = codes(40_000)
    index = HammingIndex(threads=1)
    index.add(keys(10_000), stored[:10_000])
    index.remove(keys(9_990))
    for row in range(10_000, 40_000, 100):
        index.add(keys(100, first=row + 1), stored[row : row + 100])
    index.settle()
    # Rows that are only scanned take 41 bytes; those in tables, which are searched without touching them, 136.
    assert index.nbytes > 120 * len(index)
    kept = stored[9_990:]
    assert answers(index, stored[::100], 31) == answers(linear(keys(30_010, first=9_991), kept), stored[::100], 31)


def test_searches_and_changes_from_many_threads_leave_what_one_thread_would() -> None:
    steady, moving = codes(40_000), codes(24_000, seed=2)
    index = HammingIndex()
    index.add(keys(40_000), steady)
    expected = answers(index, steady[:64], 0)
    stop = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not stop.is_set():
            if answers(index, steady[:64], 0) != expected:
                wrong.append("a steady code was lost, or found twice")

    def change(worker: int) -> None:
        first = 100_000 + 10_000 * worker
        for start in range(0, 8_000, 400):
            rows = moving[8_000 * worker + start :][:400]
            index.add(keys(400, first=first + start), rows)
            if len(index.search(rows, 0)) != 400:
                wrong.append("an added code was not found by the next search")
            index.remove(keys(200, first=first + start))
            if index.contains(keys(200, first=first + start)).any():
                wrong.append("a removed key was still there")

    searchers = [threading.Thread(target=search) for _ in range(2)]
    changers = [threading.Thread(target=change, args=(worker,)) for worker in range(3)]
    for thread in searchers + changers:
        thread.start()
    for thread in changers:
        thread.join()
    stop.set()
    for thread in searchers:
        thread.join()
    index.settle()
    assert not wrong
    assert len(index) == 40_000 + 3 * 4_000


def test_a_batch_on_all_cores_answers_as_on_one() -> None:
    stored = codes(70_000)
    one, many = HammingIndex(threads=1), HammingIndex(threads=4)
    for index in (one, many):
        index.add(keys(70_000), stored)
    for queries, radius in ((stored[::100], 31), (stored[:40], 100), (stored[:1], 256)):
        assert answers(many, queries, radius) == answers(one, queries, radius)


def test_a_large_scan_is_divided_among_cores() -> None:
    stored = codes(1_100_000)
    index = HammingIndex(threads=3)
    index.add(keys(len(stored)), stored)
    found = index.search(stored[-1:], 256)
    assert np.array_equal(np.sort(found.key), keys(len(stored)))
    assert answers(index, stored[-1:], 60)[0] == (0, 0, len(stored))
