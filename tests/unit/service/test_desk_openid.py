"""In at the desk by an identity provider, over HTTP: what a browser is sent, brings back, and is not let in by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.identity_provider import (
    CLIENT_ID,
    SECRET,
    IdentityProvider,
    bringing_its_key,
    changed,
    of_another,
    shared_secret,
    unsigned,
)
from tests.unit.service.at_desk import ORIGIN, SAME_ORIGIN, Desk

from takeback.assembly import Parts
from takeback.audit.event import EventKind
from takeback.service.app import open_over
from takeback.service.desk.door import ATTEMPTS
from takeback.store.desk_people import DeskRole
from takeback.workflow.desk_people import invite, leave

ANSWER = "/desk/openid/answer"


class Browser(Desk):
    """A browser at the desk whose person has an account at the provider."""

    def __init__(self, parts: Parts, client: TestClient, there: IdentityProvider) -> None:
        super().__init__(parts, client)
        self.there = there

    def leave_for(self, path: str = "/desk/openid", **form: str) -> str:
        """Press the button that leads to the provider; return the address that the page leads on to."""
        page = self.post(path, **form)
        assert page.status_code == 200, page.text
        return onward(page)

    def come_back(self, address: str) -> httpx2.Response:
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == ORIGIN + ANSWER
        return self.client.get(f"{parts.path}?{parts.query}", headers=FROM_ELSEWHERE, follow_redirects=False)

    def enter(self, **form: str) -> httpx2.Response:
        """Go to the provider, sign in there, and come back."""
        return self.come_back(self.there.sign_in(self.leave_for(**form)))

    def invitation(self, name: str = "Ada", role: DeskRole | None = DeskRole.MODERATOR, *, lost: bool = False) -> str:
        return invite(self.store, name, role, lost=lost, actor="test", at=self.parts.now()).secret

    def is_in(self) -> bool:
        return self.get("/desk").status_code == 200

    def whys(self) -> list[object]:
        """Return why the provider's word was not taken, as the log has it."""
        with self.store.read() as tx:
            entries = [entry for entry in tx.audit.entries() if entry.kind == EventKind.DESK_IDENTITY_REFUSED]
        return [(entry.facts or {})["why"] for entry in entries]


FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


def onward(page: httpx2.Response) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


@pytest.fixture
def there(parts: Parts) -> Iterator[IdentityProvider]:
    with IdentityProvider(now=lambda: parts.now().timestamp()).listening() as provider:
        yield provider


@pytest.fixture
def settings(there: IdentityProvider, tmp_path: Path) -> dict[str, object]:
    file = tmp_path / "openid.secret"
    file.touch(mode=0o600)
    file.write_text(SECRET)
    return {
        "desk_origin": ORIGIN,
        "openid_issuer": there.issuer,
        "openid_client_id": CLIENT_ID,
        "openid_client_secret_file": str(file),
        "openid_name": "The <Club>",
        "allowed_private_hosts": (there.host,),
    }


def opened(app: FastAPI, parts: Parts, settings: Mapping[str, object], **more: object) -> Parts:
    open_ = replace(parts, settings=replace(parts.settings, **{**settings, **more}))  # type: ignore[arg-type]
    open_over(app, open_)
    return open_


@pytest.fixture
def browser(app: FastAPI, parts: Parts, there: IdentityProvider, settings: dict[str, object]) -> Iterator[Browser]:
    open_ = opened(app, parts, settings)
    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield Browser(open_, client, there)


@pytest.fixture
def other(app: FastAPI, browser: Browser) -> Browser:
    """Another browser at the same desk."""
    return Browser(browser.parts, TestClient(app, base_url=ORIGIN, raise_server_exceptions=False), browser.there)


def test_an_invited_person_joins_by_an_account_and_signs_in_by_it(browser: Browser, other: Browser) -> None:
    invitation = browser.invitation()
    page = browser.post("/desk/invitation", invitation=invitation)
    assert "Go on with The &lt;Club&gt;" in page.text
    answer = browser.enter(invitation=invitation)
    assert (answer.status_code, onward(answer)) == (200, "/desk")
    assert browser.is_in()
    other.enter()
    assert other.is_in()
    assert "Ada" in other.get("/desk").text


def test_the_page_offers_the_provider_beside_passkeys_and_works_without_scripts(browser: Browser) -> None:
    page = browser.get("/desk/sign-in").text
    assert "Sign in with The &lt;Club&gt;" in page
    assert 'id="passkey"' in page
    assert re.search(r'<form id="openid" method="post" action="/desk/openid">', page)


def test_without_a_provider_there_is_no_such_way_in(desk: Desk) -> None:
    assert 'id="openid"' not in desk.get("/desk/sign-in").text
    for answer in (desk.post("/desk/openid"), desk.get(ANSWER), desk.post("/desk/openid/sign-out")):
        assert answer.status_code == 404
        assert "openid_issuer" in answer.text


def test_where_no_passkeys_are_taken_the_page_offers_the_provider_alone(
    app: FastAPI, browser: Browser, settings: dict[str, object]
) -> None:
    invitation = browser.invitation()
    opened(app, browser.parts, settings, desk_passkeys="off")
    for page in (browser.get("/desk/sign-in"), browser.post("/desk/invitation", invitation=invitation)):
        assert page.status_code == 200
        assert 'id="openid"' in page.text
        assert 'id="passkey"' not in page.text
        assert "<script" not in page.text
    browser.enter(invitation=invitation)
    assert browser.is_in()


def test_what_the_browser_keeps_meanwhile_is_bound_to_the_host_and_out_of_reach(browser: Browser) -> None:
    page = browser.post("/desk/openid")
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-desk-errand=")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=600"} <= said
    secret = cookie.partition("=")[2].partition(";")[0]
    assert secret not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


def test_after_it_the_session_has_its_own_cookie_and_the_other_is_gone(browser: Browser) -> None:
    answer = browser.enter(invitation=browser.invitation())
    cookies = answer.headers.get_list("set-cookie")
    session = next(each for each in cookies if each.startswith("__Host-desk="))
    assert "samesite=strict" in session.lower()
    errand = next(each for each in cookies if each.startswith("__Host-desk-errand="))
    assert "max-age=0" in errand.lower()
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "code=" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {**SAME_ORIGIN, "Sec-Fetch-Site": "cross-site"}],
    ids=str,
)
def test_another_page_sends_nobody_to_the_provider(browser: Browser, headers: dict[str, str]) -> None:
    for path in ("/desk/openid", "/desk/you/openid", "/desk/you/openid/unbind", "/desk/openid/sign-out"):
        assert browser.post_from(headers, path).status_code == 403
    assert browser.there.asked_for == []


def test_nobody_is_led_anywhere_that_an_address_names(browser: Browser) -> None:
    invitation = browser.invitation()
    address = browser.there.sign_in(browser.leave_for(invitation=invitation, next="https://evil.example"))
    more = urlencode(
        {"next": "https://evil.example", "redirect_uri": "https://evil.example", "return_to": "//evil.example"}
    )
    answer = browser.come_back(f"{address}&{more}")
    assert onward(answer) == "/desk"
    assert "evil" not in answer.text


# What comes back


def test_what_another_browser_began_lets_nobody_in(browser: Browser, other: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    address = browser.there.sign_in(browser.leave_for())
    assert other.come_back(address).status_code == 403
    other.leave_for()
    assert other.come_back(address).status_code == 403
    assert not other.is_in()
    browser.client.cookies.delete("__Host-desk")
    assert browser.come_back(address).status_code == 200
    assert browser.is_in()


def test_an_answer_counts_once(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    browser.leave_for()
    kept = dict(browser.client.cookies)
    address = browser.there.sign_in(browser.leave_for())
    errand = browser.client.cookies["__Host-desk-errand"]
    assert browser.come_back(address).status_code == 200
    browser.client.cookies.set("__Host-desk-errand", errand, domain="desk.example")
    assert browser.come_back(address).status_code == 403
    assert errand != kept["__Host-desk-errand"]


def test_a_code_of_somebody_elses_sign_in_put_into_ones_own_lets_nobody_in(browser: Browser, other: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    stolen = dict(parse_qsl(urlsplit(browser.there.sign_in(browser.leave_for())).query))["code"]
    own = urlsplit(other.there.sign_in(other.leave_for()))
    query = {**dict(parse_qsl(own.query)), "code": stolen}
    answer = other.come_back(own._replace(query=urlencode(query)).geturl())
    assert answer.status_code == 403
    assert not other.is_in()


@pytest.mark.parametrize(
    "path", ["", "?state=x", "?code=x", "?state=x&code=y", "?state=&code=", "?error=access_denied"]
)
def test_an_answer_that_nobody_asked_for_is_refused_and_the_provider_is_not_asked(browser: Browser, path: str) -> None:
    assert browser.get(ANSWER + path).status_code == 403
    assert browser.there.asked_for == []


def test_an_answer_that_says_something_twice_or_without_end_is_refused(browser: Browser) -> None:
    address = browser.there.sign_in(browser.leave_for())
    for more in ("&state=x", "&code=x", "&iss=x"):
        assert browser.come_back(address + more).status_code == 403
    assert browser.come_back(f"{address.split('?')[0]}?state={'x' * 5_000}").status_code == 403
    assert browser.whys() == []


def test_who_says_no_at_the_provider_is_told_in_our_own_words(browser: Browser) -> None:
    state = dict(parse_qsl(urlsplit(browser.leave_for()).query))["state"]
    told = {"error": "access_denied", "error_description": "<b>Call 555-0100 now</b>", "state": state}
    answer = browser.come_back(f"{ORIGIN}{ANSWER}?{urlencode({**told, 'iss': browser.there.issuer})}")
    assert answer.status_code == 403
    assert "did not let you in" in answer.text
    assert "555" not in answer.text


def test_an_answer_of_another_provider_is_refused(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    browser.client.cookies.clear()
    for issuer in ("https://evil.example", None):
        parts = urlsplit(browser.there.sign_in(browser.leave_for()))
        query = {**dict(parse_qsl(parts.query)), "iss": issuer}
        left = {name: value for name, value in query.items() if value is not None}
        answer = browser.come_back(parts._replace(query=urlencode(left)).geturl())
        assert answer.status_code == 403
        assert "another provider" in answer.text
    assert not browser.is_in()


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"azp": "another"}, "azp"),
        ({"nonce": "of-another-sign-in"}, "nonce"),
        ({"exp": 0}, "exp"),
        ({"iat": 0}, "iat"),
        ({"at_hash": "AAAA"}, "at_hash"),
        ({"sub": None}, "sub"),
    ],
    ids=str,
)
def test_a_token_of_which_one_thing_does_not_hold_lets_nobody_in_and_is_an_event(
    browser: Browser, claims: dict[str, object], why: str
) -> None:
    browser.enter(invitation=browser.invitation())
    browser.client.cookies.clear()
    browser.there.claims = claims
    answer = browser.enter()
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert not browser.is_in()
    assert browser.whys() == [why]
    browser.there.claims = {}
    browser.enter()
    assert browser.is_in()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (unsigned, "alg"),
        (shared_secret, "alg"),
        (of_another, "signature"),
        (changed, "signature"),
        (bringing_its_key, "signature"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(browser: Browser, make: object, why: str) -> None:
    browser.enter(invitation=browser.invitation())
    browser.client.cookies.clear()
    browser.there.token = make  # type: ignore[assignment]
    assert browser.enter().status_code == 403
    assert not browser.is_in()
    assert browser.whys() == [why]


def test_an_account_that_is_bound_to_nobody_is_told_what_to_do(browser: Browser) -> None:
    answer = browser.enter()
    assert answer.status_code == 403
    assert "not bound to anybody" in answer.text
    assert "invitation" in answer.text
    assert browser.whys() == ["unbound"]


def test_a_provider_that_is_down_leaves_passkeys_and_says_so(browser: Browser) -> None:
    browser.join()
    browser.there.answers = {"/.well-known/openid-configuration": (503, {}, b"")}
    answer = browser.post("/desk/openid")
    assert answer.status_code == 502
    assert "HTTP status 503" in answer.text
    assert browser.post("/desk/sign-out", token=browser.token()).headers["location"] == "/desk/sign-in"
    assert browser.get("/desk/sign-in").status_code == 200
    browser.sign_in()
    assert browser.is_in()


def test_a_provider_that_goes_down_on_the_way_lets_nobody_in_and_says_so(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    browser.client.cookies.clear()
    address = browser.there.sign_in(browser.leave_for())
    browser.there.answers = {"/token": (500, {}, b"")}
    answer = browser.come_back(address)
    assert answer.status_code == 502
    assert not browser.is_in()
    assert browser.whys() == []


def test_more_sign_ins_than_people_begin_are_not_begun(browser: Browser) -> None:
    answers = [browser.post("/desk/openid").status_code for _ in range(ATTEMPTS.of_one + 1)]
    assert answers == [200] * ATTEMPTS.of_one + [429]
    assert browser.get(ANSWER).status_code == 429


def test_an_answer_does_not_open_a_desk_that_the_person_left(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    address = browser.there.sign_in(browser.leave_for())
    leave(browser.store, "Ada", actor="test", at=browser.parts.now())
    assert browser.come_back(address).status_code == 403
    assert browser.get("/desk").headers["location"] == "/desk/sign-in"


# One's own page


def test_whoever_is_in_by_a_passkey_binds_an_account_and_unbinds_it(browser: Browser, other: Browser) -> None:
    browser.join()
    page = browser.get("/desk/you").text
    assert "Bind it to me" in page
    assert browser.post("/desk/you/openid", token="x").status_code == 403
    answer = browser.come_back(browser.there.sign_in(browser.leave_for("/desk/you/openid", token=browser.token())))
    assert onward(answer) == "/desk/you"
    assert "You sign in with your account at The &lt;Club&gt;" in browser.get("/desk/you").text
    other.enter()
    assert other.is_in()
    assert browser.post("/desk/you/openid/unbind", token="x").status_code == 403
    assert browser.post("/desk/you/openid/unbind", token=browser.token()).headers["location"] == "/desk/you"
    assert not other.is_in()
    assert browser.is_in()


def test_an_account_is_not_unbound_where_it_gives_the_role_or_no_passkeys_are_taken(
    app: FastAPI, browser: Browser, settings: dict[str, object]
) -> None:
    browser.join()
    browser.come_back(browser.there.sign_in(browser.leave_for("/desk/you/openid", token=browser.token())))
    for more in (
        {"desk_passkeys": "off"},
        {"openid_role_claim": "groups", "openid_roles": ("mods=moderator",)},
    ):
        opened(app, browser.parts, settings, **more)
        answer = browser.post("/desk/you/openid/unbind", token=browser.token())
        assert answer.status_code == 409
        assert "only way in" in answer.text


def test_nobody_binds_an_account_without_being_in(browser: Browser) -> None:
    assert browser.post("/desk/you/openid", token="x").status_code == 401
    assert browser.there.asked_for == []


# Roles, and how it was proven


def test_a_role_that_the_provider_took_back_ends_it_also_for_passkeys(
    app: FastAPI, browser: Browser, settings: dict[str, object]
) -> None:
    browser.join()
    rule = {"openid_role_claim": "groups", "openid_roles": ("mods=moderator", "heads=administrator")}
    opened(app, browser.parts, settings, **rule)
    browser.there.claims = {"groups": ["heads"]}
    browser.come_back(browser.there.sign_in(browser.leave_for("/desk/you/openid", token=browser.token())))
    assert "administrator" in browser.get("/desk").text
    browser.there.claims = {"groups": []}
    assert browser.enter().status_code == 403
    assert not browser.is_in()
    assert browser.sign_in().status_code == 403
    assert browser.whys() == ["role"]


def test_whoever_did_not_prove_themselves_as_it_is_asked_is_not_let_in(
    app: FastAPI, browser: Browser, settings: dict[str, object]
) -> None:
    opened(
        app, browser.parts, settings, openid_max_age_seconds=60, openid_acr_values=("gold",), openid_amr_values=("mfa",)
    )
    invitation = browser.invitation()
    address = browser.leave_for(invitation=invitation)
    query = dict(parse_qsl(urlsplit(address).query))
    assert (query["max_age"], query["acr_values"]) == ("60", "gold")
    browser.there.claims = {"acr": "gold", "amr": ["pwd"]}
    assert browser.come_back(browser.there.sign_in(address)).status_code == 403
    browser.there.claims = {"acr": "gold", "amr": ["pwd", "mfa"]}
    browser.enter(invitation=invitation)
    assert browser.is_in()
    assert browser.whys() == ["amr"]


# Out


def test_whoever_came_by_the_provider_is_offered_to_sign_out_there_too(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    page = browser.post("/desk/sign-out", token=browser.token())
    assert page.status_code == 200
    assert "you are still signed in" in page.text
    assert page.headers["clear-site-data"]
    assert not browser.is_in()
    address = onward(browser.post("/desk/openid/sign-out"))
    assert address.startswith(f"{browser.there.issuer}/out?")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked == {"client_id": CLIENT_ID, "post_logout_redirect_uri": f"{ORIGIN}/desk/sign-in"}


def test_a_provider_that_has_no_way_out_is_said_to_have_none(browser: Browser) -> None:
    browser.there.discovery = {"end_session_endpoint": None}
    answer = browser.post("/desk/openid/sign-out")
    assert answer.status_code == 404
    assert "sign out there" in answer.text


def test_signing_out_here_does_not_wait_for_the_provider(browser: Browser) -> None:
    browser.enter(invitation=browser.invitation())
    token, asked = browser.token(), len(browser.there.asked_for)
    assert browser.post("/desk/sign-out", token=token).status_code == 200
    assert len(browser.there.asked_for) == asked
