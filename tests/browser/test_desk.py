"""The desk: in by a passkey, through the queue and a case by keyboard, and out when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.acceptance.serving import Receiver, Service
from tests.browser.desk import Colleague, command, opened_desk
from tests.browser.walking import Browser

pytestmark = pytest.mark.browser

type Come = Callable[..., Colleague]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, site: Receiver) -> Iterator[Service]:
    """A service with a desk of its own, on the name that passkeys need."""
    served = Service(tmp_path_factory.mktemp("desk"), "--allowed-private-host", f"127.0.0.1:{site.port}")
    opened_desk(served)
    served.start()
    served.add_site(site)
    yield served
    served.stop()


@pytest.fixture
def come(browser: Browser, house: Service, request: pytest.FixtureRequest) -> Iterator[Come]:
    """Invite someone new, who comes with a browser of their own."""
    here: list[Colleague] = []

    def invite(**options: object) -> Colleague:
        name = f"{request.node.name} {len(here)}"[-90:]
        here.append(Colleague(browser, house, name, **options))  # type: ignore[arg-type]
        return here[-1]

    yield invite
    for each in here:
        each.close()


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
    command(house, "leave", ada.name)
    ada.page.reload()
    ada.page.wait_for_url("**/desk/sign-in")
    ada.page.click("#passkey button")
    assert "not accepted" in ada.page.inner_text("[role=alert]")
