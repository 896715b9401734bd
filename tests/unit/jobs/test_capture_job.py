"""Pages kept for evidence: fetched from a real loopback site, and nothing of a picture left in what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.house import AT, LAWS, Clock, drawn, forms_of, notice_about, prints_of, reported
from tests.unit.decoding import InProcess

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.cases.statement import House
from takeback.config import Settings
from takeback.errors import BundleRefused, IllegalTransition, InputError, NotFound
from takeback.jobs.capture import CaptureJob
from takeback.store import Store
from takeback.store.captures import Capture
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.bundle import Maker, bundle_for_desk, bundle_for_person
from takeback.workflow.capture import RETRY_AFTER, ask_for_captures
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

MAKER = Maker(House(), "takeback.example", "https://takeback.example")


def _png() -> bytes:
    buffer = BytesIO()
    Image.fromarray(drawn(1)).save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = _png()
PAGE = """<!doctype html><html><head><title>A post</title></head><body><p>Posted by someone on Tuesday.</p>
<img src="/81.png"><img src="/gone.png"><img src="http://127.0.0.2:9/else.png"><script>alert(1)</script></body></html>"""


@dataclass
class Forum:
    """A site that serves what it is told, by path, and keeps the headers of each request."""

    served: dict[str, tuple[int, str, bytes]]
    port: int = 0
    requests: dict[str, dict[str, str]] = field(default_factory=dict)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split(" ")[1]
        self.requests[path] = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        status, kind, body = self.served.get(path, (404, "text/plain", b""))
        said = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nSet-Cookie: session=secret\r\n"
        writer.write(f"{said}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(forum: Forum) -> AsyncIterator[str]:
    server = await asyncio.start_server(forum.answer, "127.0.0.1", 0)
    forum.port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{forum.port}"
    finally:
        server.close()


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


def _case(parts: Parts, base: str) -> tuple[Received, Site]:
    site = add_site(parts.store, "f", base_url=base, webhook_url=f"{base}/hook", actor="test", at=AT).site
    upload = Upload(site, "81", f"{base}/post/81")
    check_upload(parts.store, parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    notice = notice_about(reported(drawn(1)))
    return receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT), site


def captures_of(store: Store, case: Case) -> list[Capture]:
    with store.read() as tx:
        return tx.captures.of_case(case.id)


def _kept(parts: Parts, served: Mapping[str, tuple[int, str, bytes]]) -> tuple[Received, Site, Forum]:
    """Ask for the pages of a case, and let the job work once."""
    made: list[tuple[Received, Site]] = []
    forum = Forum(dict(served))

    async def work() -> None:
        async with listening(forum) as base:
            received, site = _case(parts, base)
            made.append((received, site))
            assert ask_for_captures(parts.store, received.case.public_id, (), actor="key/a", at=parts.now()) == 1
            job = CaptureJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(total_seconds=30)))
            await job.step()
            await job.step()  # what is kept is not fetched again
            await job.drain()

    asyncio.run(work())
    return *made[0], forum


WHOLE = {"/post/81": (200, "text/html; charset=utf-8", PAGE.encode()), "/81.png": (200, "image/png", PICTURE)}


def test_a_page_is_kept_with_a_box_for_each_picture(parts: Parts) -> None:
    received, _, forum = _kept(parts, WHOLE)

    (capture,) = captures_of(parts.store, received.case)
    with parts.store.read() as tx:
        content = tx.captures.open(capture, received.case)
    page = str(content["page"])
    assert "<p>Posted by someone on Tuesday.</p>" in page
    picture = f"SHA-256 {sha256(PICTURE).hexdigest()} · {len(PICTURE):,} bytes · 200 × 160 pixels"
    assert f"{picture} · http://127.0.0.1:{forum.port}/81.png" in page
    assert "The other system answered with HTTP status 404." in page
    assert "on another host than the sites here: not fetched · http://127.0.0.2:9/else.png" in page
    assert content["sha256"] == sha256(PAGE.encode()).hexdigest()
    assert "alert" not in page
    for form in forms_of(PICTURE[100:160]):
        assert form not in json.dumps(content).encode()


def test_page_and_pictures_are_fetched_with_takebacks_signature_and_no_secret_is_kept(parts: Parts) -> None:
    received, site, forum = _kept(parts, WHOLE)

    for path in ("/post/81", "/81.png"):
        header = forum.requests[path][signature.HEADER.lower()]
        body = signature.fetch_body(f"http://127.0.0.1:{forum.port}{path}")
        signature.verify(site.secret, header, body, now=int(AT.timestamp()))
    (capture,) = captures_of(parts.store, received.case)
    with parts.store.read() as tx:
        kept = json.dumps(tx.captures.open(capture, received.case))
    assert '"set-cookie": "(not kept)"' in kept
    assert f'"{signature.HEADER}": "(not kept)"' in kept
    assert "session=secret" not in kept


def test_what_is_kept_is_logged_with_who_asked_and_goes_into_the_full_bundle_alone(parts: Parts) -> None:
    received, _, _ = _kept(parts, WHOLE)
    case = received.case
    with parts.store.read() as tx:
        entry = next(each for each in tx.audit.of_case(case.public_id) if each.kind == EventKind.PAGE_CAPTURED)
    full = bundle_for_desk(parts.store, case.public_id, why="Asked.", actor="key/a", maker=MAKER, at=parts.now())
    hers = bundle_for_person(parts.store, case, maker=MAKER, at=parts.now())

    assert entry.actor == "key/a"
    assert (entry.facts or {})["pictures"] == 3
    assert sha256(PICTURE).hexdigest() not in json.dumps(entry.facts)
    assert b"captures/001/page.html" in full.content
    assert b"captures/" not in hers.content


def test_an_address_that_is_the_picture_itself_is_kept_as_its_digest(parts: Parts) -> None:
    received, _, _ = _kept(parts, {"/post/81": (200, "image/png", PICTURE)})

    (capture,) = captures_of(parts.store, received.case)
    with parts.store.read() as tx:
        content = tx.captures.open(capture, received.case)
    assert f"SHA-256 {sha256(PICTURE).hexdigest()} · {len(PICTURE):,} bytes · 200 × 160 pixels" in str(content["page"])


@pytest.mark.parametrize(("status", "again"), [(503, True), (404, False)])
def test_a_page_that_does_not_come_says_why_and_is_tried_again_where_that_helps(
    parts: Parts, status: int, again: bool, clock: Clock
) -> None:
    received, _, _ = _kept(parts, {"/post/81": (status, "text/html", b"")})

    (capture,) = captures_of(parts.store, received.case)
    assert (capture.captured_at, capture.is_waiting) == (None, again)
    assert str(status) in (capture.problem or "")
    with parts.store.read() as tx:
        assert tx.captures.due(AT, 10) == []
        assert bool(tx.captures.due(AT + RETRY_AFTER[0], 10)) is again


def test_what_is_erased_is_kept_no_more(parts: Parts, journal: Journal, clock: Clock) -> None:
    received, _, _ = _kept(parts, WHOLE)
    ask_for_erasure(parts.store, journal, received.ending, at=clock())
    erase_due(parts.store, journal, actor="jobs", at=clock.pass_(hours=73))

    assert captures_of(parts.store, received.case) == []
    with pytest.raises(IllegalTransition, match="erased"):
        ask_for_captures(parts.store, received.case.public_id, (), actor="key/a", at=clock())


def test_nothing_of_a_child_and_nothing_elsewhere_is_ever_asked_for(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    links = ("https://forum.example/post/81",)
    child = notice_about(links=links, under_18=True)
    elsewhere = notice_about(links=("https://other.example/p/9",))
    cases = [
        receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case
        for notice in (child, elsewhere)
    ]

    with pytest.raises(BundleRefused, match="under 18"):
        ask_for_captures(store, cases[0].public_id, (), actor="key/a", at=clock())
    with pytest.raises(InputError, match="No copy of this case"):
        ask_for_captures(store, cases[1].public_id, (), actor="key/a", at=clock())
    with store.read() as tx:
        assert tx.captures.due(AT + timedelta(days=1), 10) == []


def test_who_keeps_out_of_a_case_asks_for_nothing_and_an_unknown_copy_is_named(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    notice = notice_about(links=("https://forum.example/post/81",))
    case = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case

    with pytest.raises(NotFound, match="no copy f00"):
        ask_for_captures(store, case.public_id, ["f00"], actor="key/a", at=clock())
    assert ask_for_captures(store, case.public_id, (), actor="key/a", at=clock()) == 1
    assert ask_for_captures(store, case.public_id, (), actor="key/a", at=clock()) == 0
    recuse(store, case.public_id, actor="key/b", at=clock())
    with pytest.raises(IllegalTransition, match="keep out"):
        ask_for_captures(store, case.public_id, (), actor="key/b", at=clock())
