"""For everyone: axe finds nothing in any state, a keyboard is enough, and a narrow window holds it all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.acceptance.serving import Receiver
from tests.browser.accessible import NARROW, faults_at_each_width, faults_on
from tests.browser.walking import Open, Visit

pytestmark = pytest.mark.browser

LANGUAGES = ["ar", "de", "es", "fr", "pt"]
"""Beside English."""

type State = Callable[[Visit, Path], None]


def empty(_here: Visit, _photo: Path) -> None:
    """The form as it opens."""


def everything_open(here: Visit, photo: Path) -> None:
    here.begin(role="helper")
    here.choose_files(photo)
    here.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def about_a_child(here: Visit, _photo: Path) -> None:
    here.begin(under_18="yes", role="parent")
    here.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def problems(here: Visit, _photo: Path) -> None:
    here.press("#to-review")
    here.page.wait_for_selector("#problems:not([hidden])")


def review(here: Visit, photo: Path) -> None:
    here.begin()
    here.choose_files(photo)
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    here.page.click("#review summary")


def receipt(here: Visit, photo: Path) -> None:
    review(here, photo)
    here.send()


def case(here: Visit, photo: Path) -> None:
    receipt(here, photo)
    words = here.page.inner_text("#receipt-words")
    here.press("#receipt a[href='/case']")
    here.write("receipt", words)
    here.press("main button")
    here.page.wait_for_selector(".state")
    here.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def unknown_case(here: Visit, _photo: Path) -> None:
    here.page.goto(f"{here.url}/case")
    here.write("receipt", "none of these words")
    here.press_away("main button")


def contest(here: Visit, _photo: Path) -> None:
    """Where whoever posted a picture pastes the link that they were given; what it opens is in test_contest.py."""
    here.page.goto(f"{here.url}/contest")


def unknown_contest(here: Visit, _photo: Path) -> None:
    here.page.goto(f"{here.url}/contest")
    here.write("code", "a" * 26)
    here.press_away("main button")


def how(here: Visit, _photo: Path) -> None:
    here.press_away("main a[href='/how']")


def not_possible(here: Visit, photo: Path) -> None:
    """What is asked for does not fit the case: its button was pressed on a page that is no longer so."""
    case(here, photo)
    here.page.eval_on_selector("button[value=erase]", "(button) => { button.value = 'keep' }")
    here.tick("sure")
    here.write("ending", "1234 5678 9012 3456")
    here.press_away("button[value=keep]")


def written(here: Visit, photo: Path) -> None:
    """She wrote to the desk, and wrote a number that is not hers."""
    case(here, photo)
    here.write("text", "It began in May.")
    here.press("button[value=write]")
    here.page.wait_for_selector(".done")
    here.press(".end > summary")
    here.tick("sure")
    here.write("ending", "1234 5678 9012 3456")
    here.press("button[value=end]")
    here.page.wait_for_selector("p.problem[role=alert]:not([hidden])")
    here.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")


def erasing(here: Visit, photo: Path) -> None:
    receipt(here, photo)
    number = here.page.inner_text("#receipt-ending")
    here.press("#receipt a[href='/case']")
    here.write("receipt", number)
    here.press("main button")
    here.press(".end > summary")
    here.tick("sure")
    here.press("button[value=erase]")
    here.page.wait_for_selector(".erasing")


def recovered(here: Visit, photo: Path) -> None:
    """She chose a way back, lost both, and went it."""
    receipt(here, photo)
    phrase = f"copper walnut Thursday {here.page.inner_text('#receipt-ending')}"
    here.press("#receipt details:has(form) > summary")
    here.write("recovery-name", "Rosa")
    here.write("recovery-phrase", phrase)
    here.press("button[value=recovery]")
    here.page.wait_for_selector(".done")
    here.page.goto(f"{here.url}/case")
    here.press("main details > summary")
    here.write("recovery-name", "rosa")
    here.write("recovery-phrase", phrase)
    here.press("button[value=recover]")
    here.page.wait_for_selector("#receipt-ending")


def transparency(here: Visit, _photo: Path) -> None:
    """What was done with notices, in numbers: of a half-year that is over, with every table."""
    here.press_away("main a[href='/how']")
    here.press_away("main a[href='/transparency']")


def refused(here: Visit, _photo: Path) -> None:
    """Where a gate leads whoever sent a picture that is refused."""
    here.page.goto(f"{here.url}/refused")


STATES: list[State] = [
    empty, everything_open, about_a_child, problems, review, receipt, case, unknown_case, how, not_possible, written,
    erasing, recovered, contest, unknown_contest, transparency, refused,
]  # fmt: skip


WIDEST = ["de", "ar"]
"""German has the longest words, and Arabic runs the other way: these are looked at in every state."""

NARROW_STATES = [
    pytest.param(state, language, id=f"{state.__name__}-{language}")
    for state in STATES
    for language in LANGUAGES
    if language in WIDEST or state in (everything_open, review)
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(visit: Open, photo: Path, state: State) -> None:
    here = visit()
    state(here, photo)
    assert faults_at_each_width(here.page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_language(visit: Open, photo: Path, language: str) -> None:
    here = visit(language=language)
    assert here.page.get_attribute("html", "lang") == language
    review(here, photo)
    assert faults_on(here.page) == []


@pytest.mark.parametrize(("state", "language"), NARROW_STATES)
def test_a_narrow_window_needs_no_scrolling_sideways(visit: Open, photo: Path, state: State, language: str) -> None:
    here = visit(size=NARROW, language=language)
    state(here, photo)
    assert here.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_everything_that_can_be_touched_is_large_enough(visit: Open, photo: Path) -> None:
    here = visit()
    everything_open(here, photo)
    small = here.page.evaluate(
        """() => [...document.querySelectorAll("button, .button, summary, .tick label, input:not(.file)")]
            .filter((each) => each.checkVisibility())
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
            .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([html]) => html)"""
    )
    assert small == []


def test_the_whole_way_goes_by_keyboard(visit: Open, site: Receiver) -> None:
    here = visit()
    page = here.page

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never comes to {selector}")

    assert page.evaluate("document.activeElement === document.body")
    tab_to("#exit")
    tab_to("#under_18-yes")
    page.keyboard.press("ArrowDown")
    assert page.is_checked("#under_18-no")
    tab_to("#role-me")
    page.keyboard.press("Space")
    tab_to("#files")
    tab_to("#links")
    page.keyboard.type(f"{site.url}/posts/keyboard")
    for name in ("intimate", "not_consensual"):
        tab_to(f"#{name}")
        page.keyboard.press("Space")
    tab_to("#use-offer")
    page.keyboard.press("Enter")
    for name in ("good_faith", "mailbox"):
        tab_to(f"#{name}")
        page.keyboard.press("Space")
    tab_to("#signature")
    page.keyboard.type("A. B.")
    page.keyboard.press("Enter")
    page.wait_for_selector("#review:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "review-heading"
    tab_to("#send")
    page.keyboard.press("Enter")
    page.wait_for_selector("#receipt:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "receipt-heading"


def test_shift_for_capitals_does_not_exit(visit: Open) -> None:
    here = visit()
    here.page.focus("#statement")
    for letter in "ABC":
        here.page.keyboard.press(f"Shift+{letter}")
    assert here.page.input_value("#statement") == "ABC"
    assert here.page.url == f"{here.url}/"
