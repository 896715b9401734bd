"""A page kept as evidence: its words stay, and of every picture only what it was."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from takeback.bundle.page import MAX_RUN, Page, Seen

URL = "https://forum.example/t/1"
INSIDE = bytes(range(200))
DATA = f"data:image/png;base64,{base64.b64encode(INSIDE).decode()}"


def page(body: str, head: str = "") -> Page:
    return Page(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode(), URL)


def kept(body: str, head: str = "", seen: dict[str, Seen] | None = None) -> str:
    return page(body, head).text(seen or {}, [("Address", URL)])


def test_the_words_of_a_page_stay_with_what_holds_them() -> None:
    text = kept("<h1>Title</h1><p>Posted by <b>someone</b> &amp; liked.</p><table><tr><td>7 views</td></tr></table>")

    assert "<h1>Title</h1><p>Posted by <b>someone</b> &amp; liked.</p>" in text
    assert "<td>7 views</td>" in text
    assert f"<div>Address: {URL}</div>" in text


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ('<img src="/a.png">', ""),
        ('<img data-src="/a.png">', ""),
        ('<img srcset="/a.png 2x, /b.png 3x">', ""),
        ('<noscript><img src="/a.png"></noscript>', ""),
        ('<picture><source srcset="/a.png 1x"></picture>', ""),
        ('<video poster="/a.png"></video>', ""),
        ('<video><source src="/a.png"></video>', ""),
        ('<svg><image href="/a.png"/></svg>', ""),
        ('<svg><image xlink:href="/a.png"/></svg>', ""),
        ("<p style=\"background: URL( '/a.png' )\">x</p>", ""),
        ('<table background="/a.png"></table>', ""),
        ('<object data="/a.png"></object>', ""),
        ('<embed src="/a.png">', ""),
        ('<iframe src="/a.png"></iframe>', ""),
        ('<input type="image" src="/a.png">', ""),
        ("", "<style>p { background: url(/a.png) }</style>"),
        ("", '<link rel="shortcut icon" href="/a.png">'),
        ("", '<link rel="preload" as="image" href="/a.png">'),
        ("", '<meta property="og:image" content="/a.png">'),
    ],
)
def test_each_way_to_show_a_picture_becomes_a_box_that_says_what_it_was(body: str, head: str) -> None:
    address = "https://forum.example/a.png"
    seen = {address: Seen("ab" * 32, 12_345, (640, 480))}

    assert address in page(body, head).addresses
    text = kept(body, head, seen)
    assert f"SHA-256 {'ab' * 32} · 12,345 bytes · 640 × 480 pixels · {address}" in text
    for shown in (
        "<img",
        "<svg",
        "<video",
        "<source",
        "<object",
        "<embed",
        "<iframe",
        "<input",
        "background=",
        "href=",
    ):
        assert shown not in text.partition("<body>")[2], shown


@pytest.mark.parametrize(
    "body",
    [
        f'<img src="{DATA}">',
        f'<p style="background:url({DATA})">x</p>',
        f'<style>p {{ background: url("{DATA}") }}</style>',
        f'<svg><image href="{DATA}"/></svg>',
        f'<a href="{DATA}">open</a>',
        f"<p>{DATA}{'A' * MAX_RUN}</p>",
        f'<p title="{DATA}" data-picture="{DATA}">x</p>',
        f"<script>show('{DATA}')</script>",
        f"<template><img src='{DATA}'></template>",
        f"<!-- {DATA} -->",
        f'<time datetime="{DATA}">x</time>',
        f'<img alt="{DATA}{DATA}">',
    ],
)
def test_no_bytes_of_a_picture_inside_the_page_go_through(body: str) -> None:
    text = kept(body)

    assert base64.b64encode(INSIDE).decode()[:120] not in text
    if "src=" in body.partition("<script")[0] and "template" not in body:
        assert sha256(INSIDE).hexdigest() in text


def test_a_drawing_is_told_by_its_digest_and_not_kept() -> None:
    text = kept('<svg viewBox="0 0 1 1"><path d="M0 0L1 1"/><text>hidden</text></svg><p>after</p>')

    assert "drawing, not kept · SHA-256 " in text
    assert "M0 0L1" not in text
    assert "hidden" not in text
    assert "<p>after</p>" in text
    assert kept("<svg><path d='M0 0L1 1'/></svg>") != kept("<svg><path d='M0 0L1 2'/></svg>")


def test_nothing_of_the_page_runs_or_asks_anybody() -> None:
    text = kept(
        '<p onclick="x()">a</p><a href="https://other.example/x">b</a><a href="javascript:x()">c</a>'
        '<form action="/steal"><input name="q"></form><link rel="stylesheet" href="/s.css">'
        '<meta http-equiv="refresh" content="0;url=/x"><base href="https://evil.example/">'
    )

    body = text.partition("<body>")[2]
    for part in ("onclick", "javascript", "<form", "<link", "<meta", "<base", "href"):
        assert part not in body
    assert "<a><small>[https://other.example/x]</small> b</a>" in body
    assert "default-src 'none'" in text


def test_markup_in_words_and_in_addresses_stays_words() -> None:
    text = kept(
        "<p>&lt;img src=x onerror=y&gt;</p><img src='/\"><b onload=z>'>", "<title>&lt;/title>&lt;script></title>"
    )

    assert "<img" not in text
    assert "<b onload" not in text
    assert text.count("<script") == 0


def test_addresses_follow_the_base_of_the_page() -> None:
    assert page('<img src="a.png">', '<base href="/files/">').addresses == ["https://forum.example/files/a.png"]


def test_what_a_page_says_in_place_of_a_picture_stays() -> None:
    assert "described as “a lighthouse”" in kept('<img src="/a.png" alt="a lighthouse">')


def test_what_was_not_fetched_says_why() -> None:
    seen = {"https://cdn.example/a.png": Seen(problem="on another host, not fetched")}

    assert "picture, not kept · on another host, not fetched · https://cdn.example/a.png" in kept(
        '<img src="https://cdn.example/a.png">', seen=seen
    )


def test_a_page_of_any_depth_is_kept() -> None:
    text = kept("<div>" * 5_000 + "deep" + "<svg>" * 5_000)

    assert "deep" in text
    assert text.count("<div>") < 300


def test_a_page_with_very_many_pictures_says_how_many_are_left_out() -> None:
    text = kept("".join(f"<img src='/{number}.png'>" for number in range(2_500)))

    assert text.count('class="kept"') == 2_000
    assert "Not shown: 500 more pictures" in text
