"""The pages of one outside list: asked for, read, and put as they are written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime

from takeback.actions.outgoing import OutgoingHttp
from takeback.errors import ExchangeError
from takeback.exchanges.interface import Exchange, FetchCheckpoint
from takeback.store.keyring import Keyring
from takeback.workflow.keyed_page import KeyedPage, keyed_page

MAX_PAGE_BYTES = 32 * 1024 * 1024
"""800 records of StopNCII have some hundred kilobytes; a page of NCMEC's may name far more."""
_UNAUTHORISED = (401, 403)


@dataclass(frozen=True, slots=True)
class Asking:
    """A list, by its number here, and from where on it is asked; `is_sealed` as in `keyed_page`."""

    exchange: Exchange
    exchange_id: int
    checkpoint: FetchCheckpoint
    is_sealed: bool


class Refused(Exception):
    """The list says that there is no such page; `place` is where to go on, None where that is the same."""

    def __init__(self, place: FetchCheckpoint | None) -> None:
        super().__init__(place)
        self.place = place


async def pages(
    asking: Asking, http: OutgoingHttp, keyring: Keyring, now: Callable[[], datetime]
) -> AsyncGenerator[KeyedPage]:
    """
    Yield one page after the other, to the end of the list for now, or to one that has a problem; each is asked ahead.

    Raises `OutsideError` and `Refused` where the list does not answer with a page, `StoreError` as `keyed_page` does.
    """
    checkpoint = asking.checkpoint
    ahead: asyncio.Task[bytes] | None = asyncio.create_task(_ask(asking.exchange, checkpoint, http, now))
    try:
        while ahead is not None:
            body = await ahead
            page = await asyncio.to_thread(asking.exchange.read, body, checkpoint, now())
            checkpoint, goes_on = page.after, not page.is_last and page.problem is None
            ahead = asyncio.create_task(_ask(asking.exchange, checkpoint, http, now)) if goes_on else None
            yield await asyncio.to_thread(keyed_page, keyring, asking.exchange_id, page, is_sealed=asking.is_sealed)
    finally:
        if ahead is not None:
            ahead.cancel()


async def _ask(
    exchange: Exchange, checkpoint: FetchCheckpoint, http: OutgoingHttp, now: Callable[[], datetime]
) -> bytes:
    request = exchange.request(checkpoint, now())
    answer = await http.ask(request.method, request.url, request.headers, request.body, max_bytes=MAX_PAGE_BYTES)
    if answer.status in _UNAUTHORISED:
        raise ExchangeError("The list does not accept our credentials.", permanent=True)
    if 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
        place = exchange.refused(checkpoint)
        raise Refused(None if place == checkpoint else place)
    answer.require_success(now=now())
    return answer.body
