"""A link in a notice: fetched with a signature, into memory, from a real loopback site."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of
from tests.unit.decoding import InProcess
from tests.unit.jobs.gallery import Gallery, listening

from takeback.actions import signature
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.config import Settings
from takeback.fingerprint import Looked
from takeback.jobs.links import LinkJob
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


def _png() -> bytes:
    buffer = BytesIO()
    Image.fromarray(drawn(1)).save(buffer, "PNG")
    return buffer.getvalue()


def _look(parts: Parts, gallery: Gallery) -> tuple[Site, int]:
    """Remember items 1 (by the linked address) and 2, link to item 1 in a notice, and let the job look."""
    made: list[tuple[Site, int]] = []

    async def work() -> None:
        async with listening(gallery):
            base = f"http://127.0.0.1:{gallery.port}"
            site = add_site(parts.store, "g", base_url=base, webhook_url=f"{base}/hook", actor="test", at=AT).site
            for name in ("1", "2"):
                upload = Upload(site, name, f"{base}/{name}")
                check_upload(parts.store, parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
            notice = notice_about(links=(f"{base}/1",))
            case = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT).case
            job = LinkJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(total_seconds=30)))
            await job.step()
            await job.step()  # a link that is being looked at is not begun twice
            await job.drain()
            made.append((site, case.id))

    asyncio.run(work())
    return made[0]


def test_a_linked_picture_is_fetched_once_signed_and_its_copies_are_held(parts: Parts) -> None:
    gallery = Gallery(_png())
    site, case_id = _look(parts, gallery)
    (request,) = gallery.requests
    body = signature.fetch_body(f"{site.base_url}/1")
    signature.verify(site.secret, request[signature.HEADER.lower()], body, now=int(AT.timestamp()))
    with parts.store.read() as tx:
        held = tx.copies.of_case(case_id, [CopyState.HELD])
        assert {copy.site_item_id for copy in held} == {"1", "2"}
        assert [copy.problem for copy in held] == [None, None]


def test_a_linked_page_is_settled_by_what_is_remembered_of_the_item(parts: Parts) -> None:
    _, case_id = _look(parts, Gallery(b"<!doctype html><p>A post with a picture."))
    with parts.store.read() as tx:
        assert {copy.site_item_id for copy in tx.copies.of_case(case_id, [CopyState.HELD])} == {"1", "2"}


@pytest.mark.parametrize(("status", "again"), [(503, True), (404, False)])
def test_a_link_that_fails_stays_held_with_the_reason(parts: Parts, status: int, again: bool) -> None:
    _, case_id = _look(parts, Gallery(b"", status))
    with parts.store.read() as tx:
        (copy,) = tx.copies.of_case(case_id)
        assert copy.state is CopyState.HELD
        assert str(status) in (copy.problem or "")
        assert bool(tx.copies.to_fetch(AT.replace(hour=23), 10)) is again


class Faulty(InProcess):
    """A decoder that fails in a way that nobody thought of."""

    def looked_at(self, data: bytes) -> Looked:
        raise ZeroDivisionError


def test_an_unexpected_fault_moves_its_link_on(parts: Parts) -> None:
    _, case_id = _look(replace(parts, decoder=Faulty()), Gallery(_png()))
    with parts.store.read() as tx:
        (copy,) = tx.copies.of_case(case_id)
        assert copy.problem == "The link could not be looked at because of an unexpected error here."
        assert tx.copies.to_fetch(AT, 10) == []


def test_trouble_that_cannot_be_written_down_does_not_end_the_job(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    gallery = Gallery(b"", 404)

    async def work() -> None:
        async with listening(gallery):
            base = f"http://127.0.0.1:{gallery.port}"
            add_site(parts.store, "g", base_url=base, webhook_url=f"{base}/hook", actor="test", at=AT)
            notice = notice_about(links=(f"{base}/1",))
            receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT)
            with parts.store.write() as tx:
                tx.connection.execute(
                    text(
                        "create trigger full_disk before update on copy begin select raise(abort, 'disk is full'); end"
                    )
                )
            job = LinkJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(total_seconds=30)))
            for _ in range(3):
                await job.step()
                await job.drain()

    asyncio.run(work())
    assert len(gallery.requests) == 1
    assert "what a link came to could not be written down" in caplog.text
