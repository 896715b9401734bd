"""The main job through HTTP: notice, hold, decision, the gate, contest, withdrawal; and who sees what."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import Clock, Pixels, drawn
from tests.unit.service.conftest import Keys, Png

from takeback.fingerprint import pdq_orientations
from takeback.service.app import HEADERS

DECISION = {"outcome": "removed", "appears_covered": True, "reason": "Covered.", "confirm": "all"}


def picture_in(pixels: Pixels) -> dict[str, Any]:
    turned = {orientation.value: pdq.hex() for orientation, pdq in pdq_orientations(pixels).items()}
    return {"pdq": turned["upright"], "quality": 100, "orientations": turned}


def notice_in(*pictures: Pixels, **changed: Any) -> dict[str, Any]:
    return {
        "pictures": [picture_in(pixels) for pixels in pictures],
        "role": "me",
        "statement": "An intimate picture of me, published without my consent.",
        "signature": "A. Person",
        "intimate": True,
        "not_consensual": True,
        "good_faith": True,
        "contact": {"name": "A. Person", "email": "a@person.example"},
        **changed,
    }


def upload(client: TestClient, keys: Keys, data: bytes, item_id: str) -> dict[str, Any]:
    form = {"item_id": item_id, "url": f"https://forum.example/{item_id}"}
    response = client.post("/api/v1/check", headers=keys["upload"], data=form, files={"file": ("a.png", data)})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
def received(client: TestClient, keys: Keys, png: Png) -> dict[str, Any]:
    upload(client, keys, png(drawn(1)), "1")
    upload(client, keys, png(drawn(2)), "2")
    response = client.post("/api/v1/notices", json=notice_in(drawn(1)))
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_a_notice_ends_in_removal_and_the_next_upload_is_stopped(
    client: TestClient, keys: Keys, png: Png, received: dict[str, Any]
) -> None:
    path = f"/api/v1/cases/{received['case']}"
    (copy,) = client.get(path, headers=keys["moderator"]).json()["copies"]
    assert (copy["item_id"], copy["state"], copy["class"], copy["distance"]) == ("1", "held", "substantially_same", 0)
    assert upload(client, keys, png(drawn(1)), "3")["action"] == "hold"
    decided = client.post(f"{path}/decision", headers=keys["moderator"], json=DECISION).json()
    assert (decided["state"], {one["state"] for one in decided["copies"]}) == ("removed", {"removed"})
    stopped = upload(client, keys, png(drawn(1)), "4")
    assert (stopped["action"], stopped["class"], stopped["case"]) == ("refuse", "substantially_same", received["case"])
    kinds = [one["kind"] for one in client.get(f"{path}/events", headers=keys["moderator"]).json()]
    assert kinds[0] == "notice_received"
    assert kinds[-1] == "upload_refused"


def test_before_a_decision_the_answer_says_nothing_of_what_was_found(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    unknown = client.post("/api/v1/notices", json=notice_in(drawn(99))).json()
    for name in ("case", "receipt", "ending", "received_at", "due_from_receipt_at", "due_from_valid_at"):
        unknown.pop(name)
        received.pop(name)
    assert unknown == received


def test_a_sites_key_sees_class_and_action_but_no_distance(
    client: TestClient, keys: Keys, png: Png, received: dict[str, Any]
) -> None:
    assert upload(client, keys, png(drawn(1)), "3")["matches"] is None
    files = {"file": ("a.png", png(drawn(1)))}
    (match,) = client.post("/api/v1/check", headers=keys["moderator"], files=files).json()["matches"]
    assert (match["distance"], match["orientation"], match["fact"]) == (0, "upright", "pdq")


def test_a_moderators_check_remembers_nothing(client: TestClient, keys: Keys, png: Png) -> None:
    files = {"file": ("a.png", png(drawn(5)))}
    assert client.post("/api/v1/check", headers=keys["moderator"], files=files).json()["remembered"] is False
    named = client.post("/api/v1/check", headers=keys["moderator"], files=files, data={"item_id": "1"})
    assert named.status_code == 403


def test_a_check_by_fingerprint_answers_like_one_by_file(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    body = {"pictures": [{"pdq": picture_in(drawn(1))["pdq"]}], "item_id": "7", "url": "https://forum.example/7"}
    answer = client.post("/api/v1/check", headers=keys["upload"], json=body).json()
    assert (answer["action"], answer["case"]) == ("hold", received["case"])


def test_a_withdrawal_lets_new_uploads_through_and_puts_nothing_back(
    client: TestClient, keys: Keys, png: Png, received: dict[str, Any]
) -> None:
    path = f"/api/v1/cases/{received['case']}"
    client.post(f"{path}/decision", headers=keys["moderator"], json=DECISION)
    answer = client.post("/api/v1/notices/withdrawal", json={"ending": received["ending"]}).json()
    assert answer["state"] == "withdrawn"
    assert upload(client, keys, png(drawn(1)), "5")["action"] == "allow"
    (copy,) = client.get(path, headers=keys["moderator"]).json()["copies"]
    assert copy["state"] == "removed"


def test_a_contest_goes_to_a_second_person(
    client: TestClient, keys: Keys, received: dict[str, Any], clock: Clock
) -> None:
    path = f"/api/v1/cases/{received['case']}"
    client.post(f"{path}/decision", headers=keys["moderator"], json=DECISION)
    body = {"item_id": "1", "grounds": "I drew this."}
    assert client.post("/api/v1/items/contest", headers=keys["upload"], json=body).status_code == 201
    for key, waiting in (("moderator", []), ("second", [received["case"]])):
        found = client.get("/api/v1/cases?waits=second", headers=keys[key]).json()
        assert [one["id"] for one in found] == waiting
    words = client.post(f"{path}/words", headers=keys["moderator"]).json()
    assert [one["grounds"] for one in words["contests"]] == ["I drew this."]
    assert "I drew this." not in client.get(f"{path}/events", headers=keys["moderator"]).text
    answer = {"put_back": True, "reason": "A drawing.", "elements": ["intimate"]}
    assert client.post(f"{path}/answer", headers=keys["moderator"], json=answer).status_code == 409
    heard = client.post(f"{path}/hearing", headers=keys["second"], json={"summary": "It is said to be a drawing."})
    assert [one["about"] for one in heard.json()["hearings"]] == ["contest"]
    assert client.post(f"{path}/answer", headers=keys["second"], json=answer).status_code == 409
    clock.pass_(hours=72)
    assert client.post(f"{path}/answer", headers=keys["second"], json=answer).json()["state"] == "put_back"


def test_her_words_are_opened_by_a_moderator_and_each_opening_is_logged(
    client: TestClient, keys: Keys, received: dict[str, Any]
) -> None:
    path = f"/api/v1/cases/{received['case']}"
    assert "A. Person" not in client.get(path, headers=keys["moderator"]).text
    for role in ("upload", "auditor"):
        assert client.post(f"{path}/words", headers=keys[role]).status_code == 403
    words = client.post(f"{path}/words", headers=keys["moderator"]).json()
    assert (words["signature"], words["contact"]["email"]) == ("A. Person", "a@person.example")
    events = client.get(f"{path}/events", headers=keys["moderator"])
    assert [one["kind"] for one in events.json()].count("words_opened") == 1
    assert "A. Person" not in events.text


def test_an_incomplete_notice_says_at_once_what_is_missing_and_can_be_completed(client: TestClient) -> None:
    lacking = client.post("/api/v1/notices", json=notice_in(drawn(1), good_faith=False, signature="")).json()
    assert lacking["state"] == "incomplete"
    assert {"law": "us-take-it-down", "field": "signature", "section": "§ 3(a)(1)(B)(i)"} in lacking["missing"]
    assert lacking["due_from_valid_at"] is None
    body = {"receipt": lacking["receipt"], "notice": notice_in(drawn(1))}
    completed = client.post("/api/v1/notices/completion", json=body).json()
    assert (completed["state"], completed["missing"]) == ("open", [])
    assert completed["received_at"] == lacking["received_at"]


def test_a_repeated_request_makes_one_case(client: TestClient, keys: Keys) -> None:
    headers = {"Idempotency-Key": "a-random-request-key"}
    first = client.post("/api/v1/notices", json=notice_in(drawn(1)), headers=headers).json()
    again = client.post("/api/v1/notices", json=notice_in(drawn(1)), headers=headers).json()
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert (first["case"], first["receipt"]) == (again["case"], again["receipt"])
    assert len(client.get("/api/v1/cases", headers=keys["moderator"]).json()) == 1


def test_a_bank_of_the_operators_own_is_looked_for(client: TestClient, keys: Keys, png: Png) -> None:
    bank = {"name": "memes", "same_bits": 20, "possible_bits": 30}
    assert client.post("/api/v1/banks", headers=keys["administrator"], json=bank).status_code == 201
    body = {"pictures": [picture_in(drawn(3))], "source": "ourselves"}
    (entry,) = client.post("/api/v1/banks/memes/entries", headers=keys["administrator"], json=body).json()["entries"]
    assert upload(client, keys, png(drawn(3)), "3")["action"] == "refuse"
    assert client.delete(f"/api/v1/banks/entries/{entry}", headers=keys["administrator"]).status_code == 204
    assert upload(client, keys, png(drawn(3)), "3")["action"] == "allow"
    names = {one["name"]: one["entries"] for one in client.get("/api/v1/banks", headers=keys["moderator"]).json()}
    assert names == {"notices": 0, "memes": 1}


def test_a_revoked_key_is_refused_at_once(client: TestClient, keys: Keys) -> None:
    listed = client.get("/api/v1/keys", headers=keys["administrator"]).json()
    second = next(key["id"] for key in listed if key["name"] == "second")
    assert client.get("/api/v1/cases", headers=keys["second"]).status_code == 200
    client.delete(f"/api/v1/keys/{second}", headers=keys["administrator"])
    assert client.get("/api/v1/cases", headers=keys["second"]).status_code == 401


PATHS_WITHOUT_A_KEY = {
    "/api/v1/notices", "/api/v1/log", "/api/v1/witness", "/api/v1/transparency", "/health/live", "/health/ready",
    "/.well-known/", "/api/v1/coop/actions",
}  # fmt: skip


def test_nothing_is_open_without_a_key_but_her_own_paths_the_public_log_and_the_public_numbers(
    client: TestClient, keys: Keys
) -> None:
    paths = client.get("/openapi.json", headers=keys["auditor"]).json()["paths"]
    assert len(paths) > 15
    for path, methods in paths.items():
        if path == "/api/v1/instance" or any(path.startswith(own) for own in PATHS_WITHOUT_A_KEY):
            continue
        for method in methods:
            url = path.replace("{", "").replace("}", "")
            response = client.request(method, url, json={})
            assert response.status_code == 401, (method, path)
    for path in ("/docs", "/metrics", "/openapi.json"):
        assert client.get(path).status_code == 401


def test_metrics_and_docs_answer_with_an_auditors_key(client: TestClient, keys: Keys, received: dict[str, Any]) -> None:
    text = client.get("/metrics", headers=keys["auditor"]).text
    assert 'takeback_cases{state="held"} 1.0' in text
    assert "takeback_items 2.0" in text
    page = client.get("/docs", headers=keys["auditor"]).text
    assert "/api/v1/notices/withdrawal" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_every_answer_carries_the_safe_headers(client: TestClient, keys: Keys) -> None:
    for response in (client.get("/health/live"), client.get("/nowhere"), client.get("/docs", headers=keys["auditor"])):
        for name, value in HEADERS:
            expected = value.decode()
            if name != b"content-security-policy":
                assert response.headers[name.decode()] == expected
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
