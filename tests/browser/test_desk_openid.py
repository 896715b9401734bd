"""In by the provider's own page and out of both, in a real browser: two sites, and cookies that keep to their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from tests.acceptance.serving import Service, receiving
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Colleague, Come, opened_desk, reported_case
from tests.browser.walking import Browser
from tests.identity_provider import CLIENT_ID, SECRET, IdentityProvider

pytestmark = pytest.mark.browser

NAME = "the club"
_numbers = count(4_000)


@pytest.fixture(scope="module")
def club() -> Iterator[IdentityProvider]:
    """The provider, at 127.0.0.1: another site than localhost, where the desk is."""
    with IdentityProvider().listening() as provider:
        yield provider


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, club: IdentityProvider) -> Iterator[Service]:
    """A service with a desk that people sign in at by the club's accounts."""
    folder = tmp_path_factory.mktemp("openid")
    served = Service(folder, "--allowed-private-host", club.host)
    opened_desk(served)
    secret = folder / "openid.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    served.environment |= {
        "TAKEBACK_OPENID_ISSUER": club.issuer,
        "TAKEBACK_OPENID_CLIENT_ID": CLIENT_ID,
        "TAKEBACK_OPENID_CLIENT_SECRET_FILE": str(secret),
        "TAKEBACK_OPENID_NAME": NAME,
    }
    served.start()
    with receiving() as site:
        served.add_site(site)
        yield served
        served.stop()


@pytest.fixture
def come(browser: Browser, house: Service, request: pytest.FixtureRequest) -> Iterator[Come]:
    here: list[Colleague] = []

    def invite(**options: object) -> Colleague:
        name = f"{request.node.name} {len(here)}"[-90:]
        here.append(Colleague(browser, house, name, **options))  # type: ignore[arg-type]
        return here[-1]

    yield invite
    for each in here:
        each.close()


def go_there(ada: Colleague, who: str) -> None:
    """Press the button that leads to the club, and sign in on its page."""
    ada.page.click("#openid button")
    ada.page.wait_for_url("http://127.0.0.1:*/authorize?*")
    ada.page.fill("input", who)
    ada.page.click("button")


def join_by_account(ada: Colleague) -> None:
    ada.page.goto(ada.invitation)
    ada.page.click("main button")
    go_there(ada, ada.name)
    ada.page.wait_for_url(f"{ada.origin}/desk")


def sign_in_by_account(ada: Colleague) -> None:
    ada.page.goto(f"{ada.origin}/desk/sign-in")
    go_there(ada, ada.name)


def test_a_person_signs_in_at_the_provider_decides_a_case_and_signs_out_of_both(come: Come, house: Service) -> None:
    case = reported_case(house, next(_numbers))
    ada = come()
    join_by_account(ada)
    assert ada.name in ada.page.inner_text(".bar")
    (cookie,) = ada.cookies
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("desk", True, "Strict")
    ada.open(case)
    ada.page.check("#outcome-remove")
    ada.page.check("#covered")
    ada.page.check("#confirm-blind")
    ada.page.fill("#reason", "It appears intimate, and covered.")
    ada.send("#decide button")
    assert ada.page.inner_text(".state").startswith("removed")
    ada.page.click(".bar button")
    ada.page.wait_for_selector("form[action='/desk/openid/sign-out']")
    assert "you are still signed in" in ada.page.inner_text("main")
    assert ada.cookies == []
    ada.page.click("main button")
    ada.page.wait_for_url(f"{ada.origin}/desk/sign-in")
    ada.page.goto(f"{ada.origin}/desk")
    ada.page.wait_for_url(f"{ada.origin}/desk/sign-in")
    sign_in_by_account(ada)
    ada.page.wait_for_url(f"{ada.origin}/desk")
    assert ada.problems == []


def test_no_code_stays_in_the_address_or_in_what_one_goes_back_to(come: Come) -> None:
    ada = come()
    asked: list[tuple[str, str]] = []
    ada.page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    join_by_account(ada)
    told = [referrer for _, referrer in asked if referrer.startswith(ada.origin)]
    assert told
    assert not [referrer for referrer in told if "code=" in referrer or "state=" in referrer]
    ada.page.go_back()
    assert "code=" not in ada.page.url


def test_an_account_that_nobody_invited_is_told_so_and_not_in(come: Come) -> None:
    ada = come()
    ada.page.goto(f"{ada.origin}/desk/sign-in")
    go_there(ada, "a stranger")
    assert "not bound to anybody" in ada.page.inner_text("[role=alert]")
    assert [each["name"] for each in ada.cookies if each["name"] == "desk"] == []


def test_whoever_came_by_a_passkey_binds_an_account_and_comes_by_it(come: Come) -> None:
    ada = come()
    ada.join()
    ada.page.goto(f"{ada.origin}/desk/you")
    go_there(ada, ada.name)
    ada.page.wait_for_url(f"{ada.origin}/desk/you")
    assert "You sign in with your account" in ada.page.inner_text("main")
    ada.page.click(".bar button")
    ada.page.wait_for_url(f"{ada.origin}/desk/sign-in")
    sign_in_by_account(ada)
    ada.page.wait_for_url(f"{ada.origin}/desk")
    assert ada.problems == []


def test_an_address_that_was_copied_into_another_browser_opens_nothing(come: Come, club: IdentityProvider) -> None:
    ada, eve = come(), come()
    join_by_account(ada)
    ada.page.goto(f"{ada.origin}/desk/sign-in")
    ada.page.click("#openid button")
    ada.page.wait_for_url("http://127.0.0.1:*/authorize?*")
    address = club.sign_in(ada.page.url)
    eve.page.goto(address)
    assert "not begun in this browser" in eve.page.inner_text("[role=alert]")
    assert eve.cookies == []
    ada.page.goto(address)
    ada.page.wait_for_url(f"{ada.origin}/desk")


def signing_in(ada: Colleague) -> None:
    ada.page.goto(f"{ada.origin}/desk/sign-in")


def joining(ada: Colleague) -> None:
    ada.page.goto(ada.invitation)
    ada.page.click("main button")
    ada.page.wait_for_selector("#openid")


def refused(ada: Colleague) -> None:
    signing_in(ada)
    go_there(ada, "a stranger")
    ada.page.wait_for_selector("[role=alert]")


def bound(ada: Colleague) -> None:
    join_by_account(ada)
    ada.page.goto(f"{ada.origin}/desk/you")


def signed_out(ada: Colleague) -> None:
    join_by_account(ada)
    ada.page.click(".bar button")
    ada.page.wait_for_selector("form[action='/desk/openid/sign-out']")


STATES: list[Callable[[Colleague], None]] = [signing_in, joining, refused, bound, signed_out]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(come: Come, state: Callable[[Colleague], None]) -> None:
    ada = come()
    state(ada)
    assert faults_at_each_width(ada.page) == []
    assert ada.problems == []
