"""The cap at every door: whose notices are counted together, what she is told, and how a person lets a case hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported
from tests.unit.service.at_desk import Desk
from tests.unit.service.conftest import Keys
from tests.unit.service.on_case import OnCase

from takeback.assembly import Parts
from takeback.cases import CopyState
from takeback.service.app import open_over
from takeback.service.crowd import Crowd
from takeback.service.pages.words import languages, words_for
from takeback.store.desk_people import DeskRole
from takeback.store.sites import Site
from takeback.workflow.cap import Source
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.upload import Upload, check_upload

NOTICE = {
    "links": ["https://forum.example/post/1"],
    "role": "me",
    "statement": "This is an intimate picture of me that was published without my consent.",
    "signature": "A. Person",
    "intimate": True,
    "not_consensual": True,
    "good_faith": True,
    "contact": {"name": "A. Person", "email": "a@person.example"},
}
FORM = {
    "under_18": "no", "role": "me", "links": "https://forum.example/post/1", "statement": NOTICE["statement"],
    "signature": "A. Person", "name": "A. Person", "email": "a@person.example", "intimate": "yes",
    "not_consensual": "yes", "good_faith": "yes", "step": "send",
}  # fmt: skip
CAPPED = words_for("en", "")("case.state_capped")

type Sent = Callable[..., str]


@pytest.fixture
def one_place(parts: Parts) -> Parts:
    return replace(parts, settings=replace(parts.settings, holds_per_source=1))


@pytest.fixture
def sent(app: FastAPI, one_place: Parts) -> Iterator[Sent]:
    """Send a notice from an address, with what a proxy says; returns its state. One case of a source may hide."""

    def send(address: str, told: str | None = None, header: str = "") -> str:
        settings = replace(one_place.settings, client_address_header=header)
        open_over(app, replace(one_place, settings=settings))
        app.state.crowd = Crowd(settings, one_place.store.keyring)
        headers = {} if told is None else {"X-Real-IP": told}
        client = TestClient(app, client=(address, 1), raise_server_exceptions=False)
        answer = client.post("/api/v1/notices", json=NOTICE, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["state"])

    open_over(app, one_place)
    with TestClient(app):
        yield send


def test_beyond_the_cap_a_notice_is_received_and_says_so_whatever_was_found(sent: Sent) -> None:
    assert [sent("9.9.9.9"), sent("9.9.9.9"), sent("9.9.9.10")] == ["open", "capped", "open"]


def test_addresses_of_one_network_are_one_source_also_where_they_are_spelled_otherwise(sent: Sent) -> None:
    assert [sent("2620:fe::9"), sent("2620:fe::a"), sent("2620:fe:0:1::9")] == ["open", "capped", "open"]
    assert [sent("9.9.9.9"), sent("::ffff:9.9.9.9")] == ["open", "capped"]


def test_where_the_proxy_tells_no_addresses_nobody_is_capped(sent: Sent) -> None:
    assert [sent("127.0.0.1"), sent("127.0.0.1"), sent("10.0.0.7"), sent("10.0.0.7"), sent("::1")] == ["open"] * 5


def test_where_it_tells_them_those_that_it_does_not_tell_are_one_crowd(sent: Sent) -> None:
    told = [sent("127.0.0.1", each, "X-Real-IP") for each in ("9.9.9.9", "9.9.9.10", "9.9.9.9")]
    assert told == ["open", "open", "capped"]
    onion = [sent("127.0.0.1", each, "X-Real-IP") for each in ("127.0.0.1", "127.0.0.1", None, "unknown")]
    assert onion == ["open", "capped", "capped", "capped"]


def test_addresses_of_a_network_at_home_are_sources_of_their_own_where_the_proxy_tells_them(sent: Sent) -> None:
    told = [sent("127.0.0.1", each, "X-Real-IP") for each in ("10.0.0.7", "10.0.0.8", "fd00::1", "10.0.0.7")]
    assert told == ["open", "open", "open", "capped"]


def test_the_form_without_scripts_says_so_with_the_receipt_and_on_the_page_of_the_case(
    app: FastAPI, one_place: Parts, site: Site
) -> None:
    open_over(app, one_place)
    with TestClient(app, client=("9.9.9.9", 1)) as client:
        first = client.post("/", data=FORM).text
        second = client.post("/", data=FORM).text
        assert f'<p id="receipt-capped" hidden>{CAPPED}' in first
        assert f'<p id="receipt-capped">{CAPPED}' in second
        receipt = client.post("/api/v1/notices", json=NOTICE).json()["receipt"]
        page = client.post("/case", data={"receipt": receipt}).text
    assert f'data-state="capped">{CAPPED}' in page


def test_in_no_language_it_tells_of_numbers_or_places() -> None:
    for code in languages():
        text = words_for(code, "")("case.state_capped")
        assert not any(letter.isdigit() or letter == "{" for letter in text)


# ---- The desk ---------------------------------------------------------------------------------------------------


@pytest.fixture
def capped(parts: Parts) -> Received:
    """A capped case with one copy, after another case of its source."""
    with parts.store.read() as tx:
        sites = tx.sites.all()
    site = sites[0] if sites else _site(parts)
    upload = Upload(site, "1", "https://forum.example/post/1")
    check_upload(parts.store, parts.replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    for seed in (2, 1):
        received = receive_notice(
            parts.store, parts.replica, notice_about(reported(drawn(seed))), default_laws=LAWS, request=None,
            source=Source("9.9.9.9", 1), at=AT,
        )  # fmt: skip
    return received


def _site(parts: Parts) -> Site:
    made = add_site(
        parts.store, "forum", base_url="https://forum.example/", webhook_url="https://forum.example/hook",
        actor="test", at=AT,
    )  # fmt: skip
    return made.site


def test_the_queue_marks_it_and_its_page_has_the_button(desk: Desk, capped: Received) -> None:
    desk.join()
    assert "Not hidden yet: many notices from one source" in desk.get("/desk").text
    page = OnCase(desk, capped.case).read()
    assert "Nothing of this case is hidden yet" in page
    assert '<button id="hold">' in page
    assert "<dt><kbd>h</kbd></dt>" in page


def test_a_moderator_lets_it_hold_by_the_button_and_the_mark_is_gone(desk: Desk, capped: Received) -> None:
    desk.join()
    here = OnCase(desk, capped.case)
    here.read()
    status, _ = here.send("hold")
    assert status == 303
    assert here.states() == [CopyState.HELD]
    assert "Not hidden yet" not in desk.get("/desk").text
    page = here.read()
    assert '<button id="hold">' not in page
    assert "It may hide what it is about" in page
    assert here.send("hold")[0] == 409


def test_whoever_only_reads_cannot(desk: Desk, capped: Received) -> None:
    desk.join("Bo", DeskRole.SECOND_READER)
    here = OnCase(desk, capped.case)
    assert '<button id="hold">' not in here.read()
    assert desk.post(f"{here.path}/hold", token=desk.token()).status_code == 403
    assert here.states() == [CopyState.POSSIBLE]


def test_a_removal_can_cover_what_it_would_have_held(desk: Desk, capped: Received) -> None:
    desk.join()
    here = OnCase(desk, capped.case)
    assert 'value="all"' in here.read()
    status, _ = here.decide(outcome="remove", covered="yes", reason="Covered.", confirm="all")
    assert status == 303
    assert here.states() == [CopyState.REMOVED]


def test_over_http_a_case_says_that_it_is_capped_and_is_let_hold(
    client: TestClient, keys: Keys, parts: Parts, capped: Received
) -> None:
    moderator, path = keys["moderator"], f"/api/v1/cases/{capped.case.public_id}"
    listed = client.get("/api/v1/cases", headers=moderator).json()
    assert listed[0]["id"] == capped.case.public_id
    assert [one["capped"] for one in listed] == [True, False]
    assert client.post(f"{path}/hold", headers=keys["auditor"]).status_code == 403
    held = client.post(f"{path}/hold", headers=moderator).json()
    assert (held["state"], held["capped"], held["copies"][0]["state"]) == ("held", False, "held")
    assert client.post(f"{path}/hold", headers=moderator).status_code == 409


def test_the_source_is_in_nothing_that_anybody_reads(
    client: TestClient, keys: Keys, parts: Parts, capped: Received
) -> None:
    digest = parts.store.keyring.source_digest("9.9.9.9").hex()
    moderator, path = keys["moderator"], f"/api/v1/cases/{capped.case.public_id}"
    told = [
        client.get(path, headers=moderator).text,
        client.get(f"{path}/events", headers=moderator).text,
        client.post("/api/v1/notices/standing", json={"receipt": capped.receipt}).text,
    ]
    assert not any(digest in text or "9.9.9.9" in text for text in told)
    made = client.post(f"{path}/bundle", headers=moderator, json={"why": "her lawyer asked"}).content
    with ZipFile(BytesIO(made)) as bundle:
        read = b"".join(bundle.read(name) for name in bundle.namelist())
    assert digest.encode() not in read
    assert b"9.9.9.9" not in read
