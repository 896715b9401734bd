"""Accounts over HTTP: the site's key alone; form and file say whose an upload is; a measure names its redress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import AT, LAWS, drawn, notice_about, reported
from tests.unit.service.conftest import Keys, Png

from takeback.assembly import Parts
from takeback.service.app import create_app
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice

CRITERIA = {
    "absolute_numbers": "Two.", "relative_proportion": "Two of three.", "gravity": "Intimate.", "intention": "Unknown.",
}  # fmt: skip
WARNING = {
    "account": "u-17", "measure": "warning", "decided_by": "mod-7", "manifestly_illegal": True, "reason": "Twice.",
    "criteria": CRITERIA,
}  # fmt: skip
ADDRESSES = ("/api/v1/accounts/standing", "/api/v1/accounts/measures")


@pytest.fixture
def removed_twice(client: TestClient, parts: Parts, keys: Keys, png: Png) -> None:
    """Two uploads of the account u-17, one as a file and one as fingerprints, each removed by a case of its own."""
    file = {"file": ("a.png", png(drawn(1)))}
    client.post("/api/v1/check", headers=keys["upload"], files=file, data={"item_id": "1", "account": "u-17"})
    picture = reported(drawn(2))
    assert picture.pdq is not None
    body: dict[str, Any] = {"pictures": [{"pdq": picture.pdq.hex(), "quality": picture.pdq.quality}]}
    client.post("/api/v1/check", headers=keys["upload"], json={**body, "item_id": "2", "account": "u-17"})
    for seed in (1, 2):
        notice = notice_about(reported(drawn(seed)))
        case = receive_notice(parts.store, parts.replica, notice, default_laws=LAWS, request=None, at=AT).case
        decide(
            parts.store,
            case.public_id,
            Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/1", Confirm.ALL),
            at=AT,
        )


@pytest.mark.usefixtures("removed_twice")
def test_a_site_reads_how_an_account_stands_and_warns_it(client: TestClient, keys: Keys) -> None:
    before = client.post(ADDRESSES[0], headers=keys["upload"], json={"account": "u-17"}).json()
    assert (before["occasions"], before["advice"], before["measures"]) == (2, "warning", [])
    taken = client.post(ADDRESSES[1], headers=keys["upload"], json=WARNING)
    assert taken.status_code == 201
    assert [each["name"] for each in taken.json()["redress"]] == ["coordinator", "court"]
    after = client.post(ADDRESSES[0], headers=keys["upload"], json={"account": "u-17"}).json()
    assert (after["advice"], after["measures"]) == ("none", [taken.json()])


@pytest.mark.usefixtures("removed_twice")
def test_a_large_operator_names_the_complaint_and_the_settlement_too(parts: Parts, keys: Keys) -> None:
    large = replace(parts, settings=replace(parts.settings, operator_size="large"))
    with TestClient(create_app(large)) as client:
        taken = client.post(ADDRESSES[1], headers=keys["upload"], json=WARNING).json()
    assert [each["section"] for each in taken["redress"]][:2] == ["Art. 20", "Art. 21"]


@pytest.mark.usefixtures("removed_twice")
def test_another_account_is_untouched(client: TestClient, keys: Keys) -> None:
    found = client.post(ADDRESSES[0], headers=keys["upload"], json={"account": "u-18"}).json()
    assert (found["occasions"], found["advice"]) == (0, "none")
    refused = client.post(ADDRESSES[1], headers=keys["upload"], json={**WARNING, "account": "u-18"})
    assert refused.status_code == 409


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("role", ["moderator", "administrator", "auditor"])
def test_only_the_site_itself_asks_about_its_accounts(client: TestClient, keys: Keys, address: str, role: str) -> None:
    body = WARNING if address.endswith("measures") else {"account": "u-17"}
    assert client.post(address, headers=keys[role], json=body).status_code == 403
    assert client.post(address, json=body).status_code == 401


@pytest.mark.parametrize("account", ["x" * 201, "x" * 2_000])
def test_a_name_that_is_too_long_is_refused_at_the_door(client: TestClient, keys: Keys, png: Png, account: str) -> None:
    file = {"file": ("a.png", png(drawn(1)))}
    answer = client.post("/api/v1/check", headers=keys["upload"], files=file, data={"item_id": "1", "account": account})
    assert answer.status_code == 422
    assert "account" in answer.json()["detail"].lower()


def test_an_upload_that_names_no_account_is_checked_as_before(client: TestClient, keys: Keys, png: Png) -> None:
    file = {"file": ("a.png", png(drawn(1)))}
    answer = client.post("/api/v1/check", headers=keys["upload"], files=file, data={"item_id": "1", "account": ""})
    assert answer.json()["action"] == "allow"


def test_a_moment_without_a_zone_is_no_end(client: TestClient, keys: Keys) -> None:
    body = {**WARNING, "measure": "suspension", "until": "2026-12-24T12:00:00"}
    assert client.post(ADDRESSES[1], headers=keys["upload"], json=body).status_code == 422


@pytest.mark.usefixtures("removed_twice")
def test_a_site_lists_its_measures_and_lifts_one(client: TestClient, keys: Keys) -> None:
    taken = client.post(ADDRESSES[1], headers=keys["upload"], json=WARNING).json()
    assert client.get(ADDRESSES[1], headers=keys["upload"]).json() == [taken]
    assert "u-17" not in client.get(ADDRESSES[1], headers=keys["upload"]).text
    path, why = f"{ADDRESSES[1]}/{taken['id']}/lift", {"decided_by": "mod-8", "reason": "The complaint was right."}
    for role in ("moderator", "administrator", "auditor"):
        assert client.post(path, headers=keys[role], json=why).status_code == 403
        assert client.get(ADDRESSES[1], headers=keys[role]).status_code == 403
    lifted = client.post(path, headers=keys["upload"], json=why).json()
    assert (lifted["lifted_by"], lifted["lifted_reason"]) == ("mod-8", "The complaint was right.")
    assert client.post(path, headers=keys["upload"], json=why).status_code == 409
    after = client.post(ADDRESSES[0], headers=keys["upload"], json={"account": "u-17"}).json()
    assert (after["advice"], after["measures"]) == ("warning", [lifted])
