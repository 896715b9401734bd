"""The pages as a server answers them: headers, words in every language, the form without scripts."""

from __future__ import annotations

import json
import re
import sqlite3
import string
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from html import unescape
from importlib import resources
from typing import Any

import pytest
from babel import Locale
from starlette.testclient import TestClient
from tests.house import AT, LAWS

from takeback.assembly import Parts
from takeback.cases import CopyState, Notice
from takeback.cases.law import law_pack
from takeback.cases.link import _LINK
from takeback.cases.notice import FIELDS, MAX_LINKS
from takeback.errors import LowQuality, OutsideError, SealBroken
from takeback.service.app import create_app
from takeback.service.pages import static
from takeback.service.pages.answer import PAGE_HEADERS, told_of
from takeback.service.pages.authorities import authorities
from takeback.service.pages.helplines import PURPOSES, by_country, helplines
from takeback.service.pages.letters import host_of, letters
from takeback.service.pages.notice import FORM_ORDER
from takeback.service.pages.rendering import EXIT_URL
from takeback.service.pages.words import languages, words_for
from takeback.store.database import DATABASE_NAME
from takeback.workflow.intake import receive_notice

CODES = ["ar", "de", "en", "es", "fr", "pt"]
COMPLETE = {
    "under_18": "no",
    "role": "me",
    "links": "https://forum.example/posts/1",
    "statement": "A picture of me.",
    "intimate": "yes",
    "not_consensual": "yes",
    "good_faith": "yes",
    "mailbox": "yes",
    "signature": "A. B.",
    "name": "A. B.",
    "email": "a@example.org",
}
OF_A_FIELD = {
    "signature": ["signature"],
    "role": ["role"],
    "location": ["links"],
    "statement": ["statement"],
    "intimate": ["intimate"],
    "not_consensual": ["not_consensual"],
    "good_faith": ["good_faith"],
    "contact": ["mailbox", "email"],
    "name": ["name"],
    "email": ["email"],
}
"""Which fields of the form a field of a law is made of."""


@pytest.fixture(autouse=True)
def forum(keys: dict[str, dict[str, str]]) -> None:
    """The operator's own site, `forum.example`, is there."""


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in COMPLETE.items() if name not in names}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def leaves(texts: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each text, and each plural as a whole, by its dotted name."""
    for name, value in texts.items():
        if isinstance(value, Mapping) and "other" not in value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


# ---- Headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/case"])
@pytest.mark.parametrize(("name", "value"), PAGE_HEADERS.items())
def test_each_page_has_each_header(client: TestClient, path: str, name: str, value: str) -> None:
    assert client.get(path).headers[name] == value


def test_the_policy_lets_a_page_load_from_here_alone_and_run_nothing_inline(client: TestClient) -> None:
    policy = dict(part.strip().split(" ", 1) for part in client.get("/").headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action", "worker-src")} == {
        "'self'"
    }
    assert (policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'")
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "takeback-worker")


def test_the_worker_that_reads_pictures_may_connect_to_nothing(client: TestClient) -> None:
    answer = client.get("/page/worker.js")
    assert answer.headers["content-security-policy"] == static.WORKER_POLICY
    assert "connect-src" not in static.WORKER_POLICY
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/case", "/page/style.css", "/page/report.js"])
def test_nothing_is_kept_sent_on_or_set(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in headers


def test_pages_of_a_case_tell_the_browser_to_forget(client: TestClient) -> None:
    sent = client.post("/", data={**COMPLETE, "step": "send"})
    opened = client.post("/case", data={"receipt": receipt_in(sent.text)})
    wrong = client.post("/case", data={"receipt": "none of these"})
    for answer in (sent, opened, wrong):
        assert answer.headers["clear-site-data"] == '"cache"'


def test_a_page_loads_its_own_files_alone_and_names_no_other(client: TestClient) -> None:
    page = client.get("/").text
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", page)
    assert {each for each in loaded if not each.startswith("/page/")} == {"data:,"}
    assert not re.search(r"\son\w+=|<style|style=\"", page)


def test_an_unknown_file_is_not_found(client: TestClient) -> None:
    assert client.get("/page/../../config.py").status_code == 404
    assert client.get("/page/answer.py").status_code == 404


# ---- Words ------------------------------------------------------------------------------------------------------


def test_there_are_six_languages() -> None:
    assert sorted(languages()) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_language_has_every_text_with_its_placeholders_and_no_other(code: str) -> None:
    english, other = dict(leaves(languages()["en"].texts)), dict(leaves(languages()[code].texts))
    assert list(other) == list(english)
    for name, text in other.items():
        if isinstance(text, str):
            assert placeholders(text) == placeholders(english[name]), name
            assert text.strip(), name


@pytest.mark.parametrize("code", CODES)
def test_a_plural_has_each_form_that_the_language_has(code: str) -> None:
    words = languages()[code]
    plurals = [name for name, value in leaves(words.texts) if not isinstance(value, str)]
    assert plurals
    for name in plurals:
        assert set(words.under(name)) == {*Locale.parse(code).plural_form.tags, "other"}, name
        assert all("{" not in form.format(count=3) for form in words.under(name).values())


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_nothing_is_left_in_english(code: str) -> None:
    english = dict(leaves(languages()["en"].texts))
    same = [
        name
        for name, text in leaves(languages()[code].texts)
        if text == english[name] and len(re.sub(r"\{\w+\}|https\S*", "", str(text))) > 12
    ]
    assert same == []


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        (None, "de-AT,de;q=0.9,en;q=0.5", "de"),
        (None, "nl, fr;q=0.3, pt-BR;q=0.7", "pt"),
        (None, "ar-EG", "ar"),
        (None, "nl", "en"),
        (None, "", "en"),
        (None, "de;q=0, es", "es"),
        (None, ";;q=x,,*", "en"),
        ("fr", "de", "fr"),
        ("xx", "de", "de"),
    ],
)
def test_the_language_is_the_one_chosen_or_the_one_that_the_browser_asks_for(
    asked: str | None, accepted: str, expected: str
) -> None:
    assert words_for(asked, accepted).code == expected


@pytest.mark.parametrize("code", CODES)
def test_every_page_stands_in_every_language(client: TestClient, code: str) -> None:
    for path in ("/", "/case"):
        page = client.get(path, params={"language": code})
        assert f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">' in page.text
        assert page.headers["content-language"] == code
    sent = client.post("/", data={**COMPLETE, "language": code, "step": "send"})
    assert languages()[code]("receipt.keep") in unescape(sent.text)
    case = client.post("/case", data={"language": code, "receipt": receipt_in(sent.text)})
    assert languages()[code]("case.state_open") in unescape(case.text)


def test_reading_the_english_takes_about_twelve_years() -> None:
    sentences, words, syllables = 0, 0, 0
    for _, text in leaves(languages()["en"].texts):
        if isinstance(text, str) and len(text.split()) > 5:
            sentences += max(1, len(re.findall(r"[.!?:]( |$)", text)))
            words += len(text.split())
            syllables += sum(
                max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e\b", "", word.lower())))) for word in text.split()
            )
    # Flesch-Kincaid grade level (Kincaid et al. 1975); grade 6 is read at about 12.
    grade = 0.39 * words / sentences + 11.8 * syllables / words - 15.59
    assert grade < 6.5


@pytest.mark.parametrize("path", ["/", "/case", "/how"])
def test_tor_browser_is_offered_the_onion_service_of_the_operator(parts: Parts, path: str) -> None:
    address = f"http://{'abcd2345' * 7}.onion"
    with TestClient(create_app(replace(parts, settings=replace(parts.settings, onion_address=address)))) as client:
        assert client.get(path).headers["onion-location"] == address + path
        assert client.post("/case", data={"receipt": "none"}).headers["onion-location"] == f"{address}/case"
    with TestClient(create_app(parts)) as client:
        assert "onion-location" not in client.get(path).headers


# ---- The form without scripts -----------------------------------------------------------------------------------


def receipt_in(html: str) -> str:
    found = re.search(r'id="receipt-words"[^>]*>([^<]+)<', html)
    assert found is not None, text_of(html)
    return found.group(1).strip()


def ending_in(html: str) -> str:
    found = re.search(r'id="receipt-ending"[^>]*>([^<]+)<', html)
    assert found is not None, text_of(html)
    return found.group(1).strip()


def test_a_link_is_reviewed_then_sent_and_its_receipt_opens_the_case(client: TestClient) -> None:
    review = client.post("/", data={**COMPLETE, "step": "review"})
    assert "A picture of me." in review.text
    assert 'id="receipt"' not in review.text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', review.text))
    assert len(hidden.pop("key")) == 32
    assert {name: unescape(value) for name, value in hidden.items()} == {**COMPLETE, "language": "en"}
    sent = client.post("/", data={**hidden, "step": "send"}).text
    receipt, ending = receipt_in(sent), ending_in(sent)
    case = client.post("/case", data={"receipt": receipt})
    assert "working on it" in case.text
    ended = client.post("/case", data={"receipt": receipt, "ending": ending, "step": "end", "sure": "yes"})
    assert "You have ended this case" in ended.text


def test_everything_can_be_erased_and_she_can_change_her_mind(client: TestClient) -> None:
    sent = client.post("/", data={**COMPLETE, "step": "send"}).text
    receipt, ending = receipt_in(sent), ending_in(sent)

    def after(step: str) -> str:
        # Opened by the number: nothing more is asked for.
        return text_of(client.post("/case", data={"receipt": ending, "step": step, "sure": "yes"}).text)

    erasing = after("erase")
    assert "You have ended this case" in erasing
    assert "will be erased on" in erasing
    kept = after("keep")
    assert "will be erased on" not in kept
    assert "End it and erase everything" in kept
    standing = client.post("/api/v1/notices/standing", json={"receipt": receipt}).json()
    assert (standing["state"], standing["erase_at"], standing["erased_at"]) == ("withdrawn", None, None)
    asked = client.post("/api/v1/notices/erasure", json={"ending": ending}).json()
    assert asked["erase_at"] is not None
    assert client.post("/api/v1/notices/erasure/cancellation", json={"receipt": receipt}).json()["erase_at"] is None
    assert client.post("/api/v1/notices/erasure/cancellation", json={"receipt": receipt}).status_code == 409


def test_a_case_is_not_ended_without_being_sure(client: TestClient) -> None:
    receipt = receipt_in(client.post("/", data={**COMPLETE, "step": "send"}).text)
    assert "working on it" in client.post("/case", data={"receipt": receipt, "step": "end"}).text


@pytest.mark.parametrize("law", LAWS)
def test_with_each_field_of_a_law_the_notice_is_complete_under_it(client: TestClient, law: str) -> None:
    review = text_of(client.post("/", data={**COMPLETE, "step": "review"}).text)
    complete = re.search(r"Complete under: (.*?)\. ", review)
    assert complete is not None
    assert law_pack(law).name in complete.group(1)


@pytest.mark.parametrize(("law", "field"), [(law, field) for law in LAWS for field in law_pack(law).fields])
def test_with_a_field_missing_the_law_that_asks_for_it_is_named_with_the_field(
    client: TestClient, parts: Parts, law: str, field: str
) -> None:
    given = without(*OF_A_FIELD[field])
    receipt = _sent_by_api(client, given)
    case = text_of(client.post("/case", data={"receipt": receipt}).text)
    pack = law_pack(law)
    words = words_for("en", "")
    assert f"{words(f'fields.{field}')} ({pack.name}, {pack.fields[field]})" in case
    review = text_of(client.post("/", data={**given, "step": "review"}).text)
    assert words(f"fields.{field}") in review


def _sent_by_api(client: TestClient, given: Mapping[str, str]) -> str:
    body = {
        "links": given.get("links", "").split(),
        "role": given.get("role"),
        "contact": {"name": given.get("name", ""), "email": given.get("email", ""), "mailbox": "mailbox" in given},
        **{name: given.get(name, "") for name in ("statement", "signature")},
        **{name: name in given for name in ("intimate", "not_consensual", "good_faith")},
    }
    answer = client.post("/api/v1/notices", json=body)
    assert answer.status_code == 201
    receipt: str = answer.json()["receipt"]
    return receipt


def test_nothing_is_sent_while_the_age_is_not_answered(client: TestClient) -> None:
    answer = client.post("/", data={**without("under_18"), "step": "send"})
    assert 'id="receipt-words"' in answer.text
    assert receipt_is_empty(answer.text)
    assert "Is the person in the picture under 18" in text_of(answer.text)


def test_nobody_is_told_to_give_a_name_where_another_law_does_without(client: TestClient) -> None:
    told = text_of(re.search(r'id="problems">(.*?)</div>', client.post("/", data={"x": ""}).text, re.DOTALL)[1])  # type: ignore[index]
    words = words_for("en", "")
    assert words("fields.name") not in told
    assert words("fields.email") not in told
    places = [told.index(words(f"fields.{name}")) for name in ("role", "location", "statement", "contact", "signature")]
    assert places == sorted(places), "in the order of the form"


def test_each_field_of_a_law_has_a_place_in_the_form() -> None:
    assert sorted(FORM_ORDER) == sorted(FIELDS)
    script = static.files()["report.js"].decode()
    block = script[script.index("const PLACES") : script.index("]);", script.index("const PLACES"))]
    assert tuple(re.findall(r'\["(\w+)", ', block)) == FORM_ORDER


def receipt_is_empty(html: str) -> bool:
    return re.search(r'id="receipt-words"[^>]*>\s*</p>', html) is not None


def test_what_she_wrote_is_shown_as_text_and_never_as_markup(client: TestClient) -> None:
    evil = '"><script>alert(1)</script>'
    for step in ("review", "change"):
        page = client.post("/", data={**COMPLETE, "statement": evil, "signature": evil, "step": step}).text
        assert "<script>alert" not in page
        assert unescape(page).count(evil) >= 2


def test_no_notice_is_too_odd_for_the_form(client: TestClient) -> None:
    for odd in ({"x": ""}, {"role": "boss", "under_18": "maybe"}, {"links": "\x00 \u202e ::", **without("links")}):
        assert client.post("/", data=odd).status_code == 200


@pytest.mark.parametrize("path", ["/", "/case"])
def test_a_body_that_is_no_form_is_answered_with_a_page_that_says_so(client: TestClient, path: str) -> None:
    for answer in (
        client.post(path, json={}),
        client.post(path, content=b"\xff\xfe", headers={"Content-Type": "application/x-www-form-urlencoded"}),
        client.post(path, data={f"f{number}": "x" for number in range(200)}),
    ):
        assert answer.status_code == 422
        assert "That did not work" in answer.text
        assert answer.headers["content-security-policy"] == PAGE_HEADERS["Content-Security-Policy"]


def test_too_large_a_form_is_refused(client: TestClient) -> None:
    answer = client.post("/", data={"statement": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "That did not work" in answer.text


def test_too_large_a_form_that_does_not_say_how_large_it_is_is_refused_too(client: TestClient) -> None:
    in_pieces = (b"statement=" if number == 0 else b"x" * 100_000 for number in range(20))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/", content=in_pieces, headers=headers)
    assert answer.status_code == 413
    assert "too long to be sent at once" in answer.text


# ---- What she wrote is kept where something fails ---------------------------------------------------------------


def hidden_in(html: str) -> dict[str, str]:
    """Return the fields that a page carries along."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)"[^>]* value="([^"]*)">', html)
    }


def break_the_store(parts: Parts) -> None:
    with sqlite3.connect(parts.settings.data / DATABASE_NAME) as database:
        database.execute('ALTER TABLE "case" RENAME TO gone')


@pytest.mark.parametrize("code", CODES)
def test_where_the_store_fails_she_is_told_in_her_language_and_goes_back_to_all_that_she_wrote(
    client: TestClient, parts: Parts, code: str
) -> None:
    evil = '"><b>&amp; two\nlines'
    break_the_store(parts)
    given = {**COMPLETE, "statement": evil, "language": code}
    failed = client.post("/", data={**given, "step": "send", "work": "x"})
    assert failed.status_code == 503
    assert languages()[code]("problem.codes.store-error") in unescape(failed.text)
    assert "database" not in failed.text
    assert failed.headers["clear-site-data"] == '"cache"'
    carried = hidden_in(failed.text)
    assert {name: value.replace("\r\n", "\n") for name, value in carried.items()} == given
    back = client.post("/", data={**carried, "step": "change"})
    assert back.status_code == 200
    form = unescape(back.text)
    assert evil in form
    assert COMPLETE["links"] in form
    assert form.count(" checked>") == sum(
        name in COMPLETE for name in ("under_18", "role", "intimate", "not_consensual", "good_faith", "mailbox")
    )


def test_what_is_not_possible_any_more_leads_back_to_the_case(client: TestClient) -> None:
    receipt = receipt_in(client.post("/", data={**COMPLETE, "step": "send"}).text)
    failed = client.post("/case", data={"receipt": receipt, "step": "keep", "language": "fr"})
    assert failed.status_code == 409
    assert languages()["fr"]("problem.codes.illegal-transition") in unescape(failed.text)
    back = client.post("/case", data={**hidden_in(failed.text), "step": "change"})
    assert languages()["fr"]("case.state_open") in unescape(back.text)


def test_an_error_that_nobody_expected_says_nothing_of_itself_and_keeps_what_was_written(
    client: TestClient, parts: Parts
) -> None:
    broken = replace(parts, now=lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    client.app.state.parts = broken  # type: ignore[attr-defined]
    failed = client.post("/", data={**COMPLETE, "step": "send"})
    assert failed.status_code == 500
    assert languages()["en"]("problem.codes.error") in unescape(failed.text)
    assert "division" not in failed.text
    assert hidden_in(failed.text) == COMPLETE


def test_an_error_without_a_sentence_of_its_own_is_told_as_its_kind_and_only_then_in_english(
    client: TestClient,
) -> None:
    words = words_for("es", "")
    assert told_of(words, SealBroken("It does not open.")) == words("problem.codes.integrity-error")
    assert told_of(words, LowQuality("Too little.")) == words("problem.codes.bad-input")
    assert told_of(words, OutsideError("It does not answer.")) == ""


def test_more_links_than_a_notice_takes_are_told_before_it_is_sent(client: TestClient) -> None:
    links = " ".join(f"https://forum.example/{number}" for number in range(MAX_LINKS + 1))
    answer = client.post("/", data={**COMPLETE, "links": links, "step": "send", "language": "de"})
    assert receipt_is_empty(answer.text)
    assert languages()["de"]("what.too_many_links", most=MAX_LINKS) in unescape(answer.text)


def test_the_script_is_told_what_to_say_of_each_error(client: TestClient) -> None:
    assert page_data(client.get("/?language=pt").text)["problems"] == languages()["pt"].under("problem.codes")


def test_about_a_child_the_form_takes_the_link_and_hides_it_unseen(
    client: TestClient, parts: Parts, keys: dict[str, object]
) -> None:
    page = client.post(
        "/", data={**COMPLETE, "links": "forum.example/posts/1,", "under_18": "yes", "step": "send"}
    ).text
    digest = parts.store.keyring.receipt_digest(receipt_in(page))
    with parts.store.read() as tx:
        case = tx.cases.by_receipt(digest)
        (copy,) = tx.copies.of_case(case.id)
    assert case.under_18
    assert (copy.state, copy.url) == (CopyState.HELD, "https://forum.example/posts/1")


def test_where_every_link_is_elsewhere_no_clock_is_promised(client: TestClient) -> None:
    words = words_for("en", "")
    for links, is_elsewhere in (
        ("https://elsewhere.example/1", True),
        ("https://elsewhere.example/1 https://forum.example/posts/1", False),
    ):
        page = client.post("/", data={**COMPLETE, "links": links, "step": "send"}).text
        assert ('id="receipt-due" hidden' in page) is is_elsewhere
        case = text_of(client.post("/case", data={"receipt": receipt_in(page)}).text)
        assert (words("receipt.elsewhere") in case) is is_elsewhere
        assert (words("case.state_open") in case) is not is_elsewhere


def test_a_word_among_the_links_is_named_and_nothing_is_sent(client: TestClient) -> None:
    answer = client.post("/", data={**COMPLETE, "links": "I don't know", "step": "send"})
    assert receipt_is_empty(answer.text)
    assert "This is not a link: I don't know" in text_of(answer.text)


def test_a_second_press_makes_no_second_case(client: TestClient) -> None:
    review = client.post("/", data={**COMPLETE, "step": "review"}).text
    hidden = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', review)
    }
    first, again = (receipt_in(client.post("/", data={**hidden, "step": "send"}).text) for _ in range(2))
    assert first == again


def test_a_long_list_of_links_is_not_cut_off(client: TestClient) -> None:
    links = " ".join(f"https://elsewhere.example/{'x' * 80}/{number}" for number in range(180))
    review = client.post("/", data={**COMPLETE, "links": links, "step": "review"}).text
    assert links in unescape(review)


def test_words_that_open_nothing_are_shown_again(client: TestClient) -> None:
    answer = client.post("/case", data={"receipt": 'abandon ability "able'})
    assert answer.status_code == 404
    assert 'value="abandon ability &#34;able"' in answer.text


def test_a_link_to_another_site_comes_back_as_a_letter(client: TestClient) -> None:
    page = client.post(
        "/", data={**COMPLETE, "links": "https://www.elsewhere.example/a b.example/c", "step": "send"}
    ).text
    assert "Letter to elsewhere.example" in page
    assert "Letter to b.example" in page


# ---- What the script is told ------------------------------------------------------------------------------------


def page_data(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_script_tells_a_link_from_a_word_as_the_service_does() -> None:
    script = static.files()["notice.js"].decode()
    pattern = "".join(re.findall(r"String\.raw`(.*?)`", script))
    assert pattern == f"^{_LINK.pattern}$"


def test_the_script_is_told_what_each_law_asks_for(client: TestClient) -> None:
    data = page_data(client.get("/").text)
    assert [law["name"] for law in data["laws"]] == [law_pack(law).name for law in LAWS]
    assert [law["fields"] for law in data["laws"]] == [dict(law_pack(law).fields) for law in LAWS]


def test_the_script_knows_every_field_that_a_law_may_ask_for() -> None:
    script = static.files()["notice.js"].decode()
    block = script[script.index("const FIELDS") : script.index("});", script.index("const FIELDS"))]
    assert re.findall(r"^  (\w+): \(", block, re.MULTILINE) == list(FIELDS)


def test_each_field_of_a_law_has_words_in_the_form() -> None:
    assert list(languages()["en"].under("fields")) == list(FIELDS)


# ---- Helplines and letters --------------------------------------------------------------------------------------


def test_each_helpline_can_be_reached_and_says_where_and_when_it_was_read() -> None:
    for line in helplines():
        assert line.purpose in PURPOSES
        assert line.phone or line.url
        assert line.source.startswith("https://")
        assert line.url == "" or line.url.startswith("https://")
        assert date(2026, 1, 1) < line.read_at <= date(2100, 1, 1)


def test_helplines_are_grouped_by_country_in_her_language() -> None:
    groups = by_country(words_for("de", ""), ("adults",))
    assert groups[0][0] == ""
    assert "Frankreich" in [label for _, label, _ in groups]


def test_a_letter_names_all_links_to_its_site_and_the_laws() -> None:
    words, packs = words_for("en", ""), [law_pack(law) for law in LAWS]
    one, two = letters(words, ["https://www.a.example/1", "http://b.example/", "a.example/2"], packs)
    assert (one.host, two.host) == ("a.example", "b.example")
    assert "https://www.a.example/1\na.example/2" in one.text
    assert all(pack.citation in one.text for pack in packs)


def test_where_the_site_does_not_act_a_text_with_the_cases_dates_is_ready_for_each_law(client: TestClient) -> None:
    receipt = receipt_in(client.post("/", data={**COMPLETE, "step": "send"}).text)
    case = unescape(client.post("/case", data={"receipt": receipt}).text)
    texts = re.findall(r'<textarea id="complaint-\d"[^>]*>(.*?)</textarea>', case, re.DOTALL)
    assert len(texts) == len(LAWS)
    for law, text in zip(LAWS, texts, strict=True):
        assert law_pack(law).citation in text
        assert "November 22, 2026" in text
        assert "November 24, 2026" in text
        assert "testserver" in text
        assert not any(COMPLETE[name] in text for name in ("statement", "email", "signature", "links"))
    assert all(each.url in case for each in authorities())


def test_each_authority_says_where_and_when_it_was_read() -> None:
    assert {each.law for each in authorities()} == {*LAWS, ""}
    for each in authorities():
        assert each.url.startswith("https://")
        assert each.source.startswith("https://")
        assert date(2026, 1, 1) < each.read_at <= date(2100, 1, 1)


@pytest.mark.parametrize("link", ["", "not a link", "https://[", "//", "https:///path"])
def test_a_link_that_is_none_is_named_as_it_is(link: str) -> None:
    assert isinstance(host_of(link), str)


def test_exit_leads_away_from_here() -> None:
    assert EXIT_URL.startswith("https://")


def test_every_file_of_the_pages_is_in_the_package() -> None:
    folder = resources.files("takeback.service.pages")
    for name in ("helplines.toml", "languages/en.json", "templates/base.html", "static/report.js"):
        assert folder.joinpath(name).is_file()


def test_a_receipt_of_an_incomplete_notice_says_so(parts: Parts, client: TestClient) -> None:
    received = receive_notice(
        parts.store, parts.replica, Notice(laws=()), default_laws=parts.settings.laws, request=None, at=AT
    )
    page = client.post("/case", data={"receipt": received.receipt}).text
    assert "What is missing" in page
