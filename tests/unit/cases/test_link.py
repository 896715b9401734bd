"""Links as people write them."""

from __future__ import annotations

import pytest

from takeback.cases.link import as_link, names_a_place


@pytest.mark.parametrize(
    "written",
    [
        "https://forum.example/p/1",
        "forum.example/p/1",
        "//forum.example/p/1",
        "<https://forum.example/p/1>",
        "https://forum.example/p/1,",
        "https://forum.example/p/1.",
        '"forum.example/p/1";',
        "«https://forum.example/p/1»",
        "https://forum.example/p/1).",
    ],
)
def test_however_it_is_written_it_is_the_same_link(written: str) -> None:
    assert as_link(written) == "https://forum.example/p/1"


@pytest.mark.parametrize(
    "link",
    [
        "http://forum.example/",
        "https://a.example/Bild_(1)",
        "http://127.0.0.1:8000/x",
        "ftp://a.example/x",
        "mailto:a@b.example",
        "HTTPS://A.example/x",
    ],
)
def test_a_whole_link_stays_as_it_is(link: str) -> None:
    assert as_link(link) == link


@pytest.mark.parametrize("word", ["", "I", "don't", "know", "...", "unknown", "javascript:alert(1)", "https://", "a/b"])
def test_a_word_is_no_link(word: str) -> None:
    assert not names_a_place(word)


@pytest.mark.parametrize("link", ["a.example", "HTTPS://A.EXAMPLE", "127.0.0.1:80/x", "http://[::1]/", "//a.example"])
def test_whatever_names_a_host_is_one(link: str) -> None:
    assert names_a_place(link)
