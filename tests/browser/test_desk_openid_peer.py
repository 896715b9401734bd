"""The desk with a provider that is not ours: in on its pages, with the role that it gives, and out of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.serving import Service
from tests.browser.desk import Colleague, opened_desk
from tests.browser.walking import Browser
from tests.openid_peer import CLIENT_ID, SECRET, Peer, installed, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("peer")
    program = installed(folder / "openid")
    served = Service(folder / "house")
    origin = opened_desk(served)
    with running(program, origin) as peer:
        _use(served, peer)
        served.start()
        yield served
        served.stop()


def _use(served: Service, peer: Peer) -> None:
    secret = served.folder / "openid.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    served.environment |= {
        "TAKEBACK_ALLOWED_PRIVATE_HOSTS": peer.host,
        "TAKEBACK_OPENID_ISSUER": peer.issuer,
        "TAKEBACK_OPENID_CLIENT_ID": CLIENT_ID,
        "TAKEBACK_OPENID_CLIENT_SECRET_FILE": str(secret),
        "TAKEBACK_OPENID_NAME": "The peer",
        "TAKEBACK_OPENID_ROLE_CLAIM": "groups",
        "TAKEBACK_OPENID_ROLES": "readers=second_reader,mods=moderator",
    }


def sign_in_there(ada: Colleague, who: str) -> None:
    ada.page.click("#openid button")
    ada.page.fill("input[name=login]", who)
    ada.page.fill("input[name=password]", "any")
    ada.page.click("button[type=submit]")
    ada.page.wait_for_selector("input[name=prompt][value=consent]", state="attached")
    ada.page.click("button[type=submit]")


def test_a_person_comes_by_another_programs_provider_and_goes_out_of_both(browser: Browser, house: Service) -> None:
    ada = Colleague(browser, house, "Ada")
    ada.page.goto(ada.invitation)
    ada.page.click("main button")
    sign_in_there(ada, "ada-readers-choir")
    ada.page.wait_for_url(f"{ada.origin}/desk")
    assert "second reader" in ada.page.inner_text(".bar")
    ada.page.click(".bar button")
    ada.page.click("main form button")
    ada.page.wait_for_url("**/session/end*")
    ada.page.click("button[value=yes]")
    ada.page.wait_for_url(f"{ada.origin}/desk/sign-in")
    ada.page.click("#openid button")
    ada.page.wait_for_selector("input[name=login]")
    ada.close()


def test_whoever_has_no_role_there_is_not_let_in(browser: Browser, house: Service) -> None:
    bo = Colleague(browser, house, "Bo")
    bo.page.goto(bo.invitation)
    bo.page.click("main button")
    sign_in_there(bo, "bo-choir")
    assert "no role at this desk" in bo.page.inner_text("[role=alert]")
    bo.page.goto(f"{bo.origin}/desk")
    bo.page.wait_for_url(f"{bo.origin}/desk/sign-in")
    bo.close()
