"""The form on another site's pages: who may show it, and what the file that shows it can do."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from hashlib import sha256
from html import unescape

import pytest
from starlette.testclient import TestClient

from takeback.assembly import Parts
from takeback.service.app import create_app
from takeback.service.pages.answer import PAGE_HEADERS
from takeback.service.pages.embed import SANDBOX, embedding_page
from takeback.service.pages.static import files
from takeback.service.pages.words import languages

FORUM, SHOP = "https://forum.example", "https://shop.example:8443"
HERE = "https://report.example"
PAGES = ["/", "/case", "/how"]


@pytest.fixture
def framed(parts: Parts) -> TestClient:
    """The service where two sites may show its pages."""
    settings = replace(parts.settings, embedded_on=(FORUM, SHOP))
    return TestClient(create_app(replace(parts, settings=settings)), raise_server_exceptions=False)


@pytest.mark.parametrize("path", PAGES)
def test_where_no_site_is_named_nobody_may_show_a_page(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", PAGES)
def test_only_the_sites_that_are_named_may_show_a_page_and_nothing_else_of_it_changes(
    client: TestClient, framed: TestClient, path: str
) -> None:
    before, after = dict(client.get(path).headers), dict(framed.get(path).headers)
    allowed = before.pop("content-security-policy").replace("frame-ancestors 'none'", f"frame-ancestors {FORUM} {SHOP}")
    assert after.pop("content-security-policy") == allowed
    assert before.pop("x-frame-options") == "DENY"
    del before["content-length"], after["content-length"]
    assert after == before


def test_a_page_that_tells_of_a_problem_is_shown_there_too(framed: TestClient) -> None:
    for answer in (
        framed.post("/case", data={"receipt": "none of these"}),
        framed.post("/", json={}),
        framed.post("/", data={"statement": "x" * 2_000_000}),
    ):
        assert answer.status_code >= 400
        assert f"frame-ancestors {FORUM} {SHOP}" in answer.headers["content-security-policy"]
        assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/page/report.js", "/page/worker.js", "/api/v1/cases", "/health/live", "/docs", "/nowhere"]
)
def test_nothing_but_the_pages_may_be_shown_anywhere(client: TestClient, framed: TestClient, path: str) -> None:
    before, after = client.get(path), framed.get(path)
    assert dict(after.headers) == dict(before.headers)
    assert "frame-ancestors 'none'" in after.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_what_leads_elsewhere_takes_the_whole_window_along(client: TestClient, path: str) -> None:
    leads = re.findall(r"<a [^>]*href=\"https?:[^>]*>", client.get(path).text)
    assert leads
    assert all('target="_top"' in each and "noreferrer" in each for each in leads)


@pytest.mark.parametrize("code", languages())
def test_the_file_shows_the_form_in_each_language_with_a_way_to_it_and_a_way_out(code: str) -> None:
    words = languages()[code]
    page = embedding_page(words, HERE, f"?language={code}")
    assert f'<html lang="{code}" dir="{words("direction")}">' in page
    assert page.count(f"{HERE}/?language={code}") == 2, "the frame, and the link for where there is none"
    for name in ("embed.frame", "embed.nothing", "embed.open", "exit.button"):
        assert words(name) in unescape(page)
    assert "<title>" + words("start.title") + "</title>" in page


def test_the_file_runs_and_shows_nothing_but_what_is_in_it_and_the_service() -> None:
    page = embedding_page(languages()["en"], HERE)
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    policy = dict(part.strip().split(" ", 1) for part in unescape(found.group(1)).split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["frame-src"] == HERE
    for kind, name in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{kind}[^>]*>(.*?)</{kind}>", page, re.DOTALL)
        assert policy[name] == f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"
    assert re.findall(r"https?://[^\s\"';]+", page.replace(HERE, "")) == ["https://weather.com/"]


def test_the_file_tells_the_service_nothing_and_lets_the_frame_do_no_more_than_it_needs() -> None:
    page = embedding_page(languages()["en"], HERE)
    assert '<meta name="referrer" content="no-referrer">' in page
    assert 'referrerpolicy="no-referrer"' in page
    assert f'sandbox="{" ".join(SANDBOX)}"' in page
    assert not {"allow-popups", "allow-downloads", "allow-storage-access-by-user-activation"} & set(SANDBOX)
    assert "postMessage" not in page


def test_no_script_of_a_page_knows_of_a_page_around_it_but_the_one_that_leaves() -> None:
    naming = [name for name, content in files().items() if re.search(rb"\b(window\.(top|parent)|opener)\b", content)]
    assert naming == ["exit.js"]
    assert not any(re.search(rb"\bparent\.", content) for content in files().values())


def test_the_headers_of_a_page_that_is_in_no_frame_are_those_that_were_read() -> None:
    assert PAGE_HEADERS["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src data:; media-src blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types takeback-worker"
    )
