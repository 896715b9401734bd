"""Mail when there is news, in a browser and with a real mail server: by phone, by desktop, and without a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.browser.accessible import NARROW, faults_at_each_width
from tests.browser.news import ADDRESS, NEWS_STATES, NewsState, PostOffice, came_back, open_case, post_office, sent_with
from tests.browser.test_access import WIDEST
from tests.browser.test_journeys import SIZES
from tests.browser.test_transcripts import FOLDER
from tests.browser.walking import DESKTOP, Browser, Open, Visit, spoken

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostOffice]:
    with post_office(tmp_path_factory.mktemp("mailing")) as office:
        yield office


@pytest.fixture
def visit(browser: Browser, office: PostOffice) -> Iterator[Open]:
    opened: list[Visit] = []

    def open_page(**options: Any) -> Visit:
        opened.append(Visit(browser, office.service.url, **options))
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


@SIZES
def test_she_gives_an_address_with_the_notice_confirms_it_and_is_told(
    visit: Open, office: PostOffice, size: dict[str, int]
) -> None:
    here, before = visit(size=size), len(office.server.taken)
    assert not here.page.is_visible("#news")
    receipt = sent_with(here, ADDRESS)
    # 1. What was shown before is what was sent, in the one request that it is in.
    (posted,) = [request for request in here.requests if request.holds(ADDRESS.encode())]
    assert json.loads(posted.body)["news"] == {"address": ADDRESS, "language": "en"}
    assert here.page.is_visible("#receipt-news")
    assert not here.page.is_visible("#receipt-news-choice")
    # 2. The question: whoever follows its link does nothing by that.
    question = office.next_mail(before)
    assert question.to == ADDRESS
    httpx2.get(question.links[0])
    open_case(here, receipt)
    assert here.page.get_attribute(".news", "data-news") == "unconfirmed"
    reader = visit(size=size)
    reader.page.goto(question.links[0])
    reader.press_away("button[value=confirm]")
    assert "From now on" in reader.page.inner_text(".done")
    # 3. There is news.
    case = office.service.url + f"/api/v1/cases/{standing(office, receipt)['case']}"
    moderator = office.service.headers("moderator")
    assert httpx2.post(f"{case}/message", headers=moderator, json={"text": "Which link?"}).status_code == 204
    news = office.next_mail(before + 1)
    assert news.to == ADDRESS
    reader.page.goto(news.links[0])
    reader.write("receipt", receipt)
    reader.press("main button")
    reader.page.wait_for_selector(".state")
    assert reader.page.inner_text(".messages blockquote") == "Which link?"
    assert reader.page.get_attribute(".news", "data-news") == "confirmed"
    # 4. No more.
    reader.page.goto(news.links[1])
    reader.press_away("button[value=stop]")
    assert "no more mail" in reader.page.inner_text(".done")
    assert standing(office, receipt)["news"] == "off"
    assert here.problems == reader.problems == []


@SIZES
def test_without_a_script_it_is_the_same(visit: Open, office: PostOffice, size: dict[str, int]) -> None:
    here, before = visit(size=size, script=False), len(office.server.taken)
    address = f"luz{size['width']}@mail.example"
    here.begin(role="me")
    here.write("links", "https://elsewhere.example/posts/1")
    for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
        here.tick(name)
    here.write("statement", "A picture of me.")
    here.write("signature", "A. B.")
    here.press("#news-choice > summary")
    here.write("news", "luz at mail")
    here.press("#to-review")
    assert "not an address that mail can be sent to" in here.page.inner_text("#problems")
    here.write("news", address)
    here.press("#to-review")
    assert address in here.page.inner_text("main")
    here.press("button[value=send]")
    receipt = here.page.inner_text("#receipt-words").strip()
    assert here.page.is_visible("#receipt-news")
    question = office.next_mail(before)
    here.page.goto(question.links[0])
    here.press_away("button[value=confirm]")
    open_case(here, receipt)
    assert here.page.get_attribute(".news", "data-news") == "confirmed"
    here.press("button[value=news_end]")
    assert "You get no more mail" in here.page.inner_text(".done")


def test_on_the_receipt_and_on_the_case_it_can_be_chosen_later(visit: Open, office: PostOffice) -> None:
    here, before = visit(), len(office.server.taken)
    receipt = sent_with(here, "")
    here.press("#receipt-news-choice > summary")
    here.write("news-later", "later@mail.example")
    here.press_away("button[value=news]")
    assert "Open its link" in here.page.inner_text(".done")
    here.press("details:has(#news) > summary")
    here.write("news", "other@mail.example")
    here.press_away("button[value=news]")
    assert "other@mail.example" in {mail.to for mail in office.server.wait_for(before + 1)[before:]} or (
        office.next_mail(before + 1).to == "other@mail.example"
    )
    assert standing(office, receipt)["news"] == "unconfirmed"
    assert "later@mail.example" not in here.page.content()


def test_a_wrong_address_is_named_with_a_way_to_it(visit: Open) -> None:
    here = visit(size=DESKTOP)
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.press("#news-choice > summary")
    here.write("news", "rosa at mail")
    here.press("#news-choice > summary")
    here.press("#to-review")
    assert "not an address that mail can be sent to" in here.page.inner_text("#problems")
    here.press("#problems a")
    assert here.page.evaluate("document.activeElement.id") == "news"


def test_who_did_not_ask_presses_the_other_button(visit: Open, office: PostOffice) -> None:
    here, before = visit(), len(office.server.taken)
    receipt = sent_with(here, "somebody@mail.example")
    other = visit(path="/mail/x")
    other.page.goto(office.next_mail(before).links[0])
    other.press_away("button[value=refuse]")
    assert "erased" in other.page.inner_text(".done")
    assert standing(office, receipt)["news"] == "off"


def test_mail_that_came_back_is_told_on_the_case(visit: Open, office: PostOffice) -> None:
    here, before = visit(), len(office.server.taken)
    receipt = sent_with(here, "gone@mail.example")
    came_back(office, office.next_mail(before))
    open_case(here, receipt)
    assert "Your case goes on" in here.page.inner_text(".news")


# ---- For everyone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", NEWS_STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(visit: Open, office: PostOffice, state: NewsState) -> None:
    here = visit()
    state(here, office)
    assert faults_at_each_width(here.page) == []


@pytest.mark.parametrize("language", WIDEST)
@pytest.mark.parametrize("state", NEWS_STATES, ids=lambda state: state.__name__)
def test_a_narrow_window_needs_no_scrolling_sideways(
    visit: Open, office: PostOffice, state: NewsState, language: str
) -> None:
    here = visit(size=NARROW, language=language)
    state(here, office)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


@pytest.mark.parametrize("state", NEWS_STATES, ids=lambda state: state.__name__)
def test_what_is_spoken_is_what_was_read(visit: Open, office: PostOffice, state: NewsState) -> None:
    """`tools/page-pictures` writes them anew; read the difference before it is committed."""
    here = visit()
    state(here, office)
    assert spoken(here) == Path(FOLDER / f"{state.__name__}.yml").read_text("utf-8")


def standing(office: PostOffice, receipt: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.post(
        f"{office.service.url}/api/v1/notices/standing", json={"receipt": receipt}
    ).json()
    return found
