"""`/.well-known/`: what other programs and those who find a hole are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient
from tests.house import AT, LAWS

from takeback.assembly import Parts
from takeback.cases import law_pack
from takeback.config import Settings
from takeback.service.app import create_app

DOCUMENT = "/.well-known/takeback.json"


def served(parts: Parts, settings: Settings) -> TestClient:
    return TestClient(create_app(replace(parts, settings=settings)), raise_server_exceptions=False)


def test_a_program_finds_out_where_a_notice_goes_and_what_it_is_tried_under(client: TestClient) -> None:
    told = client.get(DOCUMENT).json()
    assert told["languages"] == ["ar", "de", "en", "es", "fr", "pt"]
    assert [law["id"] for law in told["laws"]] == list(LAWS)
    for law in told["laws"]:
        pack = law_pack(law["id"])
        assert (law["name"], law["citation"], law["fields"]) == (pack.name, pack.citation, dict(pack.fields))
        assert law["removal_within_hours"] == 48
    assert (told["descriptor_model"], told["contact"]) == (None, [])


def test_each_place_is_there_also_where_another_site_leads_to_the_document(client: TestClient) -> None:
    places = client.get(DOCUMENT).json()["notices"]
    for name in ("page", "case", "process"):
        assert client.get(urljoin(f"http://testserver{DOCUMENT}", places[name])).status_code == 200
    assert client.post(places["api"], json={"links": ["https://forum.example/1"]}).status_code == 201


def test_of_a_law_that_is_not_the_operators_nothing_is_told(parts: Parts) -> None:
    settings = replace(parts.settings, laws=("eu-dsa-16",), contact=("mailto:desk@forum.example",))
    told = served(parts, settings).get(DOCUMENT).json()
    assert [law["id"] for law in told["laws"]] == ["eu-dsa-16"]
    assert told["contact"] == ["mailto:desk@forum.example"]


def test_a_hole_is_reported_to_those_whom_the_operator_names_and_the_answer_does_not_hold_for_ever(
    parts: Parts,
) -> None:
    contacts = ("mailto:security@forum.example", "https://forum.example/security")
    answer = served(parts, replace(parts.settings, security_contact=contacts)).get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    *named, expires = answer.text.splitlines()
    assert named == [f"Contact: {each}" for each in contacts]
    until = datetime.fromisoformat(expires.removeprefix("Expires: "))
    assert AT < until < AT + timedelta(days=365), "RFC 9116, § 2.5.5"


@pytest.mark.parametrize("path", ["/.well-known/security.txt", "/.well-known/", "/.well-known/change-password"])
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_program_that_reads_the_description_finds_the_document(client: TestClient) -> None:
    assert {DOCUMENT, "/.well-known/security.txt"} <= set(client.app.openapi()["paths"])  # type: ignore[attr-defined]
