"""A refused upload: its link in a browser, and the desk that answers, on a phone and a desktop."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Service
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Come, reported_case
from tests.browser.walking import PHONE, Browser, Visit

pytestmark = pytest.mark.browser

REMOVED = {"outcome": "removed", "appears_covered": True, "reason": "Shown without consent.", "confirm": "all"}
GROUNDS = "It is a drawing of a coast, which I made."
_numbers = count(7_000)

type Go = Callable[..., Visit]


@dataclass(frozen=True, slots=True)
class Refused:
    """A case that was decided, and the link of an upload that it refused."""

    service: Service
    case: str
    link: str

    def ask(self, what: str, body: dict[str, Any], role: str = "moderator") -> None:
        path = f"{self.service.url}/api/v1/cases/{self.case}/{what}"
        answer = httpx2.post(path, headers=self.service.headers(role), json=body)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def refused(house: Service) -> Refused:
    number = next(_numbers)
    case = reported_case(house, number)
    decision = f"{house.url}/api/v1/cases/{case}/decision"
    assert httpx2.post(decision, headers=house.headers("moderator"), json=REMOVED).status_code == 200
    bits = random.Random(number).sample(range(256), 120)
    body = {"pictures": [{"pdq": f"{sum(1 << bit for bit in bits):064x}"}], "item_id": f"again-{number}"}
    answer = httpx2.post(f"{house.url}/api/v1/check", headers=house.headers("upload"), json=body).json()
    assert answer["action"] == "refuse", answer
    return Refused(house, case, answer["contest_url"])


@pytest.fixture
def go(browser: Browser, house: Service) -> Iterator[Go]:
    opened: list[Visit] = []

    def to(**options: Any) -> Visit:
        opened.append(Visit(browser, house.url, path="/contest", **options))
        return opened[-1]

    yield to
    for each in opened:
        each.close()


def open_link(here: Visit, link: str) -> None:
    here.page.goto("about:blank")
    here.page.goto(link)
    here.page.wait_for_selector("section h2")


def test_its_link_says_why_takes_grounds_once_and_later_shows_the_answer(go: Go, come: Come, refused: Refused) -> None:
    here = go()
    open_link(here, refused.link)
    assert here.page.inner_text("h1") == "Why an upload was refused"
    assert here.page.url == f"{here.url}/contest"
    assert faults_at_each_width(here.page, "refused") == []
    here.write("grounds", GROUNDS)
    here.press_away("button[value=contest]")
    assert "It is received" in here.page.inner_text(".done")
    assert "It is contested since" in here.page.inner_text(".state")
    assert faults_at_each_width(here.page) == []
    # The desk: whoever is asked opens the grounds, and answers in the same place as any contest.
    bo = come(role="second_reader", size=PHONE)
    bo.join()
    assert "A contest to answer" in bo.page.inner_text("main")
    bo.open(refused.case)
    assert "contested" in bo.page.inner_text("#uploads-title ~ ul")
    assert "The picture is still refused at upload" not in bo.page.inner_text("#uploads-title ~ ul")
    assert faults_at_each_width(bo.page, "desk-contested") == []
    bo.send("form[action$='/words#messages'] button")
    assert GROUNDS in bo.page.inner_text(".opened")
    assert "A refused upload is contested" in bo.page.inner_text(".opened")
    bo.page.check("#answer-uphold")
    bo.page.fill("#answer-reason", "It is the same picture.")
    bo.send("form[action$='/answer'] button")
    assert "still refused" in bo.page.inner_text("#uploads-title ~ ul")
    assert faults_at_each_width(bo.page) == []
    open_link(here, refused.link)
    assert here.page.inner_text(".state") == "A second person has decided that it is still refused."
    assert here.page.inner_text("blockquote") == "It is the same picture."
    assert here.problems == bo.problems == []


def test_a_case_is_let_at_the_desk_only_after_she_was_heard(go: Go, come: Come, refused: Refused) -> None:
    here = go(script=False)
    here.write("code", refused.link)
    here.press_away("main button")
    here.write("grounds", GROUNDS)
    here.press_away("button[value=contest]")
    bo = come(role="second_reader", size=PHONE)
    bo.join()
    bo.open(refused.case)
    assert "contests that an upload of theirs was refused" in bo.page.inner_text("#hear-title ~ p")
    assert not bo.page.is_visible("#answer-put_back")
    bo.page.fill("#summary", "It is said to be a drawing.")
    bo.send("form[action$='/hearing'] button")
    assert "She was told what speaks against it" in bo.page.inner_text("main")
    assert not bo.page.is_visible("#answer-put_back")
    assert faults_at_each_width(bo.page, "desk-told") == []


@pytest.mark.parametrize("language", ["ar", "de", "fr"])
def test_it_is_for_everyone_in_other_languages(go: Go, refused: Refused, language: str) -> None:
    here = go(language=language)
    open_link(here, refused.link)
    assert here.page.get_attribute("html", "lang") == language
    assert faults_at_each_width(here.page, f"refused-{language}") == []
