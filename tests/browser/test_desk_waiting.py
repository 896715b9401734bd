"""What waits for a person at the desk: a case that hides nothing yet, and a removal whose bytes cannot be kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Receiver, Service, receiving
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import CLIENT_HEADER, Colleague, opened_desk, reported_case
from tests.browser.walking import PHONE, Browser

pytestmark = pytest.mark.browser

_numbers = count(1)


@pytest.fixture(scope="module")
def site() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, site: Receiver) -> Iterator[Service]:
    """A desk of which one case of a source may hide something, and whose site cannot keep what it removes."""
    service = Service(tmp_path_factory.mktemp("waiting"), "--allowed-private-host", f"127.0.0.1:{site.port}")
    opened_desk(service)
    service.environment |= {"TAKEBACK_HOLDS_PER_SOURCE": "1"}
    service.start()
    service.add_site(site)
    administrator = service.headers("administrator")
    (made,) = httpx2.get(f"{service.url}/api/v1/sites", headers=administrator).json()
    place = f"{service.url}/api/v1/sites/{made['id']}/quarantine"
    assert httpx2.put(place, headers=administrator, json={"on": True}).status_code == 200
    yield service
    service.stop()


def send_from(service: Service, source: str, link: str) -> dict[str, Any]:
    """Send a notice about a link, as a proxy says that it came from `source`."""
    body = {
        "links": [link], "role": "me", "statement": "Mine.", "signature": "A. B.", "intimate": True,
        "not_consensual": True, "good_faith": True, "contact": {"mailbox": True},
    }  # fmt: skip
    answer = httpx2.post(f"{service.url}/api/v1/notices", json=body, headers={CLIENT_HEADER: source})
    assert answer.status_code == 201, answer.text
    received: dict[str, Any] = answer.json()
    return received


def test_a_capped_case_stands_first_says_so_and_is_let_hold_by_a_button(
    browser: Browser, house: Service, site: Receiver
) -> None:
    number = next(_numbers)
    source = f"203.0.113.{number}"
    send_from(house, source, f"{site.url}/first-{number}")
    case = str(send_from(house, source, f"{site.url}/second-{number}")["case"])
    here = Colleague(browser, house, f"Ada {number}", size=PHONE)
    try:
        here.join()
        first = here.page.locator("table.queue tbody tr").first
        first.wait_for()
        assert case[:8] in first.inner_text()
        assert "not hidden yet" in first.inner_text().lower()
        assert faults_at_each_width(here.page) == []
        here.open(case)
        assert here.page.locator("p.problem").first.is_visible()
        assert faults_at_each_width(here.page) == []
        here.send("form[action$='/hold'] button")
        assert here.page.inner_text(".state").startswith("held")
        assert here.page.locator("form[action$='/hold']").count() == 0
        assert here.problems == []
    finally:
        here.close()


def test_a_removal_whose_bytes_cannot_be_kept_waits_until_a_person_chooses(
    browser: Browser, house: Service, site: Receiver
) -> None:
    number = 100 + next(_numbers)
    site.pictures[f"/{number}-0"] = b"This is no picture."
    case = reported_case(house, number, copies=1, base=site.url)
    here = Colleague(browser, house, f"Bo {number}", size=PHONE)
    try:
        here.join()
        here.open(case)
        here.page.check("#outcome-remove")
        here.page.check("#covered")
        here.page.check("#confirm-blind")
        here.page.fill("#reason", "Covered.")
        here.send("#decide button")
        form = here.page.locator("form[action$='/bytes']")
        for _ in range(100):
            if form.count():
                break
            here.page.wait_for_timeout(200)
            here.page.reload()
        assert "is no picture" in here.page.inner_text("main")
        assert faults_at_each_width(here.page) == []
        assert not any(order["action"] == "remove" and order["item"] == f"{number}-0" for _, order in site.orders)
        here.send("form[action$='/bytes'] button[value=without]")
        assert here.page.locator("form[action$='/bytes']").count() == 0
        for _ in range(100):
            if any(order["action"] == "remove" and order["item"] == f"{number}-0" for _, order in site.orders):
                break
            here.page.wait_for_timeout(200)
        else:
            raise AssertionError("the removal did not go out")
        assert here.problems == []
    finally:
        here.close()
