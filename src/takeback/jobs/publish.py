"""The public log gets its entries, and its head the signatures of the witnesses."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.errors import OutsideError, ProofBroken
from takeback.workflow.publish import is_due, publish
from takeback.workflow.witnessing import Asked, take_cosignature, take_refusal, to_ask

_CONFLICT = 409

log = logging.getLogger("takeback.jobs")


class PublishJob:
    """Adds an entry when one is due, and then asks the witnesses."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._not_before: dict[str, datetime] = {}

    async def step(self) -> None:
        """Publish what is due, and ask who has not signed it."""
        store, name = self._parts.store, self._parts.settings.log_name
        if await asyncio.to_thread(is_due, store, self._every, at=self._parts.now()):
            await asyncio.to_thread(publish, store, name, at=self._parts.now())
        for asked in await asyncio.to_thread(to_ask, store):
            if self._not_before.get(asked.witness.url, self._parts.now()) <= self._parts.now():
                await self._ask(asked)

    @property
    def _every(self) -> timedelta:
        return timedelta(minutes=self._parts.settings.log_period_minutes)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _ask(self, asked: Asked) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        url = f"{asked.witness.url.rstrip('/')}/add-checkpoint"
        try:
            answer = await self._http.post(url, headers, asked.body.encode())
            if answer.status == _CONFLICT:
                await self._stands_elsewhere(asked, answer.body.decode("ascii", "replace"))
                return
            answer.require_success(now=self._parts.now())
            await asyncio.to_thread(
                take_cosignature, self._parts.store, asked, answer.body.decode("utf-8", "replace"), at=self._parts.now()
            )
        except (OutsideError, ProofBroken) as problem:
            log.warning("a witness did not sign: %s", problem.message, extra={"witness": asked.witness.key.name})
            self._rest(asked)
            await asyncio.to_thread(take_refusal, self._parts.store, asked, problem.message)

    async def _stands_elsewhere(self, asked: Asked, told_size: str) -> None:
        """Go on from where the witness stands; where that is where we asked from, it signed another head than ours."""
        if told_size.strip() == str(asked.witness.size):
            log.error("a witness saw another log under this name", extra={"witness": asked.witness.key.name})
            self._rest(asked)
        problem = "The witness signed another head of this log."
        await asyncio.to_thread(take_refusal, self._parts.store, asked, problem, told_size=told_size)

    def _rest(self, asked: Asked) -> None:
        """Leave a witness alone until the next entry is due."""
        self._not_before[asked.witness.url] = self._parts.now() + self._every
