"""The real clamd behind a gate, spoken to as any client does."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from takeback.gates.address import Address
from takeback.gates.spool import Spool

FOUND = "FOUND"
UNREACHABLE = "The antivirus behind the gate could not be asked ERROR"
"""Never `OK`: whoever put an antivirus there wants to know that it did not look."""
ASK_SECONDS = 120.0
_CONNECT_SECONDS = 5.0
_VERSION_SECONDS = 5.0
_MAX_ANSWER_BYTES = 8 * 1024

log = logging.getLogger("takeback.gates")


class Antivirus:
    """A clamd at an address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def scan(self, spool: Spool) -> str:
        """Return what it says of a whole file, without `stream: `."""
        try:
            async with asyncio.timeout(ASK_SECONDS), self._connected() as (reader, writer):
                writer.write(b"zINSTREAM\0")
                async for block in spool.blocks():
                    writer.write(struct.pack(">I", len(block)) + block)
                    await writer.drain()
                writer.write(bytes(4))
                return _answer(await reader.readuntil(b"\0")).removeprefix("stream: ")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as problem:
            log.warning("the antivirus at %s could not be asked: %s", self._address, type(problem).__name__)
            return UNREACHABLE

    async def version(self) -> str | None:
        """Return its version, None where it cannot be asked."""
        try:
            async with asyncio.timeout(_VERSION_SECONDS), self._connected() as (reader, writer):
                writer.write(b"zVERSION\0")
                return _answer(await reader.readuntil(b"\0"))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        address = self._address
        async with asyncio.timeout(_CONNECT_SECONDS):
            if address.path is not None:
                reader, writer = await asyncio.open_unix_connection(address.path, limit=_MAX_ANSWER_BYTES)
            else:
                reader, writer = await asyncio.open_connection(address.host, address.port, limit=_MAX_ANSWER_BYTES)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


def _answer(data: bytes) -> str:
    return data.removesuffix(b"\0").decode("utf-8", "replace").strip()
