"""The gates that are asked over HTTP: the status says it, and the body why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from tests.unit.gates.conftest import DECIDED, MAX_UPLOAD_BYTES, OTHER, REPORTED, decide, served

from takeback.assembly import Parts
from takeback.config import Settings


@pytest.fixture
def gates(parts: Parts) -> Iterator[list[str]]:
    with served(parts, pictrs=("127.0.0.1:0",), subrequest=("127.0.0.1:0",)) as found:
        yield [f"http://{address}" for address in found]


def test_pictrs_is_told_by_status_of_the_file_itself(gates: list[str]) -> None:
    pictrs, _ = gates
    assert httpx2.post(pictrs, content=DECIDED).status_code == 422
    assert httpx2.post(f"{pictrs}/any/path?of=it", content=OTHER).status_code == 204
    assert httpx2.post(pictrs, content=b"").status_code == 204
    assert httpx2.get(pictrs).status_code == 405


def test_of_a_proxied_upload_each_file_is_looked_at(gates: list[str]) -> None:
    _, proxy = gates
    files = [("file", ("a.png", OTHER, "image/png")), ("thumbnail", ("b.png", DECIDED, "image/png"))]
    assert httpx2.post(f"{proxy}/api/v2/media", files=files[:1]).status_code == 204
    assert httpx2.post(f"{proxy}/api/v2/media", files=files).status_code == 422
    assert httpx2.put(f"{proxy}/store/a.png", content=DECIDED).status_code == 422


@pytest.mark.parametrize(
    ("asked", "status"), [("418", 418), ("307", 307), ("999", 204), ("99", 204), ("-18", 204), ("٤١٨", 204), ("", 204)]
)
def test_a_proxy_may_choose_the_status_after_which_it_goes_on(gates: list[str], asked: str, status: int) -> None:
    _, proxy = gates
    headers = [(b"X-Takeback-Pass", asked.encode())]
    assert httpx2.post(proxy, content=OTHER, headers=headers, follow_redirects=False).status_code == status
    assert httpx2.post(proxy, content=DECIDED, headers=headers).status_code == 422


def test_a_refusal_says_why_and_leads_on_and_never_how_alike(parts: Parts) -> None:
    settings = Settings(
        data=parts.settings.data, public_address="https://report.forum.example", contact=("mailto:a@b.example",)
    )
    with served(replace(parts, settings=settings), subrequest=("127.0.0.1:0",)) as (address,):
        told = httpx2.post(f"http://{address}", content=DECIDED, headers={"Accept-Language": "es"}).json()
        assert told["more"] == "https://report.forum.example/refused"
        assert "sin su consentimiento" in told["error"]
        page = httpx2.post(f"http://{address}", content=DECIDED, headers={"Accept": "text/html,*/*"})
        assert page.headers["content-type"].startswith("text/html")
        assert 'href="mailto:a@b.example"' in page.text
        assert 'href="https://report.forum.example/refused"' in page.text
        for word in ("identical", "substantially", "distance", "entry", "case"):
            assert word not in page.text + str(told)


def test_a_refusal_because_of_a_case_carries_a_link_by_which_it_is_contested(parts: Parts) -> None:
    decide(parts.store)
    settings = Settings(data=parts.settings.data, public_address="https://report.forum.example")
    with served(replace(parts, settings=settings), subrequest=("127.0.0.1:0",)) as (address,):
        told = httpx2.post(f"http://{address}", content=REPORTED).json()
        page = httpx2.post(f"http://{address}", content=REPORTED, headers={"Accept": "text/html"})
        # What a bank of the operator's refuses has no case to contest.
        assert "contest_url" not in httpx2.post(f"http://{address}", content=DECIDED).json()
        assert "contest_url" not in httpx2.post(f"http://{address}", content=OTHER[:300] + DECIDED).text
    link = told["contest_url"]
    assert link.startswith("https://report.forum.example/contest#")
    assert f'href="{link}"' in page.text
    with parts.store.read() as tx:
        row = tx.refused_uploads.by_contest_code(link.partition("#")[2])
    assert (row.place, row.site_id) == ("gate/subrequest", None)


def test_where_people_do_not_reach_the_service_there_is_no_link(parts: Parts) -> None:
    decide(parts.store)
    with served(parts, subrequest=("127.0.0.1:0",)) as (address,):
        answer = httpx2.post(f"http://{address}", content=REPORTED)
    assert (answer.status_code, set(answer.json())) == (422, {"error"})


@pytest.mark.parametrize(("fault", "status"), [("pass", 204), ("refuse", 422), ("error", 503)])
def test_a_fault_is_answered_as_the_line_says(parts: Parts, fault: str, status: int) -> None:
    with served(parts, pictrs=(f"127.0.0.1:0 fault={fault}",)) as (address,):
        assert httpx2.post(f"http://{address}", content=OTHER[:300]).status_code == status
        assert httpx2.post(f"http://{address}", content=bytes(MAX_UPLOAD_BYTES + 1)).status_code == status


def test_who_is_not_named_is_turned_away(parts: Parts) -> None:
    with served(parts, pictrs=("127.0.0.1:0 peer=192.0.2.7",)) as (address,):
        assert httpx2.post(f"http://{address}", content=DECIDED).status_code == 403
