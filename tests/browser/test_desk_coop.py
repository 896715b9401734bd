"""What an operator's Coop was told of a case, and said, on the page of the case: a failure is told again from there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Service, receiving
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Colleague, opened_desk, reported_case
from tests.browser.walking import PHONE, Browser
from tests.unit.actions.platforms.server import Said
from tests.unit.coop import NOT_COVERED, Coop, callback, coop_on_loopback, settings_of, signature_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def coop() -> Coop:
    return Coop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, coop: Coop) -> Iterator[Service]:
    """A desk whose operator runs a Coop too."""
    folder = tmp_path_factory.mktemp("coop")
    with coop_on_loopback(coop) as there, receiving() as site:
        service = Service(folder, "--allowed-private-host", "127.0.0.1")
        opened_desk(service)
        settings = settings_of(folder, there.url)
        texts = {name: ",".join(each) if isinstance(each, tuple) else str(each) for name, each in settings.items()}
        service.environment |= {f"TAKEBACK_{name.upper()}": text for name, text in texts.items()}
        service.start()
        service.add_site(site)
        yield service
        service.stop()


def waited(what: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return what is there as soon as it is."""
    ends = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < ends
        time.sleep(0.1)
    return found


def reports(house: Service, state: str) -> list[dict[str, Any]]:
    url = f"{house.url}/api/v1/coop/reports?state={state}"
    found: list[dict[str, Any]] = httpx2.get(url, headers=house.headers("moderator")).json()
    return found


def test_a_case_shows_what_coop_was_told_and_said_and_has_what_failed_told_again(
    browser: Browser, house: Service, coop: Coop
) -> None:
    told = reported_case(house, 10_000, copies=1)
    report = waited(lambda: [each for each in reports(house, "told") if each["case"] == told])[0]
    body = callback(report["id"], NOT_COVERED)
    headers = {"Content-Type": "application/json", "Coop-Signature": signature_of(body)}
    answer = httpx2.post(f"{house.url}/api/v1/coop/actions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["taken"]) == (200, "noted")
    coop.instead = Said(400, {"errors": [{"status": 400, "title": "Invalid Data for Item"}]})
    failed = reported_case(house, 20_000, copies=1)
    waited(lambda: [each for each in reports(house, "failed") if each["case"] == failed])
    coop.instead = None
    here = Colleague(browser, house, "Ada", size=PHONE)
    try:
        here.join()
        here.open(told)
        said = here.page.locator("section[aria-labelledby=coop]").inner_text()
        assert "Whom `coop_people` names is not at the desk." in said
        assert faults_at_each_width(here.page, "coop-said") == []
        here.open(failed)
        assert "HTTP status 400" in here.page.locator("section[aria-labelledby=coop]").inner_text()
        assert faults_at_each_width(here.page, "coop-failed") == []
        here.send("section[aria-labelledby=coop] button")
        waited(lambda: [each for each in reports(house, "told") if each["case"] == failed])
        assert here.problems == []
    finally:
        here.close()
