"""A master key is rotated only while no service holds the former one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.house import AT

from takeback.errors import IllegalTransition
from takeback.store import MasterKey, Store
from takeback.store.leases import JOBS
from takeback.workflow.rotate import rotate_master_key


def test_a_master_key_is_not_rotated_under_a_running_service(store: Store) -> None:
    with store.write() as tx:
        assert tx.leases.take(JOBS, "one", at=AT, for_seconds=6)
    with pytest.raises(IllegalTransition, match="A service runs"):
        rotate_master_key(store, MasterKey.generate(), actor="test", at=AT)
    # The lease ran out: the service is gone.
    assert rotate_master_key(store, MasterKey.generate(), actor="test", at=AT + timedelta(seconds=7)) >= 4


def test_one_holder_at_a_time_has_a_lease(store: Store) -> None:
    with store.write() as tx:
        assert tx.leases.take(JOBS, "one", at=AT, for_seconds=6)
        assert not tx.leases.take(JOBS, "two", at=AT + timedelta(seconds=5), for_seconds=6)
        assert tx.leases.take(JOBS, "one", at=AT + timedelta(seconds=5), for_seconds=6)
        assert tx.leases.take(JOBS, "two", at=AT + timedelta(seconds=12), for_seconds=6)
        tx.leases.give_up(JOBS, "one")
        assert tx.leases.is_held(JOBS, AT + timedelta(seconds=12))
        tx.leases.give_up(JOBS, "two")
        assert not tx.leases.is_held(JOBS, AT + timedelta(seconds=12))
