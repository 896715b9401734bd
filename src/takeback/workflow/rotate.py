"""A new master key: every key is wrapped anew, and nothing that is stored is rewritten."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.store import MasterKey, Store


def rotate_master_key(store: Store, new: MasterKey, *, actor: str, at: datetime) -> int:
    """
    Wrap every key under `new`, and return how many there are.

    The caller holds `takeback.store.serving_lock.stopped` from before it opens the store: a process that
    holds the former master key would lose the next key that it makes.
    """
    with store.write() as tx:
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts={"changed": "master-key"})
    return store.keyring.rewrap(new)
