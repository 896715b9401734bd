"""NCMEC's hash sharing on a loopback port: pages of XML, not in the order of time, with next addresses that run out."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.lists.serving import Quiet, answering

WHO = {"user": "forum", "password": "hunter2-hunter2"}
NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"


def entry_of(number: str, prints: dict[str, str], *, member: int = 1, tag: str = "image") -> str:
    """Return one entry as NCMEC has it."""
    told = "".join(f"<{kind}>{escape(value)}</{kind}>" for kind, value in prints.items())
    return (
        f'<{tag}><member id="{member}">Member</member><timestamp>2026-11-01T00:00:00Z</timestamp><id>{number}</id>'
        f"<classification>A1</classification><fingerprints>{told}</fingerprints></{tag}>"
    )


@dataclass
class Ncmec:
    """The entries, a few a page, and what goes wrong with the next answers: `500`, `cut`, `404`, `dtd`."""

    images: list[str] = field(default_factory=list)
    page_size: int = 3
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hashsharing"

    def page(self, path: str) -> bytes:
        """Return the answer to one question."""
        query = parse_qs(urlsplit(path).query)
        first = int(query.get("start", ["0"])[0])
        some, more = self.images[first : first + self.page_size], first + self.page_size < len(self.images)
        following = f"/v2/entries?from=x&to=y&start={first + self.page_size}&size={self.page_size}&max=9"
        paging = f"<paging><next>{escape(following)}</next></paging>" if more else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{NAMESPACE}">{paging}'
            f'<images count="{len(some)}" maxTimestamp="2026-11-01T00:00:00Z">{"".join(some)}</images></queryResult>'
        ).encode()


class _Handler(Quiet):
    keeper: Ncmec

    def do_GET(self) -> None:
        self.keeper.asked.append(self.path)
        pair = base64.b64encode(f"{WHO['user']}:{WHO['password']}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            self.answer(401, b"")
            return
        fault = self.keeper.faults.pop(0) if self.keeper.faults else ""
        if fault.isdecimal():
            self.answer(int(fault), b"")
            return
        body = self.keeper.page(self.path)
        if fault == "cut":
            body = body[: len(body) // 2]
        if fault == "dtd":
            body = body.replace(b"?><query", b'?><!DOCTYPE x [<!ENTITY a "b">]><query')
        self.answer(200, body)


@contextmanager
def keeping(keeper: Ncmec) -> Iterator[Ncmec]:
    """Answer on a loopback port as long as the block lasts."""
    with answering(type("Handler", (_Handler,), {"keeper": keeper})) as keeper.port:
        yield keeper
