"""Few looks: each is written down before it is shown, small, grey and blurred; once clearer; within a budget."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from tests.acceptance.serving import Receiver, receiving
from tests.house import AT, LAWS, Clock, drawn, forms_of, notice_about, prints_of, reported
from tests.unit.service.at_desk import Desk
from tests.unit.service.on_case import SAID, OnCase

from takeback.actions import signature
from takeback.audit.event import EventKind
from takeback.audit.log import LogEntry
from takeback.cases.look import LookKind
from takeback.match import CopyClass
from takeback.media.preview import CLEAR_SIDE, SMALL_SIDE, Preview, preview_of
from takeback.service.app import open_over
from takeback.service.desk.answer import DESK_HEADERS
from takeback.store.desk_people import DeskRole
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.contest import contest
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.upload import Upload, check_upload

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def host() -> Iterator[Receiver]:
    """A site that shows a drawn picture under two addresses."""
    with receiving() as receiver:
        buffer = BytesIO()
        Image.fromarray(drawn(1)).save(buffer, "PNG")
        receiver.pictures = {"/1": buffer.getvalue(), "/2": buffer.getvalue()}
        yield receiver


@pytest.fixture
def site(desk: Desk, host: Receiver) -> Site:
    made = add_site(desk.store, "g", base_url=host.url, webhook_url=f"{host.url}/hook", actor="test", at=AT)
    return made.site


@pytest.fixture
def desk(app: FastAPI, desk: Desk) -> Desk:
    """The same desk, that may fetch from this machine; three looks a day."""
    settings = replace(desk.parts.settings, allowed_private_hosts=("127.0.0.1",), looks_per_day=3)
    desk.parts = replace(desk.parts, settings=settings)
    open_over(app, desk.parts)
    return desk


@pytest.fixture
def received(desk: Desk, host: Receiver, site: Site) -> Received:
    """A case with two copies that show the same."""
    for number in ("1", "2"):
        upload = Upload(site, number, f"{host.url}/{number}")
        check_upload(desk.store, desk.parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    return receive_notice(desk.store, desk.parts.replica, notice, default_laws=LAWS, request=None, at=AT)


@pytest.fixture
def bo(colleague: Desk, desk: Desk, here: OnCase) -> OnCase:
    """Another moderator who looks at the same case."""
    colleague.join("Bo")
    on = OnCase(colleague, here.case)
    on.read()
    return on


def look(on: OnCase, item: str = "1", reason: str = "finding", **fields: str) -> tuple[int, str]:
    return on.send(f"copies/{on.copies()[item].public_id}/look", reason=reason, **fields)


def clear(on: OnCase, page: str, **fields: str) -> tuple[int, str]:
    address, once = clearer(page)
    return on.send(f"looks/{address}/clear", **{"once": once, **fields})


def clearer(page: str) -> tuple[str, str]:
    """Return the look that a page is of, and what shows it clearer."""
    address = re.search(r"/looks/(\w+)/clear", page)
    once = re.search(r'name="once" value="([\w-]+)"', page)
    assert address is not None
    assert once is not None
    return address[1], once[1]


def shown(page: str) -> list[np.ndarray]:
    """Return the pictures in a page."""
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    return [np.asarray(Image.open(BytesIO(base64.b64decode(each)))) for each in found]


def events(on: OnCase, kind: EventKind = EventKind.PICTURE_VIEWED) -> list[LogEntry]:
    with on.desk.store.read() as tx:
        return [each for each in tx.audit.of_case(on.case.public_id) if each.kind == kind]


# What is shown


def test_a_look_shows_a_small_grey_blurred_picture_and_is_an_event_with_a_reason(
    desk: Desk, here: OnCase, host: Receiver, site: Site
) -> None:
    status, page = look(here, reason="finding")
    assert status == 200
    (picture,) = shown(page)
    assert picture.ndim == 2
    assert max(picture.shape) == SMALL_SIDE
    blurred = preview_of(drawn(1), blurred=True)
    assert picture.tobytes() == np.asarray(Image.open(BytesIO(blurred.as_png()))).tobytes()
    (event,) = events(here)
    with desk.store.read() as tx:
        (member,) = tx.desk_people.all()
    assert event.actor == member.actor
    assert event.facts == {"copy": here.copies()["1"].public_id, "reason": "finding", "how": "blurred"}
    ((path, headers),) = host.fetches
    body = signature.fetch_body(f"{host.url}{path}")
    signature.verify(site.secret, headers[signature.HEADER.lower()], body, now=int(AT.timestamp()))


def test_it_is_seen_clearer_once_and_that_is_another_event(here: OnCase) -> None:
    _, page = look(here)
    status, second = clear(here, page)
    assert status == 200
    blurred, seen = shown(second)
    assert max(blurred.shape) == SMALL_SIDE
    assert (seen == preview_of(drawn(1), blurred=False).plane).all()
    assert max(seen.shape) <= CLEAR_SIDE
    assert [(each.facts or {})["how"] for each in events(here)] == ["blurred", "clear"]
    status, third = clear(here, page)
    assert (status, shown(third)) == (404, [])
    assert len(events(here)) == 2


def test_nobody_else_sees_it_clearer_by_the_same_token_nor_later_nor_in_another_session(
    here: OnCase, bo: OnCase, clock: Clock
) -> None:
    _, page = look(here)
    assert clear(bo, page)[0] == 404
    _, again = look(here, reason="likeness", again="yes")
    address, _ = clearer(again)
    assert here.send(f"looks/{address}/clear", once=clearer(page)[1])[0] == 404
    here.desk.sign_in()
    here.read()
    assert clear(here, page)[0] == 404
    _, page = look(here, again="yes")
    clock.pass_(minutes=2)
    assert clear(here, page)[0] == 404
    assert {(each.facts or {})["how"] for each in events(here)} == {"blurred"}


def test_no_picture_is_kept_here_nor_by_the_browser(desk: Desk, here: OnCase, host: Receiver) -> None:
    answer = desk.post(
        f"{here.path}/copies/{here.copies()['1'].public_id}/look", token=here.form["token"], reason="finding"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["clear-site-data"] == '"cache"'
    assert answer.headers["content-security-policy"] == DESK_HEADERS["Content-Security-Policy"]
    clear(here, answer.text)
    written = b"".join(path.read_bytes() for path in Path(desk.parts.settings.data).iterdir() if path.is_file())
    made = (preview_of(drawn(1), blurred=blurred).plane.tobytes()[:64] for blurred in (True, False))
    for secret in (host.pictures["/1"][:64], *made, PNG):
        assert not any(form in written for form in forms_of(secret))


def test_a_site_that_does_not_show_it_costs_no_look(here: OnCase, host: Receiver) -> None:
    host.pictures["/1"] = b"<!doctype html><p>A post with a picture."
    status, page = look(here)
    assert (status, "no picture that can be shown here" in page) == (422, True)
    del host.pictures["/1"]
    status, page = look(here)
    assert (status, "HTTP status 501" in page) == (502, True)
    assert events(here) == []
    assert "3 of 3 looks left" in here.read()


def test_an_address_that_is_not_at_the_copys_own_site_is_never_fetched(
    desk: Desk, here: OnCase, host: Receiver
) -> None:
    with desk.store.write() as tx:
        tx.copies.set(here.copies()["1"].id, url="http://127.0.0.1:1/secret")
    status, page = look(here)
    assert (status, "cannot be looked at from here" in page) == (409, True)
    assert host.fetches == []


# Who looks, and how often


def test_a_spent_budget_gives_out_no_picture_and_says_who_else_can(
    here: OnCase, bo: OnCase, host: Receiver, clock: Clock
) -> None:
    for _ in range(3):
        assert look(here, again="yes")[0] == 200
    fetched = len(host.fetches)
    status, page = look(here, again="yes")
    assert (status, shown(page)) == (403, [])
    assert "are used up" in page
    assert "Hand it to: Bo" in page
    assert len(host.fetches) == fetched
    assert len(events(here)) == 3
    clock.pass_(hours=24)
    here.desk.sign_in()
    here.read()
    assert look(here, again="yes")[0] == 200


def test_what_was_begun_before_the_budget_was_spent_is_still_seen_clearer(here: OnCase) -> None:
    pages = [look(here, again="yes")[1] for _ in range(3)]
    assert clear(here, pages[-1])[0] == 200


def test_a_person_chooses_fewer_looks_and_never_more(desk: Desk, here: OnCase) -> None:
    token = here.form["token"]
    assert desk.post("/desk/you", token=token, a_day="4").status_code == 422
    assert desk.post("/desk/you", token=token, a_day="-1").status_code == 422
    assert desk.post("/desk/you", token="0" * 64, a_day="1").status_code == 403
    assert desk.post("/desk/you", token=token, a_day="1").status_code == 303
    assert "0 of 1 pictures" in desk.get("/desk/you").text
    assert look(here)[0] == 200
    assert look(here, again="yes")[0] == 403
    desk.post("/desk/you", token=token, a_day="")
    assert look(here, again="yes")[0] == 200


def test_what_somebody_chose_not_to_look_at_is_not_shown_to_them(
    desk: Desk, here: OnCase, bo: OnCase, host: Receiver
) -> None:
    desk.post("/desk/you", token=here.form["token"], away_from=LookKind.INTIMATE.value)
    status, page = look(here)
    assert (status, shown(page)) == (409, [])
    assert "You chose not to look at such pictures." in page
    assert "Hand it to: Bo" in page
    assert host.fetches == []
    with desk.store.write() as tx:
        tx.copies.set(here.copies()["1"].id, copy_class=CopyClass.POSSIBLE.value)
    assert look(here)[0] == 200


@pytest.mark.parametrize("role", [DeskRole.SECOND_READER, DeskRole.AUDITOR])
def test_a_second_reader_looks_and_an_auditor_does_not(colleague: Desk, here: OnCase, role: DeskRole) -> None:
    colleague.join("Cy", role)
    cy = OnCase(colleague, here.case)
    page = cy.read()
    assert ("Look at one of them" in page) is (role is DeskRole.SECOND_READER)
    assert look(cy)[0] == (200 if role is DeskRole.SECOND_READER else 403)


def test_whoever_keeps_out_sees_nothing(here: OnCase, host: Receiver) -> None:
    here.send("recusal", sure="yes")
    status, page = look(here)
    assert (status, shown(page), host.fetches) == (409, [], [])


def test_nobody_looks_at_what_may_show_someone_under_18(desk: Desk, host: Receiver, site: Site) -> None:
    notice = notice_about(links=(f"{host.url}/1",), under_18=True)
    found = receive_notice(desk.store, desk.parts.replica, notice, default_laws=LAWS, request=None, at=AT)
    desk.join()
    on = OnCase(desk, found.case)
    page = on.read()
    (copy,) = on.copies().values()
    assert "Look at one of them" not in page
    status, page = on.send(f"copies/{copy.public_id}/look", reason="finding")
    assert (status, "Nobody looks" in page, host.fetches) == (409, True, [])


def test_nobody_looks_after_an_erasure(desk: Desk, here: OnCase, received: Received, host: Receiver) -> None:
    _, page = look(here)
    journal = desk.parts.journal
    assert isinstance(journal, Journal)
    ask_for_erasure(desk.store, journal, received.ending, at=AT)
    erase_due(desk.store, journal, actor="test", at=AT.replace(day=AT.day + 4))
    fetched = len(host.fetches)
    assert look(here, again="yes")[0] == 409
    assert clear(here, page)[0] == 409
    assert len(host.fetches) == fetched
    assert "Look again" not in here.read()


# One look for copies that show the same


def test_one_look_is_enough_for_copies_that_show_the_same(here: OnCase, bo: OnCase, host: Receiver) -> None:
    _, page = look(here, "1")
    address, _ = clearer(page)
    assert here.send(f"looks/{address}/found", found="covered")[0] == 303
    (event,) = events(here, EventKind.FINDING_NOTED)
    assert event.facts == {"copy": here.copies()["1"].public_id, "found": "covered"}
    page = bo.read()
    assert "Ada looked to find whether it is covered" in page
    assert "appears intimate, or forged, and covered" in page
    fetched = len(host.fetches)
    status, page = look(bo, "2")
    assert (status, "looked at a copy that shows the same" in page) == (409, True)
    assert len(host.fetches) == fetched
    assert look(bo, "2", again="yes")[0] == 200


def test_a_copy_that_is_only_possible_may_show_anything_and_is_looked_at_by_itself(desk: Desk, here: OnCase) -> None:
    with desk.store.write() as tx:
        tx.copies.set(here.copies()["2"].id, copy_class=CopyClass.POSSIBLE.value)
    assert look(here, "1")[0] == 200
    assert look(here, "2")[0] == 200


def test_a_second_person_sees_for_themselves(desk: Desk, here: OnCase, bo: OnCase, site: Site) -> None:
    look(here)
    here.read()
    here.decide(outcome="remove", covered="yes", reason=SAID)
    contest(desk.store, site, "1", "A drawing.", at=AT)
    bo.read()
    assert look(bo, reason="contest")[0] == 200
    assert look(bo, reason="likeness")[0] == 409


def test_nobody_writes_down_what_somebody_else_found(here: OnCase, bo: OnCase) -> None:
    address, _ = clearer(look(here)[1])
    assert bo.send(f"looks/{address}/found", found="something_else")[0] == 403
    assert here.send(f"looks/{address}/found", found="nothing")[0] == 422
    assert events(here, EventKind.FINDING_NOTED) == []


def test_a_look_needs_a_reason_of_the_list_and_a_form_of_this_session(here: OnCase, host: Receiver) -> None:
    assert look(here, reason="curiosity")[0] == 422
    assert look(here, token="0" * 64)[0] == 403
    copy = here.copies()["1"].public_id
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    sent = here.desk.post_from(elsewhere, f"{here.path}/copies/{copy}/look", token=here.form["token"], reason="finding")
    assert sent.status_code == 403
    assert host.fetches == []


# What leaves a decoder


def test_a_decoder_cannot_hand_over_more_than_a_blurred_preview_holds(here: OnCase) -> None:
    clear_one = preview_of(drawn(1), blurred=False).to_bytes()
    with pytest.raises(Exception, match="not what a decoder sends"):
        Preview.from_bytes(clear_one, blurred=True)
    for bad in (b"", clear_one[:-1], clear_one + b"x", b"x" + clear_one[1:]):
        with pytest.raises(Exception, match="not what a decoder sends"):
            Preview.from_bytes(bad, blurred=False)
    blurred = preview_of(drawn(1), blurred=True)
    assert len(blurred.to_bytes()) <= 12 + 16 * 16
    assert (Preview.from_bytes(blurred.to_bytes(), blurred=True).plane == blurred.plane).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9_000), (9_000, 1), (3, 5), (300, 17)])
def test_pictures_of_any_shape_have_previews(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 200, np.uint8)
    for blurred in (True, False):
        found = np.asarray(Image.open(BytesIO(preview_of(pixels, blurred=blurred).as_png())))
        assert found.ndim == 2
        assert set(np.unique(found)) == {200}
