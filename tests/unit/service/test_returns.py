"""What a receipt opens, over HTTP and on the page: numbers, messages, additions, recovery, the end."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from tests.house import AT, drawn, reported
from tests.unit.service.conftest import Keys
from tests.unit.service.test_pages import COMPLETE, ending_in, receipt_in, text_of

from takeback.assembly import Parts
from takeback.cases.sealed import DeskKey, new_identity, seal_words
from takeback.service.prints import PictureIn
from takeback.store.tables import case
from takeback.workflow.desk_keys import add_desk_key

NOTICES = "/api/v1/notices"
LINK = "https://forum.example/p/81"


@pytest.fixture
def sent(client: TestClient, keys: Keys) -> dict[str, Any]:
    """A notice about a link of the site, which is held."""
    body = {
        "links": [LINK], "role": "me", "statement": "Mine.", "signature": "A. B.", "intimate": True,
        "not_consensual": True, "good_faith": True, "contact": {"mailbox": True},
    }  # fmt: skip
    found: dict[str, Any] = client.post(NOTICES, json=body).json()
    return found


def on_page(client: TestClient, **fields: str) -> str:
    answer = client.post("/case", data=fields)
    assert answer.status_code == 200, text_of(answer.text)
    return text_of(answer.text)


def decide(client: TestClient, keys: Keys, case: str) -> None:
    decision = {"outcome": "removed", "appears_covered": True, "reason": "Covered.", "confirm": "all"}
    answer = client.post(f"/api/v1/cases/{case}/decision", headers=keys["moderator"], json=decision)
    assert answer.status_code == 200, answer.text


# ---- How it stands ----------------------------------------------------------------------------------------------


def test_nothing_is_counted_before_a_decision_and_everything_after(
    client: TestClient, keys: Keys, sent: dict[str, Any]
) -> None:
    asked = {"receipt": sent["receipt"]}
    assert client.post(f"{NOTICES}/standing", json=asked).json()["copies"] is None
    assert "Copies found" not in on_page(client, **asked)
    decide(client, keys, sent["case"])
    standing = client.post(f"{NOTICES}/standing", json=asked).json()
    assert standing["copies"] == {"found": 1, "held": 0, "removed": 1, "put_back": 0}
    page = on_page(client, **asked)
    assert "Copies found 1" in page
    assert "Removed 1" in page
    assert LINK not in page


# ---- The two secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["withdrawal", "erasure"])
def test_the_words_end_nothing(client: TestClient, sent: dict[str, Any], door: str) -> None:
    answer = client.post(f"{NOTICES}/{door}", json={"ending": sent["receipt"]})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:takeback:problem:not-allowed")
    assert client.post(f"{NOTICES}/{door}", json={"ending": sent["ending"]}).json()["state"] == "withdrawn"


def test_the_page_asks_for_the_number_unless_it_was_opened_by_it(client: TestClient, sent: dict[str, Any]) -> None:
    assert 'name="ending"' in client.post("/case", data={"receipt": sent["receipt"]}).text.partition('class="end"')[2]
    opened = client.post("/case", data={"receipt": sent["ending"]}).text
    assert 'name="ending"' not in opened.partition('class="end"')[2].partition("</details>")[0]
    assert "You have ended this case" in on_page(client, receipt=sent["ending"], step="end", sure="yes")


@pytest.mark.parametrize("ending", ["0000 0000 0000 0000", "", "the words again"])
def test_a_wrong_number_ends_nothing_and_leaves_the_case_open_on_the_page(
    client: TestClient, sent: dict[str, Any], ending: str
) -> None:
    given = sent["receipt"] if ending == "the words again" else ending
    page = on_page(client, receipt=sent["receipt"], ending=given, step="end", sure="yes")
    assert "does not end this case" in page
    assert "working on it" in page


def test_the_number_of_another_case_ends_neither(client: TestClient, sent: dict[str, Any]) -> None:
    other = client.post("/", data={**COMPLETE, "step": "send"}).text
    page = on_page(client, receipt=sent["receipt"], ending=ending_in(other), step="end", sure="yes")
    assert "does not end this case" in page
    for receipt in (sent["receipt"], receipt_in(other)):
        assert client.post(f"{NOTICES}/standing", json={"receipt": receipt}).json()["state"] == "open"


@pytest.mark.parametrize("as_typed", ["{0}{1}{2}{3}", "{0}-{1}-{2}-{3}", " {0} {1}  {2},{3}. "])
def test_the_number_is_read_however_it_is_typed(client: TestClient, sent: dict[str, Any], as_typed: str) -> None:
    typed = as_typed.format(*sent["ending"].split())
    assert client.post(f"{NOTICES}/withdrawal", json={"ending": typed}).status_code == 200


def test_the_number_is_read_in_arabic_digits(client: TestClient, sent: dict[str, Any]) -> None:
    arabic = sent["ending"].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert client.post(f"{NOTICES}/withdrawal", json={"ending": arabic}).status_code == 200


# ---- Messages ---------------------------------------------------------------------------------------------------


def test_she_writes_on_the_page_and_the_answer_stands_there(
    client: TestClient, keys: Keys, sent: dict[str, Any]
) -> None:
    page = on_page(client, receipt=sent["receipt"], step="write", text="It is <b>here</b> too.")
    assert "It is with the people who decide." in page
    assert "It is here too." not in page.replace("<b>", "").replace("</b>", "")
    path = f"/api/v1/cases/{sent['case']}"
    assert client.get(path, headers=keys["moderator"]).json()["unopened"] == 1
    words = client.post(f"{path}/words", headers=keys["moderator"]).json()
    assert [(each["sender"], each["text"]) for each in words["messages"]] == [("person", "It is <b>here</b> too.")]
    assert client.get(path, headers=keys["moderator"]).json()["unopened"] == 0
    answer = client.post(f"{path}/message", headers=keys["moderator"], json={"text": "Thanks, <i>we</i> look."})
    assert answer.status_code == 204
    shown = client.post("/case", data={"receipt": sent["receipt"]}).text
    assert "Thanks, &lt;i&gt;we&lt;/i&gt; look." in shown
    messages = client.post(f"{NOTICES}/standing", json={"receipt": sent["receipt"]}).json()["messages"]
    assert [(each["sender"], each["text"]) for each in messages] == [
        ("person", None),
        ("desk", "Thanks, <i>we</i> look."),
    ]


def test_only_a_moderator_writes_to_her(client: TestClient, keys: Keys, sent: dict[str, Any]) -> None:
    for role in ("upload", "auditor"):
        answer = client.post(f"/api/v1/cases/{sent['case']}/message", headers=keys[role], json={"text": "Hello."})
        assert answer.status_code == 403


def test_a_message_comes_open_or_sealed_and_not_both_or_neither(
    client: TestClient, parts: Parts, sent: dict[str, Any]
) -> None:
    people = [
        add_desk_key(parts.store, name, new_identity()[1], actor="test", at=AT).person.key for name in ("Ada", "Bo")
    ]
    sealed = seal_words({"text": "Sealed."}, (), people).as_json()
    receipt = {"receipt": sent["receipt"]}
    assert client.post(f"{NOTICES}/message", json={**receipt, "sealed": sealed}).status_code == 200
    for wrong in ({}, {"text": "Open.", "sealed": sealed}, {"sealed": {**sealed, "given": ["statement"]}}):
        assert client.post(f"{NOTICES}/message", json={**receipt, **wrong}).status_code == 422
    strangers = [people[0], DeskKey("0" * 32, new_identity()[1])]
    foreign = seal_words({"text": "Sealed."}, (), strangers).as_json()
    answer = client.post(f"{NOTICES}/message", json={**receipt, "sealed": foreign})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:takeback:problem:desk-keys-changed")


def test_what_she_wrote_is_not_lost_where_it_is_too_long(client: TestClient, sent: dict[str, Any]) -> None:
    text = "Too long & <odd>. " * 600
    answer = client.post("/case", data={"receipt": sent["receipt"], "step": "write", "text": text})
    assert answer.status_code == 422
    assert f'name="text" value="{text.strip()[:6]}' in answer.text
    back = client.post("/case", data={"receipt": sent["receipt"], "step": "change", "text": text}).text
    assert text in unescape(back)


# ---- More of the same -------------------------------------------------------------------------------------------


def test_links_are_added_on_the_page_and_letters_come_for_those_elsewhere(
    client: TestClient, sent: dict[str, Any]
) -> None:
    links = "https://forum.example/p/82\nhttps://elsewhere.example/p/1"
    page = on_page(client, receipt=sent["receipt"], step="add", links=links)
    assert "It is added." in page
    assert "https://elsewhere.example/p/1" in page
    assert "https://forum.example/p/82" not in page


def test_pictures_are_added_by_their_fingerprints(client: TestClient, keys: Keys, sent: dict[str, Any]) -> None:
    pdq = reported(drawn(71)).pdq
    assert pdq is not None
    picture = PictureIn(pdq=pdq.hex()).model_dump(exclude_none=True)
    answer = client.post(f"{NOTICES}/addition", json={"receipt": sent["receipt"], "pictures": [picture]}).json()
    assert (answer["unjudged"], answer["elsewhere"], answer["state"]) == ([], [], "open")
    held = client.post("/api/v1/check", headers=keys["upload"], json={"pictures": [{"pdq": pdq.hex()}]})
    assert held.json()["action"] == "hold"


def test_what_cannot_be_added_to_is_not_offered(client: TestClient, sent: dict[str, Any]) -> None:
    assert 'id="add"' in client.post("/case", data={"receipt": sent["receipt"]}).text
    assert 'id="files"' in client.post("/case", data={"receipt": sent["receipt"]}).text
    ended = client.post("/case", data={"receipt": sent["ending"], "step": "end", "sure": "yes"}).text
    assert 'id="add"' not in ended
    child = receipt_in(client.post("/", data={**COMPLETE, "under_18": "yes", "step": "send"}).text)
    opened = client.post("/case", data={"receipt": child}).text
    assert 'id="add"' in opened
    assert 'id="files"' not in opened


# ---- Recovery ---------------------------------------------------------------------------------------------------

WAY_BACK = {"name": "Rosa", "phrase": "copper walnut Thursday umbrella"}


def test_who_lost_both_gets_new_ones_by_the_phrase_that_she_chose(client: TestClient, keys: Keys) -> None:
    first = client.post("/", data={**COMPLETE, "step": "send"}).text
    chosen = on_page(client, ending=ending_in(first), step="recovery", **WAY_BACK)
    assert "are a way back" in chosen
    renewed = client.post("/case", data={"step": "recover", **WAY_BACK})
    assert "old ones open nothing any more" in text_of(renewed.text)
    receipt, ending = receipt_in(renewed.text), ending_in(renewed.text)
    assert client.post("/case", data={"receipt": receipt_in(first)}).status_code == 404
    assert "working on it" in on_page(client, receipt=receipt)
    assert "You have ended" in on_page(client, receipt=receipt, ending=ending, step="end", sure="yes")


def test_on_the_case_page_choosing_a_way_back_takes_the_number(client: TestClient, sent: dict[str, Any]) -> None:
    refused = on_page(client, receipt=sent["receipt"], ending=sent["receipt"], step="recovery", **WAY_BACK)
    assert "does not end this case" in refused
    assert client.post("/case", data={"step": "recover", **WAY_BACK}).status_code == 404
    on_page(client, receipt=sent["receipt"], ending=sent["ending"], step="recovery", **WAY_BACK)
    assert client.post(f"{NOTICES}/recovery/receipt", json=WAY_BACK).json()["case"] == sent["case"]


def test_a_phrase_of_nobody_opens_nothing_and_says_so(client: TestClient, sent: dict[str, Any]) -> None:
    answer = client.post("/case", data={"step": "recover", **WAY_BACK})
    assert answer.status_code == 404
    assert "No case belongs to this name and phrase" in text_of(answer.text)


def test_a_weak_phrase_is_said_in_her_language(client: TestClient, sent: dict[str, Any]) -> None:
    fields = {"ending": sent["ending"], "step": "recovery", "name": "Rosa", "phrase": "short", "language": "de"}
    answer = client.post("/case", data=fields)
    assert answer.status_code == 422
    assert "zu leicht zu erraten" in text_of(answer.text)


def test_back_from_a_weak_phrase_the_case_is_open_and_nothing_is_counted_as_wrong(
    client: TestClient, sent: dict[str, Any]
) -> None:
    # The page of the receipt has the number alone.
    fields = {"ending": sent["ending"], "step": "recovery", "name": "Rosa", "phrase": "short"}
    problem = client.post("/case", data=fields)
    assert problem.status_code == 422
    back = client.post("/case", data={**fields, "step": "change"})
    assert back.status_code == 200
    assert "working on it" in back.text
    assert client.post("/case", data={"step": "change", **WAY_BACK}).status_code == 200


def test_a_notice_that_came_without_a_key_of_its_own_leaves_nothing_to_guess_by(
    client: TestClient, parts: Parts, sent: dict[str, Any]
) -> None:
    with parts.store.read() as tx:
        (body,) = tx.connection.execute(select(case.c.request_body)).one()
    assert body is None
