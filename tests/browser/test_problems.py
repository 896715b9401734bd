"""Where the service fails while she sends: she is told in her language, and nothing that she wrote is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.acceptance.serving import serving
from tests.browser.walking import Browser, Visit

from takeback.service.pages.words import languages
from takeback.store.database import DATABASE_NAME

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_she_is_told_in_her_language_and_goes_back_to_all_that_she_wrote(
    browser: Browser, tmp_path: Path, script: bool
) -> None:
    words = languages()["es"]
    with serving(tmp_path) as service:
        here = Visit(browser, service.url, language="es", script=script)
        here.begin()
        here.write("links", "https://elsewhere.example/picture")
        for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
            here.tick(name)
        here.write("statement", "Una imagen mía.")
        here.write("signature", "A. B.")
        here.press("#to-review")
        with sqlite3.connect(service.data / DATABASE_NAME) as database:
            database.execute('ALTER TABLE "case" RENAME TO gone')
        here.press("#send" if script else "button[value=send]")
        told = here.page.locator("[role=alert]:visible")
        told.wait_for()
        assert words("problem.codes.store-error") in told.inner_text()
        here.press("#back" if script else "button[value=change]")
        assert here.page.input_value("#statement") == "Una imagen mía."
        assert here.page.is_checked("#mailbox")
        here.close()
