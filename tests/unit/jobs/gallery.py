"""A site on the loopback that serves a picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gallery:
    """A site that serves one body and keeps the headers of each request."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status
        self.port = 0
        self.requests: list[dict[str, str]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.requests.append(
            {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        )
        answer = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(answer.encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(gallery: Gallery) -> AsyncIterator[None]:
    server = await asyncio.start_server(gallery.answer, "127.0.0.1", 0)
    gallery.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
