"""Each branch of the form, from opening the page to the receipt, on a phone and on a desktop."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Route
from tests.acceptance.serving import Receiver, Service
from tests.browser.files import MAKER
from tests.browser.walking import DESKTOP, PHONE, Open, Visit

from takeback.service.work import WORK_HEADER, solve

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
RECEIPT = re.compile(r"[a-z]{3,8}( [a-z]{3,8}){6}")
NAME, MAIL, STORY = "Ada Secretname", "ada.secret@example.org", "A sentence that only the desk should read."


def asked_with(service: Service, receipt: str) -> httpx2.Response:
    """Ask how a case stands; do the work for it where the other tests' wrong receipts have used up what is free."""
    url, body = f"{service.url}/api/v1/notices/standing", {"receipt": receipt}
    answer = httpx2.post(url, json=body)
    if answer.status_code != 429:
        return answer
    return httpx2.post(url, json=body, headers={WORK_HEADER: solve(answer.json()["work"]["challenge"])})


def standing(service: Service, receipt: str) -> dict[str, object]:
    answer = asked_with(service, receipt)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def nothing_leaked(here: Visit, *files: Path) -> None:
    """Nothing of a file left the page but fingerprints, and nothing went anywhere but to the service."""
    for request in here.requests:
        assert request.url.startswith((here.url, "blob:", "data:")), request.url
        for path in files:
            data = path.read_bytes()
            for start in range(0, len(data) - 24, max(1, len(data) // 50)):
                assert not request.holds(data[start : start + 24])
            for secret in (path.name, path.stem, MAKER, "Exif"):
                assert not request.holds(secret.encode())
        if request.url.endswith("/api/v1/notices"):
            for picture in json.loads(request.body)["pictures"]:
                only_a_fingerprint(picture)
    assert here.problems == []


def only_a_fingerprint(picture: dict[str, object]) -> None:
    """A picture has no room for anything but codes of 64 digits, and for a descriptor where she asked for one."""
    single = ("file_sha256", "pixels_sha256", "pdq", "nearest_512")
    assert set(picture) <= {*single, "quality", "orientations", "crops", "descriptor"}
    descriptor = picture.get("descriptor", {"model": "", "values": ""})
    assert re.fullmatch('{"model": "([0-9a-f]{16})?", "values": "([A-Za-z0-9+/]{683}=)?"}', json.dumps(descriptor))
    codes = [picture[name] for name in single if name in picture]
    codes += [*dict(picture.get("orientations", {})).values(), *list(picture.get("crops", []))]  # type: ignore[call-overload]
    assert all(re.fullmatch("[0-9a-f]{64}", str(code)) for code in codes)
    assert picture.get("quality", 0) in range(101)


@SIZES
def test_a_picture_is_reported_by_its_fingerprint_alone(
    visit: Open, service: Service, photo: Path, size: dict[str, int]
) -> None:
    here = visit(size=size)
    here.begin()
    here.choose_files(photo)
    here.say()
    here.review()
    assert here.texts("#review-list > li") == ["1 fingerprint of a picture"]
    shown = here.page.text_content("#review-bytes")
    receipt = here.send()
    assert RECEIPT.fullmatch(receipt)
    (sent,) = [request for request in here.requests if request.method == "POST"]
    assert sent.body.decode() == shown, "what was shown is not what was sent"
    assert standing(service, receipt)["state"] == "open"
    nothing_leaked(here, photo)
    print(f"\nfile: {here.steps} interactions")


@SIZES
def test_a_link_is_held_and_a_link_to_another_site_is_never_opened(
    visit: Open, service: Service, site: Receiver, size: dict[str, int]
) -> None:
    here = visit(size=size)
    here.begin()
    here.write("links", f"{site.url}/posts/{size['width']}\nhttps://elsewhere.example/picture")
    here.say()
    here.review()
    assert here.texts("#review-list > li") == ["2 links"]
    receipt = here.send()
    assert standing(service, receipt)["state"] == "open"
    (letter,) = here.page.locator("#letters-list textarea").all()
    assert letter.input_value().startswith("To elsewhere.example\n")
    assert "https://elsewhere.example/picture" in letter.input_value()
    assert "47 U.S.C. § 223a" in letter.input_value()
    assert site.url not in letter.input_value()
    nothing_leaked(here)
    later = visit(size=size, path="/case")
    later.write("receipt", receipt)
    later.press("main button")
    assert later.page.input_value(".letter textarea").split() == letter.input_value().split()
    print(f"\nlink: {here.steps} interactions")


def test_of_a_forgery_the_ordinary_photo_is_enough(visit: Open, service: Service, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "holiday-at-the-sea.jpg"
    path.write_bytes(sorted((photos / "scenes").glob("*.jpg"))[5].read_bytes())
    here = visit()
    here.begin()
    here.press("#original > summary")
    here.choose_files(path, into="originals")
    here.say()
    here.review()
    assert here.texts("#review-list > li") == ["1 fingerprint of an ordinary photo"]
    receipt = here.send()
    assert standing(service, receipt)["originals_until"] is not None
    nothing_leaked(here, path)
    print(f"\nforgery: {here.steps} interactions")


def test_about_a_child_only_a_link_is_taken_and_help_stands_beside_it(
    visit: Open, service: Service, site: Receiver, photo: Path
) -> None:
    here = visit()
    here.choose_files(photo)
    here.tick("under_18-yes")
    assert not here.page.is_visible("#files-hint")
    assert not here.page.is_visible("#original")
    assert here.page.is_visible(".child .country")
    here.tick("role-parent")
    here.write("authority", "I am her mother.")
    here.write("links", f"{site.url}/posts/child")
    here.say()
    assert "the person I act for" in here.page.input_value("#statement")
    here.review()
    body = json.loads(here.page.text_content("#review-bytes") or "")
    assert body["under_18"] is True
    assert (body["pictures"], body["originals"]) == ([], [])
    assert standing(service, here.send())["state"] == "open"
    nothing_leaked(here, photo)
    print(f"\nunder 18: {here.steps} interactions")


def test_nothing_is_ticked_and_what_is_missing_is_named_with_a_way_to_it(visit: Open) -> None:
    here = visit()
    assert here.page.locator("input:checked").count() == 0
    assert here.page.input_value("#statement") == ""
    here.press("#to-review")
    here.page.wait_for_selector("#problems:not([hidden])")
    assert not here.page.is_visible("#review")
    problems = here.texts("#problems li")
    assert len(problems) >= 5
    assert not any("name" in problem or "e-mail" in problem for problem in problems), problems
    here.page.locator("#problems a").nth(1).click()
    assert here.page.evaluate("document.activeElement.id") != ""
    assert here.page.url == f"{here.url}/"
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()


def test_what_a_choice_costs_under_each_law_is_told_before_it_is_sent(visit: Open) -> None:
    here = visit()
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    complete, lacking = here.texts("#review-laws > li")
    assert "TAKE IT DOWN Act" in complete
    assert "Online Safety Act" in complete
    assert "Article 16" in lacking
    assert "your name and an e-mail address" in lacking
    here.press("#back")
    here.write("email", MAIL)
    here.write("name", NAME)
    here.review()
    assert len(here.texts("#review-laws > li")) == 1


def test_a_notice_whose_answer_was_lost_makes_no_second_case(visit: Open) -> None:
    here = visit()
    here.begin()
    here.write("links", "elsewhere.example/lost-answer")
    here.say()
    here.review()
    arrived: list[dict[str, object]] = []

    def lose(route: Route) -> None:
        arrived.append(route.fetch().json())
        route.fulfill(status=201, body="{") if len(arrived) > 1 else route.abort()

    here.page.route("**/api/v1/notices", lose)
    for _ in range(2):
        here.press("#send")
        here.page.wait_for_selector("#send-problem:not([hidden])")
        here.press("#back")
        here.review()
    here.page.unroute("**/api/v1/notices")
    assert here.send() == arrived[0]["receipt"] == arrived[1]["receipt"]
    assert here.page.is_visible("#receipt-elsewhere")
    assert not here.page.is_visible("#receipt-due")


def test_a_word_among_the_links_is_named(visit: Open) -> None:
    here = visit()
    here.begin()
    here.write("links", "I forgot forum.example/p/1")
    here.say()
    here.press("#to-review")
    assert here.texts("#problems li") == ["This is not a link: I forgot"]


def test_the_age_counts_that_is_ticked_while_a_file_is_still_read(visit: Open, photo: Path) -> None:
    here = visit()
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.page.set_input_files("#files", [str(photo)] * 6)
    here.page.evaluate("document.getElementById('to-review').click(); document.getElementById('under_18-yes').click()")
    here.page.wait_for_selector("#review:not([hidden])")
    body = json.loads(here.page.text_content("#review-bytes") or "")
    assert (body["under_18"], body["pictures"]) == (True, [])


def test_a_notice_that_did_not_arrive_is_not_lost(visit: Open) -> None:
    here = visit()
    here.begin()
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    here.page.route("**/api/v1/notices", lambda route: route.abort())
    here.press("#send")
    here.page.wait_for_selector("#send-problem:not([hidden])")
    assert "try again" in here.page.inner_text("#send-problem")
    here.page.unroute("**/api/v1/notices")
    assert RECEIPT.fullmatch(here.send())


@SIZES
def test_without_scripts_a_link_is_enough(visit: Open, service: Service, site: Receiver, size: dict[str, int]) -> None:
    here = visit(size=size, script=False)
    assert not here.page.is_visible("#files")
    here.begin(role="helper")
    here.write("authority", "I am her lawyer.")
    here.write("links", f"{site.url}/posts/no-script-{size['width']}")
    for name in ("intimate", "not_consensual", "good_faith", "mailbox"):
        here.tick(name)
    here.write("statement", STORY)
    here.write("signature", "A. B.")
    here.press("#to-review")
    assert "I am her lawyer." in here.page.inner_text("main")
    assert STORY in here.page.inner_text("main")
    here.press("button[value=change]")
    assert here.page.input_value("#statement") == STORY
    assert here.page.is_checked("#role-helper")
    here.press("#to-review")
    here.press("button[value=send]")
    receipt = here.page.inner_text("#receipt-words").strip()
    assert RECEIPT.fullmatch(receipt)
    assert here.page.url == f"{here.url}/"
    assert standing(service, receipt)["state"] == "open"
    print(f"\nno script: {here.steps} interactions")


def test_without_scripts_what_is_missing_is_named_and_what_was_written_stays(visit: Open) -> None:
    here = visit(script=False)
    here.write("statement", STORY)
    here.press("#to-review")
    assert here.page.is_visible("#problems")
    assert here.page.input_value("#statement") == STORY
    assert here.page.locator("input:checked").count() == 0


def test_she_comes_back_with_her_words_and_ends_the_case(visit: Open, service: Service, photo: Path) -> None:
    here = visit()
    here.begin()
    here.choose_files(photo)
    here.say()
    here.review()
    receipt = here.send()
    ending = here.page.inner_text("#receipt-ending")
    later = visit(path="/case")
    later.write("receipt", f"  {receipt.upper().replace(' ', ',  ')}. ")
    later.press("main button")
    assert "working on it" in later.page.inner_text(".state")
    later.press(".end > summary")
    later.tick("sure")
    # Another number ends nothing.
    later.write("ending", "0000 0000 0000 0000")
    later.press(".warn")
    assert "does not end this case" in later.page.inner_text("[role=alert]")
    assert "working on it" in later.page.inner_text(".state")
    later.press(".end > summary")
    later.tick("sure")
    later.write("ending", ending.replace(" ", ""))
    later.press(".warn")
    assert "You have ended this case" in later.page.inner_text(".state")
    assert standing(service, receipt)["state"] == "withdrawn"
    assert later.page.url == f"{later.url}/case"
    assert later.problems == []


def test_she_has_everything_erased_and_changes_her_mind(visit: Open, service: Service, photo: Path) -> None:
    here = visit()
    here.begin()
    here.choose_files(photo)
    here.say()
    here.review()
    receipt = here.send()
    later = visit(path="/case", size=DESKTOP)
    later.write("receipt", here.page.inner_text("#receipt-ending"))
    later.press("main button")
    later.press(".end > summary")
    later.tick("sure")
    later.press("button[value=erase]")
    assert "will be erased on" in later.page.inner_text(".erasing")
    assert standing(service, receipt)["erase_at"] is not None
    later.press("button[value=keep]")
    assert not later.page.is_visible(".erasing")
    assert standing(service, receipt)["erase_at"] is None


def test_wrong_words_open_nothing_and_say_so(visit: Open) -> None:
    here = visit(path="/case")
    here.write("receipt", "not one of the words at all")
    here.press("main button")
    assert "No case belongs to these words" in here.page.inner_text("[role=alert]")
    assert here.page.input_value("#receipt") == "not one of the words at all"


@pytest.mark.parametrize("path", ["/", "/case"])
def test_exit_leaves_at_once_by_the_button_and_by_three_times_shift(visit: Open, path: str) -> None:
    for leave in ("button", "keys"):
        here = visit(path=path)
        here.page.route("https://weather.com/**", lambda route: route.fulfill(body="sunny"))
        if path == "/":
            here.write("statement", STORY)
        if leave == "button":
            here.press("#exit")
        else:
            for _ in range(3):
                here.page.keyboard.press("Shift")
        here.page.wait_for_url("https://weather.com/")
        (left,) = [request for request in here.requests if "weather.com" in request.url]
        assert "referer" not in left.headers
        here.page.go_back()
        assert here.page.url == "about:blank", "the form is no longer in the tab's history"


def test_nothing_is_kept_in_the_browser(visit: Open, photo: Path) -> None:
    here = visit()
    here.begin()
    here.choose_files(photo)
    here.say()
    here.review()
    here.send()
    kept = here.page.evaluate(
        "async () => [document.cookie, localStorage.length, sessionStorage.length, "
        "(await indexedDB.databases()).length, (await caches.keys()).length, history.length]"
    )
    assert kept[:5] == ["", 0, 0, 0, 0]
    assert here.page.url == f"{here.url}/"
    assert here.page.title() == "Form"
    assert here.page.context.cookies() == []
