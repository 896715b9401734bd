"""Fetch what a site is about to remove and cannot keep, into memory, and seal it; the removal waits until then."""

from __future__ import annotations

import asyncio
import logging

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.errors import OutsideError, Overloaded
from takeback.store.copies import Copy
from takeback.store.quarantine import Kept
from takeback.workflow.fetch import answered
from takeback.workflow.quarantine import Sent, due_bytes, fail_bytes, keep_bytes, require_fetchable, require_same

_AT_ONCE = 4
"""Files that are in memory at a time: each has at most `max_upload_bytes`."""
_UNEXPECTED = "The bytes could not be kept because of an unexpected error here."

log = logging.getLogger("takeback.jobs")


class QuarantineJob:
    """Keeps a few items' bytes a step."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._writing = asyncio.Lock()

    async def step(self) -> None:
        """Keep what waited longest; what fails is tried again, and in the end left to a person."""
        due = await asyncio.to_thread(due_bytes, self._parts.store, at=self._parts.now(), limit=_AT_ONCE)
        await asyncio.gather(*(self._try(found, copy) for found, copy in due))

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _try(self, found: Kept, copy: Copy) -> None:
        try:
            await self._keep(found, copy)
        except OutsideError as problem:
            await self._fail(found, problem.message, permanent=problem.permanent)
        except Overloaded as problem:
            await self._fail(found, problem.message, permanent=False)
        except Exception:
            log.exception("bytes could not be kept for an unexpected reason")
            await self._fail(found, _UNEXPECTED, permanent=False)

    async def _keep(self, found: Kept, copy: Copy) -> None:
        parts, settings = self._parts, self._parts.settings
        await asyncio.to_thread(require_fetchable, parts.store, copy)
        answer = await answered(
            parts.store, self._http, copy.site_id, copy.url, max_bytes=settings.max_upload_bytes, at=parts.now()
        )
        await asyncio.to_thread(require_same, parts.store, copy, answer.body, parts.decoder)
        sent, most = Sent(answer.body, answer.headers), settings.quarantine_max_bytes
        async with self._writing:
            await asyncio.to_thread(
                keep_bytes, parts.store, parts.quarantine, found, sent, max_bytes=most, at=parts.now()
            )

    async def _fail(self, found: Kept, problem: str, *, permanent: bool) -> None:
        at = self._parts.now()
        await asyncio.to_thread(fail_bytes, self._parts.store, found, problem, permanent=permanent, at=at)
