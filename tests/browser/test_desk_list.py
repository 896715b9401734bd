"""Lists and partners at the desk, and a case that a list began: said to be of it, and shown again by one person."""

from __future__ import annotations

import random
from collections.abc import Iterator

import httpx2
import pytest
from tests.acceptance.lists import NAME, set_up, wait_for
from tests.acceptance.serving import Service, receiving
from tests.browser.accessible import faults_at_each_width, fits
from tests.browser.desk import Colleague, opened_desk
from tests.browser.walking import PHONE, Browser
from tests.lists.stopncii import Keeper, keeping, random_code, record_of

pytestmark = pytest.mark.browser

CODES = [random_code(random.Random(seed)) for seed in range(4)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A desk whose service fetched a list, of which each picture was uploaded once since."""
    records = [record_of(code, 20) for code in CODES]
    keeper = Keeper([*records, {**record_of(random_code(random.Random(9)), 21), "hashValue": "no hash"}])
    with keeping(keeper), receiving() as site:
        service = Service(tmp_path_factory.mktemp("list"), "--allowed-private-host", "127.0.0.1")
        opened_desk(service)
        service.start()
        service.add_site(site)
        set_up(service, keeper.url)
        wait_for(service, "complete_at", 60)
        for number, code in enumerate(CODES):
            body = {"pictures": [{"pdq": code}], "item_id": str(number), "url": f"{site.url}/{number}"}
            answer = httpx2.post(f"{service.url}/api/v1/check", json=body, headers=service.headers("upload"))
            assert answer.json()["action"] == "hold"
        partner = {"name": "gallery", "match": ["notices", NAME]}
        made = httpx2.post(f"{service.url}/api/v1/partners", json=partner, headers=service.headers("administrator"))
        asking = {"Authorization": f"Bearer {made.json()['key']}"}
        question = {"pdq": CODES[0], "quality": 100}
        assert httpx2.post(f"{service.url}/api/v1/partner/check", json=question, headers=asking).status_code == 200
        contest_of_an_own_bank(service)
        yield service
        service.stop()


def contest_of_an_own_bank(service: Service) -> None:
    """Put a picture into a bank of the operator's own, have an upload of it refused, and contest that."""
    chief = service.headers("administrator")
    code = random_code(random.Random(77))
    assert httpx2.post(f"{service.url}/api/v1/banks", json={"name": "lighthouses"}, headers=chief).status_code == 201
    entry = {"pictures": [{"pdq": code}], "source": "archive"}
    added = httpx2.post(f"{service.url}/api/v1/banks/lighthouses/entries", json=entry, headers=chief)
    assert added.status_code == 201
    upload = {"pictures": [{"pdq": code}], "item_id": "own"}
    answer = httpx2.post(f"{service.url}/api/v1/check", json=upload, headers=service.headers("upload")).json()
    form = {"code": answer["contest_url"], "step": "contest", "grounds": "I drew this lighthouse myself."}
    assert httpx2.post(f"{service.url}/contest", data=form).status_code == 200


def test_a_case_of_a_list_says_so_and_one_person_lets_go_what_it_hid(browser: Browser, house: Service) -> None:
    cases = httpx2.get(f"{house.url}/api/v1/cases?state=held", headers=house.headers("moderator")).json()
    here = Colleague(browser, house, "Ada", size=PHONE)
    try:
        here.join()
        assert "from a list" in here.page.locator("table.queue tbody tr").first.inner_text()
        assert faults_at_each_width(here.page, "queue") == []
        here.open(cases[0]["id"])
        assert f"matches the outside list {NAME}" in here.page.inner_text("main")
        said = here.page.inner_text("main")
        assert "that a person judged" in said or "judged a match" in said
        # Nobody wrote, and nobody can be written to.
        assert here.page.locator("#messages").count() == 0
        assert faults_at_each_width(here.page, "case") == []
        here.page.check("#outcome-refuse")
        here.page.check("#element-intimate")
        here.page.fill("#reason", "A landscape.")
        here.send("#decide button")
        assert here.page.inner_text(".state").startswith("refused")
        assert "put back" in here.page.inner_text("table.copies")
        assert (faults_at_each_width(here.page, "refused"), here.problems) == ([], [])
    finally:
        here.close()


def test_an_administrator_sees_lists_and_partners_and_switches_a_list(browser: Browser, house: Service) -> None:
    here = Colleague(browser, house, "Chief", role="administrator", size=PHONE)
    try:
        here.join()
        assert fits(here.page)
        here.page.get_by_role("link", name="Lists").click()
        shown = here.page.inner_text("main")
        for part in (NAME, "Up to date", "4 looked for", "1 in quarantine", "Turn off"):
            assert part in shown, part
        assert faults_at_each_width(here.page, "lists") == []
        here.send("button[value=off]")
        assert "Off: it is not fetched." in here.page.inner_text("main")
        here.send("button[value=on]")
        here.page.get_by_role("link", name="Partners").click()
        shown = here.page.inner_text("main")
        for part in ("gallery", f"{NAME}, notices", "60 a minute, 5,000 a day"):
            assert part in shown, part
        here.page.get_by_text("Remove gallery").click()
        assert (faults_at_each_width(here.page, "partners"), here.problems) == ([], [])
    finally:
        here.close()


def test_a_contest_of_an_own_bank_shows_its_entry_and_what_is_said_against_it(browser: Browser, house: Service) -> None:
    (case,) = httpx2.get(f"{house.url}/api/v1/cases?state=contested", headers=house.headers("moderator")).json()
    here = Colleague(browser, house, "Bo", role="second_reader", size=PHONE)
    try:
        here.join()
        here.open(case["id"])
        shown = here.page.inner_text("main")
        assert "your own bank lighthouses refused an upload" in shown
        assert "source: archive" in shown
        assert "I drew this" not in shown
        here.send("#grounds ~ form button")
        assert "I drew this lighthouse myself." in here.page.inner_text("main")
        assert here.page.locator("#answer-put_back").count() == 1
        assert (faults_at_each_width(here.page, "own-bank"), here.problems) == ([], [])
    finally:
        here.close()
