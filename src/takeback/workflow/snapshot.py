"""
Snapshots of the indexes: in the clear in memory, for the processes of one run; sealed in the data, for the next.

A process opens the clear ones and shares their memory with the others; it follows the changes after them by
itself. The sealed ones save the next start from opening every fingerprint one by one. Neither is needed: what
cannot be used is read from the store, and written anew.
"""

from __future__ import annotations

import logging
from pathlib import Path

from takeback.errors import IntegrityError, SnapshotCorrupt, StoreError
from takeback.index import HammingIndex
from takeback.store import Store
from takeback.store.sealed_file import key_id_of, seal_file, unseal_file
from takeback.workflow.replica import OWNERS, Replica, snapshot_paths

PURPOSE = "index-snapshot"
log = logging.getLogger("takeback.snapshot")


def prepare_snapshots(store: Store, *, folder: Path, data: Path) -> None:
    """
    Put snapshots into `folder`, which is in memory: those that `data` holds sealed, or new ones.

    Raises `StoreError` where `folder` has no room for them.
    """
    try:
        _unseal(store, folder=folder, data=data)
    except (IntegrityError, StoreError) as problem:
        log.info("the indexes are read from the store: %s", problem.message)
        publish(store, Replica.load(store), folder=folder, data=data)


def publish(store: Store, replica: Replica, *, folder: Path, data: Path) -> None:
    """
    Write snapshots of `replica` into `folder`, in the clear, and into `data`, sealed.

    What is erased while this runs, or later, destroys the key of the sealed ones: they are as good as gone
    until they are written anew. Raises `StoreError`.
    """
    # 1. The key first: whatever is erased after it takes it along, whatever was erased before is not read.
    key = store.keyring.new_snapshot_key()
    replica.follow(store)
    # 2. In the clear, for the processes of this run.
    replica.save(folder)
    # 3. Sealed, for the next.
    sealed = sealed_paths(data)
    for clear, target in zip(snapshot_paths(folder), sealed, strict=True):
        seal_file(clear, target, key=key, purpose=f"{PURPOSE}/{clear.stem}")
    if not store.keyring.keep_only_snapshot(key[0]):
        for target in sealed:
            target.unlink(missing_ok=True)


def are_sealed(store: Store, data: Path) -> bool:
    """Say whether the sealed snapshots are there and open: an erasure destroys their key."""
    try:
        key_ids = {key_id_of(path) for path in sealed_paths(data)}
    except (IntegrityError, StoreError):
        return False
    return len(store.keyring.data_keys(key_ids)) == len(key_ids)


def sealed_paths(data: Path) -> tuple[Path, Path]:
    """Return where the sealed snapshots of entries and items lie."""
    entries, items = (data / f"{owner}.sealed" for owner in OWNERS)
    return entries, items


def _unseal(store: Store, *, folder: Path, data: Path) -> None:
    for source, target in zip(sealed_paths(data), snapshot_paths(folder), strict=True):
        unseal_file(source, target, store.keyring, purpose=f"{PURPOSE}/{target.stem}")
    with store.read() as tx:
        last = tx.changes.last()
    if max(HammingIndex.open(path).seq for path in snapshot_paths(folder)) > last:
        raise SnapshotCorrupt("The sealed snapshots are newer than the database: it was put back to an earlier state.")
