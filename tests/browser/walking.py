"""A visit to the page in Debian's Chromium, with everything that leaves it written down."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, Request, sync_playwright
from tests.house import forms_of

__all__ = ["DESKTOP", "PHONE", "Browser", "Open", "Sent", "Visit", "started_browser"]

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
WAIT_MILLISECONDS = 30_000
"""For the slowest machine; a test never asserts how long something took."""

type Open = Callable[..., Visit]


@contextmanager
def started_browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "Chromium is missing (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs privileges that a container does not give; what it opens here is ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the visit."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def holds(self, secret: bytes) -> bool:
        """Whether any part of it holds `secret`, as it is, in hexadecimal or in base64 at any offset."""
        everything = b"\n".join([self.url.encode(), str(self.headers).encode(), self.body])
        return any(form in everything for form in forms_of(secret))


_CHANGING = [
    (re.compile(r"\b(?:[a-z]{3,8} ){6}[a-z]{3,8}$", re.MULTILINE), "SEVEN WORDS"),
    (re.compile(r"\b[Cc]ase [0-9a-f]{8}"), "case NUMBER"),
    (re.compile(r"\w+day, \w+ \d+, \d{4}(?:,| at) \d+:\d+\s[AP]M(?: UTC)?"), "MOMENT"),
    (re.compile(r"127\.0\.0\.1(?::\d+)?"), "SITE"),
    (re.compile(r"[0-9a-f]{64}"), "FINGERPRINT"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "KEY"),
    (re.compile(r"\b(?:\d{4} ){3}\d{4}\b"), "SIXTEEN DIGITS"),
    (re.compile(r"[A-Za-z0-9+/=]{200,}"), "SEALED"),
]
"""What is another in each visit, and what stands for it."""


def spoken(visit: Visit) -> str:
    """Return the page's accessibility tree, as a screen reader goes through it."""
    tree = str(visit.page.locator("body").aria_snapshot())
    for pattern, name in _CHANGING:
        tree = pattern.sub(name, tree)
    return tree + "\n"


class Visit:
    """One fresh profile on the page."""

    def __init__(
        self, browser: Browser, url: str, *, size: dict[str, int] = PHONE, script: bool = True, path: str = "/",
        language: str = "en", listening: str = "",
    ) -> None:  # fmt: skip
        self._context = browser.new_context(viewport=size, java_script_enabled=script, locale=language)
        self._context.set_default_timeout(WAIT_MILLISECONDS)
        self.page: Page = self._context.new_page()
        self.page.add_init_script(listening)
        self.page.route("https://weather.com/**", lambda route: route.fulfill(body="sunny"))
        self.form: Page | Frame = self.page
        """Where the form is: the page, or a frame in it."""
        self.requests: list[Sent] = []
        self.problems: list[str] = []
        self.steps = 0
        """How often she had to touch something, or type."""
        self._context.on("request", self._write_down)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._hear)
        self.url = url
        self.page.goto(url + path)

    def close(self) -> None:
        self._context.close()

    def tick(self, name: str) -> None:
        self.steps += 1
        self.form.check(f"#{name}")

    def write(self, name: str, text: str) -> None:
        self.steps += 1
        self.form.fill(f"#{name}", text)

    def press(self, selector: str) -> None:
        self.steps += 1
        self.form.click(selector)

    def press_away(self, selector: str) -> None:
        """Press what leads to another page, and be there."""
        with self.page.expect_navigation():
            self.press(selector)

    def choose_files(self, *paths: Path, into: str = "files") -> None:
        """Choose files and wait until each was read."""
        self.steps += 1
        before = self.form.locator(f"#{into}-list > li").count()
        self.form.set_input_files(f"#{into}", [str(path) for path in paths])
        self.form.wait_for_function(
            "([list, count]) => document.querySelectorAll(`#${list}-list > :is(.good, .bad)`).length === count",
            arg=[into, before + len(paths)],
        )

    def begin(self, *, under_18: str = "no", role: str = "me") -> None:
        """Answer who is shown, and who she is."""
        self.tick(f"under_18-{under_18}")
        self.tick(f"role-{role}")

    def say(self, *, signature: str = "A. B.") -> None:
        """Fill in what every law but the European asks for, the shortest way."""
        for name in ("intimate", "not_consensual"):
            self.tick(name)
        self.press("#use-offer")
        self.tick("good_faith")
        self.tick("mailbox")
        self.write("signature", signature)

    def review(self) -> None:
        self.press("#to-review")
        self.form.wait_for_selector("#review:not([hidden])")

    def send(self) -> str:
        """Send what was reviewed and return the receipt."""
        self.press("#send")
        self.form.wait_for_selector("#receipt:not([hidden])")
        return str(self.form.inner_text("#receipt-words")).strip()

    def texts(self, selector: str) -> Sequence[str]:
        return [text.strip() for text in self.form.locator(selector).all_inner_texts()]

    def _write_down(self, request: Request) -> None:
        self.requests.append(Sent(request.method, request.url, request.headers, request.post_data_buffer or b""))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)
