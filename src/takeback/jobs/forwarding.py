"""Notices that people had forwarded go out to other instances, and these are asked what they did."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from takeback.actions.message_signature import key_id_of, sign_request, verify_answer
from takeback.actions.outgoing import OutgoingHttp, Response
from takeback.actions.retry import MAX_WAIT_SECONDS, next_attempt_at
from takeback.assembly import Parts
from takeback.errors import DeliveryError, NotAllowed, OutsideError
from takeback.store.forwardings import Forwarding
from takeback.workflow.forwarding import (
    ANSWER_PATH,
    END_PATH,
    NOTICE_PATH,
    Sending,
    prepare,
    put_off,
    take_answer,
    take_failure,
)
from takeback.workflow.instances import own_signer
from takeback.workflow.received import Answer, Stands

MAX_ANSWER_BYTES = 16 * 1024
_AT_ONCE = 50
_ORDER = (END_PATH, NOTICE_PATH, ANSWER_PATH)
_NOT_LET_IN = (401, 403)
_TRY_AGAIN = (408, 425, 429)
_MOST = 1_000_000
"""No instance has more copies of one notice than this; what says so is not read."""

log = logging.getLogger("takeback.jobs")


class ForwardingJob:
    """Tells each instance what is due, one thing after another; an instance that does not answer holds up no other."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._signer = own_signer(parts.store, parts.settings.log_name)

    async def step(self) -> None:
        """Do what is due now."""
        with self._parts.store.read() as tx:
            due = sorted(tx.forwardings.due(self._parts.now(), _AT_ONCE), key=lambda each: each.instance_id)
        by_instance = [list(each) for _, each in groupby(due, key=lambda each: each.instance_id)]
        await asyncio.gather(*(self._tell(each) for each in by_instance))

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    async def _tell(self, due: Sequence[Forwarding]) -> None:
        """Tell one instance what is due, ends first and questions last, until it does not answer."""
        store, at = self._parts.store, self._parts.now()
        found = [await asyncio.to_thread(prepare, store, each, at=at, every=self._every) for each in due]
        sendings = sorted((each for each in found if each is not None), key=lambda each: _ORDER.index(each.path))
        for number, sending in enumerate(sendings, start=1):
            if not await self._send(sending):
                for each in sendings[number:]:
                    await asyncio.to_thread(put_off, store, each, at=at)
                return

    async def _send(self, sending: Sending) -> bool:
        """Make one request; whether the instance answered."""
        name = sending.instance.name
        try:
            answer = await self._ask(sending)
        except (OutsideError, NotAllowed) as problem:
            log.warning("the instance %s took nothing: %s", name, problem.message)
            is_refused = isinstance(problem, _Refused)
            await asyncio.to_thread(self._failed, sending, problem, is_refused=is_refused)
            return is_refused
        at = self._parts.now()
        await asyncio.to_thread(take_answer, self._parts.store, sending, answer, at=at, every=self._every)
        return True

    async def _ask(self, sending: Sending) -> Answer:
        nonce, at = secrets.token_hex(16), self._parts.now()
        signed = sign_request(
            self._signer, "POST", sending.path, sending.body, to=sending.instance.key, nonce=nonce, at=at
        )
        headers = {**signed, "Content-Type": "application/json", "Accept": "application/json"}
        url = sending.instance.url + sending.path
        answer = await self._http.ask("POST", url, headers, sending.body, max_bytes=MAX_ANSWER_BYTES)
        _require_taken(answer, self._parts.now())
        # What nobody signed confirms nothing: it may be a proxy that speaks.
        verify_answer(
            answer.status, answer.headers, answer.body, sending.instance.key, to=key_id_of(self._signer.key),
            answers=nonce, at=self._parts.now(),
        )  # fmt: skip
        return read_answer(answer.body)

    def _failed(self, sending: Sending, problem: OutsideError | NotAllowed, *, is_refused: bool) -> None:
        at = self._parts.now()
        asked = problem.retry_after_seconds if isinstance(problem, OutsideError) else None
        again_at = _later(sending.instance.attempts + 1, at, asked)
        store = self._parts.store
        take_failure(store, sending, problem.message, again_at=again_at, is_refused=is_refused, at=at)

    @property
    def _every(self) -> timedelta:
        return timedelta(minutes=self._parts.settings.instance_minutes)


class _Refused(DeliveryError):
    """The instance answers, and does not take this."""


def read_answer(body: bytes) -> Answer:
    """Read a signed answer; `DeliveryError` for what is none."""
    try:
        said = json.loads(body)
        return Answer(
            Stands(said["stands"]),
            removed=_count(said, "removed"),
            held=_count(said, "held"),
            kept=_count(said, "kept"),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise DeliveryError("The instance answered with what is no answer.") from problem


def _count(said: Mapping[str, Any], name: str) -> int:
    value = said[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError(name)
    return value


def _require_taken(answer: Response, at: datetime) -> None:
    is_refused = 400 <= answer.status < 500 and answer.status not in (*_NOT_LET_IN, *_TRY_AGAIN)
    if is_refused:
        raise _Refused(f"The instance did not take it (HTTP status {answer.status}).", permanent=True)
    if answer.status in _NOT_LET_IN:
        raise DeliveryError("The instance does not let us in: its operator has to add our key.", permanent=True)
    answer.require_success(now=at)


def _later(attempts: int, at: datetime, asked_seconds: float | None) -> datetime:
    """Return when it is asked again: it is never given up, since a withdrawal has to arrive."""
    jitter = random.random()  # noqa: S311 (spreads retries; no secret)
    found = next_attempt_at(attempts, at, jitter, retry_after_seconds=asked_seconds)
    return found or at + timedelta(seconds=MAX_WAIT_SECONDS)
