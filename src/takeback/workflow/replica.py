"""What one process holds of the store in memory: the indexes, and how far it has followed."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from takeback.index import HammingIndex
from takeback.index.indexes import Indexes, Searchable
from takeback.runtime import SNAPSHOT_SUFFIX
from takeback.store import Store, Transaction
from takeback.store.changes import Change, Owner
from takeback.store.prints import LOCAL, SSCD, Searched
from takeback.workflow.shared_lots import SharedLots

OWNERS: tuple[Owner, ...] = ("entry", "item")
"""What has a snapshot of its own."""
_SEARCHED: tuple[tuple[Owner, Searched], ...] = (("entry", "entry"), ("entry", "original"), ("item", "item"))
"""Whose changes each of the indexes follows."""
_TRIES = 3


class Replica:
    """
    The clear codes of the entries that may match, of originals, and of the items that sites store.

    A process makes one and calls `catch_up` inside the transaction in which it searches. Since every
    change takes its number in the transaction that makes it, what is searched is then exactly what is
    committed: no entry and no item can slip between a search and the write that follows from it.

    `opened` says which snapshots it was opened from, or tried last; None where it was read from the store itself.
    """

    def __init__(self, entries: Indexes | None = None, items: Indexes | None = None, seq: int = 0) -> None:
        self.entries = Indexes() if entries is None else entries
        self.items = Indexes() if items is None else items
        self.originals = Indexes()
        self.seq = seq
        self.opened: tuple[int, ...] | None = None
        self._lots: SharedLots | None = None
        self._lock = threading.Lock()

    @classmethod
    def load(cls, store: Store) -> Replica:
        """Read the whole store once, in one consistent view."""
        replica = cls()
        with store.read() as tx:
            replica.seq = tx.changes.last()
            for _, searched in _SEARCHED:
                replica._read(tx, searched, ())
        return replica

    @classmethod
    def open(cls, folder: Path, store: Store) -> Replica:
        """
        Share the snapshots that `save` wrote into `folder`, and read what is in none; `catch_up` does the rest.

        Snapshots hold the PDQ codes. Descriptors, local features and originals are read from the store. Raises
        `SnapshotCorrupt` and `StoreError` where they cannot be used.
        """
        opened = _written(folder)
        entries, items = (HammingIndex.open(path) for path in snapshot_paths(folder))
        # They may be of two writings: what one of them knows already changes nothing a second time.
        replica = cls(Indexes(pdq=entries), Indexes(pdq=items), min(entries.seq, items.seq))
        replica.opened = opened
        replica._lots = SharedLots(folder)
        with store.read() as tx:
            for _, searched in _SEARCHED:
                replica._read(tx, searched, () if searched == "original" else (SSCD, LOCAL))
        return replica

    def save(self, folder: Path) -> None:
        """Write both indexes into `folder`, in the clear, so it has to be in memory. Raises `StoreError`."""
        with self._lock:
            for indexes, path in zip((self.entries, self.items), snapshot_paths(folder), strict=True):
                indexes.pdq.save(path, seq=self.seq)

    def catch_up(self, tx: Transaction) -> None:
        """
        Follow every committed change that this process has not seen.

        Call it before the transaction changes anything: a row of its own that is rolled back would stay in
        the index, and its key would be given to another row.
        """
        if tx.changes.appended:
            raise RuntimeError("an index follows committed rows only")
        with self._lock:
            changes = tx.changes.since(self.seq)
            for owner, searched in _SEARCHED:
                self._follow(tx, searched, [change for change in changes if change.owner == owner])
            if changes:
                self.seq = changes[-1].seq

    @property
    def snapshot_seq(self) -> int:
        """The newest change that is in the snapshots that this replica was opened from; 0 without any."""
        return min(self.entries.pdq.seq, self.items.pdq.seq)

    def follow(self, store: Store) -> None:
        """Catch up in a transaction of its own, so that what was withdrawn leaves this process's memory."""
        with store.read() as tx:
            self.catch_up(tx)

    def has_newer(self, folder: Path) -> bool:
        """Whether the snapshots in `folder` were written anew since they were opened, or tried last."""
        return self._newer(folder) is not None

    def _newer(self, folder: Path) -> tuple[int, ...] | None:
        written = _written(folder)
        return None if written == self.opened else written

    def take_newer(self, folder: Path, store: Store) -> None:
        """
        Go over to the snapshots in `folder` where they were written anew, so that their memory is shared.

        A search that has caught up goes on with what it has, or with more, never with less. Raises as `open`
        does, once for each writing; this replica goes on without it.
        """
        written = self._newer(folder)
        if written is None:
            return
        self.opened = written
        newer = Replica.open(folder, store)
        for _ in range(_TRIES):
            newer.follow(store)
            with self._lock:
                if newer.seq >= self.seq:
                    self.entries, self.originals, self.items = newer.entries, newer.originals, newer.items
                    self.seq = newer.seq
                    self.opened = newer.opened
                    return

    def _follow(self, tx: Transaction, searched: Searched, changes: Sequence[Change]) -> None:
        if not changes:
            return
        indexes = self._indexes(searched)
        # A key stands for one fingerprint for ever. So one that only changed its state stays where it is: in a
        # shared snapshot others, who have not followed yet, still search it.
        single = {change.owner_id for change in changes if change.last_owner_id is None}
        present = tx.prints.searchable(searched, sorted(single))
        removed = {key for change in changes for key in change.removed} - present.keys
        if removed:
            indexes.remove(sorted(removed))
        indexes.add(present)
        for change in changes:
            if change.last_owner_id is not None:
                indexes.add(self._of_many(tx, searched, change, removed))
        if removed and self._lots is not None:
            self._lots.clear()

    def _of_many(self, tx: Transaction, searched: Searched, change: Change, removed: Collection[int]) -> Searchable:
        """Return the codes of many entries or items that came at once, less those that were removed since."""
        lot = self._lots.get(change) if self._lots is not None and change.owner == "entry" else None
        if lot is None:
            return tx.prints.searchable_between(searched, change.ids.start, change.ids.stop - 1)
        # A lot holds entries of lists, and no original.
        kept = ~np.isin(lot.keys, np.array(sorted(removed), np.uint64)) & (searched == "entry")
        return Searchable((lot.keys[kept], lot.codes[kept]), {}, [])

    def _read(self, tx: Transaction, searched: Searched, algorithms: Sequence[str]) -> None:
        """Read everything of `algorithms`, of all where none is named."""
        for batch in tx.prints.all_searchable(searched, algorithms):
            self._indexes(searched).add(batch)

    def _indexes(self, searched: Searched) -> Indexes:
        return {"entry": self.entries, "original": self.originals, "item": self.items}[searched]


@cache
def snapshot_paths(folder: Path) -> tuple[Path, Path]:
    """Return where the snapshots of entries and items lie in a folder."""
    entries, items = (folder / f"{owner}{SNAPSHOT_SUFFIX}" for owner in OWNERS)
    return entries, items


def _written(folder: Path) -> tuple[int, ...] | None:
    """
    Return what tells one writing of the snapshots in `folder` from another; None where they are not there.

    Their numbers are not used again while a process has them open. Times are no help: an erasure changes them.
    """
    try:
        marks = [path.stat() for path in snapshot_paths(folder)]
    except OSError:
        return None
    return tuple(number for mark in marks for number in (mark.st_dev, mark.st_ino))
