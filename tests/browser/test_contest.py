"""`/contest` and her hearing in a browser: with scripts and without, for everyone, and the link leaves no trace."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
import pytest
from PIL import Image
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import faults_at_each_width, faults_on
from tests.browser.test_journeys import SIZES
from tests.browser.test_return import open_case
from tests.browser.walking import Open, Visit
from tests.house import drawn
from tests.unit.service.test_journey import notice_in

pytestmark = pytest.mark.browser

REMOVED = {"outcome": "removed", "appears_covered": True, "reason": "Shown without consent.", "confirm": "all"}
GROUNDS = "It is a drawing of a coast."
PATIENCE_SECONDS = 60.0
NUMBERS = count(4_000)


@dataclass(frozen=True, slots=True)
class Posted:
    """A picture on the site that a notice is about, hidden, with the link that its order carried."""

    service: Service
    case: str
    receipt: str
    link: str

    def ask(self, what: str, body: dict[str, Any], role: str = "moderator") -> Any:
        path = f"{self.service.url}/api/v1/cases/{self.case}/{what}"
        answer = httpx2.post(path, headers=self.service.headers(role), json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def posted(service: Service, site: Receiver, desk: list[str]) -> Posted:
    number = next(NUMBERS)
    buffer = io.BytesIO()
    Image.fromarray(drawn(number)).save(buffer, "PNG")
    item = f"posted-{number}"
    fields = {"item_id": item, "url": f"{site.url}/items/{item}"}
    files = {"file": ("a.png", buffer.getvalue())}
    checked = httpx2.post(f"{service.url}/api/v1/check", headers=service.headers("upload"), files=files, data=fields)
    assert checked.json()["action"] == "allow", checked.text
    received = httpx2.post(f"{service.url}/api/v1/notices", json=notice_in(drawn(number))).json()
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        for _, order in site.orders:
            if order["item"] == item:
                return Posted(service, received["case"], received["receipt"], order["reason"]["contest_url"])
        time.sleep(0.1)
    raise AssertionError("no order came")


def open_link(here: Visit, link: str) -> None:
    """Open the link anew, as out of a message: the script takes the secret and sends it."""
    here.page.goto("about:blank")
    here.page.goto(link)
    here.page.wait_for_selector("section h2")


def secret_of(link: str) -> bytes:
    return link.partition("#")[2].encode()


@SIZES
def test_the_link_opens_the_statement_and_is_in_no_address(visit: Open, posted: Posted, size: dict[str, int]) -> None:
    here = visit(size=size, path="/contest")
    open_link(here, posted.link)
    assert here.page.inner_text("h1") == "Why a picture is hidden"
    assert here.page.url == f"{here.url}/contest"
    for request in here.requests:
        assert secret_of(posted.link) not in request.url.encode()
        assert secret_of(posted.link) not in str(request.headers).encode()
    posted.ask("decision", REMOVED)
    open_link(here, posted.link)
    assert faults_on(here.page) == []
    here.write("grounds", GROUNDS)
    here.press_away("button[value=contest]")
    assert "It is received" in here.page.inner_text(".done")
    assert faults_on(here.page) == []
    # She reads it in the desk's words, and answers; a second person upholds, and the answer stands at the link.
    posted.ask("hearing", {"summary": "It is said to be a drawing."})
    her = visit(size=size)
    open_case(her, posted.receipt)
    assert her.page.inner_text(".hearing blockquote") == "It is said to be a drawing."
    assert faults_on(her.page) == []
    her.page.fill("form.say textarea", "It is me, on a beach.")
    her.press("form.say button[value=disagree]")
    her.page.wait_for_selector(".done")
    assert "You have said that it must stay hidden." in her.page.inner_text(".hearing")
    for request in her.requests:
        assert not request.holds(b"on a beach")
    posted.ask("answer", {"put_back": False, "reason": "It is a picture of her."}, "administrator")
    open_link(here, posted.link)
    assert here.page.inner_text(".state") == "A second person has decided that it stays hidden."
    assert here.page.inner_text("blockquote") == "It is a picture of her."
    assert here.problems == her.problems == []


def test_without_a_script_the_link_is_pasted_and_all_of_it_works(visit: Open, posted: Posted) -> None:
    posted.ask("decision", REMOVED)
    here = visit(script=False, path="/contest")
    here.write("code", posted.link)
    here.press_away("main button")
    here.write("grounds", GROUNDS)
    here.press_away("button[value=contest]")
    assert "It is received" in here.page.inner_text(".done")
    posted.ask("hearing", {"summary": "It is said to be a drawing."})
    her = visit(script=False)
    open_case(her, posted.receipt)
    her.press(".hearing details > summary")
    her.press_away("form.say button[value=agree]")
    assert "Nothing was written down" in her.page.inner_text("p.problem[role=alert]")
    her.press(".hearing details > summary")
    her.page.check("form.say input[name=sure]")
    her.press_away("form.say button[value=agree]")
    assert "You have agreed that it is shown again." in her.page.inner_text(".hearing")


@pytest.mark.parametrize("language", ["ar", "de"])
def test_axe_finds_nothing_in_other_languages_and_nothing_is_cut_off(
    visit: Open, posted: Posted, language: str
) -> None:
    here = visit(language=language, path="/contest")
    assert faults_at_each_width(here.page) == []
    open_link(here, posted.link)
    assert here.page.get_attribute("html", "lang") == language
    assert faults_at_each_width(here.page) == []
    posted.ask("decision", {"outcome": "refused", "reason": "A coast.", "elements": ["intimate"]})
    her = visit(language=language)
    open_case(her, posted.receipt)
    her.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert faults_at_each_width(her.page) == []


def test_a_wrong_link_says_so(visit: Open) -> None:
    here = visit(path="/contest")
    here.page.goto(f"{here.url}/contest#{'b' * 26}")
    here.page.wait_for_selector("[role=alert]")
    assert "No picture belongs to this link" in here.page.inner_text("[role=alert]")
    assert here.page.url == f"{here.url}/contest"
