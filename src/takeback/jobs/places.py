"""A capped case holds as soon as a place of its source is free: another one is decided, or its time is over."""

from __future__ import annotations

import asyncio

from takeback.assembly import Parts
from takeback.workflow.cap import fill_places

ACTOR = "takeback"


class PlacesJob:
    """Gives places that are free to those who wait for one, the oldest first."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def step(self) -> None:
        """Give what is free; one indexed read where nobody waits."""
        parts = self._parts
        places, at = parts.settings.holds_per_source, parts.now()
        await asyncio.to_thread(fill_places, parts.store, places, actor=ACTOR, at=at)

    async def drain(self) -> None:
        """Nothing is left running between steps."""
