"""A log grows entry by entry under one head."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from takeback.audit.event import Event, EventKind
from takeback.audit.log import LogEntry, LogHead, LogTail, append, erase, verify_log
from takeback.audit.merkle import Frontier, leaf_hash, root_of
from takeback.errors import LogBroken

type Log = tuple[list[LogEntry], LogTail]
type WriteLog = Callable[[int, bytes], Log]

OTHER_KEY = b"k" * 32


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 33])
def test_a_log_that_nobody_touched_verifies(write_log: WriteLog, head_key: bytes, size: int) -> None:
    entries, tail = write_log(size, head_key)

    assert verify_log(entries, tail.head, head_key) == size


def test_the_root_is_that_of_the_commitments_as_leaves(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(13, head_key)

    assert tail.head.root == root_of([leaf_hash(entry.commitment) for entry in entries])


def test_an_entry_gives_back_its_event(write_log: WriteLog, head_key: bytes) -> None:
    entries, _ = write_log(3, head_key)

    assert entries[1].event() == Event(
        index=1,
        at=entries[1].at,
        kind=EventKind(entries[1].kind),
        case_id="case-1",
        actor="jobs",
        facts={"item": "post/1", "copies": 1},
    )


def test_an_erased_entry_says_nothing_and_the_log_still_verifies(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(12, head_key)
    for index in (0, 4, 11):
        entries[index] = erase(entries[index], head_key)
    left = entries[4]

    assert left.erased
    assert (left.case_id, left.actor, left.facts, left.salt) == (None, None, None, None)
    assert verify_log(entries, tail.head, head_key) == 12
    with pytest.raises(LogBroken, match="not whole"):
        left.event()


def test_erasing_twice_changes_nothing(write_log: WriteLog, head_key: bytes) -> None:
    entries, _ = write_log(1, head_key)
    once = erase(entries[0], head_key)

    assert erase(once, head_key) == once


def test_a_log_wholly_erased_still_verifies(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(9, head_key)

    assert verify_log([erase(entry, head_key) for entry in entries], tail.head, head_key) == 9


def test_the_tail_survives_its_right_edge_being_written_and_read(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(11, head_key)
    read = LogTail(Frontier.from_bytes(tail.frontier.to_bytes()), tail.head)
    event = replace(entries[0].event(), index=11)

    assert append(read, event, bytes(32), head_key) == append(tail, event, bytes(32), head_key)


def test_an_event_out_of_turn_is_not_appended(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(5, head_key)

    with pytest.raises(ValueError, match="next event"):
        append(tail, entries[4].event(), bytes(32), head_key)


def test_a_tail_cut_back_to_an_earlier_edge_is_never_signed(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(6, head_key)
    _, earlier = write_log(4, head_key)
    cut = LogTail(earlier.frontier, tail.head)

    with pytest.raises(LogBroken, match="right edge"):
        append(cut, replace(entries[0].event(), index=4), bytes(32), head_key)


@pytest.mark.parametrize("part", ["root", "link", "mac"])
def test_nothing_is_appended_under_a_head_that_was_changed(write_log: WriteLog, head_key: bytes, part: str) -> None:
    entries, tail = write_log(6, head_key)
    change: dict[str, Any] = {part: bytes(32)}
    changed = replace(tail, head=replace(tail.head, **change))

    with pytest.raises(LogBroken, match="head was changed"):
        append(changed, replace(entries[0].event(), index=6), bytes(32), head_key)


def test_facts_without_a_canonical_form_are_not_appended(head_key: bytes) -> None:
    event = Event(0, datetime(2026, 11, 22, tzinfo=UTC), EventKind.LOG_CHECKED, None, "jobs", {"share": 0.5})  # type: ignore[dict-item]

    with pytest.raises(ValueError, match="canonical form"):
        append(LogTail.empty(head_key), event, bytes(32), head_key)


def test_an_entry_does_not_print_its_facts_or_its_salt(write_log: WriteLog, head_key: bytes) -> None:
    entries, _ = write_log(2, head_key)

    assert "post/1" not in repr(entries[1])
    assert "salt" not in repr(entries[1])


def test_ten_thousand_entries_are_verified_as_a_stream(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(10_000, head_key)
    began = time.perf_counter()

    assert verify_log(iter(entries), tail.head, head_key) == 10_000

    seconds = time.perf_counter() - began
    print(f"10,000 entries verified in {seconds:.2f} s")  # noqa: T201
    # A generous ceiling: an accident that makes the check quadratic takes minutes.
    assert seconds < 20


def test_verifying_keeps_next_to_nothing_of_the_log(write_log: WriteLog, head_key: bytes) -> None:
    (entry, *_), _ = write_log(1, head_key)

    def long_log() -> Iterator[LogEntry]:
        tail = LogTail.empty(head_key)
        for index in range(2_000):
            tail, made = append(tail, replace(entry.event(), index=index), bytes(32), head_key)
            yield made

    head = LogHead.over(Frontier(), bytes(32), head_key)
    tracemalloc.start()
    try:
        with pytest.raises(LogBroken) as broken:
            verify_log(long_log(), head, head_key)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert broken.value.index == 0
    assert peak_bytes < 200_000
