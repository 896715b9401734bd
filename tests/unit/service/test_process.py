"""What the public is told: in plain words, in each language, and of the operator's laws alone."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from starlette.testclient import TestClient
from tests.house import LAWS

from takeback.assembly import Parts
from takeback.cases import law_pack, law_packs
from takeback.config import Settings
from takeback.service.app import create_app
from takeback.service.pages.process import as_html, as_text, lacks_contact, link_line, process_of
from takeback.service.pages.words import languages

HERE = "https://report.example"
CONTACT = ("mailto:desk@forum.example", "https://forum.example/contact")
EVERYTHING = Settings(contact=CONTACT)
ENGLISH = languages()["en"]


def test_each_duty_of_a_law_has_a_text_and_each_text_a_law() -> None:
    named = [name for pack in law_packs().values() for name in pack.process]
    assert set(named) == set(ENGLISH.under("how.says"))


@pytest.mark.parametrize("code", languages())
def test_the_notice_says_in_each_language_how_to_ask_what_is_needed_and_what_the_site_does(code: str) -> None:
    words = languages()[code]
    text = as_text(process_of(words, EVERYTHING, HERE))
    assert f"{HERE}/" in text
    assert f"{HERE}/case" in text
    assert words("how.not_needed") in text
    assert words("how.picture") in text
    for law in LAWS:
        pack = law_pack(law)
        assert text.count(pack.name) == 2, "what it needs, and what it asks of the site"
        assert all(words(f"fields.{field}") in text for field in pack.fields)
        assert all(f"({section})" in text for section in pack.process.values())
    assert "48" in text
    assert "desk@forum.example" in text
    assert "{" not in text


@pytest.mark.parametrize("law", LAWS)
def test_of_a_law_that_is_not_the_operators_nothing_is_said(law: str) -> None:
    settings = Settings(laws=tuple(each for each in LAWS if each != law))
    text = as_text(process_of(ENGLISH, settings, HERE))
    pack = law_pack(law)
    assert pack.name not in text
    assert not any(f"({section})" in text for section in pack.process.values())
    assert ("Ofcom" in text) is (law != "uk-osa-20a")


def test_under_one_law_there_is_no_talk_of_others() -> None:
    text = as_text(process_of(ENGLISH, Settings(laws=("us-take-it-down",)), HERE))
    assert ENGLISH("how.one") not in text
    assert "Federal Trade Commission" in text


def test_a_point_of_contact_is_told_where_it_is_named_and_missed_where_a_law_asks_for_it() -> None:
    assert [pack.id for pack in lacks_contact(Settings())] == ["eu-dsa-16"]
    assert lacks_contact(EVERYTHING) == lacks_contact(Settings(laws=("uk-osa-20a",))) == []
    assert ENGLISH("how.says.contact") not in as_text(process_of(ENGLISH, Settings(), HERE))
    html = as_html(ENGLISH, process_of(ENGLISH, EVERYTHING, HERE))
    assert '<a href="mailto:desk@forum.example" target="_top" rel="nofollow noreferrer">desk@forum.example</a>' in html


@pytest.mark.parametrize("code", languages())
def test_as_html_it_says_the_same_as_in_text(code: str) -> None:
    words = languages()[code]
    process = process_of(words, EVERYTHING, HERE)
    html = as_html(words, process)
    assert html.startswith(f'<section lang="{code}" dir="{words("direction")}">')
    said = unescape(re.sub(r"<[^>]+>", "", html))
    for part in process.parts:
        assert part.heading in said
        assert all(line.text in said for line in part.lines)
    assert not re.search(r"<script|<style|\son\w+=|<h1", html)


@pytest.mark.parametrize("code", languages())
def test_the_line_for_a_footer_is_one_link_that_says_nothing_of_where_she_was(code: str) -> None:
    line = link_line(languages()[code], HERE, f"?language={code}")
    language = f'lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}"'
    assert re.fullmatch(rf'<a href="{HERE}/\?language={code}" rel="noreferrer" {language}>[^<\n]+</a>', line)


@pytest.mark.parametrize("code", languages())
def test_the_page_says_it_in_each_language_and_leads_to_the_form(client: TestClient, code: str) -> None:
    page = client.get("/how", params={"language": code})
    words = languages()[code]
    assert f'<html lang="{code}" dir="{words("direction")}">' in page.text
    assert words("how.heading") in unescape(page.text)
    assert '<a href="/">' in page.text
    assert '<a href="/case">' in page.text
    assert words("how.link") in unescape(client.get("/", params={"language": code}).text)


def test_the_page_is_of_the_operators_laws(parts: Parts) -> None:
    settings = replace(parts.settings, laws=("uk-osa-20a",), contact=CONTACT)
    page = TestClient(create_app(replace(parts, settings=settings))).get("/how").text
    assert "Online Safety Act" in page
    assert "TAKE IT DOWN" not in page


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("contact", [CONTACT, ()])
def test_whoever_sent_what_was_refused_is_told_why_and_where_to_object(
    parts: Parts, code: str, contact: tuple[str, ...]
) -> None:
    words = languages()[code]
    client = TestClient(create_app(replace(parts, settings=replace(parts.settings, contact=contact))))
    page = unescape(client.get("/refused", params={"language": code}).text)
    assert words("refused.why") in page
    assert words("refused.object") in page
    assert all(f'href="{each}"' in page for each in contact)
    assert (words("refused.nobody") in page) is (contact == ())
