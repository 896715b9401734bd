"""A full disk and a read-only one: a clear error, nothing half-written, and work again once it passes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.house import AT, LAWS, drawn, keyring_in, notice_about, reported

from takeback.audit.log import verify_log
from takeback.errors import StoreError
from takeback.store import Store
from takeback.store.database import sqlite_url
from takeback.workflow.intake import receive_notice
from takeback.workflow.register import set_up
from takeback.workflow.replica import Replica


def _send(store: Store, replica: Replica) -> str:
    notice = notice_about(reported(drawn(1)))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case.public_id


def _until_refused(send: Callable[[], str], most: int) -> tuple[list[str], StoreError]:
    """Send until the store refuses; return what it acknowledged, and the refusal."""
    acknowledged: list[str] = []
    for _ in range(most):
        try:
            acknowledged.append(send())
        except StoreError as problem:
            return acknowledged, problem
    raise AssertionError(f"nothing was refused in {most} notices")


def _assert_whole(store: Store, acknowledged: list[str]) -> None:
    """Exactly what was acknowledged is there, each case with its events, and the log verifies."""
    with store.read() as tx:
        cases = {case.public_id for case in tx.cases.queue(limit=10_000)}
        assert cases == set(acknowledged)
        verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key)
        told = {entry.case_id for entry in tx.audit.entries() if entry.kind == "notice_received"}
        assert told == cases


def test_a_full_database_refuses_whole_notices_and_works_again_when_there_is_room(
    store: Store, replica: Replica
) -> None:
    with store.engine.connect() as connection:
        pages = connection.execute(text("pragma page_count")).scalar_one()
    for limit in (pages + 8, 1_000_000_000):
        with store.write() as tx:
            tx.connection.execute(text(f"pragma max_page_count = {limit}"))
        if limit < 1_000_000_000:
            acknowledged, problem = _until_refused(lambda: _send(store, replica), 1_000)
            assert problem.message == "The disk is full; nothing was half-written."
            _assert_whole(store, acknowledged)
    acknowledged.append(_send(store, replica))
    _assert_whole(store, acknowledged)


def test_a_read_only_database_refuses_and_says_so(store: Store, replica: Replica) -> None:
    acknowledged = [_send(store, replica)]
    with store.write() as tx:
        tx.connection.execute(text("pragma query_only = on"))
    with pytest.raises(StoreError, match="read-only; nothing was written"):
        _send(store, replica)
    with store.engine.connect() as connection:
        connection.execute(text("pragma query_only = off"))
    _assert_whole(store, acknowledged)


def test_a_disk_that_is_really_full_or_read_only_loses_nothing(small_disk: Path) -> None:
    # As much as the empty tables take, and a little more.
    subprocess.run(["mount", "-o", "remount,size=3m", str(small_disk)], check=True)
    store = Store.open(sqlite_url(small_disk), keyring_in(small_disk))
    set_up(store, at=AT)
    replica = Replica.load(store)
    # 1. Full.
    acknowledged, problem = _until_refused(lambda: _send(store, replica), 5_000)
    assert acknowledged
    assert "full" in problem.message
    _assert_whole(store, acknowledged)
    # 2. Room again.
    subprocess.run(["mount", "-o", "remount,size=6m", str(small_disk)], check=True)
    acknowledged.append(_send(store, replica))
    _assert_whole(store, acknowledged)
    # 3. Closed and opened again: nothing was half-written.
    store.close()
    store = Store.open(sqlite_url(small_disk), keyring_in(small_disk))
    _assert_whole(store, acknowledged)
    store.close()
