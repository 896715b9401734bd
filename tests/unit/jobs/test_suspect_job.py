"""What a site stored before a notice came and too little is known of: fetched, compared, and forgotten."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from sqlalchemy import text
from tests.house import AT, LAWS, Clock, notice_about, tiled
from tests.unit.decoding import InProcess
from tests.unit.jobs.gallery import Gallery, listening
from tests.unit.registration.pictures import cornered

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.cases import CaseState, CopyState, Notice
from takeback.cases.notice import Level
from takeback.config import Settings
from takeback.fingerprint import CopyDescriptor
from takeback.fingerprint.sscd import chosen_model
from takeback.fingerprint.take import look_at
from takeback.jobs.suspects import SuspectJob
from takeback.match import CopyClass
from takeback.media import MediaLimits
from takeback.store import Store
from takeback.store.copies import Copy
from takeback.store.journal import Journal
from takeback.workflow.check import check_file
from takeback.workflow.intake import receive_notice
from takeback.workflow.picture import original_of, reported_of
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload
from takeback.workflow.withdraw import withdraw

type Pixels = NDArray[np.uint8]


def _model() -> Path:
    path = chosen_model("distilled")
    assert path is not None
    return path


@pytest.fixture(scope="module")
def model() -> CopyDescriptor:
    return CopyDescriptor(_model())


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path, model: CopyDescriptor) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock, describer=model)


def saved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return file.getvalue()


def forged(pixels: Pixels) -> Pixels:
    result, part = pixels.copy(), (slice(80, 400), slice(120, 480))
    result[part] = cornered(50)[part]
    return result


def original() -> Notice:
    """Return a notice that brings the ordinary picture `cornered(1)`."""
    found = original_of(look_at(saved(cornered(1)), MediaLimits()), Level.FEATURES, CopyDescriptor(_model()))
    assert found is not None
    return replace(notice_about(), originals=(found,))


def reported(level: Level = Level.FEATURES) -> Notice:
    """Return a notice about `cornered(1)`."""
    return notice_about(*reported_of(look_at(saved(cornered(1)), MediaLimits()), level, CopyDescriptor(_model())))


def compared(
    parts: Parts, gallery: Gallery, notice: Notice, *, steps: int = 1, withdrawn: bool = False, url: str | None = None
) -> list[Copy]:
    """Store what the gallery serves, send a notice, let the job look; return the case's copies."""
    found: list[list[Copy]] = []

    async def work() -> None:
        async with listening(gallery):
            base = f"http://127.0.0.1:{gallery.port}"
            site = add_site(parts.store, "g", base_url=base, webhook_url=f"{base}/hook", actor="test", at=AT).site
            store, replica, decoder, describer = parts.store, parts.replica, parts.decoder, parts.describer
            stored = saved(forged(cornered(1))) if gallery.status != 200 else gallery.body
            check_file(store, replica, decoder, describer, stored, Upload(site, "1", url or f"{base}/1"), at=AT)
            received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
            if withdrawn:
                withdraw(store, parts.journal, received.ending, at=AT)
            job = SuspectJob(parts, OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(total_seconds=30)))
            for _ in range(steps):
                await job.step()
            with store.read() as tx:
                found.append(tx.copies.of_case(received.case.id))

    asyncio.run(work())
    return found[0]


def left(parts: Parts) -> int:
    with parts.store.read() as tx:
        return int(tx.connection.execute(text("select count(*) from suspicion")).scalar_one())


def test_a_forgery_that_was_stored_before_waits_for_the_desk(parts: Parts) -> None:
    gallery = Gallery(saved(forged(cornered(1))))
    (copy,) = compared(parts, gallery, original(), steps=2)
    assert (copy.state, copy.copy_class, copy.site_item_id) == (CopyState.POSSIBLE, CopyClass.ALTERED_COPY, "1")
    assert (len(gallery.requests), left(parts)) == (1, 0)


def test_an_unaltered_copy_that_was_stored_before_leaves_no_trace(parts: Parts) -> None:
    gallery = Gallery(saved(cornered(1)))
    assert compared(parts, gallery, original()) == []
    assert (len(gallery.requests), left(parts)) == (1, 0)
    with parts.store.read() as tx:
        kinds = tx.connection.execute(text("select kind from event")).scalars().all()
    assert set(kinds) & {"copy_found", "upload_held", "link_fetched"} == set()


def test_what_is_not_like_the_original_is_not_even_fetched(parts: Parts) -> None:
    gallery = Gallery(saved(tiled(5)))
    assert compared(parts, gallery, original()) == []
    assert gallery.requests == []


@pytest.mark.parametrize(("status", "again"), [(503, 1), (404, 0)])
def test_a_site_that_does_not_answer_is_asked_again_later(parts: Parts, clock: Clock, status: int, again: int) -> None:
    gallery = Gallery(b"", status)
    assert compared(parts, gallery, original(), steps=3) == []
    assert (len(gallery.requests), left(parts)) == (1, again)
    with parts.store.read() as tx:
        assert len(tx.suspicions.due(clock() + timedelta(hours=1), 10)) == again


class Page(Gallery):
    """Stored a picture, and serves the page that it stands on."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.body = b"<!doctype html><p>A post with a picture."
        await super().answer(reader, writer)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/1", "https://other.example/1", "nowhere"])
def test_what_lies_on_no_site_of_the_operator_is_not_fetched(parts: Parts, url: str) -> None:
    gallery = Gallery(saved(forged(cornered(1))))
    assert compared(parts, gallery, original(), url=url) == []
    assert (gallery.requests, left(parts)) == ([], 0)


def test_a_page_is_left_alone(parts: Parts) -> None:
    gallery = Page(saved(forged(cornered(1))))
    assert compared(parts, gallery, original()) == []
    assert (len(gallery.requests), left(parts)) == (1, 0)


def test_her_withdrawal_ends_it_before_anything_is_fetched(parts: Parts) -> None:
    gallery = Gallery(saved(forged(cornered(1))))
    assert compared(parts, gallery, original(), withdrawn=True) == []
    assert (gallery.requests, left(parts)) == ([], 0)


# ---- By local features ----------------------------------------------------------------------------------


def striped(pixels: Pixels) -> Pixels:
    """
    Draw stripes of many colours over a third of the picture: the descriptor is somewhat like it, and says nothing.

    Those of one colour would be taken off (`ViewKind.CLEARED`).
    """
    result, (y, x) = pixels.copy(), np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    colours = np.stack([x * 255 // pixels.shape[1], 255 - y * 255 // pixels.shape[0], 0 * x + 60], axis=2)
    over = ((x + y) % 60) < 21
    result[over] = colours[over]
    return result


def test_a_stored_copy_that_only_local_features_find_is_held_with_its_place(parts: Parts) -> None:
    gallery = Gallery(saved(striped(cornered(1))))
    (copy,) = compared(parts, gallery, reported(), steps=2)
    assert (copy.state, copy.copy_class) == (CopyState.HELD, CopyClass.SUBSTANTIALLY_SAME)
    assert (copy.likeness.fact, copy.likeness.place is not None) == ("local", True)
    assert (len(gallery.requests), left(parts)) == (1, 0)
    with parts.store.read() as tx:
        case = tx.cases.by_id(copy.case_id)
        orders = [one.kind for one in tx.outbox.of_copy(copy.id)]
    assert (case.state, case.deadline_at, orders) == (CaseState.HELD, copy.deadline_at, ["hold"])


@pytest.mark.parametrize("level", [Level.FINGERPRINT, Level.DESCRIPTOR])
def test_without_local_features_nothing_is_fetched(parts: Parts, level: Level) -> None:
    gallery = Gallery(saved(striped(cornered(1))))
    assert compared(parts, gallery, reported(level)) == []
    assert gallery.requests == []


def test_a_stored_picture_that_is_only_somewhat_like_hers_leaves_no_trace(parts: Parts) -> None:
    # Drawings of one kind: the descriptor takes them for somewhat alike, local features do not.
    gallery = Gallery(saved(striped(cornered(2))))
    assert compared(parts, gallery, reported()) == []
    assert (len(gallery.requests), left(parts)) == (1, 0)


def test_what_is_a_copy_already_is_not_fetched(parts: Parts) -> None:
    gallery = Gallery(saved(cornered(1)))
    (copy,) = compared(parts, gallery, reported())
    assert (copy.state, gallery.requests) == (CopyState.HELD, [])
