"""The form in a frame on another site, by the file that a site puts there; and all that either of them is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Frame
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import faults_on
from tests.browser.test_journeys import MAIL, RECEIPT, SIZES, STORY, only_a_fingerprint, standing
from tests.browser.walking import PHONE, Browser, Visit

from takeback.service.pages.embed import embedding_page
from takeback.service.pages.words import languages

pytestmark = pytest.mark.browser

NO_LONGER_A_GESTURE_MILLISECONDS = 6_000
"""A browser counts a click for five seconds."""

LISTENING = """
    window.heard = [];
    addEventListener("message", (event) => window.heard.push(String(event.data)));
"""


class Forum:
    """Another site, on an origin of its own, with the file; it remembers what it was asked for."""

    def __init__(self, host: str) -> None:
        self.content = b""
        self.asked: list[tuple[str, dict[str, str]]] = []
        forum = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forum.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(forum.content)))
                self.end_headers()
                self.wfile.write(forum.content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def forum() -> Iterator[Forum]:
    forum = Forum("localhost")
    yield forum
    forum.stop()


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory, site: Receiver, forum: Forum) -> Iterator[Service]:
    """A service whose form the forum may show."""
    service = Service(tmp_path_factory.mktemp("framed"), "--allowed-private-host", f"127.0.0.1:{site.port}")
    service.environment["TAKEBACK_EMBEDDED_ON"] = forum.origin
    service.start()
    forum.content = embedding_page(languages()["en"], service.url).encode()
    yield service
    service.stop()


def opened(browser: Browser, forum: Forum, size: dict[str, int] = PHONE, *, script: bool = True) -> Visit:
    """Open the file on the forum; the form of the visit is the one in the frame."""
    forum.asked.clear()
    here = Visit(browser, forum.origin, size=size, script=script, path="/report.html", listening=LISTENING)
    here.form = frame_in(here)
    return here


def frame_in(here: Visit) -> Frame:
    (frame,) = [each for each in here.page.frames if each != here.page.main_frame]
    return frame


def nothing_told(here: Visit, forum: Forum, service: Service) -> None:
    """The forum gave its one file and heard nothing; the service was not told from where; nobody else was asked."""
    assert [path for path, _ in forum.asked] == ["/report.html"]
    assert here.page.evaluate("window.heard") == []
    asked = [request for request in here.requests if not request.url.startswith(("blob:", "data:"))]
    assert {request.url.startswith((service.url, f"{forum.origin}/report.html")) for request in asked} == {True}
    for request in asked:
        assert "referer" not in request.headers
        assert not any(forum.origin in value for value in request.headers.values()), request
    assert here.problems == []


@SIZES
def test_a_notice_is_sent_from_the_frame_and_nothing_of_it_reaches_the_page_around(
    browser: Browser, framed: Service, forum: Forum, site: Receiver, photo: Path, size: dict[str, int]
) -> None:
    here = opened(browser, forum, size)
    here.begin()
    here.choose_files(photo)
    here.write("links", f"{site.url}/posts/framed\nhttps://elsewhere.example/picture")
    here.say()
    here.write("email", MAIL)
    here.review()
    receipt = here.send()
    assert RECEIPT.fullmatch(receipt)
    assert standing(framed, receipt)["state"] == "open"
    assert here.page.url == f"{forum.origin}/report.html"
    (sent,) = [request for request in here.requests if request.method == "POST"]
    for picture in json.loads(sent.body)["pictures"]:
        only_a_fingerprint(picture)
    nothing_told(here, forum, framed)
    here.close()


def test_she_comes_back_in_the_frame_in_another_language_and_sees_her_case(
    browser: Browser, framed: Service, forum: Forum
) -> None:
    here = opened(browser, forum)
    here.press("footer a[lang=de]")
    here.form.wait_for_selector("html[lang=de]")
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    receipt = here.send()
    here.press("#receipt a[href='/case']")
    here.write("receipt", receipt)
    here.press("main button")
    here.form.wait_for_selector(".state")
    here.press("a[href='/']")
    here.press("main a[href='/how']")
    here.form.wait_for_selector("main ul")
    nothing_told(here, forum, framed)
    here.close()


def test_without_scripts_a_link_is_reported_in_the_frame(browser: Browser, framed: Service, forum: Forum) -> None:
    here = opened(browser, forum, script=False)
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
        here.tick(name)
    here.write("statement", STORY)
    here.write("signature", "A. B.")
    here.press("#to-review")
    here.press("button[value=send]")
    assert RECEIPT.fullmatch(here.form.inner_text("#receipt-words").strip())
    here.press("#exit")
    here.page.wait_for_url("https://weather.com/")
    here.close()


@pytest.mark.parametrize("way", ["the button", "the keys in the frame", "the keys beside it", "the button beside it"])
def test_exit_takes_the_whole_page_away(browser: Browser, framed: Service, forum: Forum, way: str) -> None:
    here = opened(browser, forum)
    here.page.bring_to_front()
    here.write("statement", STORY)
    match way:
        case "the button":
            here.press("#exit")
        case "the button beside it":
            here.page.click("#exit")
        case _:
            (here.page if "beside" in way else here.form).click("footer >> nth=0")
            here.page.wait_for_timeout(NO_LONGER_A_GESTURE_MILLISECONDS)
            for _ in range(3):
                here.page.keyboard.press("Shift")
    here.page.wait_for_url("https://weather.com/")
    (left,) = [request for request in here.requests if "weather.com" in request.url]
    assert "referer" not in left.headers
    here.page.go_back()
    assert here.page.url == "about:blank", "neither page is in the tab's history any more"
    here.close()


def test_exit_stays_in_sight_however_far_she_reads(browser: Browser, framed: Service, forum: Forum) -> None:
    here = opened(browser, forum)
    here.form.locator("#to-review").scroll_into_view_if_needed()
    box = here.form.locator("#exit").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < PHONE["height"] / 2
    assert here.page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "one bar to scroll by"
    here.close()


def test_a_site_that_is_not_named_shows_no_form_and_leads_to_it(
    browser: Browser, framed: Service, forum: Forum
) -> None:
    stranger = Forum("localhost")
    stranger.content = forum.content
    here = Visit(browser, stranger.origin, path="/report.html")
    here.page.wait_for_timeout(500)
    assert not frame_in(here).url.startswith(framed.url)
    here.page.click("footer a >> nth=0")
    here.page.wait_for_url(f"{framed.url}/")
    assert here.page.is_visible("#notice")
    here.close()
    stranger.stop()


def test_nothing_is_kept_by_the_frame_and_the_page_around_cannot_look_in(
    browser: Browser, framed: Service, forum: Forum
) -> None:
    here = opened(browser, forum)
    here.write("statement", STORY)
    assert here.page.context.storage_state() == {"cookies": [], "origins": []}
    looked = "(() => { try { return frames[0].document.body.innerHTML } catch (error) { return error.name } })()"
    assert here.page.evaluate(looked) == "SecurityError"
    here.close()


@SIZES
@pytest.mark.parametrize("code", ["en", "ar"])
def test_axe_finds_nothing_in_the_file(
    browser: Browser, framed: Service, forum: Forum, size: dict[str, int], code: str
) -> None:
    english, forum.content = forum.content, embedding_page(languages()[code], framed.url, f"?language={code}").encode()
    here = opened(browser, forum, size)
    # The heading is the form's own, in the frame, into which this does not look.
    assert [fault for fault in faults_on(here.page) if not fault.startswith("page-has-heading-one")] == []
    forum.content = english
    here.close()
