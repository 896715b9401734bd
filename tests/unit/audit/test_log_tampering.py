"""Whoever has the database and not the key is found out, and the first entry touched is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from takeback.audit.event import EventKind, commit
from takeback.audit.log import FIRST_LINK, LogEntry, LogHead, LogTail, append, erase, verify_log
from takeback.audit.merkle import Frontier, leaf_hash
from takeback.errors import LogBroken

type Log = tuple[list[LogEntry], LogTail]
type WriteLog = Callable[[int, bytes], Log]
type Mutation = Callable[[list[LogEntry], int], tuple[list[LogEntry], int]]

STOLEN_KEY = b"a key that is not the log's own!"


def _flipped(data: bytes, place: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _put(entries: list[LogEntry], index: int, entry: LogEntry) -> tuple[list[LogEntry], int]:
    return [*entries[:index], entry, *entries[index + 1 :]], index


def _changing(**parts: Callable[[Any], Any]) -> Mutation:
    def mutation(entries: list[LogEntry], index: int) -> tuple[list[LogEntry], int]:
        entry = entries[index]
        return _put(
            entries,
            index,
            replace(entry, **{part: change(getattr(entry, part)) for part, change in parts.items()}),
        )

    return mutation


def _forged(entry: LogEntry) -> LogEntry:
    """Return what an attacker writes in the place of `entry`: true to itself, chained by another key."""
    tail = LogTail(Frontier(), LogHead.over(Frontier(), FIRST_LINK, STOLEN_KEY))
    event = replace(entry.event(), index=0, actor="nobody", facts={"item": "another"})
    _, forged = append(tail, event, b"s" * 32, STOLEN_KEY)
    event = replace(event, index=entry.index)
    return replace(forged, index=entry.index, commitment=commit(event, b"s" * 32))


def _numbered(entries: list[LogEntry]) -> list[LogEntry]:
    return [replace(entry, index=index) for index, entry in enumerate(entries)]


def _swap(entries: list[LogEntry], index: int) -> tuple[list[LogEntry], int]:
    other = (index * 7 + 1) % len(entries)
    first, second = sorted((index, other if other != index else (index + 1) % len(entries)))
    swapped = list(entries)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    return swapped, first


def _drop(entries: list[LogEntry], index: int) -> tuple[list[LogEntry], int]:
    return entries[:index] + entries[index + 1 :], index


def _double(entries: list[LogEntry], index: int) -> tuple[list[LogEntry], int]:
    return entries[: index + 1] + entries[index:], index + 1


def _then_number(mutation: Mutation) -> Mutation:
    def numbered(entries: list[LogEntry], index: int) -> tuple[list[LogEntry], int]:
        mutated, first = mutation(entries, index)
        return _numbered(mutated), first

    return numbered


ON_ANY_ENTRY: Mapping[str, Mutation] = {
    "the moment moved by a microsecond": _changing(at=lambda at: at + timedelta(microseconds=1)),
    "another kind": _changing(kind=lambda kind: "copy_held" if kind != "copy_held" else "withdrawn"),
    "a kind that does not exist": _changing(kind=lambda _: "\ud800"),
    "a moment without a zone": _changing(at=lambda at: at.replace(tzinfo=None)),
    "a byte of the commitment flipped": _changing(commitment=_flipped),
    "the last byte of the commitment flipped": _changing(commitment=lambda each: _flipped(each, 31)),
    "the commitment cut short": _changing(commitment=lambda each: each[:31]),
    "the commitment emptied": _changing(commitment=lambda _: b""),
    "a byte of the link flipped": _changing(link=_flipped),
    "the link emptied": _changing(link=lambda _: b""),
    "another index": _changing(index=lambda index: index + 1),
    "passed off as erased": _changing(
        case_id=lambda _: None,
        actor=lambda _: None,
        facts=lambda _: None,
        salt=lambda _: None,
        erasure=lambda _: bytes(32),
    ),
    "dropped": _drop,
    "dropped, and the rest numbered anew": _then_number(_drop),
    "doubled": _double,
    "doubled, and the rest numbered anew": _then_number(_double),
    "swapped": _swap,
    "swapped, and numbered anew": _then_number(_swap),
    "the tail cut off": lambda entries, index: (entries[:index], index),
}
ON_A_LIVE_ENTRY: Mapping[str, Mutation] = {
    "a fact changed": _changing(facts=lambda facts: {**facts, "copies": facts["copies"] + 1}),
    "a fact added": _changing(facts=lambda facts: {**facts, "more": True}),
    "a fact that is no JSON of ours": _changing(facts=lambda facts: {**facts, "share": 0.5}),
    "a fact dropped": _changing(facts=lambda _: {}),
    "no facts": _changing(facts=lambda _: None),
    "another actor": _changing(actor=lambda actor: actor + "2"),
    "no actor": _changing(actor=lambda _: None),
    "another case": _changing(case_id=lambda case_id: "case-x"),
    "another salt": _changing(salt=_flipped),
    "no salt": _changing(salt=lambda _: None),
    "a short salt": _changing(salt=lambda salt: salt[:31]),
    "facts and commitment made anew": lambda entries, index: _put(
        entries, index, replace(_forged(entries[index]), link=entries[index].link)
    ),
    "the whole entry made anew under another key": lambda entries, index: _put(entries, index, _forged(entries[index])),
    "an entry made anew pushed in": lambda entries, index: (
        _numbered([*entries[:index], _forged(entries[index]), *entries[index:]]),
        index,
    ),
    "erased under another key": lambda entries, index: _put(entries, index, erase(entries[index], STOLEN_KEY)),
}
ON_AN_ERASED_ENTRY: Mapping[str, Mutation] = {
    "words put into an erased entry": _changing(actor=lambda _: "jobs"),
    "facts put into an erased entry": _changing(facts=lambda _: {"item": "another"}),
    "a case put into an erased entry": _changing(case_id=lambda _: "case-1"),
    "a salt put into an erased entry": _changing(salt=lambda _: bytes(32)),
    "an erasure of another key": lambda entries, index: _put(entries, index, erase(entries[index], STOLEN_KEY)),
    "an erasure undone": _changing(
        erasure=lambda _: None, actor=lambda _: "jobs", facts=lambda _: {}, salt=lambda _: bytes(32)
    ),
    "the commitment of an erased entry made anew": _changing(commitment=lambda _: bytes(32)),
}


def _broken_index(entries: list[LogEntry], tail: LogTail, head_key: bytes) -> int | None:
    with pytest.raises(LogBroken) as broken:
        verify_log(entries, tail.head, head_key)
    return broken.value.index


@st.composite
def _choices(draw: st.DrawFn, mutations: Mapping[str, Mutation]) -> tuple[str, int, int, set[int]]:
    size = draw(st.integers(2, 24))
    index = draw(st.integers(0, size - 1))
    erased = draw(st.sets(st.integers(0, size - 1), max_size=size))
    return draw(st.sampled_from(sorted(mutations))), size, index, erased


@given(_choices(ON_ANY_ENTRY))
@example(("swapped", 2, 0, set()))
def test_any_entry_that_is_touched_is_named(
    write_log: WriteLog, head_key: bytes, chosen: tuple[str, int, int, set[int]]
) -> None:
    name, size, index, erased = chosen
    written, tail = write_log(size, head_key)
    entries = [erase(entry, head_key) if entry.index in erased else entry for entry in written]

    mutated, first = ON_ANY_ENTRY[name](entries, index)

    assert _broken_index(mutated, tail, head_key) == first


@given(_choices(ON_A_LIVE_ENTRY))
def test_a_live_entry_that_is_rewritten_is_named(
    write_log: WriteLog, head_key: bytes, chosen: tuple[str, int, int, set[int]]
) -> None:
    name, size, index, erased = chosen
    written, tail = write_log(size, head_key)
    entries = [erase(entry, head_key) if entry.index in erased - {index} else entry for entry in written]

    mutated, first = ON_A_LIVE_ENTRY[name](entries, index)

    assert _broken_index(mutated, tail, head_key) == first


@given(_choices(ON_AN_ERASED_ENTRY))
def test_an_erased_entry_that_is_rewritten_is_named(
    write_log: WriteLog, head_key: bytes, chosen: tuple[str, int, int, set[int]]
) -> None:
    name, size, index, erased = chosen
    written, tail = write_log(size, head_key)
    entries = [erase(entry, head_key) if entry.index in erased | {index} else entry for entry in written]

    mutated, first = ON_AN_ERASED_ENTRY[name](entries, index)

    assert _broken_index(mutated, tail, head_key) == first


@given(st.integers(0, 9), st.integers(0, 9))
def test_of_two_changes_the_earlier_is_named(write_log: WriteLog, head_key: bytes, one: int, other: int) -> None:
    entries, tail = write_log(10, head_key)
    for index in (one, other):
        entries[index] = replace(entries[index], facts={"item": "another"})

    assert _broken_index(entries, tail, head_key) == min(one, other)


def test_every_mutation_finds_its_entry(write_log: WriteLog, head_key: bytes) -> None:
    # Hypothesis draws; this one leaves none out.
    for erased, mutations in (
        (False, ON_ANY_ENTRY),
        (True, ON_ANY_ENTRY),
        (False, ON_A_LIVE_ENTRY),
        (True, ON_AN_ERASED_ENTRY),
    ):
        written, tail = write_log(5, head_key)
        for name, mutation in mutations.items():
            for index in range(5):
                entries = [erase(entry, head_key) if erased else entry for entry in written]
                mutated, first = mutation(entries, index)
                assert _broken_index(mutated, tail, head_key) == first, (name, index, erased)


def test_an_entry_of_another_history_under_the_same_key_is_named_by_the_next_one(
    write_log: WriteLog, head_key: bytes
) -> None:
    entries, tail = write_log(9, head_key)
    _, fork = write_log(4, head_key)
    _, entries[4] = append(fork, replace(entries[4].event(), actor="nobody"), bytes(32), head_key)

    assert _broken_index(entries, tail, head_key) == 5


def test_a_last_entry_of_another_history_under_the_same_key_is_named(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(9, head_key)
    _, fork = write_log(8, head_key)
    _, entries[8] = append(fork, replace(entries[8].event(), actor="nobody"), bytes(32), head_key)

    assert _broken_index(entries, tail, head_key) == 8


@pytest.mark.parametrize("part", ["size", "root", "link", "mac"])
def test_a_head_that_was_changed_is_found(write_log: WriteLog, head_key: bytes, part: str) -> None:
    entries, tail = write_log(6, head_key)
    change: dict[str, Any] = {part: 5 if part == "size" else bytes(32)}

    with pytest.raises(LogBroken, match="head was changed") as broken:
        verify_log(entries, replace(tail.head, **change), head_key)

    assert broken.value.index is None


def test_a_changed_entry_is_named_even_where_the_head_was_changed_too(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(6, head_key)
    entries[2] = replace(entries[2], actor="nobody")

    with pytest.raises(LogBroken) as broken:
        verify_log(entries, replace(tail.head, mac=bytes(32)), head_key)

    assert broken.value.index == 2


def test_another_key_verifies_nothing(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(3, head_key)

    with pytest.raises(LogBroken) as broken:
        verify_log(entries, tail.head, STOLEN_KEY)

    assert broken.value.index == 0


def test_a_head_behind_its_log_is_found(write_log: WriteLog, head_key: bytes) -> None:
    entries, _ = write_log(9, head_key)
    _, earlier = write_log(7, head_key)

    with pytest.raises(LogBroken, match="has 9 entries; its head says 7") as broken:
        verify_log(entries, earlier.head, head_key)

    assert broken.value.index == 7


def test_a_head_ahead_of_its_log_is_found(write_log: WriteLog, head_key: bytes) -> None:
    entries, _ = write_log(7, head_key)
    _, later = write_log(9, head_key)

    with pytest.raises(LogBroken, match="ends after 7 entries; its head says 9") as broken:
        verify_log(entries, later.head, head_key)

    assert broken.value.index == 7


def test_an_emptied_log_is_found(write_log: WriteLog, head_key: bytes) -> None:
    _, tail = write_log(4, head_key)

    assert _broken_index([], tail, head_key) == 0


def test_putting_back_log_and_head_together_needs_a_remembered_head(write_log: WriteLog, head_key: bytes) -> None:
    _, newest = write_log(9, head_key)
    entries, earlier = write_log(7, head_key)

    assert verify_log(entries, earlier.head, head_key) == 7
    with pytest.raises(LogBroken, match="once there were 9") as broken:
        verify_log(entries, earlier.head, head_key, roots={newest.head.size: newest.head.root})
    assert broken.value.index == 7


@pytest.mark.parametrize("size", [0, 1, 7, 9])
def test_a_log_that_grew_from_the_remembered_head_verifies(write_log: WriteLog, head_key: bytes, size: int) -> None:
    entries, tail = write_log(9, head_key)
    _, remembered = write_log(size, head_key)

    assert verify_log(entries, tail.head, head_key, roots={remembered.head.size: remembered.head.root}) == 9


def test_a_log_written_anew_with_the_key_needs_a_remembered_head(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(9, head_key)
    anew, rewritten = LogTail.empty(head_key), []
    for entry in entries:
        event = replace(entry.event(), actor="nobody") if entry.index == 3 else entry.event()
        anew, made = append(anew, event, bytes(32), head_key)
        rewritten.append(made)

    assert verify_log(rewritten, anew.head, head_key) == 9
    with pytest.raises(LogBroken, match="not those of the head") as broken:
        verify_log(rewritten, anew.head, head_key, roots={tail.head.size: tail.head.root})
    assert broken.value.index is None


def test_the_tree_is_checked_too(write_log: WriteLog, head_key: bytes) -> None:
    # Only the key's holder can make a head whose root is not the entries'.
    entries, tail = write_log(2, head_key)
    frontier = Frontier().append(leaf_hash(b"one")).append(leaf_hash(b"another"))
    head = LogHead.over(frontier, tail.head.link, head_key)

    with pytest.raises(LogBroken, match="not those of the head"):
        verify_log(entries, head, head_key)


def test_the_message_says_which_entry_and_never_what_it_said(write_log: WriteLog, head_key: bytes) -> None:
    entries, tail = write_log(4, head_key)
    entries[1] = replace(entries[1], facts={"item": "a person's words"}, kind=EventKind.WITHDRAWN.value)

    with pytest.raises(LogBroken, match="Entry 1 of the audit log") as broken:
        verify_log(entries, tail.head, head_key)

    assert "person's words" not in broken.value.message
