"""A new master key wraps every key anew; the jobs have one holder at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT

from takeback.assembly import open_store
from takeback.cli.data import opened, opened_alone
from takeback.config import Settings
from takeback.errors import IllegalTransition, SealBroken
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url
from takeback.store.leases import JOBS
from takeback.workflow.rotate import rotate_master_key


def test_a_rotation_wraps_every_key_and_is_in_the_log(store: Store, data: Path) -> None:
    new = MasterKey.generate()
    assert rotate_master_key(store, new, actor="test", at=AT) >= 4
    store.close()
    with pytest.raises(SealBroken, match="does not belong"):
        Keyring(MasterKey(bytes(range(32))), data / "keys.db")
    reopened = Store.open(sqlite_url(data), Keyring(new, data / "keys.db"))
    with reopened.read() as tx:
        last = list(tx.audit.entries())[-1]
    reopened.close()
    assert (last.kind, last.actor) == ("settings_changed", "test")


def test_no_command_works_beside_a_rotation_and_a_rotation_beside_none(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", master_key_file=str(tmp_path / "master.key"))
    master = MasterKey.generate()
    master.write(settings.master_key_path)
    open_store(settings, master).close()
    one = (settings.data, settings.master_key_file)
    # A command that made a key under the former master key would lose it.
    with opened_alone(*one), pytest.raises(IllegalTransition, match="new master key"):
        opened(*one).__enter__()
    with opened(*one), opened(*one), pytest.raises(IllegalTransition, match="A service runs"):
        opened_alone(*one).__enter__()


def test_one_holder_at_a_time_has_a_lease(store: Store) -> None:
    with store.write() as tx:
        assert tx.leases.take(JOBS, "one", at=AT, for_seconds=6)
        assert not tx.leases.take(JOBS, "two", at=AT + timedelta(seconds=5), for_seconds=6)
        assert tx.leases.take(JOBS, "one", at=AT + timedelta(seconds=5), for_seconds=6)
        assert tx.leases.take(JOBS, "two", at=AT + timedelta(seconds=12), for_seconds=6)
        tx.leases.give_up(JOBS, "one")
        tx.leases.give_up(JOBS, "two")
