"""Her return in a browser: what she adds and writes leaves her device as a notice does, and a lost receipt is found."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Route
from tests.acceptance.serving import Receiver, Service
from tests.browser.test_journeys import SIZES, asked_with, nothing_leaked, only_a_fingerprint, standing
from tests.browser.walking import DESKTOP, Open, Visit

from takeback.cases.sealed import SealedWords, open_words

pytestmark = pytest.mark.browser

TEXT = "It began in May, and only the desk should read that. صورة"
PHRASE = "copper walnut Thursday umbrella"


def open_case(here: Visit, receipt: str) -> None:
    here.page.goto(f"{here.url}/case")
    here.write("receipt", receipt)
    here.press("main button")
    here.page.wait_for_selector(".state")


def sent_by(here: Visit, site: Receiver) -> tuple[str, str]:
    """Send a notice about a link of the site; return receipt and number."""
    here.begin()
    here.write("links", f"{site.url}/items/{id(here)}")
    here.say()
    here.review()
    receipt = here.send()
    return receipt, here.page.inner_text("#receipt-ending").strip()


@SIZES
def test_what_she_adds_leaves_as_fingerprints_and_what_she_writes_sealed(
    visit: Open, service: Service, site: Receiver, desk: list[str], photo: Path, size: dict[str, int]
) -> None:
    here = visit(size=size)
    receipt, _ = sent_by(here, site)
    case = str(standing(service, receipt)["case"])
    open_case(here, receipt)
    # 1. A picture and a link more.
    here.press("details:has(#add) > summary")
    here.choose_files(photo)
    here.write("links", "https://elsewhere.example/posts/7")
    here.press("button[value=add]")
    here.page.wait_for_selector(".done")
    assert "https://elsewhere.example/posts/7" in here.page.input_value("#letter-1")
    (added,) = [json.loads(request.body) for request in here.requests if request.url.endswith("/addition")]
    assert len(added["pictures"]) == 1
    only_a_fingerprint(added["pictures"][0])
    moderator = service.headers("moderator")
    # 2. A message, which no request holds in clear, and the desk alone opens.
    here.press("details:has(#write) > summary")
    here.write("text", TEXT)
    here.press("button[value=write]")
    here.page.wait_for_selector(".messages")
    for request in here.requests:
        assert not request.holds(TEXT.encode())
        assert not request.holds(json.dumps(TEXT)[1:-1].encode())
    (message,) = httpx2.post(f"{service.url}/api/v1/cases/{case}/words", headers=moderator).json()["messages"]
    for identity in desk:
        assert open_words(SealedWords.from_json(message["sealed"]), [identity]) == {"text": TEXT}
    # 3. The answer.
    httpx2.post(f"{service.url}/api/v1/cases/{case}/message", headers=moderator, json={"text": "We look today."})
    open_case(here, receipt)
    assert here.page.inner_text(".messages blockquote") == "We look today."
    nothing_leaked(here, photo)


def test_without_a_script_links_and_words_go_by_the_forms(
    visit: Open, service: Service, site: Receiver, desk: list[str]
) -> None:
    receipt, _ = sent_by(visit(), site)
    here = visit(script=False)
    open_case(here, receipt)
    assert not here.page.is_visible("#files")
    here.press("details:has(#write) > summary")
    here.write("text", TEXT)
    here.press("button[value=write]")
    assert "with the people who decide" in here.page.inner_text(".done")
    here.press("details:has(#add) > summary")
    here.write("links", f"{site.url}/items/more")
    here.press("button[value=add]")
    assert "It is added" in here.page.inner_text(".done")
    case = str(standing(service, receipt)["case"])
    answer = httpx2.post(f"{service.url}/api/v1/cases/{case}/words", headers=service.headers("moderator")).json()
    sealed = SealedWords.from_json(answer["messages"][0]["sealed"])
    assert open_words(sealed, desk[:1]) == {"text": TEXT}


@SIZES
def test_who_lost_both_secrets_comes_back_by_a_phrase_of_her_own(
    visit: Open, service: Service, site: Receiver, size: dict[str, int]
) -> None:
    here = visit(size=size)
    receipt, ending = sent_by(here, site)
    phrase = f"{PHRASE} {size['width']}"
    here.press("#receipt details:has(form) > summary")
    here.write("recovery-name", "Rosa")
    here.write("recovery-phrase", phrase)
    here.press("button[value=recovery]")
    assert "are a way back" in here.page.inner_text(".done")
    before = here.steps
    here.page.goto(f"{here.url}/case")
    here.press("main details > summary")
    here.write("recovery-name", " ROSA")
    here.write("recovery-phrase", phrase.title())
    here.press("button[value=recover]")
    renewed, number = (here.page.inner_text(f"#receipt-{name}").strip() for name in ("words", "ending"))
    print(f"\nrecovery: {here.steps - before} interactions")
    for former in (receipt, ending):
        assert asked_with(service, former).status_code == 404
    assert standing(service, renewed)["state"] == standing(service, number)["state"] == "open"
    assert here.problems == []


def test_a_wrong_phrase_opens_nothing_and_the_form_stays_open(visit: Open) -> None:
    here = visit(path="/case", size=DESKTOP)
    here.press("main details > summary")
    here.write("recovery-name", "Nobody")
    here.write("recovery-phrase", PHRASE)
    here.press("button[value=recover]")
    assert "No case belongs to this name and phrase" in here.page.inner_text("[role=alert]")
    assert here.page.is_visible("#recovery-phrase")


def test_where_the_network_fails_nothing_that_she_wrote_is_lost(visit: Open, site: Receiver) -> None:
    here = visit()
    receipt, _ = sent_by(here, site)
    open_case(here, receipt)
    here.press("details:has(#write) > summary")
    here.write("text", TEXT)
    here.page.route("**/api/v1/notices/message", lambda route: route.abort())
    here.press("button[value=write]")
    here.page.wait_for_selector("#write .problem:not([hidden])")
    assert here.page.input_value("#text") == TEXT
    here.page.unroute("**/api/v1/notices/message")
    here.press("button[value=write]")
    here.page.wait_for_selector(".messages")


@pytest.mark.parametrize("script", ["report.js", "case.js"])
def test_what_is_chosen_before_the_script_is_there_is_read_all_the_same(
    visit: Open, site: Receiver, photo: Path, script: str
) -> None:
    here = visit()
    if script == "case.js":
        receipt, _ = sent_by(here, site)
        here.page.goto(f"{here.url}/case")
        here.write("receipt", receipt)
    held: list[Route] = []
    here.page.route(f"**/page/{script}", lambda route: held.append(route))
    if script == "case.js":
        here.press("main button")
        here.page.wait_for_selector(".state")
    else:
        here.page.goto(here.url, wait_until="commit")
    here.page.wait_for_selector("#files", state="attached")
    here.page.set_input_files("#files", str(photo))
    here.page.wait_for_timeout(100)
    held[0].continue_()
    here.page.wait_for_selector("#files-list > .good", state="attached")
