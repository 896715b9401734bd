"""What one process holds of the store in memory: the indexes, and how far it has followed."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from takeback.index import HammingIndex
from takeback.index.interface import FingerprintIndex
from takeback.store import Store, Transaction
from takeback.store.changes import Change, Owner


class Replica:
    """
    The clear codes of the entries that may match, and of the items that sites store.

    A process makes one and calls `catch_up` inside the transaction in which it searches. Since every
    change takes its number in the transaction that makes it, what is searched is then exactly what is
    committed: no entry and no item can slip between a search and the write that follows from it.
    """

    def __init__(self) -> None:
        self.entries: FingerprintIndex = HammingIndex()
        self.items: FingerprintIndex = HammingIndex()
        self.seq = 0
        self._lock = threading.Lock()

    @classmethod
    def load(cls, store: Store) -> Replica:
        """Read the whole store once, in one consistent view."""
        replica = cls()
        with store.read() as tx:
            replica.seq = tx.changes.last()
            for owner in ("entry", "item"):
                for batch in tx.prints.all_codes(owner):
                    replica._index(owner).add(batch.keys, batch.codes)
        return replica

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
            for owner in ("entry", "item"):
                self._follow(tx, owner, [change for change in changes if change.owner == owner])
            if changes:
                self.seq = changes[-1].seq

    def follow(self, store: Store) -> None:
        """Catch up in a transaction of its own, so that what was withdrawn leaves this process's memory."""
        with store.read() as tx:
            self.catch_up(tx)

    def _follow(self, tx: Transaction, owner: Owner, changes: Sequence[Change]) -> None:
        if not changes:
            return
        index = self._index(owner)
        removed = [key for change in changes for key in change.removed]
        if removed:
            index.remove(np.array(removed, dtype=np.uint64))
        present = tx.prints.codes_of(owner, sorted({change.owner_id for change in changes}))
        # An owner that changed twice is read once, in its present form: dropping first keeps a key from doubling.
        index.remove(present.keys)
        index.add(present.keys, present.codes)

    def _index(self, owner: Owner) -> FingerprintIndex:
        return self.entries if owner == "entry" else self.items
