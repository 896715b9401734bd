"""
The gate that speaks as ClamAV's daemon does (clamd(8)): what asks an antivirus about uploads asks us.

    zPING\\0                        → PONG\\0
    zINSTREAM\\0 size data … 0      → stream: OK\\0, or stream: Takeback.Refused FOUND\\0
    zIDSESSION\\0 … zEND\\0          → the same with `number: ` before it, several under way at once
    zSCAN /path\\0                   → /path: OK\\0, only below the folders that the operator names

`n` in place of `z` ends lines by a new line; commands without either are taken too. A real clamd may stand behind the
gate: each file goes to it as well, and what it finds comes first.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import takeback
from takeback.errors import MediaTooLarge, TakebackError
from takeback.gates.antivirus import FOUND, Antivirus
from takeback.gates.connection import STREAM_SECONDS, Gone, Wire
from takeback.gates.folder import files_below, read_into, real_path
from takeback.gates.line import GateLine
from takeback.gates.screener import Answer, Screener
from takeback.gates.spool import Spool
from takeback.workflow.gate import Gate

OK = "OK"
REFUSED = "Takeback.Refused FOUND"
"""What a platform logs as the virus; it says nothing of how like two pictures are."""
UNCHECKED = "Takeback.NotChecked FOUND"
ERROR = "Could not be checked ERROR"
TOO_LARGE = "INSTREAM size limit exceeded. ERROR"
MAX_UNDER_WAY = 8
"""Files of one session that are looked at at once; the next is not read before one is answered."""
_READ_BYTES = 64 * 1024
_SCANS = ("SCAN", "CONTSCAN", "MULTISCAN", "ALLMATCHSCAN")
_COMMANDS = "SCAN INSTREAM CONTSCAN MULTISCAN ALLMATCHSCAN PING VERSION VERSIONCOMMANDS IDSESSION END"

_ANSWERS = {Answer.PASS: OK, Answer.REFUSE: REFUSED, Answer.UNCHECKED: UNCHECKED, Answer.ERROR: ERROR}


class ClamdGate:
    """Talks to the clients of one gate."""

    def __init__(self, line: GateLine, gate: Gate, screener: Screener) -> None:
        self._line = line
        self._gate = gate
        self._screener = screener
        self._antivirus = None if line.behind is None else Antivirus(line.behind)

    async def talk(self, wire: Wire) -> None:
        """Answer one command, or all of a session."""
        end, command = await _command(wire)
        if command == "IDSESSION":
            await self._session(wire)
            return
        await self._answer(wire, end, command)

    async def _answer(self, wire: Wire, end: bytes, command: str) -> None:
        if command == "INSTREAM":
            await self._stream(wire, end)
            return
        name, _, path = command.partition(" ")
        if name in _SCANS:
            async for told in self._scan(name, path):
                await wire.send(_bytes(told) + end)
            return
        await wire.send((await self._word(command)).encode() + end)

    async def _stream(self, wire: Wire, end: bytes) -> None:
        with self._screener.spool() as spool:
            try:
                await _receive(wire, spool)
            except MediaTooLarge:
                await wire.send(TOO_LARGE.encode() + end)
                return
            except TakebackError as problem:
                # The disk is full, and what else would follow cannot be kept either.
                answer = self._screener.fault(self._line, self._gate, problem.message)
                await wire.send(f"stream: {_ANSWERS[answer]}".encode() + end)
                return
            await wire.send(f"stream: {await self._found(spool)}".encode() + end)

    async def _session(self, wire: Wire) -> None:
        """Answer commands that come one after another; each answer says to which it belongs."""
        session = _Session(wire)
        try:
            while True:
                end, command = await _command(wire)
                if command == "END":
                    await session.finish()
                    return
                number = session.next()
                if command == "INSTREAM":
                    await self._stream_of(session, number, wire, end)
                else:
                    await session.begin(self._tell(session, number, end, command))
        finally:
            session.cancel()

    async def _stream_of(self, session: _Session, number: int, wire: Wire, end: bytes) -> None:
        """Receive a file of a session, and look at it while the next is received."""
        await session.room()
        spool = self._screener.spool()
        try:
            await _receive(wire, spool)
        except MediaTooLarge:
            spool.close()
            await session.send(number, TOO_LARGE, end)
            raise Gone from None
        except BaseException:
            spool.close()
            raise
        await session.begin(self._tell_of(session, number, end, spool))

    async def _tell_of(self, session: _Session, number: int, end: bytes, spool: Spool) -> None:
        with spool:
            await session.send(number, f"stream: {await self._found(spool)}", end)

    async def _tell(self, session: _Session, number: int, end: bytes, command: str) -> None:
        name, _, path = command.partition(" ")
        if name in _SCANS:
            async for told in self._scan(name, path):
                await session.send(number, told, end)
        else:
            await session.send(number, await self._word(command), end)

    async def _scan(self, name: str, path: str) -> AsyncIterator[str]:
        """Look at a file that is named, or at each in a folder; `SCAN` stops at the first that is found."""
        real = real_path(path, self._line.folders)
        if real is None:
            yield f"{path}: Not below a folder that may be looked at ERROR"
            return
        if not real.exists():
            yield f"{path}: No such file or directory. ERROR"
            return
        quiet = True
        for file in files_below(real):
            named = path if file == real else f"{path.rstrip('/')}/{file.relative_to(real)}"
            found = await self._found_in(file)
            if found != OK:
                quiet = False
                yield f"{named}: {found}"
            if found.endswith(FOUND) and name == "SCAN":
                return
        if quiet:
            yield f"{path}: {OK}"

    async def _found_in(self, path: Path) -> str:
        with self._screener.spool() as spool:
            try:
                await read_into(spool, path)
            except MediaTooLarge:
                return "File size limit exceeded. ERROR"
            except OSError:
                return "Access denied. ERROR"
            return await self._found(spool)

    async def _found(self, spool: Spool) -> str:
        """Return what is said of a whole file, after its name."""
        if self._antivirus is None:
            return _ANSWERS[(await self._screener.answer(spool, self._line, self._gate)).answer]
        # What the antivirus says of it is asked at the same time.
        told, theirs = await asyncio.gather(
            self._screener.answer(spool, self._line, self._gate), self._antivirus.scan(spool)
        )
        if theirs.endswith(FOUND):
            return theirs
        if told.answer is Answer.PASS and theirs != OK:
            return theirs
        return _ANSWERS[told.answer]

    async def _word(self, command: str) -> str:
        match command:
            case "PING":
                return "PONG"
            case "VERSION":
                return await self._version()
            case "VERSIONCOMMANDS":
                return f"{await self._version()}| COMMANDS: {_COMMANDS}"
            case "RELOAD":
                return "RELOADING"
            case _:
                return "UNKNOWN COMMAND"

    async def _version(self) -> str:
        """Return what clients take apart at the slashes: a name that begins as ClamAV's does, a number, a date."""
        if self._antivirus is not None and (version := await self._antivirus.version()) is not None:
            return version
        return f"ClamAV Takeback-{takeback.__version__}/0/{self._screener.now():%a %b %d %H:%M:%S %Y}"


class _Session:
    """The commands of one connection that are under way; their answers come as they are ready."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._room = asyncio.Semaphore(MAX_UNDER_WAY)
        self._number = 0

    def next(self) -> int:
        """Return the number of the next command; the first has 1."""
        self._number += 1
        return self._number

    async def room(self) -> None:
        """Wait until one more may be under way."""
        async with self._room:
            return

    async def begin(self, answering: Coroutine[None, None, None]) -> None:
        """Answer a command while the next is read."""
        await self._room.acquire()
        task = asyncio.create_task(answering)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    async def send(self, number: int, text: str, end: bytes) -> None:
        """Send one answer, whole."""
        async with self._sending:
            await self._wire.send(_bytes(f"{number}: {text}") + end)

    async def finish(self) -> None:
        """Wait for every answer."""
        if self._tasks:
            await asyncio.gather(*self._tasks)

    def cancel(self) -> None:
        """End what nobody waits for any more."""
        for task in self._tasks:
            task.cancel()

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()
        if not task.cancelled():
            task.exception()  # the connection is gone, which whoever reads it notices


async def _command(wire: Wire) -> tuple[bytes, str]:
    """Return what ends the answer, and the command."""
    first = await wire.exactly(1)
    end = b"\0" if first == b"z" else b"\n"
    rest = await wire.until(end)
    text = rest if first in (b"z", b"n") else first + rest
    return end, text.decode("utf-8", "surrogateescape").rstrip("\r")


def _bytes(text: str) -> bytes:
    """Return a path as it came, whatever its bytes."""
    return text.encode("utf-8", "surrogateescape")


async def _receive(wire: Wire, spool: Spool) -> None:
    """Receive what follows INSTREAM: pieces, each after its size, until one of size 0."""
    try:
        async with asyncio.timeout(STREAM_SECONDS):
            while size := struct.unpack(">I", await wire.exactly(4))[0]:
                while size:
                    data = await wire.some(min(size, _READ_BYTES))
                    await spool.write(data)
                    size -= len(data)
    except TimeoutError as problem:
        raise Gone from problem
