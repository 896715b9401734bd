"""What she writes leaves her browser sealed to two people of the desk, and the service that keeps it cannot read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.acceptance.serving import Service, serving
from tests.browser.walking import Browser, Open, Visit
from tests.house import forms_of

from takeback.cases.sealed import SealedWords, open_words

pytestmark = pytest.mark.browser

SAID = {
    "statement": "A sentence that only the desk should ever read. صورة 🖼️",
    "authority": "Her sister, by her word of Tuesday.",
    "signature": "Ada S. Signature",
    "name": "Ada Secretname",
    "email": "ada.secret@mail.example",
    "phone": "+44 7700 900982",
}


def fill_in(here: Visit) -> None:
    here.begin(role="helper")
    here.write("links", "https://forum.example/posts/1")
    here.say()
    for name, text in SAID.items():
        here.write(name, text)


def kept(service: Service, case: str) -> dict[str, Any]:
    answer = httpx2.post(f"{service.url}/api/v1/cases/{case}/words", headers=service.headers("moderator"))
    found: dict[str, Any] = answer.json()
    return found


def newest_case(service: Service) -> str:
    cases = httpx2.get(f"{service.url}/api/v1/cases?limit=1000", headers=service.headers("moderator")).json()
    return str(max(cases, key=lambda case: case["received_at"])["id"])


def opened(words: dict[str, Any], identity: str) -> dict[str, Any]:
    found: dict[str, Any] = open_words(SealedWords.from_json(words["sealed"]), [identity])
    return found


def says_all(words: dict[str, Any]) -> bool:
    contact = dict(words["contact"])
    return contact.pop("mailbox") and {**words, **contact}.items() >= {**SAID, "role": "helper"}.items()


def test_her_words_leave_the_browser_sealed_and_two_people_open_them(
    visit: Open, service: Service, desk: list[str]
) -> None:
    here = visit()
    fill_in(here)
    here.review()
    assert "locked on this device" in here.page.inner_text("#review-sealed")
    shown = here.page.text_content("#review-bytes")
    here.page.click("#review summary")
    inside = json.loads(here.page.inner_text("#review-words"))
    here.send()
    # 1. What was sent is what was shown, and holds nothing of what she wrote.
    (sent,) = [request for request in here.requests if request.method == "POST"]
    assert sent.body.decode() == shown
    for text in SAID.values():
        assert not any(request.holds(text.encode()) for request in here.requests)
        assert not any(request.holds(json.dumps(text)[1:-1].encode()) for request in here.requests)
    # 2. Each of the two opens all of it; which fields are filled in stands beside it.
    words = kept(service, newest_case(service))
    for identity in desk:
        assert says_all(opened(words, identity))
        assert opened(words, identity) == inside
    assert {"name", "email", "phone", "signature", "good_faith"} <= set(words["sealed"]["given"])
    # 3. What the service keeps holds none of it.
    files = [path.read_bytes() for path in service.folder.rglob("*") if path.is_file()]
    for text in SAID.values():
        assert not any(form in file for form in forms_of(text.encode()) for file in files)
    assert here.problems == []
    # 4. Nothing of it is left in the page.
    assert not any(text in (here.page.text_content("body") or "") for text in SAID.values())


def test_what_is_changed_is_sealed_anew_and_the_same_is_not(visit: Open, desk: list[str]) -> None:
    here = visit()
    fill_in(here)
    here.review()
    first = here.page.text_content("#review-bytes")
    here.press("#back")
    here.review()
    assert here.page.text_content("#review-bytes") == first
    here.press("#back")
    here.write("statement", "Something else.")
    here.review()
    assert here.page.text_content("#review-bytes") != first


def test_without_a_script_her_words_are_sealed_when_they_arrive(visit: Open, service: Service, desk: list[str]) -> None:
    here = visit(script=False)
    fill_in_without_script(here)
    here.press("#to-review")
    assert "as soon as they arrive" in here.page.inner_text("main")
    here.press("main button[value=send]")
    here.page.wait_for_selector("#receipt-words")
    assert says_all(opened(kept(service, newest_case(service)), desk[1]))


def fill_in_without_script(here: Visit) -> None:
    here.begin(role="helper")
    here.write("links", "https://forum.example/posts/1")
    for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
        here.tick(name)
    for name, text in SAID.items():
        here.write(name, text)


def test_where_the_script_that_seals_does_not_come_the_page_says_so_and_sends_all_the_same(
    visit: Open, service: Service, desk: list[str]
) -> None:
    here = visit()
    here.page.route("**/page/age.js", lambda route: route.abort())
    fill_in(here)
    here.review()
    assert "as soon as they arrive" in here.page.inner_text("#review-sealed")
    assert not here.page.is_visible("#review-inside")
    here.send()
    assert says_all(opened(kept(service, newest_case(service)), desk[0]))


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Service]:
    """A service whose desk changes while a page is open."""
    with serving(tmp_path / "changing") as service:
        yield service


def test_where_the_desk_changed_meanwhile_she_is_shown_it_again(browser: Browser, changing: Service) -> None:
    for name in ("Ada", "Bo"):
        changing.add_desk_key(name)
    here = Visit(browser, changing.url)
    fill_in(here)
    here.review()
    first = here.page.text_content("#review-bytes")
    keys = changing.retire_desk_keys()
    assert len(keys) == 2
    cy, dee = changing.add_desk_key("Cy"), changing.add_desk_key("Dee")
    here.press("#send")
    here.page.wait_for_selector("#send-problem:not([hidden])")
    assert "just changed" in here.page.inner_text("#send-problem")
    assert here.page.text_content("#review-bytes") != first
    here.send()
    words = kept(changing, newest_case(changing))
    assert all(says_all(opened(words, identity)) for identity in (cy, dee))
    here.close()


def test_a_desk_without_keys_is_said_to_read_it_on_arrival(browser: Browser, changing: Service) -> None:
    here = Visit(browser, changing.url)
    fill_in(here)
    here.review()
    assert "as soon as they arrive" in here.page.inner_text("#review-sealed")
    assert json.loads(here.page.text_content("#review-bytes") or "")["statement"] == SAID["statement"]
    here.send()
    assert kept(changing, newest_case(changing))["statement"] == SAID["statement"]
    assert not any(request.url.endswith("age.js") for request in here.requests)
    here.close()
