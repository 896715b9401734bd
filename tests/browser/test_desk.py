"""The desk: in by a passkey, through the queue and a case by keyboard, and out when it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx2
import pytest
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Colleague, Come, reported_case

pytestmark = pytest.mark.browser

type State = Callable[[Colleague, str], None]

_numbers = count(1)


@pytest.fixture
def case(house: Service) -> str:
    """A case with two copies that are hidden."""
    return reported_case(house, next(_numbers))


def test_an_invited_person_makes_a_passkey_signs_out_and_signs_in_again(come: Come) -> None:
    ada = come()
    ada.join()
    assert ada.name in ada.page.inner_text(".bar")
    (cookie,) = ada.cookies
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("desk", True, "Strict")
    ada.page.click(".bar button")
    ada.page.wait_for_url("**/desk/sign-in")
    assert ada.cookies == []
    ada.sign_in()
    assert ada.name in ada.page.inner_text(".bar")
    assert ada.problems == []


def test_an_invitation_leaves_the_address_and_opens_once(come: Come) -> None:
    ada, bo = come(), come()
    ada.page.goto(ada.invitation)
    assert ada.page.evaluate("location.href") == f"{ada.origin}/desk/join"
    ada.join()
    bo.page.goto(ada.invitation)
    bo.page.click("main button")
    assert "was used" in bo.page.inner_text("[role=alert]")


def test_whoever_does_not_verify_themselves_is_told_and_not_in(come: Come) -> None:
    ada = come()
    ada.join()
    ada.page.click(".bar button")
    ada.page.wait_for_url("**/desk/sign-in")
    ada.verify_by_nothing()
    ada.page.click("#passkey button")
    ada.page.wait_for_selector("#passkey .problem:not([hidden])")
    assert ada.cookies == []


def test_a_person_who_left_is_out_with_the_next_page(come: Come, house: Service) -> None:
    ada = come()
    ada.join()
    house.run("desk", "leave", ada.name)
    ada.page.reload()
    ada.page.wait_for_url("**/desk/sign-in")
    ada.page.click("#passkey button")
    assert "not accepted" in ada.page.inner_text("[role=alert]")


def test_a_case_is_decided_from_queue_to_receipt_by_keyboard_alone(come: Come, case: str) -> None:
    ada = come()
    ada.join()
    keys = ada.page.keyboard
    for _ in range(200):
        keys.press("j")
        if ada.page.evaluate("document.activeElement.pathname") == f"/desk/cases/{case}":
            break
    keys.press("k")
    keys.press("j")
    keys.press("Enter")
    ada.page.wait_for_url(f"**/desk/cases/{case}")
    keys.press("d")
    keys.press("Space")
    keys.press("Tab")
    keys.press("Space")
    keys.press("Tab")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Tab")
    keys.type("It appears intimate, and jkud? is no shortcut here.")
    keys.press("Tab")
    with ada.page.expect_navigation():
        keys.press("Enter")
    assert ada.page.inner_text(".state").startswith("removed")
    assert "It appears intimate, and jkud? is no shortcut here." in ada.page.inner_text("main")
    keys.press("u")
    ada.page.wait_for_url(f"{ada.origin}/desk")
    assert case[:8] not in ada.page.inner_text("main")
    assert ada.problems == []


def test_shortcuts_can_be_turned_off(come: Come, case: str) -> None:
    ada = come()
    ada.join()
    ada.page.keyboard.press("?")
    ada.page.click("#shortcuts-switch")
    ada.page.evaluate("document.activeElement.blur()")
    ada.page.keyboard.press("j")
    assert ada.page.evaluate("document.activeElement.tagName") == "BODY"
    ada.open(case)
    ada.page.keyboard.press("u")
    assert ada.page.url.endswith(case)


def test_a_second_tab_that_was_overtaken_says_so_and_loses_nothing(come: Come, case: str) -> None:
    ada = come()
    ada.join()
    ada.open(case)
    other = ada.open_tab()
    other.goto(ada.page.url)
    other.check("#outcome-refuse")
    other.check("#element-intimate")
    other.fill("#reason", "A landscape.")
    other.click("#decide button")
    other.wait_for_selector("#finding-title")
    ada.page.check("#outcome-dismiss")
    ada.page.fill("#reason", "Written for a long time.")
    ada.page.click("#decide button")
    assert "changed since you looked at it" in ada.page.inner_text("[role=alert]")
    assert ada.page.input_value(".written") == "Written for a long time."
    assert ada.page.inner_text(".state").startswith("refused")


def test_a_session_that_ended_meanwhile_changes_nothing_and_shows_what_was_written(come: Come, case: str) -> None:
    ada = come()
    ada.join()
    ada.open(case)
    ada.page.check("#outcome-refuse")
    ada.page.fill("#reason", "Written before lunch.")
    ada.forget_cookies()
    ada.page.click("#decide button")
    assert "not signed in any more" in ada.page.inner_text("h1")
    assert ada.page.input_value("textarea") == "Written before lunch."
    ada.sign_in()
    ada.open(case)
    assert ada.page.inner_text(".state").startswith("held")


def test_a_form_of_another_page_decides_nothing(come: Come, case: str, site: Receiver) -> None:
    ada = come()
    ada.join()
    ada.open(case)
    form = {name: ada.page.input_value(f"#decide [name={name}]") for name in ("token", "seen", "of")}
    fields = {**form, "outcome": "refuse", "reason": "Not by Ada."}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    address = f"{ada.origin}/desk/cases/{case}/decision"
    html = f'<form method="post" action="{address}">{inputs}<button>A prize</button></form>'
    elsewhere = ada.open_tab()
    elsewhere.route("http://evil.localhost/**", lambda route: route.fulfill(content_type="text/html", body=html))
    elsewhere.goto("http://evil.localhost/")
    elsewhere.click("button")
    elsewhere.wait_for_url(f"{ada.origin}/**")
    ada.page.reload()
    assert ada.page.inner_text(".state").startswith("held")


def test_the_desk_asks_nobody_else_and_sets_no_cookie_on_the_persons_pages(come: Come, house: Service) -> None:
    ada = come()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.join()
    assert all(url.startswith((f"{ada.origin}/", "data:")) for url in asked)
    for path in ("/", "/case", "/how"):
        assert "set-cookie" not in httpx2.get(house.url + path).headers


def signing_in(ada: Colleague, _case: str) -> None:
    ada.page.goto(f"{ada.origin}/desk/sign-in")


def invited(ada: Colleague, _case: str) -> None:
    ada.page.goto(ada.invitation)


def joining(ada: Colleague, case: str) -> None:
    invited(ada, case)
    ada.page.click("main button")
    ada.page.wait_for_selector("#passkey")


def queue(ada: Colleague, _case: str) -> None:
    ada.join()
    ada.page.click("#shortcuts summary")


def on_case(ada: Colleague, case: str) -> None:
    ada.join()
    ada.open(case)


def not_taken(ada: Colleague, case: str) -> None:
    on_case(ada, case)
    ada.page.check("#outcome-remove")
    ada.page.fill("#reason", "Without the finding.")
    ada.page.click("#decide button")
    ada.page.wait_for_selector(".problem")


def words_open(ada: Colleague, case: str) -> None:
    on_case(ada, case)
    ada.page.fill("#text", "We are looking at it.")
    ada.page.click("#text >> xpath=ancestor::form >> css=button")
    ada.page.wait_for_selector(".messages")
    ada.page.click("form[action$='/words#messages'] button")
    ada.page.wait_for_selector(".opened")


def decided(ada: Colleague, case: str) -> None:
    on_case(ada, case)
    ada.page.check("#outcome-remove")
    ada.page.check("#covered")
    ada.page.check("#confirm-blind")
    ada.page.fill("#reason", "It appears intimate, and covered.")
    ada.page.click("#decide button")
    ada.page.wait_for_selector("#finding-title")


def kept(ada: Colleague, case: str) -> None:
    decided(ada, case)
    ada.page.click("a[href$='/kept']")
    ada.page.fill("#authority", "Police of Example, 12/26")
    ada.page.fill("#scope", "All messages, and the case itself.")
    ada.page.fill("#until", f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}")
    ada.page.click("#until >> xpath=ancestor::form >> css=button")
    ada.page.wait_for_selector(".holds")
    ada.page.fill("#reason", "Police of Example, 12/26")
    ada.page.click("#reason >> xpath=ancestor::form >> css=button")
    ada.page.wait_for_selector("#uploads-title ~ ul")


def over(ada: Colleague, case: str) -> None:
    on_case(ada, case)
    ada.page.check("#outcome-refuse")
    ada.page.fill("#reason", "Written before lunch.")
    ada.forget_cookies()
    ada.page.click("#decide button")
    ada.page.wait_for_selector(".written")


def unknown(ada: Colleague, _case: str) -> None:
    ada.join()
    ada.page.goto(f"{ada.origin}/desk/cases/{'0' * 32}")


STATES: list[State] = [
    signing_in,
    invited,
    joining,
    queue,
    on_case,
    not_taken,
    words_open,
    decided,
    kept,
    over,
    unknown,
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(come: Come, case: str, state: State) -> None:
    ada = come()
    state(ada, case)
    assert faults_at_each_width(ada.page) == []
    assert ada.problems == []
