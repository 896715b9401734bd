"""What the sites store already is compared with the entries of outside lists and other instances that came since."""

from __future__ import annotations

import asyncio
import time

from takeback.assembly import Parts
from takeback.store.exchanges import ExchangeRow
from takeback.workflow.list_case import sweep_list

_SWEPT_AT_ONCE = 500
_STEP_SECONDS = 2.0
"""How long the entries of one list are compared before those of the next, and before a stop is heard."""


class ListSweepJob:
    """Compares the entries of each list, oldest first, with what is stored."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def step(self) -> None:
        """Compare what came since, some seconds of each list."""
        with self._parts.store.read() as tx:
            every = tx.exchanges.with_instances() if tx.exchanges.any() else []
        for row in every:
            await self._sweep(row)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _sweep(self, row: ExchangeRow) -> None:
        until = time.monotonic() + _STEP_SECONDS
        after = row.swept_id
        while time.monotonic() < until:
            last_id = await asyncio.to_thread(
                sweep_list, self._parts.store, self._parts.replica, row, after=after, most=_SWEPT_AT_ONCE,
                at=self._parts.now(),
            )  # fmt: skip
            if last_id == after:
                return
            after = last_id
            with self._parts.store.write() as tx:
                tx.exchanges.change(row.id, swept_id=after)
