"""The numbers over HTTP and as a page: where the operator publishes them, in every language."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from starlette.testclient import TestClient
from tests.house import LAWS

from takeback.assembly import Parts
from takeback.service.app import create_app
from takeback.service.pages.words import languages
from takeback.store import Store

NEW_YEAR = datetime(2027, 1, 2, tzinfo=UTC)
ADDRESSES = ("/transparency", "/api/v1/transparency", "/api/v1/transparency.csv")


def fill(store: Store) -> None:
    """A half-year with something in every table, and a small number among the rest."""
    many = {
        ("notices", ""): 1_240, ("valid", ""): 1_100, ("decided", "removed"): 980, ("decided", "refused"): 41,
        ("found", "identical"): 700, ("found", "substantially_same"): 410, ("found", "possible"): 95,
        ("removed", "identical"): 690, ("removed", "substantially_same"): 400, ("contested", ""): 3,
        ("hidden_within", "2"): 300, ("decided_within", "1200"): 900, ("missed", "in_service"): 6,
        ("missed", "in_outage"): 12, ("late_by", "60"): 18,
        ("confirmed", "notices"): 200, ("unconfirmed", "notices"): 9,
    }  # fmt: skip
    with store.write() as tx:
        for (name, part), count in many.items():
            for _ in range(count):
                tx.tallies.add(name, part, laws=LAWS, at=datetime(2026, 9, 1, tzinfo=UTC))


@pytest.fixture
def open_house(parts: Parts) -> Iterator[TestClient]:
    """A service whose operator publishes the numbers, in the year after."""
    settings = replace(parts.settings, transparency_page="on")
    with TestClient(create_app(replace(parts, settings=settings, now=lambda: NEW_YEAR))) as client:
        yield client


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("address", ADDRESSES)
def test_without_the_setting_nothing_is_published(client: TestClient, parts: Parts, address: str) -> None:
    fill(parts.store)
    answer = client.get(address)
    assert answer.status_code == 404
    assert "1,240" not in answer.text
    assert "/transparency" not in client.get("/how").text


def test_before_the_first_half_year_is_over_the_page_says_so(open_house: TestClient) -> None:
    assert languages()["en"]("transparency.none") in unescape(open_house.get("/transparency").text)
    assert open_house.get("/api/v1/transparency").json() == {"half_years": []}


def test_programs_read_the_numbers(open_house: TestClient, parts: Parts) -> None:
    fill(parts.store)
    (half_year,) = open_house.get("/api/v1/transparency").json()["half_years"]
    assert half_year["figures"]["notices"]["total"] == 1_240
    assert half_year["figures"]["contested"]["total"] == "<5"
    assert half_year["times"]["decided"]["all"] == {"median_minutes": 1_200, "percentile_95_minutes": 1_200}


def test_the_table_can_be_read_as_rfc_4180_says(open_house: TestClient, parts: Parts) -> None:
    fill(parts.store)
    answer = open_house.get("/api/v1/transparency.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.endswith("\r\n")
    rows = list(csv.DictReader(answer.text.splitlines()))
    found = {(row["figure"], row["division"], row["part"]): row["number"] for row in rows}
    assert found["removed", "classes", "identical"] == "690"
    assert found["contested", "total", ""] == "<5"


@pytest.mark.parametrize("code", languages())
def test_the_page_tells_it_in_every_language(open_house: TestClient, parts: Parts, code: str) -> None:
    fill(parts.store)
    words = languages()[code]
    page = open_house.get("/transparency", params={"language": code})
    said = text_of(page.text)
    assert page.status_code == 200
    for group in ("figures", "times", "classes", "seen"):
        assert all(text in said for text in words.under(f"transparency.{group}").values()), group
    assert all(text in said for text in words.under("transparency.headings").values())
    assert words("transparency.small") in said
    assert re.search(r"1.?240", said)
    assert "{" not in said
    assert words("transparency.link") in unescape(open_house.get("/how", params={"language": code}).text)


def test_spans_are_said_in_the_unit_that_fits(open_house: TestClient, parts: Parts) -> None:
    fill(parts.store)
    said = text_of(open_house.get("/transparency", params={"language": "en"}).text)
    assert "2 minutes" in said
    assert "20 hours" in said
