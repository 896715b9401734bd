"""A file that is brought to the desk, examined and compared, on phones and desktops: what stands there, and how."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.acceptance.serving import Service
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Colleague, opened_desk
from tests.browser.walking import PHONE, Browser
from tests.unit.registration.pictures import cornered

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("examine"))
    opened_desk(service)
    service.start()
    yield service
    service.stop()


def test_a_picture_is_examined_with_its_original_and_alone(browser: Browser, house: Service, tmp_path: Path) -> None:
    changed = cornered(1).copy()
    changed[200:260, 300:380] = 255 - changed[200:260, 300:380]
    for name, pixels in (("mine", cornered(1)), ("suspect", changed)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.jpg", quality=90)
    here = Colleague(browser, house, "Bo", size=PHONE)
    try:
        here.join()
        page = here.page
        page.goto(f"{here.origin}/desk/examine")
        page.set_input_files("#suspect", tmp_path / "suspect.jpg")
        page.set_input_files("#original", tmp_path / "mine.jpg")
        page.check("#shown")
        page.get_by_role("button", name="Examine").click()
        page.get_by_role("heading", name="Compared with the original").wait_for(timeout=60_000)
        assert page.locator(".map rect").count() >= 1
        assert page.get_by_text("one part was changed").is_visible()
        assert page.get_by_text("The file has no Content Credentials.").is_visible()
        assert faults_at_each_width(page, "examine") == []
        # Without the original: an empty field is no file.
        page.set_input_files("#suspect", tmp_path / "mine.jpg")
        page.get_by_role("button", name="Examine").click()
        page.get_by_role("heading", name="By itself").wait_for(timeout=60_000)
        assert page.get_by_role("heading", name="Compared with the original").count() == 0
        # What is no picture is said, and the form is there again.
        (tmp_path / "notes.jpg").write_text("no picture")
        page.set_input_files("#suspect", tmp_path / "notes.jpg")
        page.get_by_role("button", name="Examine").click()
        page.get_by_role("alert").wait_for(timeout=60_000)
        assert page.locator("#suspect").is_visible()
        assert faults_at_each_width(page) == []
        assert here.problems == []
    finally:
        here.close()
