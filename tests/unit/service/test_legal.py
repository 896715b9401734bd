"""Legal holds, upload records and retention over HTTP, and what her page says of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import AT, Clock, drawn
from tests.unit.service.conftest import Keys, Png
from tests.unit.service.test_journey import DECISION, notice_in, picture_in
from tests.unit.service.test_pages import text_of

from takeback.assembly import Parts
from takeback.cases.law import law_packs
from takeback.jobs.expiry import ExpiryJob

UNTIL = AT + timedelta(days=90)
HOLD = {"authority": "Police of Example, 12/26", "scope": "All messages.", "until": UNTIL.isoformat()}


@pytest.fixture
def received(client: TestClient, keys: Keys, png: Png) -> dict[str, Any]:
    """A decided case with one copy, which member-7 posted."""
    form = {"item_id": "1", "url": "https://forum.example/1", "account": "member-7"}
    files = {"file": ("a.png", png(drawn(1)))}
    assert client.post("/api/v1/check", headers=keys["upload"], data=form, files=files).status_code == 200
    answer: dict[str, Any] = client.post("/api/v1/notices", json=notice_in(drawn(1))).json()
    decided = client.post(f"/api/v1/cases/{answer['case']}/decision", headers=keys["moderator"], json=DECISION)
    assert decided.status_code == 200, decided.text
    return answer


def path_of(received: dict[str, Any]) -> str:
    return f"/api/v1/cases/{received['case']}"


def hold(client: TestClient, keys: Keys, received: dict[str, Any]) -> str:
    path = f"{path_of(received)}/holds"
    (made,) = client.post(path, headers=keys["moderator"], json=HOLD).json()
    confirmed = client.post(f"{path}/{made['id']}/confirmation", headers=keys["second"])
    assert confirmed.json()[0]["stands"] is True
    return str(made["id"])


def erase(client: TestClient, received: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/api/v1/notices/erasure", json={"ending": received["ending"]}).json()
    return answer


def standing(client: TestClient, received: dict[str, Any]) -> dict[str, Any]:
    asked = {"receipt": received["receipt"]}
    answer: dict[str, Any] = client.post("/api/v1/notices/standing", json=asked).json()
    return answer


def on_page(client: TestClient, received: dict[str, Any], language: str = "en") -> str:
    return text_of(client.post("/case", data={"receipt": received["receipt"], "language": language}).text)


def test_a_hold_is_ordered_confirmed_by_another_and_ended(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    path = f"{path_of(received)}/holds"
    (made,) = client.post(path, headers=keys["moderator"], json=HOLD).json()
    assert (made["authority"], made["scope"], made["stands"]) == (HOLD["authority"], HOLD["scope"], False)
    assert client.post(f"{path}/{made['id']}/confirmation", headers=keys["moderator"]).status_code == 409
    assert client.post(f"{path}/{made['id']}/confirmation", headers=keys["second"]).json()[0]["stands"] is True
    assert client.post(f"{path}/{made['id']}/end", headers=keys["moderator"]).status_code == 409
    assert client.post(f"{path}/{made['id']}/end", headers=keys["second"]).json()[0]["stands"] is False
    assert len(client.get(path, headers=keys["moderator"]).json()) == 1
    for role in ("upload", "auditor"):
        assert client.post(path, headers=keys[role], json=HOLD).status_code == 403


@pytest.mark.parametrize("until", ["2026-12-24T12:00:00", "soon"])
def test_a_moment_without_a_zone_is_no_end(
    client: TestClient, keys: Keys, received: dict[str, Any], until: str
) -> None:
    answer = client.post(f"{path_of(received)}/holds", headers=keys["moderator"], json={**HOLD, "until": until})
    assert answer.status_code == 422


def test_she_is_told_of_a_hold_only_where_it_suspends_what_she_asked_for(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    hold(client, keys, received)
    assert standing(client, received)["kept_until"] is None
    assert erase(client, received)["kept_until"] == UNTIL.isoformat().replace("+00:00", "Z")
    page = on_page(client, received)
    assert "An authority has asked the site to keep it until" in page
    assert "Police of Example" not in page
    assert "Do not erase it" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ar", "جهة رسمية"), ("de", "Eine Behörde"), ("en", "An authority"), ("es", "Una autoridad"),
        ("fr", "Une autorité"), ("pt", "Uma autoridade"),
    ],
)  # fmt: skip
def test_she_is_told_in_her_language(
    client: TestClient, keys: Keys, received: dict[str, Any], language: str, said: str
) -> None:
    hold(client, keys, received)
    erase(client, received)
    assert said in on_page(client, received, language)


def test_what_was_suspended_is_erased_by_itself_when_the_hold_ends(
    client: TestClient, keys: Keys, received: dict[str, Any], parts: Parts, clock: Clock
) -> None:
    hold(client, keys, received)
    erase(client, received)
    for moment, is_erased in ((UNTIL - timedelta(seconds=1), False), (UNTIL, True)):
        clock.at = moment
        asyncio.run(ExpiryJob(parts).step())
        assert (standing(client, received)["erased_at"] is not None) is is_erased
    assert "All that was yours was erased" in on_page(client, received)


def test_before_she_asks_she_is_told_what_stays_and_for_how_long(client: TestClient, received: dict[str, Any]) -> None:
    longest = max(pack.keeps.compliance_record for pack in law_packs().values())
    assert f"it is erased after {round(longest.days / 365)} years" in on_page(client, received)


def test_uploads_are_asked_for_by_one_and_opened_by_another(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    path = f"{path_of(received)}/uploads"
    asked = client.post(path, headers=keys["moderator"], json={"reason": "Police, 12/26"}).json()
    assert client.post(f"{path}/{asked['id']}", headers=keys["moderator"]).status_code == 409
    (opened,) = client.post(f"{path}/{asked['id']}", headers=keys["second"]).json()
    assert (opened["site"], opened["item_id"], opened["account"]) == ("forum", "1", "member-7")
    for role in ("upload", "auditor"):
        assert client.post(path, headers=keys[role], json={"reason": "Mine."}).status_code == 403


def test_an_account_comes_with_fingerprints_too_and_is_told_to_nobody(
    client: TestClient, keys: Keys, parts: Parts
) -> None:
    body = {"pictures": [picture_in(drawn(3))], "item_id": "3", "url": "https://forum.example/3", "account": "member-8"}
    answer = client.post("/api/v1/check", headers=keys["upload"], json=body)
    assert answer.status_code == 200, answer.text
    assert "member-8" not in answer.text
    with parts.store.read() as tx:
        (site,) = tx.sites.all()
        item = tx.items.find(site.id, "3")
        assert item is not None
        assert tx.items.account_of(item, tx.keyring.data_key(site.key_id)) == "member-8"


def test_an_account_that_is_a_file_or_too_long_is_refused(client: TestClient, keys: Keys, png: Png) -> None:
    picture = ("a.png", png(drawn(1)))
    form = {"item_id": "1", "account": "x" * 201}
    answer = client.post("/api/v1/check", headers=keys["upload"], data=form, files={"file": picture})
    assert (answer.status_code, answer.json()["detail"]) == (422, "An account has 1 to 200 characters.")
    files = {"file": picture, "account": ("a.txt", b"member-7")}
    assert client.post("/api/v1/check", headers=keys["upload"], files=files).status_code == 422


def test_what_is_erased_when_is_listed_for_those_who_may_read(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    contest_for, keeps = timedelta(days=184), max(pack.keeps.notice for pack in law_packs().values())
    for role in ("moderator", "auditor"):
        (due,) = client.get("/api/v1/retention", headers=keys[role]).json()
        assert (due["case"], due["part"], due["waits_for"]) == (received["case"], "words", None)
        assert due["due_at"] == (AT + contest_for + keeps).isoformat().replace("+00:00", "Z")
    assert client.get("/api/v1/retention", headers=keys["upload"]).status_code == 403


def test_the_job_forgets_a_case_and_lists_what_is_left(
    client: TestClient, keys: Keys, received: dict[str, Any], parts: Parts, clock: Clock
) -> None:
    erase(client, received)
    for days in (3, 600):
        clock.at = AT + timedelta(days=days)
        asyncio.run(ExpiryJob(parts).step())
    assert client.get(path_of(received), headers=keys["moderator"]).status_code == 404
    assert client.get("/api/v1/retention", headers=keys["moderator"]).json() == []
    (record,) = client.get("/api/v1/retention/records", headers=keys["auditor"]).json()
    assert (record["outcome"], record["copies"]) == ("removed", {"substantially_same": {"removed": 1}})
    assert received["case"] not in str(record)


def test_a_removal_whose_words_are_erased_can_still_be_ended(
    client: TestClient, keys: Keys, received: dict[str, Any], parts: Parts, clock: Clock
) -> None:
    clock.at = AT + timedelta(days=600)
    asyncio.run(ExpiryJob(parts).step())
    page = on_page(client, received)
    assert "The picture is still looked for." in page
    form = {"receipt": received["receipt"], "ending": received["ending"], "step": "end", "sure": "yes"}
    assert "You have ended this case." in text_of(client.post("/case", data=form).text)
    assert "still looked for" not in on_page(client, received)
