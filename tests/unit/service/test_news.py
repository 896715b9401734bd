"""Mail when there is news, by API and page: given, confirmed by a button, seen at the desk where it came back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.house import AT, Clock
from tests.mail_server import MailServer, Taken, mail_server
from tests.unit.service.conftest import Keys
from tests.unit.service.test_pages import CODES, COMPLETE, receipt_in, text_of

from takeback.actions.mail import smtp_sender
from takeback.assembly import Parts
from takeback.jobs.news import NewsJob
from takeback.service.app import create_app
from takeback.service.crowd import ADDRESSES
from takeback.service.pages.mails import MailTexts
from takeback.service.pages.words import languages
from takeback.store.access import KeyRole
from takeback.store.tables import news_address
from takeback.workflow.register import new_key

NOTICES = "/api/v1/notices"
ADDRESS = "rosa.secret@mail.example"
PAGES = "https://report.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailing(parts: Parts, server: MailServer) -> Parts:
    """A house whose operator sends mail."""
    settings = replace(parts.settings, mail_server=server.url, mail_from="news@report.example", public_address=PAGES)
    return replace(parts, settings=settings)


@pytest.fixture
def here(mailing: Parts, keys: Keys) -> Iterator[TestClient]:
    with TestClient(create_app(mailing), raise_server_exceptions=False) as client:
        yield client


def post_office(mailing: Parts) -> None:
    """Send what is due."""
    job = NewsJob(mailing, smtp_sender(mailing.settings), MailTexts())
    for _ in range(3):
        asyncio.run(job.step())


@pytest.fixture
def sent(here: TestClient) -> dict[str, Any]:
    body = {
        "links": ["https://forum.example/p/81"], "role": "me", "statement": "Mine.", "signature": "A. B.",
        "intimate": True, "not_consensual": True, "good_faith": True, "contact": {"mailbox": True},
    }  # fmt: skip
    found: dict[str, Any] = here.post(NOTICES, json=body).json()
    return found


def path_of(mail: Taken, number: int = 0) -> str:
    return mail.links[number].removeprefix(PAGES)


def hidden_in(html: str) -> dict[str, str]:
    return {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html)
    }


def press(client: TestClient, path: str, step: str) -> str:
    """Open what a mail leads to and press a button there."""
    page = client.get(path)
    assert page.status_code == 200
    assert f'value="{step}"' in page.text
    answer = client.post("/mail", data={**hidden_in(page.text), "step": step})
    return f"{answer.status_code} {text_of(answer.text)}"


def news_of(client: TestClient, receipt: str) -> str | None:
    answer: str | None = client.post(f"{NOTICES}/standing", json={"receipt": receipt}).json()["news"]
    return answer


# ---- By API -----------------------------------------------------------------------------------------------------


def test_an_address_is_given_confirmed_told_and_stopped(
    here: TestClient, keys: Keys, mailing: Parts, server: MailServer, clock: Clock, sent: dict[str, Any]
) -> None:
    assert sent["news"] == "off"
    given = here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": ADDRESS, "language": "fr"})
    assert (given.status_code, given.json()["news"]) == (200, "unconfirmed")
    assert ADDRESS not in given.text
    post_office(mailing)
    (question,) = server.taken
    assert question.message["Subject"] == "Veuillez confirmer cette adresse"
    assert press(here, path_of(question), "confirm").startswith("200")
    assert news_of(here, sent["receipt"]) == "confirmed"
    case = f"/api/v1/cases/{sent['case']}"
    here.post(f"{case}/message", headers=keys["moderator"], json={"text": "Which link?"})
    clock.pass_(minutes=6)
    post_office(mailing)
    news = server.taken[1]
    assert news.message["Subject"] == "Il y a du nouveau"
    assert "fr" in here.get(path_of(news)).headers["content-language"]
    assert press(here, path_of(news, 1), "stop").startswith("200")
    assert news_of(here, sent["receipt"]) == "off"
    ended = here.post(f"{NOTICES}/news/end", json={"receipt": sent["receipt"]})
    assert ended.json()["news"] == "off"


def test_it_comes_with_the_notice_too(here: TestClient, mailing: Parts, server: MailServer) -> None:
    body = {"links": ["https://forum.example/p/7"], "news": {"address": ADDRESS, "language": "xx"}}
    answer = here.post(NOTICES, json=body).json()
    assert (answer["state"], answer["news"]) == ("incomplete", "unconfirmed")
    post_office(mailing)
    assert server.taken[0].message["Subject"] == "Please confirm this address"


def test_what_is_no_address_is_said_and_no_notice_is_made_of_it(here: TestClient, mailing: Parts) -> None:
    body = {"links": ["https://forum.example/p/7"], "news": {"address": "rosa"}}
    answer = here.post(NOTICES, json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:takeback:problem:malformed-address")
    with mailing.store.read() as tx:
        assert tx.cases.queue() == []


def test_where_the_operator_sends_no_mail_none_is_offered_or_taken(
    client: TestClient, keys: Keys, sent: dict[str, Any]
) -> None:
    assert news_of(client, sent["receipt"]) is None
    for path, body in (
        (f"{NOTICES}/news", {"receipt": sent["receipt"], "address": ADDRESS}),
        (NOTICES, {"links": [], "news": {"address": ADDRESS}}),
    ):
        assert client.post(path, json=body).status_code == 409
    assert 'name="news"' not in client.get("/").text
    assert 'name="news"' not in client.post("/case", data={"receipt": sent["receipt"]}).text
    assert client.post("/", data={**COMPLETE, "news": ADDRESS, "step": "send"}).status_code == 409


def test_who_gives_many_addresses_is_asked_for_a_little_work(here: TestClient, sent: dict[str, Any]) -> None:
    body = {"receipt": "no words of anybody", "address": ADDRESS}
    answers = [here.post(f"{NOTICES}/news", json=body).status_code for _ in range(ADDRESSES.of_one + 1)]
    assert answers == [404] * ADDRESSES.of_one + [429]


def test_a_case_takes_three_addresses_a_day(here: TestClient, sent: dict[str, Any]) -> None:
    answers = [
        here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": f"rosa{number}@mail.example"})
        for number in range(4)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422]
    assert answers[3].json()["type"] == "urn:takeback:problem:too-many-addresses"


# ---- What a mail leads to ----------------------------------------------------------------------------------------


def rows(mailing: Parts) -> list[Any]:
    with mailing.store.read() as tx:
        return [tuple(row) for row in tx.connection.execute(news_address.select())]


def test_to_follow_a_link_changes_nothing_whatever_the_method(
    here: TestClient, mailing: Parts, server: MailServer, sent: dict[str, Any]
) -> None:
    here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": ADDRESS})
    post_office(mailing)
    path = path_of(server.taken[0])
    before = rows(mailing)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"):
        here.request(method, path)
    for method in ("GET", "HEAD"):
        here.request(method, "/mail", params={"token": path, "step": "confirm"})
    assert rows(mailing) == before
    assert press(here, path, "confirm").startswith("200")
    assert rows(mailing) != before


def test_the_page_says_nothing_of_any_case_nor_whether_a_link_is_one(
    here: TestClient, mailing: Parts, server: MailServer, sent: dict[str, Any]
) -> None:
    here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": ADDRESS})
    post_office(mailing)
    ours, none = here.get(path_of(server.taken[0])), here.get(f"/mail/{'0' * 32}")
    token = path_of(server.taken[0]).partition("?")[0].rpartition("/")[2]
    assert ours.text.replace(token, "") == none.text.replace("0" * 32, "")
    assert sent["case"][:8] not in ours.text
    assert ADDRESS not in ours.text
    main = text_of(ours.text.partition("<main")[2].partition("</main")[0]).lower()
    for telling in ("picture", "intimate", "notice", "case"):
        assert telling not in main
    for header in ("cache-control", "referrer-policy", "clear-site-data", "content-security-policy"):
        assert header in ours.headers


def test_who_did_not_ask_presses_the_other_button(
    here: TestClient, mailing: Parts, server: MailServer, sent: dict[str, Any]
) -> None:
    here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": ADDRESS})
    post_office(mailing)
    assert "address is erased" in press(here, path_of(server.taken[0]), "refuse")
    assert news_of(here, sent["receipt"]) == "off"
    assert press(here, path_of(server.taken[0]), "confirm").startswith("404")


def test_tokens_that_are_tried_are_counted_as_wrong_receipts_are(here: TestClient) -> None:
    answers = [
        here.post("/mail", data={"token": f"{number:032x}", "step": "confirm"}).status_code for number in range(12)
    ]
    assert answers == [404] * 10 + [429] * 2


def test_back_from_an_error_the_buttons_are_there_again(here: TestClient) -> None:
    page = here.post("/mail", data={"token": "0" * 32, "what": "stop", "step": "change"})
    assert page.status_code == 200
    assert hidden_in(page.text)["token"] == "0" * 32
    assert 'value="stop"' in page.text


@pytest.mark.parametrize("code", CODES)
def test_the_pages_of_a_mail_stand_in_every_language(here: TestClient, code: str) -> None:
    words = languages()[code]
    for path, name in (("/mail/abc", "mail.refuse_button"), ("/mail/stop/abc", "mail.stop_text")):
        page = here.get(path, params={"language": code})
        assert page.headers["content-language"] == code
        assert words(name) in unescape(page.text)


# ---- On the pages ------------------------------------------------------------------------------------------------


def test_the_form_offers_it_with_nothing_filled_in_and_says_the_difference(here: TestClient) -> None:
    page = here.get("/").text
    assert re.search(r'<input type="email" id="news" name="news" value=""', page)
    assert '<details class="news" id="news-choice"><summary>' in page
    assert "the people who decide do not see it" in text_of(page)
    assert "can see that a mail came" in text_of(page)


def test_an_address_goes_the_whole_way_without_a_script(here: TestClient, mailing: Parts, server: MailServer) -> None:
    review = here.post("/", data={**COMPLETE, "news": ADDRESS, "step": "review"})
    assert ADDRESS in text_of(review.text)
    received = here.post("/", data={**hidden_in(review.text), "step": "send"})
    assert "Open its link" in text_of(received.text.partition('id="receipt-news"')[2].partition("</p>")[0])
    receipt = receipt_in(received.text)
    post_office(mailing)
    assert server.taken[0].to == ADDRESS
    case = here.post("/case", data={"receipt": receipt}).text
    assert 'data-news="unconfirmed"' in case
    assert ADDRESS not in case
    press(here, path_of(server.taken[0]), "confirm")
    assert 'data-news="confirmed"' in here.post("/case", data={"receipt": receipt}).text
    stopped = here.post("/case", data={"receipt": receipt, "step": "news_end"}).text
    assert "You get no more mail" in stopped
    assert "data-news=" not in stopped


def test_a_wrong_address_on_the_form_is_said_before_anything_is_sent(here: TestClient, mailing: Parts) -> None:
    answer = here.post("/", data={**COMPLETE, "news": "rosa at mail", "step": "review"})
    assert "not an address that mail can be sent to" in text_of(answer.text)
    assert 'value="rosa at mail"' in answer.text
    assert '<details class="news" id="news-choice" open>' in answer.text
    with mailing.store.read() as tx:
        assert tx.cases.queue() == []


def test_on_the_case_it_is_given_changed_and_wrong_ones_are_said_in_her_language(
    here: TestClient, mailing: Parts, server: MailServer, sent: dict[str, Any]
) -> None:
    given = here.post("/case", data={"receipt": sent["receipt"], "step": "news", "news": ADDRESS, "language": "es"})
    assert languages()["es"]("case.said_news") in unescape(given.text)
    post_office(mailing)
    assert server.taken[0].message["Subject"] == "Confirma esta dirección, por favor"
    wrong = here.post("/case", data={"receipt": sent["receipt"], "step": "news", "news": "rosa", "language": "es"})
    assert wrong.status_code == 422
    assert languages()["es"]("problem.codes.malformed-address") in unescape(wrong.text)
    back = here.post("/case", data={**hidden_in(wrong.text), "step": "change"})
    assert 'name="news" value="rosa"' in back.text
    assert news_of(here, sent["receipt"]) == "unconfirmed"
    unknown = here.post("/case", data={"receipt": "no words", "step": "news", "news": ADDRESS})
    assert unknown.status_code == 404


# ---- It comes back -----------------------------------------------------------------------------------------------


def test_mail_that_came_back_is_seen_by_her_and_by_the_desk_and_closes_nothing(
    here: TestClient, keys: Keys, mailing: Parts, server: MailServer, sent: dict[str, Any]
) -> None:
    pipe = {
        "Authorization": f"Bearer {new_key(mailing.store, KeyRole.MAIL, name='mx', site=None, actor='test', at=AT)}"
    }
    here.post(f"{NOTICES}/news", json={"receipt": sent["receipt"], "address": ADDRESS})
    post_office(mailing)
    case = f"/api/v1/cases/{sent['case']}"
    before = here.get(case, headers=keys["moderator"]).json()
    assert before["news_bounced"] is False
    back = here.post("/api/v1/mail/bounces", headers=pipe, json={"tag": server.taken[0].tag.upper()})
    assert back.json() == {"known": True}
    after = here.get(case, headers=keys["moderator"])
    assert after.json() == {**before, "news_bounced": True}
    assert ADDRESS not in after.text
    page = text_of(here.post("/case", data={"receipt": sent["receipt"]}).text)
    assert "came back" in page
    assert "Your case goes on as before" in page
    assert press(here, path_of(server.taken[0]), "confirm").startswith("404")
    assert here.post("/api/v1/mail/bounces", headers=pipe, json={"tag": "a" * 26}).json() == {"known": False}


@pytest.mark.parametrize("role", ["", "upload", "moderator", "administrator", "auditor"])
def test_only_the_mail_servers_key_says_that_mail_came_back_and_it_says_nothing_else(
    here: TestClient, keys: Keys, mailing: Parts, role: str
) -> None:
    answer = here.post("/api/v1/mail/bounces", headers=keys.get(role, {}), json={"tag": "a" * 26})
    assert answer.status_code == (403 if role else 401)
    pipe = {
        "Authorization": f"Bearer {new_key(mailing.store, KeyRole.MAIL, name='mx', site=None, actor='test', at=AT)}"
    }
    for path in ("/api/v1/cases", "/metrics", "/docs", "/api/v1/banks", "/api/v1/sites"):
        assert here.get(path, headers=pipe).status_code == 403
