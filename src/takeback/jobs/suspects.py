"""Look at stored items that too little is known of: fetched into memory, compared, forgotten."""

from __future__ import annotations

import asyncio
import logging

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.errors import InputError, OutsideError, Overloaded
from takeback.jobs.fetch import fetched
from takeback.store.suspicions import Suspicion
from takeback.workflow.link import RETRY_AFTER
from takeback.workflow.stored import look_at_suspect

log = logging.getLogger("takeback.jobs")


class SuspectJob:
    """Looks at one item a step: nobody waits for it, the model takes a core, and a stop waits for one at most."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http

    async def step(self) -> None:
        """Look at what waited longest; what cannot be looked at now is tried again, and in the end left alone."""
        with self._parts.store.read() as tx:
            due = tx.suspicions.due(self._parts.now(), 1)
        for suspicion in due:
            try:
                await self._look(suspicion)
            except (OutsideError, Overloaded) as problem:
                permanent = isinstance(problem, OutsideError) and problem.permanent
                await asyncio.to_thread(self._postpone, suspicion, permanent=permanent)
            except InputError:
                # No picture: its page perhaps. Nothing says so, as nothing says that it was suspected.
                await asyncio.to_thread(self._postpone, suspicion, permanent=True)
            except Exception:
                log.exception("a stored item could not be compared for an unexpected reason")
                await asyncio.to_thread(self._postpone, suspicion, permanent=False)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _look(self, suspicion: Suspicion) -> None:
        parts, item = self._parts, suspicion.item
        data = await fetched(parts, self._http, item.site_id, item.url)
        await asyncio.to_thread(
            look_at_suspect, parts.store, parts.replica, parts.decoder, parts.describer, data, suspicion, at=parts.now()
        )

    def _postpone(self, suspicion: Suspicion, *, permanent: bool) -> None:
        at = self._parts.now()
        with self._parts.store.write() as tx:
            if permanent or suspicion.attempts >= len(RETRY_AFTER):
                tx.suspicions.drop(suspicion)
            else:
                tx.suspicions.postpone(suspicion, at + RETRY_AFTER[suspicion.attempts])
