"""
A process that asks for and reads the pages of a long list, so that whoever writes them down only writes.

It lives while a long list is read. Half of the work of a record is to read it, put it under an HMAC and seal it; the
other half is the database's, which one process at a time writes. It gets the master key over a socket, and ends when
the socket does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from multiprocessing.connection import Connection
from pathlib import Path

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.errors import TakebackError
from takeback.jobs.list_pages import Asking, Refused, pages
from takeback.store.keyring import Keyring
from takeback.store.seal import MasterKey
from takeback.workflow.keyed_page import KeyedPage

_AHEAD = 2
"""Pages that are read before they are asked for, at most: one is being written down, one is ready."""
_PATIENCE_SECONDS = 5.0
_COLLECTED_AFTER = 20_000
_MAIN = "from takeback.jobs.page_reader import main; main()"
"""Not `-m`: what is sent would be of a module that its reader does not know."""


@dataclass(frozen=True, slots=True)
class ReaderSource:
    """What a process opens the key store and asks lists with."""

    master: MasterKey
    keys: Path
    private_hosts: Sequence[str]
    timeouts: Timeouts


class _Word(Enum):
    NEXT = auto()
    """One page was taken: another may be read."""
    STOP = auto()
    """No more of this list."""


@dataclass(frozen=True, slots=True)
class _End:
    """Nothing more comes of a list that was asked for, and why."""

    problem: TakebackError | Refused | None = None


class ReaderGone(Exception):
    """The process that reads has ended, or cannot be started: what it was asked for is to be done here."""


class PageReader:
    """Has a process of its own read, one list at a time; raises `ReaderGone`."""

    def __init__(self, source: ReaderSource) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-c", _MAIN, str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        except OSError as problem:
            ours.close()
            raise ReaderGone from problem
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())
        try:
            self._send(source)
        except ReaderGone:
            self.close()
            raise

    async def pages(self, asking: Asking) -> AsyncGenerator[KeyedPage]:
        """Yield the pages of a list, and raise, as `takeback.jobs.list_pages.pages` does."""
        self._send(asking)
        found: object = None
        try:
            while isinstance(found := await asyncio.to_thread(self._received), KeyedPage):
                self._send(_Word.NEXT)
                yield found
        finally:
            if not isinstance(found, _End):
                await asyncio.to_thread(self._stop)
        if isinstance(found, _End) and found.problem is not None:
            raise found.problem

    def close(self) -> None:
        """Let the process end."""
        self._connection.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _stop(self) -> None:
        """Hear no more of the list that was asked for; what was read ahead is read again when it is asked for next."""
        with contextlib.suppress(ReaderGone):
            self._send(_Word.STOP)
            while not isinstance(self._received(), _End):
                pass

    def _send(self, what: object) -> None:
        try:
            self._connection.send(what)
        except OSError as problem:
            raise ReaderGone from problem

    def _received(self) -> object:
        try:
            return self._connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError) as problem:
            raise ReaderGone from problem


def main() -> None:
    """Read what is asked for over the socket whose number is the one argument, until it is closed."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        connection = Connection(int(sys.argv[1]))
        source: ReaderSource = connection.recv()
        # As in every process of the service: what is imported stays, and a page is many objects that soon are none.
        gc.freeze()
        gc.set_threshold(_COLLECTED_AFTER)
        asyncio.run(_serve(connection, source))


async def _serve(connection: Connection, source: ReaderSource) -> None:
    keyring = Keyring(source.master, source.keys)
    http = OutgoingHttp(source.private_hosts, timeouts=source.timeouts)
    while True:
        asked = await asyncio.to_thread(connection.recv)
        # What was said of a list that is at its end already needs no answer.
        if isinstance(asked, Asking):
            end = await _read(asked, connection, http, keyring)
            await asyncio.to_thread(connection.send, end)


async def _read(asked: Asking, connection: Connection, http: OutgoingHttp, keyring: Keyring) -> _End:
    may_send = _AHEAD
    try:
        async with aclosing(pages(asked, http, keyring, _now)) as found:
            async for page in found:
                await asyncio.to_thread(connection.send, page)
                may_send -= 1
                while not may_send:
                    if await asyncio.to_thread(connection.recv) is _Word.STOP:
                        return _End()
                    may_send += 1
    except (TakebackError, Refused) as problem:
        return _End(problem)
    return _End()


def _now() -> datetime:
    return datetime.now(UTC)
