"""`takeback page`: what a site puts on its own pages, from the settings alone."""

from __future__ import annotations

import pytest
from tests.unit.cli.conftest import Call

from takeback.service.pages.words import languages

HERE = ("--address", "https://report.forum.example")


def test_the_link_is_one_line_on_stdout(call: Call) -> None:
    done = call("page", "link", *HERE, "--language", "de")
    assert (done.code, done.err) == (0, "")
    (line,) = done.out.splitlines()
    assert line.startswith('<a href="https://report.forum.example/?language=de" rel="noreferrer" lang="de" dir="ltr">')


def test_without_a_language_the_form_asks_her_browser(call: Call) -> None:
    assert 'href="https://report.forum.example/"' in call("page", "link", *HERE).out


@pytest.mark.parametrize("code", languages())
def test_the_notice_is_written_in_each_language_as_text_and_as_html(call: Call, code: str) -> None:
    words = languages()[code]
    text = call("page", "notice", *HERE, "--language", code)
    assert text.code == 0
    assert text.out.startswith(words("how.heading") + "\n")
    html = call("page", "notice", *HERE, "--language", code, "--format", "html").out
    assert html.startswith(f'<section lang="{code}" dir="{words("direction")}">\n')
    told = call("page", "notice", *HERE, "--language", code, "--json").json
    assert told == {"language": code, "direction": words("direction"), "text": text.out}


def test_a_notice_that_lacks_a_point_of_contact_is_written_and_said_to(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "asks for a point of contact (Art. 11, Art. 12)" in call("page", "notice", *HERE).err
    monkeypatch.setenv("TAKEBACK_CONTACT", "mailto:desk@forum.example")
    done = call("page", "notice", *HERE)
    assert done.err == ""
    assert "desk@forum.example" in done.out


def test_the_laws_are_the_operators(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEBACK_LAWS", "us-take-it-down")
    out = call("page", "notice", *HERE).out
    assert "TAKE IT DOWN Act" in out
    assert "Digital Services Act" not in out
    monkeypatch.setenv("TAKEBACK_LAWS", "atlantis-1")
    assert call("page", "notice", *HERE).code == 2


def test_the_frame_is_one_file_and_it_is_said_where_no_site_may_show_it_yet(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = call("page", "frame", *HERE)
    assert done.out.startswith("<!doctype html>")
    assert '<iframe src="https://report.forum.example/"' in done.out
    assert "`embedded_on` is empty" in done.err
    monkeypatch.setenv("TAKEBACK_EMBEDDED_ON", "https://forum.example")
    assert call("page", "frame", *HERE).err == ""


@pytest.mark.parametrize(
    "address",
    ["report.example", "http://report.example", "https://a.example/path", "https://a b", "https://a.example;x"],
)
def test_an_address_that_is_no_origin_is_refused(call: Call, address: str) -> None:
    for command in ("link", "notice", "frame"):
        done = call("page", command, "--address", address)
        assert done.code == 2
        assert "https://report.forum.example" in done.err


def test_a_language_without_texts_is_refused_with_those_that_have_some(call: Call) -> None:
    done = call("page", "link", *HERE, "--language", "tlh")
    assert done.code == 2
    assert "ar, de, en, es, fr, pt" in done.err
