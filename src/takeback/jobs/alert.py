"""The desk is told what is due, by every route that the operator named, again until it arrives."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from datetime import datetime

from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import next_attempt_at
from takeback.assembly import Parts
from takeback.errors import OutsideError
from takeback.store.alerts import AlertMessage
from takeback.workflow.alert import raise_alerts

_AT_ONCE = 10

log = logging.getLogger("takeback.jobs")


class AlertJob:
    """Raises what is due, then sends."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http

    async def step(self) -> None:
        """Raise and send what is due now."""
        store, routes = self._parts.store, self._parts.settings.alert_webhooks
        await asyncio.to_thread(raise_alerts, store, routes, at=self._parts.now())
        with store.read() as tx:
            messages = tx.alerts.to_send(self._parts.now(), _AT_ONCE)
        await asyncio.gather(*(self._send(message) for message in messages))

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _send(self, message: AlertMessage) -> None:
        try:
            await send_alert(self._http, message.route, message.body, now=self._parts.now())
        except OutsideError as problem:
            log.error("the desk could not be told what is due: %s", problem.message)
            again_at = next_attempt_at(
                message.attempts + 1,
                self._parts.now(),
                random.random(),  # noqa: S311 (spreads retries; no secret)
            )
            with self._parts.store.write() as tx:
                tx.alerts.failed(message, problem.message, again_at)
            return
        with self._parts.store.write() as tx:
            tx.alerts.sent(message.id, self._parts.now())


async def send_alert(http: OutgoingHttp, route: str, body: object, *, now: datetime) -> None:
    """Send one message by one route; `OutsideError` where it was not taken."""
    answer = await http.post(route, {"Content-Type": "application/json"}, json.dumps(body).encode())
    answer.require_success(now=now)
