"""
A process that reads the pages of a long list, so that whoever writes them down only writes.

It lives while a long list is read. Half of the work of a record is to read it, put it under an HMAC and seal it; the
other half is the database's, which one process at a time writes. It gets the master key over a socket, and ends when
the socket does.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Protocol

from takeback.errors import TakebackError
from takeback.exchanges.interface import Exchange, FetchCheckpoint, Page
from takeback.store.keyring import Keyring
from takeback.store.seal import MasterKey
from takeback.workflow.keyed_page import KeyedPage, keyed_page

_PATIENCE_SECONDS = 5.0
_COLLECTED_AFTER = 20_000
_MAIN = "from takeback.jobs.page_reader import main; main()"
"""Not `-m`: what is sent would be of a module that its reader does not know."""


@dataclass(frozen=True, slots=True)
class KeySource:
    """What a process opens the key store with."""

    master: MasterKey
    path: Path

    def open(self) -> Keyring:
        """Open it; raises as `Keyring` does."""
        return Keyring(self.master, self.path)


class Head(NamedTuple):
    """Where a page that was read says to go on."""

    after: FetchCheckpoint
    is_last: bool
    problem: str | None


class Body(NamedTuple):
    """What a list answered, and what is needed to read it; `is_sealed` as in `keyed_page`."""

    exchange: Exchange
    exchange_id: int
    data: bytes
    checkpoint: FetchCheckpoint
    at: datetime
    is_sealed: bool


class Reader(Protocol):
    """Reads one page after the other, each in two answers; not for several threads at once."""

    is_apart: bool
    """Whether something else can be done here meanwhile."""

    def read(self, body: Body) -> Head:
        """Read a page and say where to go on; `page` is to be asked for next."""

    def page(self) -> KeyedPage:
        """Return what was read last."""

    def close(self) -> None:
        """Read no more."""


class ReaderHere:
    """Reads in this process: enough for most lists."""

    is_apart = False

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._read: tuple[Body, Page] | None = None

    def read(self, body: Body) -> Head:
        """Read a page (`Reader.read`)."""
        page = body.exchange.read(body.data, body.checkpoint, body.at)
        self._read = body, page
        return Head(page.after, page.is_last, page.problem)

    def page(self) -> KeyedPage:
        """Return it (`Reader.page`)."""
        assert self._read is not None
        (body, page), self._read = self._read, None
        return keyed_page(self._keyring, body.exchange_id, page, is_sealed=body.is_sealed)

    def close(self) -> None:
        """Nothing is held (`Reader.close`)."""


class ReaderGone(Exception):
    """The process that reads has ended: what it was asked for is to be done here."""


class ReaderApart:
    """
    Has a process of its own read.

    Raises `ReaderGone` where that process cannot be started, or has ended, and whatever of ours reading and sealing
    raise.
    """

    is_apart = True

    def __init__(self, keys: KeySource) -> None:
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
        self._send(keys)

    def read(self, body: Body) -> Head:
        """Have a page read (`Reader.read`)."""
        self._send(body)
        head = self._received()
        assert isinstance(head, Head)
        return head

    def page(self) -> KeyedPage:
        """Return it (`Reader.page`)."""
        page = self._received()
        assert isinstance(page, KeyedPage)
        return page

    def close(self) -> None:
        """Let the process end."""
        self._connection.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, what: object) -> None:
        try:
            self._connection.send(what)
        except OSError as problem:
            raise ReaderGone from problem

    def _received(self) -> object:
        try:
            found = self._connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError) as problem:
            raise ReaderGone from problem
        if isinstance(found, TakebackError):
            raise found
        return found


def main() -> None:
    """Read what is asked for over the socket whose number is the one argument, until it is closed."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        _serve(Connection(int(sys.argv[1])))


def _serve(connection: Connection) -> None:
    keys: KeySource = connection.recv()
    reader = ReaderHere(keys.open())
    # As in every process of the service: what is imported stays, and a page is many objects that soon are none.
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)
    while True:
        body: Body = connection.recv()
        try:
            connection.send(reader.read(body))
            connection.send(reader.page())
        except TakebackError as problem:
            connection.send(problem)
