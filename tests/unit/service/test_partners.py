"""Partners over HTTP: an administrator lets one ask, and what it is told has nothing in it but class and action."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import AT, Clock, drawn, reported
from tests.unit.service.conftest import Keys
from tests.unit.workflow.near import bits_away

from takeback.store import Store
from takeback.workflow.partner_check import NEAR_QUESTIONS
from takeback.workflow.partner_opinions import submit
from takeback.workflow.partners import NewPartner, add_partner

PICTURE = reported(drawn(1), digests=True)
assert PICTURE.pdq is not None
assert PICTURE.file_digest is not None
QUESTION = {"pdq": PICTURE.pdq.hex(), "quality": PICTURE.pdq.quality}
NOTHING = {"action": "allow", "class": "none", "preserve_and_report": False, "unjudged": []}


@pytest.fixture
def bank(client: TestClient, keys: Keys) -> str:
    """A bank with one picture; the id of its entry."""
    client.post("/api/v1/banks", headers=keys["administrator"], json={"name": "known"})
    body = {"pictures": [{**QUESTION, "file_sha256": PICTURE.file_digest.hex()}], "source": "test"}  # type: ignore[union-attr]
    entry: str = client.post("/api/v1/banks/known/entries", headers=keys["administrator"], json=body).json()["entries"][
        0
    ]
    return entry


class Gallery:
    """A partner over HTTP."""

    def __init__(self, client: TestClient, keys: Keys, **body: Any) -> None:
        self.client = client
        answer = client.post("/api/v1/partners", headers=keys["administrator"], json={"name": "gallery", **body})
        assert answer.status_code == 201, answer.text
        self.made = answer.json()
        self.path = f"/api/v1/partners/{self.made['id']}"
        self.key = {"Authorization": f"Bearer {self.made['key']}"}

    def ask(self, **question: Any) -> Any:
        return self.client.post("/api/v1/partner/check", headers=self.key, json=question or QUESTION)


def test_a_partner_asks_and_is_told_class_and_action_alone(client: TestClient, keys: Keys, bank: str) -> None:
    gallery = Gallery(client, keys, match=["known"])
    assert gallery.ask().json() == {**NOTHING, "action": "refuse", "class": "substantially_same"}
    digest = PICTURE.file_digest
    assert digest is not None
    answer = gallery.ask(file_sha256=digest.hex())
    assert answer.json() == {**NOTHING, "action": "refuse", "class": "identical"}
    assert bank not in answer.text
    assert gallery.ask(file_sha256="00" * 32).json() == NOTHING


def test_a_partner_that_may_use_no_bank_is_told_nothing(client: TestClient, keys: Keys, bank: str) -> None:
    assert bank
    assert Gallery(client, keys).ask().json() == NOTHING


@pytest.mark.parametrize(
    "question",
    [
        {}, {"pdq": QUESTION["pdq"]}, {"quality": 100}, {**QUESTION, "quality": 101}, {**QUESTION, "pdq": "00" * 32},
        {**QUESTION, "pdq": "ff" * 32}, {**QUESTION, "pdq": "x"}, {"file_sha256": "12"}, {**QUESTION, "entry": "x"},
        {**QUESTION, "quality": 49},
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(client: TestClient, keys: Keys, question: dict[str, Any]) -> None:
    gallery = Gallery(client, keys)
    answer = client.post("/api/v1/partner/check", headers=gallery.key, json=question)
    assert answer.status_code == 422


def test_what_could_not_be_judged_is_named(client: TestClient, keys: Keys, bank: str) -> None:
    assert bank
    answer = Gallery(client, keys, match=["known"]).ask(**{**QUESTION, "quality": 49}, file_sha256="00" * 32).json()
    assert (answer["class"], answer["action"]) == ("unjudged", "allow")
    assert [one["code"] for one in answer["unjudged"]] == ["low-quality"]


def test_too_much_is_429_and_says_when_to_come_again(client: TestClient, keys: Keys, clock: Clock) -> None:
    gallery = Gallery(client, keys, per_minute=2)
    gallery.ask()
    clock.pass_(seconds=20)
    gallery.ask()
    refused = gallery.ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["type"] == "urn:takeback:problem:rate-limited"
    assert "work" not in refused.json()
    clock.pass_(seconds=40)
    assert gallery.ask().json() == NOTHING


def test_a_partner_that_walks_is_stopped_until_an_administrator_releases_it(
    client: TestClient, keys: Keys, bank: str
) -> None:
    assert bank
    gallery = Gallery(client, keys, match=["known"], per_minute=1_000)
    assert PICTURE.pdq is not None
    for number in range(NEAR_QUESTIONS):
        assert gallery.ask(pdq=bits_away(PICTURE.pdq, 24, number).hex(), quality=100).status_code == 200
    assert gallery.ask(pdq=bits_away(PICTURE.pdq, 24, 99).hex(), quality=100).status_code == 429
    assert gallery.ask().status_code == 429
    admin = keys["administrator"]
    assert client.get(gallery.path, headers=admin).json()["stopped_until"] == "2026-11-23T12:00:00Z"
    assert client.post(f"{gallery.path}/release", headers=admin).json()["stopped_until"] is None
    assert client.post(f"{gallery.path}/release", headers=admin).status_code == 409
    assert gallery.ask().status_code == 200


def test_an_administrator_sees_in_numbers_what_a_partner_did(client: TestClient, keys: Keys, bank: str) -> None:
    assert bank
    gallery = Gallery(client, keys, match=["known"], share=["known"])
    gallery.ask()
    gallery.ask(file_sha256="00" * 32)
    (shown,) = client.get("/api/v1/partners", headers=keys["administrator"]).json()
    assert shown == client.get(gallery.path, headers=keys["administrator"]).json()
    day = {"day": "2026-11-22", "asked": 2, "matched": 1, "refused": 0, "listed": 0, "submitted": 0, "feedback": 0}
    assert shown["days"] == [day]
    assert (shown["match"], shown["share"], shown["submits"], shown["listed"]) == (["known"], ["known"], False, 0)
    assert "key" not in shown
    assert shown.items() >= {"per_minute": 60, "per_day": 5_000}.items()


def test_banks_are_chosen_anew_and_a_bank_of_cases_is_never_shared(client: TestClient, keys: Keys, bank: str) -> None:
    assert bank
    gallery, admin = Gallery(client, keys), keys["administrator"]
    changed = client.put(f"{gallery.path}/banks", headers=admin, json={"match": ["known", "notices"]})
    assert changed.json()["match"] == ["known", "notices"]
    assert gallery.ask().json()["action"] == "refuse"
    for body in ({"share": ["notices"]}, {"match": ["originals"]}, {"match": ["nowhere"]}):
        assert client.put(f"{gallery.path}/banks", headers=admin, json=body).status_code in (404, 422)
    assert client.get(gallery.path, headers=admin).json()["match"] == ["known", "notices"]


def test_a_partner_gets_another_key_and_the_former_one_is_revoked(client: TestClient, keys: Keys) -> None:
    gallery, admin = Gallery(client, keys), keys["administrator"]
    made = client.post(f"{gallery.path}/keys", headers=admin)
    assert made.status_code == 201
    (former,) = gallery.made["keys"]
    assert client.delete(f"/api/v1/keys/{former}", headers=admin).status_code == 204
    assert gallery.ask().status_code == 401
    gallery.key = {"Authorization": f"Bearer {made.json()['key']}"}
    assert gallery.ask().json() == NOTHING
    statuses = [client.post(f"{gallery.path}/keys", headers=admin).status_code for _ in range(5)]
    assert statuses == [201, 201, 201, 201, 422]


def test_a_removed_partner_is_let_in_no_more(client: TestClient, keys: Keys) -> None:
    gallery, admin = Gallery(client, keys), keys["administrator"]
    assert client.delete(gallery.path, headers=admin).status_code == 204
    assert gallery.ask().status_code == 401
    assert client.get("/api/v1/partners", headers=admin).json() == []
    assert client.delete(gallery.path, headers=admin).status_code == 404


def test_a_key_of_each_role_may_what_its_line_says(client: TestClient, keys: Keys) -> None:
    gallery = Gallery(client, keys)
    for role in ("upload", "moderator", "auditor"):
        assert client.get("/api/v1/partners", headers=keys[role]).status_code == 403
        assert client.post("/api/v1/partners", headers=keys[role], json={"name": "x"}).status_code == 403
    for role in ("upload", "moderator", "administrator", "auditor"):
        assert client.post("/api/v1/partner/check", headers=keys[role], json=QUESTION).status_code == 403
    described = client.get("/openapi.json", headers=keys["auditor"]).json()
    for path, methods in described["paths"].items():
        for method in methods:
            if path.startswith("/api/v1/") and "Key of role" in methods[method].get("description", ""):
                url = re.sub(r"\{\w+\}", "0" * 32, path)
                answer = client.request(method.upper(), url, headers=gallery.key, json=QUESTION)
                assert (answer.status_code == 403) is (path != "/api/v1/partner/check"), path


def test_a_key_for_a_partner_is_made_with_it_alone(client: TestClient, keys: Keys) -> None:
    body = {"role": "partner", "name": "x"}
    assert client.post("/api/v1/keys", headers=keys["administrator"], json=body).status_code == 422


@pytest.fixture
def submitting(store: Store) -> NewPartner:
    return add_partner(store, "csp", match=(), share=(), submits=True, actor="test", at=AT)


def test_a_moderator_decides_on_what_partners_submit(
    client: TestClient, keys: Keys, store: Store, submitting: NewPartner
) -> None:
    assert PICTURE.pdq is not None
    prints = [PICTURE.pdq, bits_away(PICTURE.pdq, 100)]
    assert submit(store, submitting.standing.partner.id, prints, at=AT) == 2
    first, second = client.get("/api/v1/partners/submissions", headers=keys["moderator"]).json()
    assert (first["bank"], first["at"]) == ("partner-csp", "2026-11-22T12:00:00Z")
    for one, accept in ((first, True), (second, False)):
        path = f"/api/v1/partners/submissions/{one['entry']}"
        assert client.post(path, headers=keys["auditor"], json={"accept": accept}).status_code == 403
        assert client.post(path, headers=keys["moderator"], json={"accept": accept}).status_code == 204
        assert client.post(path, headers=keys["moderator"], json={"accept": accept}).status_code == 409
    body = {"pictures": [QUESTION]}
    assert client.post("/api/v1/check", headers=keys["upload"], json=body).json()["action"] == "refuse"
    assert client.get("/api/v1/partners/feedback", headers=keys["moderator"]).json() == []
