"""Look at the links that notices name: fetched from the site into memory, fingerprinted, forgotten."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.cases.notice import Level, ReportedPicture
from takeback.errors import InputError, OutsideError, Overloaded
from takeback.jobs.fetch import fetched
from takeback.store.copies import Copy
from takeback.workflow.link import fail_link, settle_known_item, settle_link
from takeback.workflow.picture import reported_of

_BATCH = 20
_AT_ONCE = 4
_REST = timedelta(seconds=5)
"""How long a link is left alone after trouble that could not even be written down."""
_UNEXPECTED = "The link could not be looked at because of an unexpected error here."

log = logging.getLogger("takeback.jobs")


class LinkJob:
    """Fetches due links, a few at once."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._rests_until: dict[int, datetime] = {}

    async def step(self) -> None:
        """Begin with every link that is due and is not being looked at."""
        now = self._parts.now()
        self._rests_until = {copy_id: until for copy_id, until in self._rests_until.items() if until > now}
        for done in [copy_id for copy_id, task in self._busy.items() if task.done()]:
            problem = self._busy.pop(done).exception()
            if problem is not None:
                log.error("what a link came to could not be written down", exc_info=problem)
                self._rests_until[done] = now + _REST
        with self._parts.store.read() as tx:
            due = tx.copies.to_fetch(now, _BATCH)
        for copy in due:
            if copy.id not in self._busy and copy.id not in self._rests_until:
                self._busy[copy.id] = asyncio.create_task(self._look(copy), name=f"link {copy.public_id}")

    async def drain(self) -> None:
        """Wait for the links that are being looked at."""
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _look(self, copy: Copy) -> None:
        async with self._places:
            try:
                await self._look_now(copy)
            except Exception:
                log.exception("a link could not be looked at for an unexpected reason")
                await self._fail(copy, _UNEXPECTED, permanent=False)

    async def _look_now(self, copy: Copy) -> None:
        try:
            data = await fetched(self._parts, self._http, copy.site_id, copy.url)
            pictures = await asyncio.to_thread(self._reported, data)
        except OutsideError as problem:
            await self._fail(copy, problem.message, permanent=problem.permanent)
        except Overloaded as problem:
            await self._fail(copy, problem.message, permanent=False)
        except InputError as problem:
            # Perhaps the page on which the picture stands: then what is remembered of the item decides.
            if not await self._settle_known(copy):
                await self._fail(copy, problem.message, permanent=True)
        else:
            at = self._parts.now()
            await asyncio.to_thread(settle_link, self._parts.store, self._parts.replica, copy, pictures, at=at)

    def _reported(self, data: bytes) -> list[ReportedPicture]:
        """Take everything of it: the site hosts the picture, so local features tell nobody more than it has."""
        looked = self._parts.decoder.looked_at(data)
        return reported_of(looked, Level.FEATURES, self._parts.describer)

    async def _settle_known(self, copy: Copy) -> bool:
        at = self._parts.now()
        return await asyncio.to_thread(settle_known_item, self._parts.store, self._parts.replica, copy, at=at)

    async def _fail(self, copy: Copy, problem: str, *, permanent: bool) -> None:
        at = self._parts.now()
        await asyncio.to_thread(fail_link, self._parts.store, copy, problem, permanent=permanent, at=at)
