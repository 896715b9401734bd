"""Outside lists are fetched, page by page, and told what was decided here."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import MAX_WAIT_SECONDS, next_attempt_at
from takeback.assembly import Parts, exchange_of
from takeback.audit.event import EventKind, Json
from takeback.errors import ExchangeError, OutsideError, TakebackError
from takeback.exchanges.interface import (
    Algorithm,
    Exchange,
    FetchCheckpoint,
    Record,
    Request,
    Said,
    Signal,
    Standing,
)
from takeback.fingerprint import Route
from takeback.jobs.list_pages import Asking, Refused, pages
from takeback.jobs.page_reader import PageReader, ReaderGone, ReaderSource
from takeback.store import Transaction
from takeback.store.exchanges import ExchangeRow, Word
from takeback.workflow.exchange_page import end_unnamed, take_page
from takeback.workflow.exchanges import SHARED
from takeback.workflow.keyed_page import KeyedPage
from takeback.workflow.list_case import actor_of
from takeback.workflow.shared_lots import KEPT_SECONDS, SharedLots

_MAX_WORD_BYTES = 256 * 1024
_LONG_PAGE = 400
"""Records on a page from which another process is worth its start."""
_STEP_SECONDS = 4.0
"""How long one list is read before the next, and before somebody who stops the service is heard."""
_TOLD_AT_ONCE = 100
_TRIES = 3
"""How often the same page may break off before less of it is asked at a time."""
_REFUSED_AGAIN = timedelta(hours=1)
_NOBODY_REPORTS = "Nobody is named who reports what this list matches, so it is not fetched (`report_to`)."

log = logging.getLogger("takeback.jobs")


@dataclass(frozen=True, slots=True)
class _GoingOn:
    """A list that is read ahead of the step that will take it in, and where."""

    exchange_id: int
    checkpoint: FetchCheckpoint
    pages: AsyncGenerator[KeyedPage]


class ExchangeJob:
    """
    Reads each list that is due, for some seconds; then tells it what was decided here.

    With a `source` another process reads where a list is long (`takeback.jobs.page_reader`).
    """

    def __init__(self, parts: Parts, http: OutgoingHttp, source: ReaderSource | None = None) -> None:
        self._parts = parts
        self._http = http
        self._source = source
        self._reader: PageReader | None = None
        self._going_on: _GoingOn | None = None
        self._lots = None if parts.snapshots is None else SharedLots(parts.snapshots)

    async def step(self) -> None:
        """Do what is due now."""
        if self._lots is not None:
            self._lots.clear(older_than_seconds=KEPT_SECONDS)
        with self._parts.store.read() as tx:
            if not tx.exchanges.any():
                return
            due, every = tx.exchanges.due(self._parts.now()), tx.exchanges.every()
        if not due:
            await self._read_here()
        for exchange in due:
            await self._fetch(exchange)
        for exchange in every:
            await self._tell(exchange)

    async def drain(self) -> None:
        """Nothing is left running, and nothing in the clear, after the last step."""
        await self._read_here()
        if self._lots is not None:
            self._lots.clear()

    # ---- Fetching

    async def _fetch(self, row: ExchangeRow) -> None:
        try:
            if row.of_minors and not row.report_to:
                raise ExchangeError(_NOBODY_REPORTS, permanent=True)
            exchange = self._opened(row)
            if exchange is not None:
                await self._read_on(row, exchange)
            else:
                await asyncio.to_thread(self._rest, row)
        except Refused as refused:
            await asyncio.to_thread(self._begin_anew, row.name, refused.place)
        except OutsideError as problem:
            await asyncio.to_thread(self._failed, row.name, problem)
        except ReaderGone:
            # What was not taken in is asked for again.
            log.warning("the process that reads long lists has ended; they are read more slowly from now on")
            self._source = None
            await self._read_here()

    async def _read_on(self, row: ExchangeRow, exchange: Exchange) -> None:
        """Take in pages until the list is at its end for now, or the time of a step is over."""
        until = time.monotonic() + _STEP_SECONDS
        pages = await self._pages(row, exchange)
        try:
            async for page in pages:
                at = self._parts.now()
                await asyncio.to_thread(self._take, row, page, at, is_whole=exchange.is_whole)
                row = replace(row, began_at=row.began_at or at, attempts=0, checkpoint=page.after)
                if page.is_last or page.problem is not None:
                    return
                if self._source is not None and self._reader is None and len(page.records) >= _LONG_PAGE:
                    # It goes on there with the next step.
                    self._reader = await asyncio.to_thread(PageReader, self._source)
                    return
                if time.monotonic() >= until:
                    if self._reader is not None:
                        self._going_on = _GoingOn(row.id, row.checkpoint, pages)
                    return
        finally:
            if self._going_on is None:
                await pages.aclose()

    async def _pages(self, row: ExchangeRow, exchange: Exchange) -> AsyncGenerator[KeyedPage]:
        """Return the pages from where the list was read to: where the last step broke off, they are read already."""
        going_on, self._going_on = self._going_on, None
        if going_on is not None:
            if (going_on.exchange_id, going_on.checkpoint) == (row.id, row.checkpoint):
                return going_on.pages
            await going_on.pages.aclose()
        asking = Asking(exchange, row.id, row.checkpoint, is_sealed=row.complete_at is None)
        if self._reader is not None:
            return self._reader.pages(asking)
        return pages(asking, self._http, self._parts.store.keyring, self._parts.now)

    async def _read_here(self) -> None:
        going_on, self._going_on = self._going_on, None
        if going_on is not None:
            await going_on.pages.aclose()
        if self._reader is not None:
            await asyncio.to_thread(self._reader.close)
            self._reader = None

    def _take(self, row: ExchangeRow, page: KeyedPage, at: datetime, *, is_whole: bool) -> None:
        after: dict[str, object] = {"fetched_at": at, "began_at": row.began_at or at, "next_at": at}
        after |= {"problem": None, "attempts": 0}
        if page.problem is not None:
            attempts = row.attempts + 1
            after |= {"problem": page.problem, "attempts": attempts, "next_at": self._later(attempts, at)}
        elif page.is_last:
            next_at = at + timedelta(minutes=self._parts.settings.exchange_minutes)
            after |= {"began_at": None, "complete_at": at, "next_at": next_at}
        take_page(self._parts.store, row, page, after, at=at, shared=self._lots)
        if page.is_last and is_whole:
            end_unnamed(self._parts.store, row, row.began_at or at, at=at)

    def _opened(self, row: ExchangeRow) -> Exchange | None:
        with self._parts.store.read() as tx:
            credentials = tx.exchanges.credentials(row)
        return exchange_of(row, credentials)

    def _rest(self, row: ExchangeRow) -> None:
        """A kind that nothing fetches is not asked about again soon."""
        with self._parts.store.write() as tx:
            tx.exchanges.change(row.id, next_at=self._parts.now() + _REFUSED_AGAIN)

    def _failed(self, name: str, problem: OutsideError) -> None:
        """Write down what is wrong; after the same page broke off again and again less is asked at a time."""
        at = self._parts.now()
        log.warning("the list %s could not be fetched: %s", name, problem.message)
        with self._parts.store.write() as tx:
            row = tx.exchanges.by_name(name)
            attempts = row.attempts + 1
            wait = at + _REFUSED_AGAIN if problem.permanent else self._later(attempts, at, problem.retry_after_seconds)
            tx.exchanges.change(row.id, attempts=attempts, problem=problem.message[:300], next_at=wait)
        if not problem.permanent and attempts >= _TRIES:
            self._ask_for_less(name)

    def _ask_for_less(self, name: str) -> None:
        with self._parts.store.read() as tx:
            row = tx.exchanges.by_name(name)
        try:
            exchange = self._opened(row)
        except TakebackError:
            return
        if exchange is not None:
            with self._parts.store.write() as tx:
                tx.exchanges.set_place(row.id, exchange.broken_off(row.checkpoint))

    def _begin_anew(self, name: str, place: FetchCheckpoint | None) -> None:
        at = self._parts.now()
        with self._parts.store.write() as tx:
            row = tx.exchanges.by_name(name)
            problem = "The list refused the page that it was asked for."
            attempts = row.attempts + 1
            waits = {"attempts": attempts, "problem": problem, "next_at": self._later(attempts, at)}
            if place is None:
                tx.exchanges.change(row.id, **waits)
            else:
                tx.exchanges.set_place(row.id, place, **waits)

    def _later(self, attempts: int, at: datetime, asked_seconds: float | None = None) -> datetime:
        jitter = random.random()  # noqa: S311 (spreads retries; no secret)
        found = next_attempt_at(attempts, at, jitter, retry_after_seconds=asked_seconds)
        return found or at + timedelta(seconds=MAX_WAIT_SECONDS)

    # ---- Telling

    async def _tell(self, row: ExchangeRow) -> None:
        at = self._parts.now()
        with self._parts.store.read() as tx:
            words = tx.exchanges.words_due(row.id, at, _TOLD_AT_ONCE)
            shared = [each for each in words if each.word == SHARED]
            said = [each for each in words if each.word != SHARED]
            signals = [signal for word in shared if (signal := _signal(tx, word.entry_id)) is not None]
            records = [(_record(tx, row, word.entry_id), word) for word in said]
        told = [(record, Said(word.word)) for record, word in records if record is not None]
        await self._send_words(row, said, len(told), lambda exchange: exchange.feedback(told), at)
        await self._send_words(row, shared, len(signals), lambda exchange: exchange.submission(signals), at)

    async def _send_words(
        self, row: ExchangeRow, words: Sequence[Word], count: int, asked: Callable[[Exchange], Request | None],
        at: datetime,
    ) -> None:  # fmt: skip
        """Tell a list something; what it takes no word of, and what is gone meanwhile, is told to nobody."""
        if not words:
            return
        try:
            exchange = self._opened(row) if count else None
            request = None if exchange is None else asked(exchange)
            if request is not None:
                answer = await self._http.ask(
                    request.method, request.url, request.headers, request.body, max_bytes=_MAX_WORD_BYTES
                )
                answer.require_success(now=at)
        except OutsideError as problem:
            log.warning("the list %s could not be told: %s", row.name, problem.message)
            await asyncio.to_thread(self._tell_later, words, at)
            return
        await asyncio.to_thread(self._told, row, words, count if request is not None else 0, at)

    def _told(self, row: ExchangeRow, words: Sequence[Word], count: int, at: datetime) -> None:
        with self._parts.store.write() as tx:
            tx.exchanges.word_done(words)
            if count:
                facts: dict[str, Json] = {"list": row.name, "entries": count}
                tx.audit.append(EventKind.LIST_TOLD, at=at, actor=actor_of(row), facts=facts)

    def _tell_later(self, words: Sequence[Word], at: datetime) -> None:
        with self._parts.store.write() as tx:
            tx.exchanges.word_later(words, self._later(1 + max(each.attempts for each in words), at))


def _record(tx: Transaction, row: ExchangeRow, entry_id: int) -> Record | None:
    """Return the record that an entry is of, by its name or its signal; None where nothing of it is left."""
    if (name := tx.exchanges.name_of(row.id, entry_id)) is not None:
        return Record(name, Standing.LIVE)
    signal = _signal(tx, entry_id)
    return None if signal is None else Record("", Standing.LIVE, (signal,), is_its_signal=True)


def _signal(tx: Transaction, entry_id: int) -> Signal | None:
    """Return the fingerprint by which a list is told of an entry: as lists take them, where there is one."""
    codes = dict(tx.prints.codes_of(entry_id))
    for route in (Route.NEAREST_512, Route.PIXELS):
        if route in codes:
            return Signal(Algorithm.PDQ, codes[route], route)
    return None
