"""The desk is told what is due, by every route that the operator named, again until it arrives."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Mapping
from datetime import datetime

from takeback.actions.mail import Mail, MailSender
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import next_attempt_at
from takeback.assembly import Parts
from takeback.errors import DeliveryError, OutsideError
from takeback.store.alerts import AlertMessage
from takeback.workflow.alert import raise_alerts

_AT_ONCE = 10
_MAIL = "mailto:"
_SUBJECT = "Takeback: something is due"

log = logging.getLogger("takeback.jobs")


class AlertRoutes:
    """Sends one message by one route: as JSON to a webhook, or as mail; `sender` is None where none is sent."""

    def __init__(self, http: OutgoingHttp, sender: MailSender | None) -> None:
        self._http = http
        self._sender = sender

    async def send(self, route: str, body: Mapping[str, object], *, at: datetime) -> None:
        """Send; `OutsideError` where it was not taken."""
        if route.startswith(_MAIL):
            await self._mail(route.removeprefix(_MAIL), str(body["text"]), at)
            return
        answer = await self._http.post(route, {"Content-Type": "application/json"}, json.dumps(body).encode())
        answer.require_success(now=at)

    async def _mail(self, to: str, text: str, at: datetime) -> None:
        if self._sender is None:
            raise DeliveryError("No mail is sent: `mail_server` is empty.", permanent=True)
        await asyncio.to_thread(self._sender.send, Mail(to, _SUBJECT, f"{text}\n", at))


class AlertJob:
    """Raises what is due, then sends."""

    def __init__(self, parts: Parts, routes: AlertRoutes) -> None:
        self._parts = parts
        self._routes = routes

    async def step(self) -> None:
        """Raise and send what is due now."""
        store, routes = self._parts.store, self._parts.settings.alert_routes
        await asyncio.to_thread(raise_alerts, store, routes, at=self._parts.now())
        with store.read() as tx:
            messages = tx.alerts.to_send(self._parts.now(), _AT_ONCE)
        await asyncio.gather(*(self._send(message) for message in messages))

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _send(self, message: AlertMessage) -> None:
        try:
            await self._routes.send(message.route, message.body, at=self._parts.now())
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
