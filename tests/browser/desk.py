"""A person of the desk in Chromium, with a passkey on an authenticator that Chromium brings for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.acceptance.serving import Service
from tests.browser.walking import DESKTOP, WAIT_MILLISECONDS, Browser, Page


def opened_desk(service: Service) -> str:
    """Open the desk of a service that is not started yet; return where it is."""
    origin = f"http://localhost:{service.port}"
    service.environment = {**service.environment, "TAKEBACK_DESK_ORIGIN": origin}
    return origin


def command(service: Service, *arguments: str) -> str:
    """Run `takeback desk …` beside the running service."""
    whole = [
        *(sys.executable, "-m", "takeback", "desk", *arguments),
        *("--data", str(service.data), "--master-key-file", str(service.folder / "master.key")),
    ]
    return subprocess.run(whole, check=True, capture_output=True, text=True, env=service.environment).stdout


class Colleague:
    """One person at the desk, with a browser and a passkey of their own."""

    def __init__(
        self, browser: Browser, service: Service, name: str, *, role: str = "moderator", size: dict[str, int] = DESKTOP
    ) -> None:
        self.service, self.name = service, name
        self.origin = f"http://localhost:{service.port}"
        self._context = browser.new_context(viewport=size)
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
        self.invitation = json.loads(command(service, "invite", name, "--role", role, "--json"))["link"]

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

    def forget_cookies(self) -> None:
        """Be as if the session had ended."""
        self._context.clear_cookies()

    def verify_by_nothing(self) -> None:
        """Hold a device whose PIN this person does not know."""
        self._device.send("WebAuthn.setUserVerified", {**self._authenticator, "isUserVerified": False})

    @property
    def cookies(self) -> list[dict[str, Any]]:
        return list(self._context.cookies())

    def close(self) -> None:
        self._context.close()

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.problems.append(message.text)
