"""Where much came in at once, the page does the work that is asked for, and she notices little."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from tests.acceptance.serving import Service
from tests.browser.walking import Browser, Visit

from takeback.service.crowd import WRONG_RECEIPTS
from takeback.service.work import BITS, PARTS

pytestmark = pytest.mark.browser

THROTTLE = 6
"""How much slower than this machine the phone is."""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("busy"), notices_per_hour=1)
    service.start()
    yield service
    service.stop()


def reported(here: Visit) -> str:
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    return here.send()


def test_a_notice_is_sent_after_the_work(browser: Browser, busy: Service) -> None:
    here = Visit(browser, busy.url)
    first = reported(here)
    here.page.goto(here.url)
    second = reported(here)
    assert first != second
    sent = [request for request in here.requests if request.method == "POST"]
    assert len(sent) == 3, "one was answered with work, and sent again with it"
    assert "takeback-work" in sent[2].headers
    # 429 is told in the console; nothing else is.
    assert all("429" in problem for problem in here.problems)
    here.close()


def test_a_receipt_is_tried_after_the_work_also_on_a_slow_phone(browser: Browser, busy: Service) -> None:
    for number in range(WRONG_RECEIPTS.of_one + 1):
        httpx2.post(f"{busy.url}/api/v1/notices/standing", json={"receipt": f"wrong {number}"})
    here = Visit(browser, busy.url, path="/case")
    here.page.context.new_cdp_session(here.page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    here.write("receipt", "not one of the words at all")
    here.press("main button")
    here.page.wait_for_selector("[role=alert]")
    assert "No case belongs to these words" in here.page.inner_text("[role=alert]")
    assert here.page.url == f"{here.url}/case"
    here.close()


def test_how_long_the_work_takes_on_a_slow_phone_is_printed(browser: Browser, busy: Service) -> None:
    here = Visit(browser, busy.url, path="/case")
    here.page.context.new_cdp_session(here.page).send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    milliseconds = here.page.evaluate(
        """async ([parts, bits]) => {
            const { firstWordOfSha256 } = await import("/page/sha256.js");
            const began = performance.now();
            for (let part = 0; part < parts; part++) {
              let number = 0;
              while (firstWordOfSha256(`${"A".repeat(30)}:${part}:${number}`) >>> (32 - bits) !== 0) number++;
            }
            return performance.now() - began;
        }""",
        [PARTS, BITS],
    )
    print(f"\nthe work at {THROTTLE} times slower: {milliseconds:.0f} ms")
    assert milliseconds > 0
    here.close()


def test_without_scripts_she_is_told_to_wait_and_nothing_is_lost(browser: Browser, busy: Service) -> None:
    here = Visit(browser, busy.url, path="/case", script=False)
    for _ in range(WRONG_RECEIPTS.of_one + 1):
        httpx2.post(f"{busy.url}/api/v1/notices/standing", json={"receipt": "wrong"})
    here.write("receipt", "my own seven words are kept here")
    here.press("main button")
    assert "wait five minutes" in here.page.inner_text(".no-script")
    assert here.page.input_value("input[name=receipt]") == "my own seven words are kept here"
    here.close()
