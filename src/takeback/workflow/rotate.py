"""A new master key: every key is wrapped anew, and nothing that is stored is rewritten."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.errors import IllegalTransition
from takeback.store import MasterKey, Store
from takeback.store.leases import JOBS


def rotate_master_key(store: Store, new: MasterKey, *, actor: str, at: datetime) -> int:
    """
    Wrap every key under `new`, and return how many there are.

    `IllegalTransition` while a service runs: its processes hold the former key, and the next key that they
    made would be lost.
    """
    with store.write() as tx:
        if tx.leases.is_held(JOBS, at):
            raise IllegalTransition(
                "A service runs on this data directory.", advice="Stop it, wait ten seconds, and try again."
            )
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts={"changed": "master-key"})
    return store.keyring.rewrap(new)
