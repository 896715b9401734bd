"""A person of the desk in Chromium, with a passkey on an authenticator that Chromium brings for tests."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

import httpx2
from playwright.sync_api import Page
from tests.acceptance.serving import Receiver, Service
from tests.browser.files import phone_picture
from tests.browser.walking import DESKTOP, WAIT_MILLISECONDS, Browser

CLIENT_HEADER = "X-Real-IP"
"""Where a proxy would say who asks."""

_addresses = count(1)

type Come = Callable[..., Colleague]


def opened_desk(service: Service) -> str:
    """Open the desk of a service that is not started yet; return where it is."""
    origin = f"http://localhost:{service.port}"
    settings = {"TAKEBACK_DESK_ORIGIN": origin, "TAKEBACK_CLIENT_ADDRESS_HEADER": CLIENT_HEADER}
    service.environment = {**service.environment, **settings}
    return origin


def reported_case(service: Service, number: int, *, copies: int = 2, base: str = "https://forum.example") -> str:
    """Have pictures uploaded, at addresses below `base`, and reported, by fingerprints alone; return the case's id."""
    bits = random.Random(number).sample(range(256), 120)
    near = [sum(1 << bit for bit in bits) ^ (1 << other) for other in range(copies)]
    for place, code in enumerate(near):
        item = f"{number}-{place}"
        body = {"pictures": [{"pdq": f"{code:064x}"}], "item_id": item, "url": f"{base}/{item}"}
        checked = httpx2.post(f"{service.url}/api/v1/check", headers=service.headers("upload"), json=body)
        assert checked.status_code == 200, checked.text
    notice = {
        "pictures": [{"pdq": f"{near[0]:064x}"}],
        **{"role": "me", "statement": "A picture of me, drawn for this test.", "signature": "A. Person"},
        **{"intimate": True, "not_consensual": True, "good_faith": True, "contact": {"mailbox": True}},
    }
    received = httpx2.post(f"{service.url}/api/v1/notices", json=notice)
    assert received.status_code == 201, received.text
    return str(received.json()["case"])


def pictured_case(service: Service, site: Receiver, number: int, *, copies: int = 2) -> str:
    """Do the same with pictures that the site shows."""
    for place in range(copies):
        site.pictures[f"/{number}-{place}"] = phone_picture(number)
    return reported_case(service, number, copies=copies, base=site.url)


class Host(Protocol):
    """A service with a desk, that people are invited to."""

    port: int

    def invite(self, name: str, role: str) -> str:
        """Return the link by which a person comes in."""


class Colleague:
    """One person at the desk, with a browser and a passkey of their own."""

    def __init__(
        self, browser: Browser, service: Host, name: str, *, role: str = "moderator", size: dict[str, int] = DESKTOP
    ) -> None:
        self.name = name
        self.origin = f"http://localhost:{service.port}"
        # From an address of their own: so many people as in these tests do not come from one.
        address = {CLIENT_HEADER: f"2001:db8:{next(_addresses):x}::1"}
        self._context = browser.new_context(viewport=size, extra_http_headers=address)
        self._context.set_default_timeout(WAIT_MILLISECONDS)
        self.problems: list[str] = []
        self.page = self.open_tab()
        self._device = self._context.new_cdp_session(self.page)
        self._device.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._authenticator = self._device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.invitation = service.invite(name, role)

    def open_tab(self) -> Page:
        """Open another tab of the same browser."""
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._hear)
        return page

    def join(self) -> None:
        """Open the invitation, make a passkey, and be in."""
        self.page.goto(self.invitation)
        self.page.click("main button")
        self.page.click("#passkey button")
        self.page.wait_for_url(f"{self.origin}/desk")

    def sign_in(self) -> None:
        self.page.goto(f"{self.origin}/desk/sign-in")
        self.page.click("#passkey button")
        self.page.wait_for_url(f"{self.origin}/desk")

    def open(self, case_id: str) -> None:
        """Open the page of a case."""
        self.page.goto(f"{self.origin}/desk/cases/{case_id}")

    def forget_cookies(self) -> None:
        """Be as if the session had ended."""
        self._context.clear_cookies()

    def verify_by_nothing(self) -> None:
        """Hold a device whose PIN this person does not know."""
        self._device.send("WebAuthn.setUserVerified", {**self._authenticator, "isUserVerified": False})

    def send(self, selector: str) -> None:
        """Press the button of a form, and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.click(selector)

    @property
    def cookies(self) -> list[dict[str, Any]]:
        return list(self._context.cookies())

    def close(self) -> None:
        self._context.close()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.problems.append(message.text)
