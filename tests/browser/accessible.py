"""Whether a page is for everyone: what axe finds, and whether all of it fits, on a phone, a desktop and narrower."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize
from tests.browser.walking import DESKTOP, PHONE

NARROW = {"width": 320, "height": 640}
"""Also what 1280 pixels show at 400 % (WCAG 2.2, 1.4.10)."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

SHOTS = os.environ.get("TAKEBACK_SHOTS")
"""A folder in which pages are kept as they looked, for whoever wants to see them."""


def faults_on(page: Page) -> list[str]:
    """What axe finds from the top of the page: scrolled, a control can lie half below a bar that stays."""
    page.evaluate("window.scrollTo(0, 0)")
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled to sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def faults_at_each_width(page: Page, name: str = "") -> list[str]:
    """
    What axe finds on the page as it is, and where it does not fit, in windows of each width, one after the other.

    With a name, it is kept as it looked (`SHOTS`). The window is as wide afterwards as it was.
    """
    before = page.viewport_size
    assert before is not None
    found = []
    for size in (PHONE, NARROW, DESKTOP):
        page.set_viewport_size(ViewportSize(width=size["width"], height=size["height"]))
        found += [f"{size['width']} wide: {fault}" for fault in faults_on(page)]
        if not fits(page):
            found.append(f"{size['width']} wide: has to be scrolled sideways")
        if SHOTS and name:
            page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=True)
    page.set_viewport_size(before)
    return found
