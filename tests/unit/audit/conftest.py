"""A log to check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from takeback.audit.event import Event, EventKind
from takeback.audit.log import LogEntry, LogTail, append

KINDS = tuple(EventKind)

type Log = tuple[list[LogEntry], LogTail]


def _write(size: int, head_key: bytes) -> Log:
    tail, entries = LogTail.empty(head_key), []
    began_at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    for index in range(size):
        event = Event(
            index=index,
            at=began_at + timedelta(seconds=index),
            kind=KINDS[index % len(KINDS)],
            case_id=None if index % 5 == 0 else f"case-{index % 7}",
            actor="jobs",
            facts={"item": f"post/{index}", "copies": index % 3},
        )
        tail, entry = append(tail, event, index.to_bytes(32, "big"), head_key)
        entries.append(entry)
    return entries, tail


@pytest.fixture(scope="session")
def head_key() -> bytes:
    return bytes(range(32))


@pytest.fixture(scope="session")
def write_log() -> Callable[[int, bytes], Log]:
    """A log of so many events, and its tail."""
    return _write
