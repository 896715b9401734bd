"""Other instances on her pages: nothing is ticked but by her, and what was done there is on her case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.browser.accessible import NARROW, faults_at_each_width
from tests.browser.files import phone_picture
from tests.browser.instances import (
    INSTANCE_STATES,
    InstanceState,
    Neighbours,
    asked,
    filled,
    forwarded,
    neighbours,
    wait_for,
)
from tests.browser.news import open_case
from tests.browser.test_access import WIDEST
from tests.browser.test_transcripts import FOLDER
from tests.browser.walking import Browser, Open, Visit, spoken

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    folder = tmp_path_factory.mktemp("neighbours")
    photo = folder / "IMG_20261126_secret-name.jpg"
    photo.write_bytes(phone_picture())
    with neighbours(folder, photo) as both:
        yield both


@pytest.fixture
def visit(browser: Browser, near: Neighbours) -> Iterator[Open]:
    opened: list[Visit] = []

    def open_page(**options: Any) -> Visit:
        opened.append(Visit(browser, near.here.url, **options))
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


def test_no_box_is_ticked_and_without_a_tick_nobody_is_asked(visit: Open, near: Neighbours) -> None:
    here = visit()
    assert here.page.locator("#forward input").count() == 2
    assert here.page.locator("#forward input:checked").count() == 0
    receipt, _ = asked(here, near)
    (sent,) = [request for request in here.requests if request.url.endswith("/api/v1/notices")]
    assert "forward_to" not in json.loads(sent.body)
    assert forwarded(near, receipt) == []


def test_she_ticks_one_and_reads_what_it_does_and_that_it_stopped(visit: Open, near: Neighbours) -> None:
    here = visit()
    filled(here, near, near.box)
    here.review()
    assert "Also asked to look: Meadow" in here.texts("#review-list li")
    receipt = here.send()
    ending = here.page.inner_text("#receipt-ending").strip()
    (sent,) = [request for request in here.requests if request.url.endswith("/api/v1/notices")]
    assert json.loads(sent.body)["forward_to"] == [near.box.removeprefix("forward-")]
    wait_for(near, receipt, "looking")
    open_case(here, receipt)
    assert here.page.locator("[data-forwarded=looking]").count() == 1
    httpx2.post(f"{here.url}/api/v1/notices/withdrawal", json={"ending": ending}).raise_for_status()
    wait_for(near, receipt, "ended")
    open_case(here, receipt)
    assert "they confirmed on" in here.page.inner_text("[data-forwarded=ended]")
    assert here.problems == []


def test_about_a_child_there_is_no_box(visit: Open) -> None:
    here = visit()
    here.tick("under_18-yes")
    assert not here.page.is_visible("#forward")


def test_without_a_script_the_boxes_work_too(visit: Open, near: Neighbours) -> None:
    here = visit(script=False)
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
        here.tick(name)
    here.write("statement", "It is of me, and nobody asked me.")
    here.write("signature", "A. B.")
    here.tick(near.box)
    here.press_away("#to-review")
    assert "Meadow" in here.page.inner_text("dl")
    here.press_away("button[value=send]")
    receipt = here.page.inner_text("#receipt-words").strip()
    (only,) = forwarded(near, receipt)
    # There is no picture yet that could be looked for.
    assert (only["name"], only["state"]) == ("Meadow", "waiting")


# ---- For everyone ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", INSTANCE_STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(visit: Open, near: Neighbours, state: InstanceState) -> None:
    here = visit()
    state(here, near)
    assert faults_at_each_width(here.page) == []


@pytest.mark.parametrize("language", WIDEST)
@pytest.mark.parametrize("state", INSTANCE_STATES, ids=lambda state: state.__name__)
def test_a_narrow_window_needs_no_scrolling_sideways(
    visit: Open, near: Neighbours, state: InstanceState, language: str
) -> None:
    here = visit(size=NARROW, language=language)
    state(here, near)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


@pytest.mark.parametrize("state", INSTANCE_STATES, ids=lambda state: state.__name__)
def test_what_is_spoken_is_what_was_read(visit: Open, near: Neighbours, state: InstanceState) -> None:
    """`tools/page-pictures` writes them anew; read the difference before it is committed."""
    here = visit()
    state(here, near)
    assert spoken(here) == Path(FOLDER / f"{state.__name__}.yml").read_text("utf-8")
