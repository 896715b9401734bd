"""`/contest` and what the desk and the site are told: the link alone opens it, and nobody learns who gave notice."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import Clock, drawn
from tests.unit.service.conftest import Keys, Png
from tests.unit.service.test_journey import notice_in, upload

from takeback.assembly import Parts
from takeback.service.app import create_app
from takeback.service.crowd import WRONG_RECEIPTS
from takeback.service.pages.answer import PAGE_HEADERS

CODES = ["ar", "de", "en", "es", "fr", "pt"]
REMOVED = {"outcome": "removed", "appears_covered": True, "reason": "Shown without consent.", "confirm": "all"}
REFUSED = {"outcome": "refused", "reason": "A landscape.", "elements": ["intimate"]}
GROUNDS = "I, Karl, drew this <b>myself</b>."


@pytest.fixture
def received(client: TestClient, keys: Keys, png: Png) -> dict[str, Any]:
    """A notice about a picture that the site has as item 1."""
    upload(client, keys, png(drawn(1)), "1")
    answer: dict[str, Any] = client.post("/api/v1/notices", json=notice_in(drawn(1))).json()
    return answer


@pytest.fixture
def path(received: dict[str, Any]) -> str:
    return f"/api/v1/cases/{received['case']}"


def link_of(client: TestClient, keys: Keys) -> str:
    (stated,) = client.get("/api/v1/items/statement", params={"item_id": "1"}, headers=keys["upload"]).json()
    return str(stated["contest_url"])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def opened(client: TestClient, code: str, **fields: str) -> str:
    answer = client.post("/contest", data={"code": code, "language": "en", **fields})
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def test_the_link_opens_the_statement_takes_grounds_and_later_shows_the_answer(
    client: TestClient, keys: Keys, path: str, clock: Clock
) -> None:
    code = link_of(client, keys)
    assert "Why a picture is hidden" in opened(client, code)
    client.post(f"{path}/decision", headers=keys["moderator"], json=REMOVED)
    shown = opened(client, code)
    assert "In the words of the site: “Shown without consent.”" in shown
    assert "May 25, 2027" in shown
    assert "It is received" in opened(client, code, step="contest", grounds=GROUNDS)
    waiting = opened(client, code)
    assert "until a second person has answered" in waiting
    assert "Karl" not in waiting
    # She is told in substance, in the desk's words, and not by whom.
    summary = {"summary": "It is said to be a drawing."}
    assert client.post(f"{path}/hearing", headers=keys["moderator"], json=summary).status_code == 200
    clock.pass_(hours=72)
    answer = {"put_back": True, "reason": "It is a drawing.", "elements": ["likeness", "intimate"]}
    assert client.post(f"{path}/answer", headers=keys["second"], json=answer).status_code == 200
    answered = opened(client, code)
    assert "A second person has decided that it is shown again. It is a drawing." in answered
    assert "Nobody would take it for a real picture of that person." in answered
    assert "Why is the removal wrong?" not in answered


def test_a_contest_is_taken_once_and_what_fails_leads_back_to_what_was_written(
    client: TestClient, keys: Keys, path: str
) -> None:
    client.post(f"{path}/decision", headers=keys["moderator"], json=REMOVED)
    code = link_of(client, keys)
    long = client.post("/contest", data={"code": code, "step": "contest", "grounds": "x" * 2_001})
    assert (long.status_code, "x" * 2_001 in long.text) == (422, True)
    back = client.post("/contest", data={"code": code, "step": "change", "grounds": "x" * 2_001})
    assert "x" * 2_001 in back.text
    opened(client, code, step="contest", grounds=GROUNDS)
    assert client.post("/contest", data={"code": code, "step": "contest", "grounds": "Again."}).status_code == 409


@pytest.mark.parametrize("language", CODES)
def test_the_page_speaks_each_language_and_is_marked_as_it(
    client: TestClient, keys: Keys, path: str, language: str
) -> None:
    client.post(f"{path}/decision", headers=keys["moderator"], json=REMOVED)
    code = link_of(client, keys)
    for answer in (
        client.get("/contest", params={"language": language}),
        client.post("/contest", data={"code": code, "language": language}),
    ):
        assert answer.headers["content-language"] == language
        assert f'<html lang="{language}"' in answer.text
        assert not re.search(r"\{\w*\}", answer.text)


@pytest.mark.parametrize(("name", "value"), PAGE_HEADERS.items())
def test_it_has_every_header_of_a_page_and_no_site_frames_it(parts: Parts, name: str, value: str) -> None:
    framed = replace(parts, settings=replace(parts.settings, embedded_on=("https://forum.example",)))
    with TestClient(create_app(framed)) as client:
        for answer in (client.get("/contest"), client.post("/contest", data={"code": "a" * 26})):
            assert answer.headers[name] == value
            assert answer.headers["cache-control"] == "no-store"
            assert "set-cookie" not in answer.headers


def test_the_secret_is_in_no_address_and_no_log(
    client: TestClient, keys: Keys, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = link_of(client, keys).partition("#")[2]
    page = client.post("/contest", data={"code": code}).text
    assert f'name="code" value="{code}"' in page
    assert not re.search(rf"(?:href|action|src)=\"[^\"]*{code}", page)
    client.post("/contest", data={"code": code, "step": "contest", "grounds": GROUNDS})
    assert code not in caplog.text
    assert "Karl" not in caplog.text
    assert code not in client.get(path, headers=keys["moderator"]).text
    assert code not in client.get(f"{path}/statements", headers=keys["moderator"]).text
    assert "Karl" not in client.get(f"{path}/events", headers=keys["moderator"]).text


def test_wrong_codes_are_counted_as_wrong_receipts_are_and_a_right_one_is_not(
    client: TestClient, keys: Keys, path: str
) -> None:
    code = link_of(client, keys)
    for _ in range(20):
        opened(client, code)
    statuses = [client.post("/contest", data={"code": f"{number:026}"}).status_code for number in range(20)]
    assert statuses == [404] * WRONG_RECEIPTS.of_one + [429] * (20 - WRONG_RECEIPTS.of_one)
    busy = client.post("/contest", data={"code": code, "step": "contest", "grounds": GROUNDS})
    assert (busy.status_code, "I, Karl" in busy.text) == (429, True)


def test_what_she_is_told_and_says_goes_by_the_page_and_the_interface(
    client: TestClient, keys: Keys, path: str, received: dict[str, Any]
) -> None:
    client.post(f"{path}/decision", headers=keys["moderator"], json=REFUSED)
    page = text_of(client.post("/case", data={"receipt": received["receipt"], "language": "en"}).text)
    assert "It is not an intimate picture, and was not made to look like one." in page
    assert "TAKE IT DOWN Act (United States), 47 U.S.C. § 223(h)(1)" in page
    standing = client.post("/api/v1/notices/standing", json={"receipt": received["receipt"]}).json()
    (hearing,) = standing["hearings"]
    assert (hearing["about"], hearing["reason"], hearing["can_answer"]) == ("refusal", "A landscape.", True)
    form = {"receipt": received["receipt"], "hearing": hearing["id"], "language": "en"}
    # A tick of its own is needed to agree.
    unsure = client.post("/case", data={**form, "step": "agree"})
    assert "Nothing was written down" in text_of(unsure.text)
    asked = client.post("/case", data={**form, "step": "disagree", "said": "Please look at the left."})
    assert "You have asked for a second person." in text_of(asked.text)
    body = {"receipt": received["receipt"], "hearing": hearing["id"], "agrees": False}
    again = client.post("/api/v1/notices/hearing", json=body)
    assert again.json()["hearings"][0]["agrees"] is False
    words = client.post(f"{path}/words", headers=keys["moderator"]).json()
    assert [message["text"] for message in words["messages"]] == ["Please look at the left."]
    reading = {"upheld": True, "reason": "A landscape.", "elements": ["intimate"]}
    assert client.post(f"{path}/reading", headers=keys["moderator"], json=reading).status_code == 409
    assert client.post(f"{path}/reading", headers=keys["second"], json=reading).json()["state"] == "refused"


def test_whoever_keeps_out_of_a_case_is_refused_with_their_key(client: TestClient, keys: Keys, path: str) -> None:
    assert client.post(f"{path}/recusal", headers=keys["moderator"]).status_code == 204
    for what, body in (("decision", REMOVED), ("words", {}), ("message", {"text": "Hello."})):
        answer = client.post(f"{path}/{what}", headers=keys["moderator"], json=body)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:takeback:problem:illegal-transition")
    assert len(client.get(path, headers=keys["second"]).json()["recused"]) == 1
    assert client.post(f"{path}/decision", headers=keys["second"], json=REMOVED).status_code == 200


def test_a_statement_is_for_the_sites_own_items_and_its_key(client: TestClient, keys: Keys, path: str) -> None:
    asked = {"item_id": "1"}
    assert client.get("/api/v1/items/statement", params=asked).status_code == 401
    assert client.get("/api/v1/items/statement", params=asked, headers=keys["moderator"]).status_code == 403
    (stated,) = client.get("/api/v1/items/statement", params=asked, headers=keys["upload"]).json()
    assert set(stated["statement"]["text"]) == set(CODES)
    for hers in ("A. Person", "a@person.example", "without my consent"):
        assert hers not in str(stated)
