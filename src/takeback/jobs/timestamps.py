"""The head of the public log is stamped from time to time; an authority that does not answer holds nothing up."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts
from takeback.audit.timestamp import QUERY_TYPE, REPLY_TYPE, read_stamp
from takeback.errors import BadSetting, OutsideError, ProofBroken
from takeback.workflow.timestamping import ToStamp, roots_of, take_silence, take_stamp, to_stamp

log = logging.getLogger("takeback.jobs")


class TimestampJob:
    """Asks each authority when its last stamp is old enough."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._not_before: dict[str, datetime] = {}

    async def step(self) -> None:
        """Ask whoever is due."""
        settings = self._parts.settings
        due = await asyncio.to_thread(
            to_stamp, self._parts.store, settings.timestamp_authorities, every=settings.timestamp_periods
        )
        for asked in due:
            if self._not_before.get(asked.authority, self._parts.now()) <= self._parts.now():
                await self._ask(asked)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _ask(self, asked: ToStamp) -> None:
        headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE}
        store = self._parts.store
        try:
            answer = await self._http.post(asked.authority, headers, asked.query.body)
            answer.require_success(now=self._parts.now())
            roots = await asyncio.to_thread(roots_of, self._parts.settings)
            stamp = await asyncio.to_thread(read_stamp, answer.body, asked.query, roots)
        except (OutsideError, ProofBroken, BadSetting) as problem:
            log.warning("the log was not stamped: %s", problem.message, extra={"authority": asked.authority})
            # One try for each entry of the log, so that nobody is asked more often than something changes.
            rest = timedelta(minutes=self._parts.settings.log_period_minutes)
            self._not_before[asked.authority] = self._parts.now() + rest
            await asyncio.to_thread(take_silence, store, asked, problem.message, at=self._parts.now())
        else:
            await asyncio.to_thread(take_stamp, store, asked, stamp, at=self._parts.now())
