"""Looks at the desk, copies ticked together, words opened with one's own key, and what waits for a second person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import faults_at_each_width
from tests.browser.desk import Colleague, Come, pictured_case

pytestmark = pytest.mark.browser

type State = Callable[[Scene], Colleague]

SECRET = "Her words, that nobody else reads."
_numbers = count(500)


class Scene:
    """A case whose pictures its site shows, and people who come to it."""

    def __init__(self, house: Service, site: Receiver, come: Come, folder: Path) -> None:
        self.house, self.site, self.folder, self._come = house, site, folder, come
        self.case = pictured_case(house, site, next(_numbers))

    def come(self, role: str = "moderator") -> Colleague:
        """Let someone new come to the case."""
        new = self._come(role=role)
        new.join()
        new.open(self.case)
        return new

    def remove_and_contest(self, ada: Colleague) -> None:
        """Have the case decided, and whoever posted one of its copies contest that."""
        decide(ada)
        body = {"item_id": self._removed_item(), "grounds": "I drew this lighthouse myself."}
        headers = self.house.headers("upload")
        sent = httpx2.post(f"{self.house.url}/api/v1/items/contest", headers=headers, json=body)
        assert sent.status_code < 300, sent.text

    def _removed_item(self) -> str:
        headers = self.house.headers("moderator")
        found = httpx2.get(f"{self.house.url}/api/v1/cases/{self.case}", headers=headers).json()
        return next(str(each["item_id"]) for each in found["copies"] if each["state"] == "removed")


@pytest.fixture
def scene(house: Service, site: Receiver, come: Come, tmp_path: Path) -> Scene:
    return Scene(house, site, come, tmp_path)


def decide(ada: Colleague) -> None:
    ada.page.check("#outcome-remove")
    ada.page.check("#covered")
    ada.page.check("#confirm-all")
    ada.page.fill("#reason", "It appears intimate, and covered.")
    ada.send("#decide button")


def look(ada: Colleague) -> None:
    ada.page.click("details.look summary")
    ada.send("details.look button")


def clearer(ada: Colleague) -> None:
    look(ada)
    ada.send("form[action$='/clear'] button")


def source(page: Page) -> str:
    return str(page.evaluate("document.getElementById('picture').src"))


# Looks


def test_a_picture_is_clear_only_while_it_is_held_and_gone_after_five_seconds(scene: Scene) -> None:
    ada = scene.come()
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    clearer(ada)
    page = ada.page
    blurred = source(page)
    assert page.query_selector("#clear") is None
    page.hover("#hold")
    page.mouse.down()
    clear = source(page)
    page.mouse.up()
    assert clear != blurred
    assert source(page) == blurred
    page.focus("#hold")
    page.keyboard.down("Space")
    assert source(page) == clear
    page.keyboard.up("Space")
    assert source(page) == blurred
    page.keyboard.down("Enter")
    page.wait_for_selector("#hold[disabled]")
    assert source(page) == blurred
    assert "gone from this page" in page.inner_text("#over")
    page.keyboard.up("Enter")
    assert clear not in page.content()
    assert all(url.startswith((f"{ada.origin}/", "data:")) for url in asked)
    assert ada.problems == []


def test_a_picture_is_blurred_again_when_the_page_is_left_for_another(scene: Scene) -> None:
    ada = scene.come()
    clearer(ada)
    blurred = source(ada.page)
    ada.page.focus("#hold")
    ada.page.keyboard.down("Space")
    assert source(ada.page) != blurred
    ada.page.evaluate("dispatchEvent(new Event('blur'))")
    assert source(ada.page) == blurred


def test_a_look_begins_by_keyboard_alone_and_what_was_found_is_there_for_others(scene: Scene) -> None:
    ada = scene.come()
    ada.page.focus("details.look summary")
    ada.page.keyboard.press("Enter")
    ada.page.keyboard.press("Tab")
    ada.page.keyboard.press("Tab")
    with ada.page.expect_navigation():
        ada.page.keyboard.press("Enter")
    assert ada.page.get_attribute("#picture", "alt") == "The picture, blurred"
    ada.page.check("#found-covered")
    ada.send("form[action$='/found'] button")
    bo = scene.come()
    assert f"{ada.name} looked to find whether it is covered" in bo.page.inner_text("table")
    assert "appears intimate, or forged, and covered" in bo.page.inner_text("table")
    assert bo.page.inner_text("details.look summary") == "Look again, although somebody did"


# Copies that show the same


def test_copies_that_show_the_same_are_ticked_and_decided_by_a_few_keys(scene: Scene) -> None:
    ada = scene.come()
    keys = ada.page.keyboard
    keys.press("j")
    keys.press("a")
    assert ada.page.eval_on_selector_all("input.open", "boxes => boxes.map(box => box.checked)") == [True, True]
    keys.press("Space")
    assert ada.page.evaluate("document.querySelector('input.all').indeterminate")
    keys.press("a")
    keys.press("d")
    keys.press("Space")
    ada.page.check("#covered")
    ada.page.fill("#reason", "Compared by its facts.")
    ada.send("#decide button")
    assert "hidden" not in ada.page.inner_text("table.copies tbody")
    assert ada.page.inner_text(".state").startswith("removed")


# Her words


def sealed_words(scene: Scene) -> Path:
    """Have her write to a desk with keys; return the file of one of them."""
    headers = scene.house.headers("moderator")
    keys = {name: scene.house.add_desk_key(name) for name in ("Ada", "Bo")}
    body = {
        "links": [f"{scene.site.url}/words-{next(_numbers)}"], "role": "me", "statement": SECRET,
        "signature": "A. Person", "intimate": True, "not_consensual": True, "good_faith": True,
        "contact": {"mailbox": True, "name": "A. Person"},
    }  # fmt: skip
    received = httpx2.post(f"{scene.house.url}/api/v1/notices", json=body).json()
    scene.case = str(received["case"])
    message = {"receipt": received["receipt"], "text": "It began in May."}
    assert httpx2.post(f"{scene.house.url}/api/v1/notices/message", json=message).status_code < 300
    assert httpx2.get(f"{scene.house.url}/api/v1/cases/{scene.case}", headers=headers).json()["sealed_to"]
    path = scene.folder / "ada.age"
    path.write_text(f"# created: today\n{keys['Ada']}\n")
    return path


@pytest.fixture
def key(scene: Scene) -> Iterator[Path]:
    try:
        yield sealed_words(scene)
    finally:
        scene.house.retire_desk_keys()


def open_words(ada: Colleague) -> None:
    ada.send("form[action$='/words#messages'] button")


def test_her_words_open_in_the_page_with_a_key_that_never_leaves_it(scene: Scene, key: Path) -> None:
    ada = scene.come()
    open_words(ada)
    assert SECRET not in ada.page.content()
    headers = scene.house.headers("moderator")
    events = httpx2.get(f"{scene.house.url}/api/v1/cases/{scene.case}/events", headers=headers).json()
    assert events[-1]["kind"] == "words_opened"
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(f"{request.url} {request.post_data}"))
    ada.page.set_input_files("#identity", key)
    ada.page.wait_for_selector("#hers dd")
    assert SECRET in ada.page.inner_text("#hers")
    assert "A. Person" in ada.page.inner_text("#hers")
    assert "It began in May." in ada.page.inner_text(".messages")
    assert ada.page.inner_text("#opening") == "Open. It closes with this page."
    assert ada.page.input_value("#identity") == ""
    secret = key.read_text().split()[-1]
    kept = ada.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert secret not in kept
    assert secret not in ada.page.content()
    assert asked == []
    ada.page.reload()
    assert SECRET not in ada.page.content()
    assert ada.problems == []


def test_another_key_opens_nothing_and_a_file_without_one_says_so(scene: Scene, key: Path) -> None:
    ada = scene.come()
    open_words(ada)
    other = scene.folder / "other.age"
    other.write_text("AGE-SECRET-KEY-1" + "Q" * 58)
    ada.page.set_input_files("#identity", other)
    ada.page.wait_for_selector("#opening:not(:empty)")
    assert ada.page.inner_text("#opening") == "Not all of it opens with this key."
    other.write_text("no key")
    ada.page.set_input_files("#identity", other)
    ada.page.locator("#opening", has_text="There is no key").wait_for()
    assert ada.page.query_selector("#hers dd") is None


def test_words_that_are_not_what_was_sealed_stay_closed(scene: Scene, key: Path) -> None:
    ada = scene.come()

    def other_digest(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        text = response.text()
        island = text.partition('id="sealed">')[2].partition("</script>")[0]
        data = json.loads(island)
        data["words"]["sha256"] = "0" * 64
        route.fulfill(response=response, body=text.replace(island, json.dumps(data)))  # type: ignore[attr-defined]

    ada.page.route("**/words", other_digest)
    open_words(ada)
    ada.page.set_input_files("#identity", key)
    ada.page.wait_for_selector("#opening:not(:empty)")
    assert ada.page.inner_text("#opening") == "Not all of it opens with this key."
    assert SECRET not in ada.page.content()


# Every page


def with_clusters(scene: Scene) -> Colleague:
    ada = scene.come()
    ada.page.click("details.look summary")
    return ada


def looked(scene: Scene) -> Colleague:
    ada = scene.come()
    look(ada)
    return ada


def looked_clearer(scene: Scene) -> Colleague:
    ada = scene.come()
    clearer(ada)
    ada.page.focus("#hold")
    ada.page.keyboard.down("Space")
    return ada


def looked_before(scene: Scene) -> Colleague:
    ada = looked(scene)
    ada.page.check("#found-covered")
    ada.send("form[action$='/found'] button")
    ada.page.click("details.look summary")
    return ada


def spent(scene: Scene) -> Colleague:
    ada = scene.come()
    ada.page.goto(f"{ada.origin}/desk/you")
    ada.page.fill("#a_day", "0")
    ada.send("main form button")
    ada.open(scene.case)
    return ada


def yours(scene: Scene) -> Colleague:
    ada = scene.come()
    ada.page.goto(f"{ada.origin}/desk/you")
    ada.page.check("#away-forged")
    ada.send("main form button")
    return ada


def contested_for_whoever_decided(scene: Scene) -> Colleague:
    ada = scene.come()
    scene.remove_and_contest(ada)
    ada.open(scene.case)
    return ada


def contested_for_a_second_person(scene: Scene) -> Colleague:
    contested_for_whoever_decided(scene)
    bo = scene.come("second_reader")
    bo.page.click("details.look summary")
    return bo


def told_of_a_contest(scene: Scene) -> Colleague:
    bo = contested_for_a_second_person(scene)
    bo.page.fill("#summary", "It is said to be a drawing.")
    bo.send("form[action$='/hearing'] button")
    return bo


def refused(scene: Scene) -> Colleague:
    ada = scene.come()
    ada.page.check("#outcome-refuse")
    ada.page.check("#element-intimate")
    ada.page.fill("#reason", "A landscape.")
    ada.send("#decide button")
    return ada


def recused(scene: Scene) -> Colleague:
    ada = scene.come()
    ada.page.click(".keep-out summary")
    ada.page.check("#sure")
    ada.send("form[action$='/recusal'] button")
    return ada


def queue_for_a_second_person(scene: Scene) -> Colleague:
    bo = contested_for_a_second_person(scene)
    bo.page.goto(f"{bo.origin}/desk?waits=second")
    return bo


def words_to_open(scene: Scene) -> Colleague:
    path = sealed_words(scene)
    try:
        ada = scene.come()
        open_words(ada)
        ada.page.set_input_files("#identity", path)
        ada.page.wait_for_selector("#hers dd")
    finally:
        scene.house.retire_desk_keys()
    return ada


STATES: list[State] = [
    with_clusters, looked, looked_clearer, looked_before, spent, yours, contested_for_whoever_decided,
    contested_for_a_second_person, told_of_a_contest, refused, recused, queue_for_a_second_person, words_to_open,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_every_page_fits(scene: Scene, state: State) -> None:
    ada = state(scene)
    assert faults_at_each_width(ada.page) == []
    assert ada.problems == []
