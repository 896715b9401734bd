"""A connection to a gate: bounded in time, and closed whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from takeback.errors import InputError
from takeback.gates.line import GateLine

IDLE_SECONDS = 30.0
"""How long a sender may be silent, or a reader not read."""
STREAM_SECONDS = 300.0
"""From the first byte of a file to the last."""
MAX_CONNECTIONS = 2_000
"""Of one gate; whoever comes then is turned away at once."""

log = logging.getLogger("takeback.gates")

type Talk = Callable[["Wire"], Awaitable[None]]


class Gone(Exception):
    """The other side left, was silent for too long, or sent what no client of this protocol sends."""


class Wire:
    """Both directions of a connection; everything on it raises `Gone` where it cannot go on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        return await self._read(self._reader.readexactly(count))

    async def until(self, end: bytes) -> bytes:
        """Return everything to the next `end`, which is left out; no more than the reader's limit."""
        return (await self._read(self._reader.readuntil(end))).removesuffix(end)

    async def some(self, most: int) -> bytes:
        """Return what has come, at least one byte."""
        data = await self._read(self._reader.read(most))
        if not data:
            raise Gone
        return data

    async def send(self, data: bytes) -> None:
        """Send `data`, and wait until the other side takes it."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(IDLE_SECONDS):
                await self._writer.drain()
        except (TimeoutError, OSError) as problem:
            raise Gone from problem

    async def _read[T](self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                return await reading
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as problem:
            raise Gone from problem


class Door:
    """Lets connections of one gate in, as many as it may have, and talks to each."""

    def __init__(self, line: GateLine, talk: Talk) -> None:
        self._line = line
        self._talk = talk
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    async def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to whoever connected, where they may ask; then close."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._may_ask(writer) and self.count <= MAX_CONNECTIONS:
                await self._talk(Wire(reader, writer))
        except (Gone, asyncio.CancelledError):
            return  # who left; or the service ends, and has waited
        except InputError as problem:
            log.info("a client of the gate %s was sent away: %s", self._line.protocol.value, problem.message)
        except Exception:
            log.exception("the gate %s failed at a connection", self._line.protocol.value)
        finally:
            self._tasks.discard(task)
            await _closed(writer)

    async def drain(self, seconds: float) -> None:
        """Wait for those who are being talked to, at most `seconds`; then end them."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in set(self._tasks):
            task.cancel()

    def _may_ask(self, writer: asyncio.StreamWriter) -> bool:
        if self._line.address.path is not None:
            return True
        peer = writer.get_extra_info("peername")
        if peer is not None and self._line.lets_ask(str(peer[0])):
            return True
        log.warning("the gate %s was asked by an address that no peer= names", self._line.protocol.value)
        return False


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(1.0):
            await writer.wait_closed()
    except (TimeoutError, OSError):
        writer.transport.abort()
