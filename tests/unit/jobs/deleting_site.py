"""A site on the loopback that keeps nothing: what it is told to remove it deletes, and what it puts back it fetches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.house import Clock

from takeback.actions import signature

type Fetch = Callable[[str, str], bytes]
"""Path and signature to what Takeback answers."""


@dataclass
class DeletingSite:
    """Serves what it has to whoever signs for it; `fetch` is how it reaches Takeback."""

    clock: Clock
    port: int = 0
    secret: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    kind: str = "image/png"
    orders: list[dict[str, Any]] = field(default_factory=list)
    fetch: Fetch | None = None
    status: int = 200
    """What it answers to a look; 200 where it has the file."""
    takes: bool = True
    """Whether it takes orders."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def kinds(self) -> list[str]:
        return [order["action"] for order in self.orders]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
        method, path, _ = head[0].split(" ")
        told = headers.get(signature.HEADER.lower(), "")
        if method == "GET":
            status, body = self._look(path, told)
        else:
            body = await reader.readexactly(int(headers["content-length"]))
            signature.verify(self.secret, told, body, now=int(self.clock.at.timestamp()))
            status, body = (await asyncio.to_thread(self._obey, json.loads(body)), b"") if self.takes else (503, b"")
        kind = (
            f"Content-Type: {self.kind}\r\nLast-Modified: Sun, 22 Nov 2026 11:00:00 GMT\r\n" if method == "GET" else ""
        )
        said = f"HTTP/1.1 {status} X\r\n{kind}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(said.encode() + body)
        await writer.drain()
        writer.close()

    def _look(self, path: str, told: str) -> tuple[int, bytes]:
        signature.verify(self.secret, told, signature.fetch_body(self.url + path), now=int(self.clock.at.timestamp()))
        if self.status != 200:
            return self.status, b""
        body = self.files.get(path.rpartition("/")[2])
        return (404, b"") if body is None else (200, body)

    def _obey(self, order: dict[str, Any]) -> int:
        self.orders.append(order)
        name = order["url"].rpartition("/")[2]
        if order["action"] == "remove":
            self.files.pop(name, None)
        if order["action"] == "put_back" and order.get("bytes") is not None and self.fetch is not None:
            path = order["bytes"]["path"]
            signed = signature.sign(self.secret, int(self.clock.at.timestamp()), signature.fetch_body(path))
            self.files[name] = self.fetch(path, signed)
        return 204


@asynccontextmanager
async def listening(site: DeletingSite) -> AsyncIterator[None]:
    server = await asyncio.start_server(site.answer, "127.0.0.1", site.port)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
