"""A platform on loopback: it answers each request as a test's function says, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from takeback.actions.interface import Action, ActionKind

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TOKEN = "a-token-that-nobody-else-may-see"


@dataclass(frozen=True)
class Asked:
    """One request as the platform got it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """An answer: `body` as it is, or as JSON."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_bytes(self, *, is_head: bool = False) -> bytes:
        """Return it as it goes over the wire: in chunks where its headers say so, without a body to a HEAD."""
        raw = isinstance(self.body, bytes)
        data = (
            self.body if isinstance(self.body, bytes) else b"" if self.body is None else json.dumps(self.body).encode()
        )
        media = {} if self.body is None or raw else {"Content-Type": "application/json; charset=utf-8"}
        lines = [f"HTTP/1.1 {self.status} X", "Connection: close"]
        chunked = "Transfer-Encoding" in self.headers
        length = {} if chunked else {"Content-Length": str(len(data))}
        lines += [f"{name}: {value}" for name, value in {**length, **media, **self.headers}.items()]
        sent = b"" if is_head else _in_chunks(data) if chunked else data
        return "\r\n".join([*lines, "", ""]).encode() + sent


def _in_chunks(data: bytes) -> bytes:
    half = len(data) // 2
    parts = [part for part in (data[:half], data[half:]) if part]
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


HANGS = Said(0)
type Answers = Callable[[Asked], Said]


@dataclass
class Loopback:
    """Where the platform listens, and what it was asked."""

    answers: Answers
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        return [each.line for each in self.asked]

    @property
    def changes(self) -> list[Asked]:
        """What was asked to be done, without the questions before."""
        return [each for each in self.asked if each.method not in ("GET", "HEAD")]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            method, target, _ = head[0].split(" ")
            parts = urlsplit(target)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
            self.asked.append(asked)
            said = self.answers(asked)
            if said is HANGS:
                await reader.read()
            else:
                writer.write(said.as_bytes(is_head=asked.method == "HEAD"))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def platform(answers: Answers) -> AsyncIterator[Loopback]:
    """Listen on loopback for a `with` block."""
    there = Loopback(answers)
    server = await asyncio.start_server(there.handle, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()


def action(kind: ActionKind, item_id: str | None = None, url: str | None = None) -> Action:
    """Return an order about one item."""
    return Action("d-1", kind, item_id, "c-1", AT, url=url, reason={"why": "What she wrote stays here."})


def reconcile(*asked: str) -> Action:
    """Return the question which of these are gone."""
    return Action("d-2", ActionKind.RECONCILE, None, None, AT, asked=asked)
