"""Write the snapshots of the indexes anew when much has changed since, or an erasure has taken the sealed ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from takeback.assembly import Parts
from takeback.workflow.replica import Replica
from takeback.workflow.snapshot import are_sealed, publish

LEAST_CHANGES = 5_000
"""Each process holds what came after the snapshot itself, at 160 bytes a code; and the next start reads it."""
SHARE = 10
"""Or a tenth of all codes, so that each is written about ten times on its way to twice as many."""
OLDEST_SECONDS = 3_600.0
"""Or anything at all an hour ago: an item that its site deleted leaves the sealed snapshots then."""
REST_SECONDS = 60.0
"""Between two writings, whatever happens."""


class SnapshotJob:
    """Publishes the state of this process's indexes to the others of this run, and to the next start."""

    def __init__(
        self, parts: Parts, *, clock: Callable[[], float] = time.monotonic, least_changes: int = LEAST_CHANGES
    ) -> None:
        self._parts = parts
        self._clock = clock
        self._least_changes = least_changes
        self._codes_written = _codes(parts.replica)
        self._not_before = self._written_at = clock()

    async def step(self) -> None:
        """Write them if it is due."""
        if self._parts.snapshots is not None and self._clock() >= self._not_before:
            await asyncio.to_thread(self._write_if_due)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    def _write_if_due(self) -> None:
        folder, store, replica = self._parts.snapshots, self._parts.store, self._parts.replica
        assert folder is not None
        replica.follow(store)
        codes, changes = _codes(replica), replica.seq - replica.snapshot_seq
        # One change may bring many codes: a page of a list.
        much = max(changes, codes - self._codes_written) >= max(self._least_changes, codes // SHARE)
        old = changes > 0 and self._clock() >= self._written_at + OLDEST_SECONDS
        if much or old or not are_sealed(store, self._parts.settings.data):
            self._written_at = self._clock()
            self._not_before = self._written_at + REST_SECONDS
            self._codes_written = codes
            publish(store, replica, folder=folder, data=self._parts.settings.data)
            replica.take_newer(folder, store)


def _codes(replica: Replica) -> int:
    return len(replica.entries.pdq) + len(replica.items.pdq)
