"""Ordinary pictures that nobody renewed are erased."""

from __future__ import annotations

import asyncio

from takeback.assembly import Parts
from takeback.workflow.originals import erase_expired_originals

ACTOR = "takeback"


class ExpiryJob:
    """Erases what has expired; until then it no longer counts anyway."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def step(self) -> None:
        """Erase what is due."""
        await asyncio.to_thread(erase_expired_originals, self._parts.store, actor=ACTOR, at=self._parts.now())

    async def drain(self) -> None:
        """Nothing is left running between steps."""
