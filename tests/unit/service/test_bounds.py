"""What a request may hold is bounded, list by list and text by text, and a repeat counts once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient
from tests.unit.service.conftest import Keys

from takeback.cases import law_packs
from takeback.service.check import FingerprintsIn
from takeback.service.notices import CompletionIn, ContactIn, NoticeIn
from takeback.service.prints import PictureIn
from takeback.service.returns import AdditionIn, MessageIn, RecoverIn, RecoveryIn
from takeback.service.sealed import SealedIn
from takeback.service.standing import EndingIn, ReceiptIn

NOTICE, CHECK = "/api/v1/notices", "/api/v1/check"
LAW = "us-take-it-down"
PICTURE = {"pdq": "5a3cc396f00f69a5965a3cc3a5690ff0c3965a3c69a5f00f3cc3965a0ff069a5"}
MODELS = (
    NoticeIn, ContactIn, ReceiptIn, EndingIn, CompletionIn, AdditionIn, MessageIn, RecoverIn, RecoveryIn, SealedIn,
    FingerprintsIn, PictureIn,
)  # fmt: skip


def _unbounded(node: Any, where: str) -> list[str]:
    """Return every place of a JSON schema that takes text, a list or a map without a bound."""
    if isinstance(node, list):
        return [each for part in node for each in _unbounded(part, where)]
    if not isinstance(node, dict):
        return []
    bounds = {
        "string": {"maxLength", "enum", "const"},
        "array": {"maxItems"},
        "object": {"maxProperties", "properties"},
    }
    here = [where] if node.get("type") in bounds and not bounds[node["type"]] & set(node) else []
    return here + [each for name, part in node.items() for each in _unbounded(part, f"{where}.{name}")]


@pytest.mark.parametrize("model", MODELS)
def test_every_text_and_every_list_of_a_request_has_a_bound(model: type[BaseModel]) -> None:
    assert _unbounded(model.model_json_schema(), model.__name__) == []


def test_a_law_that_is_named_twice_counts_once(client: TestClient, keys: Keys) -> None:
    body = {"laws": [LAW] * 3 + ["eu-dsa-16"], "links": ["https://forum.example/p/7"]}
    assert NoticeIn.model_validate(body).notice().laws == (LAW, "eu-dsa-16")
    answer = client.post(NOTICE, json=body)
    assert answer.status_code == 201
    asked = [(one["law"], one["field"]) for one in answer.json()["missing"]]
    assert len(asked) == len(set(asked))
    case = client.get(f"/api/v1/cases/{answer.json()['case']}", headers=keys["moderator"]).json()
    assert case["laws"] == [LAW, "eu-dsa-16"]


def test_more_laws_than_there_are_are_refused(client: TestClient) -> None:
    assert len(law_packs()) <= 16
    answer = client.post(NOTICE, json={"laws": [LAW] * 17})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["fields"]] == ["body.laws"]


@pytest.mark.parametrize(("field", "value", "limit"), [("links", "https://a.example/", 200), ("pictures", PICTURE, 32)])
def test_a_notice_that_is_too_large_is_told_so_in_the_workflows_own_words(
    client: TestClient, field: str, value: object, limit: int
) -> None:
    answer = client.post(NOTICE, json={field: [value] * (limit + 1)})
    assert answer.status_code == 422
    assert answer.json()["detail"] == f"This notice names {limit + 1} {field}; one notice takes {limit}."


def test_an_upload_takes_sixteen_pictures_and_no_more(client: TestClient, keys: Keys) -> None:
    for count, status in ((16, 200), (17, 422)):
        answer = client.post(CHECK, headers=keys["upload"], json={"pictures": [PICTURE] * count})
        assert answer.status_code == status
    assert "pictures" in answer.json()["detail"]


def test_an_address_over_two_thousand_characters_is_refused_as_json_and_as_a_form(
    client: TestClient, keys: Keys
) -> None:
    url = "https://forum.example/" + "a" * 2_000
    by_json = client.post(CHECK, headers=keys["upload"], json={"pictures": [PICTURE], "url": url})
    by_form = client.post(CHECK, headers=keys["upload"], files={"file": ("a.png", b"\x89PNG")}, data={"url": url})
    for answer in (by_json, by_form):
        assert answer.status_code == 422
        assert "url" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2027-01-01T00:00:00", 422),
        ("2027-01-01", 422),
        ("9999-12-31T23:59:59-12:00", 422),
        ("0001-01-01T00:00:00+12:00", 422),
        ("2027-01-01T00:00:00Z", 201),
        ("2027-01-01T00:00:00+05:30", 201),
    ],
)
def test_a_moment_without_a_zone_or_beyond_the_calendar_is_refused(
    client: TestClient, keys: Keys, moment: str, status: int
) -> None:
    client.post("/api/v1/banks", headers=keys["administrator"], json={"name": "memes"})
    body = {"pictures": [PICTURE], "source": "test", "expires_at": moment}
    answer = client.post("/api/v1/banks/memes/entries", headers=keys["administrator"], json=body)
    assert answer.status_code == status
    assert client.get("/api/v1/banks", headers=keys["moderator"]).status_code == 200


def test_ready_tells_nothing_of_what_goes_on_and_metrics_do(client: TestClient, keys: Keys) -> None:
    client.post(NOTICE, json={"links": ["https://forum.example/p/7"]})
    assert client.get("/health/ready").json() == {"status": "ready"}
    assert "takeback_replica_behind 0.0" in client.get("/metrics", headers=keys["auditor"]).text
