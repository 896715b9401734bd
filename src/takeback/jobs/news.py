"""Tell people by mail that there is news, one mail at a time, and erase the addresses that are no longer needed."""

from __future__ import annotations

import asyncio
import hmac
import logging
import random
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from takeback.actions.mail import MailSender
from takeback.assembly import Parts
from takeback.errors import DeliveryError
from takeback.workflow.news_mail import NewsTexts, Outgoing, end_what_is_over, mail_failed, mail_went, next_mail

QUESTIONS_A_DAY = 3
"""That one address gets, of whatever cases: a form that anybody fills in must not fill somebody's mailbox."""
_DAY = timedelta(hours=24)
_SWEEP = timedelta(seconds=10)
"""Between two looks for addresses that are to be erased."""
_REST = timedelta(seconds=10)
"""After a mail that was not taken; the next one may fare no better."""

log = logging.getLogger("takeback.jobs")


class NewsJob:
    """Sends what is due, if the operator sends mail at all."""

    def __init__(self, parts: Parts, sender: MailSender | None, texts: NewsTexts) -> None:
        self._parts = parts
        self._sender = sender
        self._texts = texts
        self._asked = Asked()
        self._sweeps_at: datetime | None = None
        self._rests_until: datetime | None = None

    async def step(self) -> None:
        """Erase what is over; then send one mail."""
        at = self._parts.now()
        if self._sweeps_at is None or at >= self._sweeps_at:
            self._sweeps_at = at + _SWEEP
            await asyncio.to_thread(end_what_is_over, self._parts.store, self._parts.journal, at=at)
        if self._sender is not None and (self._rests_until is None or at >= self._rests_until):
            await asyncio.to_thread(self._send_one, self._sender, at)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    def _send_one(self, sender: MailSender, at: datetime) -> None:
        def may_ask(address: str) -> bool:
            return self._asked.count(address, at) < QUESTIONS_A_DAY

        store, settings = self._parts.store, self._parts.settings
        sent = next_mail(store, settings, self._texts, may_ask=may_ask, at=at)
        if sent is None:
            return
        try:
            sender.send(sent.mail)
        except DeliveryError as problem:
            self._failed(sent, problem)
        except Exception as problem:
            # Its own text may hold the address.
            log.error("a mail could not be sent because of an unexpected error here: %s", type(problem).__name__)
            self._failed(sent, DeliveryError("An unexpected error here."))
        else:
            if sent.is_question:
                self._asked.add(sent.mail.to, at)
            mail_went(store, sent, at=self._parts.now())

    def _failed(self, sent: Outgoing, problem: DeliveryError) -> None:
        log.warning("a mail was not sent: %s", problem.message)
        at = self._parts.now()
        if not problem.permanent:
            self._rests_until = at + _REST
        give_up = timedelta(hours=self._parts.settings.give_up_hours)
        jitter = random.random()  # noqa: S311 (spreads retries; no secret)
        mail_failed(self._parts.store, sent, problem, jitter, give_up=give_up, at=at)


class Asked:
    """How often each address was asked in a day: in memory alone, and nameless."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._moments: dict[bytes, list[datetime]] = {}

    def add(self, address: str, at: datetime) -> None:
        """Count one more."""
        self._moments = {name: late for name, moments in self._moments.items() if (late := _since(moments, at - _DAY))}
        self._moments.setdefault(self._name(address), []).append(at)

    def count(self, address: str, at: datetime) -> int:
        """Return how many it were in the day before `at`."""
        return len(_since(self._moments.get(self._name(address), []), at - _DAY))

    def _name(self, address: str) -> bytes:
        return hmac.digest(self._key, address.lower().encode(), sha256)


def _since(moments: list[datetime], moment: datetime) -> list[datetime]:
    return [each for each in moments if each > moment]
