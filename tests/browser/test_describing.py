"""Descriptors from her own device: only where she asks, like the server's, and never in the way of a notice."""

from __future__ import annotations

import base64
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import NARROW, faults_on
from tests.browser.files import real_files
from tests.browser.model import random_model
from tests.browser.test_fingerprints import sent_of
from tests.browser.test_journeys import nothing_leaked, standing
from tests.browser.walking import Open, Visit

from takeback.fingerprint import CopyDescriptor, Descriptor
from takeback.fingerprint.in_browser import LICENSE, MODEL
from takeback.media import decode_image

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
MIN_COSINE = 0.999
"""What int8 costs is 0.002 at most between two pictures (`Descriptor`); both sides are of the same one here."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an operator puts into `page_model`, with a model that nobody trained."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which fetches what runs a model in a browser, is not installed")
    folder = tmp_path_factory.mktemp("page-model")
    subprocess.run([ROOT / "tools" / "page-runtime", folder], check=True)
    (folder / MODEL).write_bytes(random_model())
    (folder / LICENSE).write_text("Weights by chance: in the public domain.\n")
    return folder


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, site: Receiver, folder: Path) -> Iterator[Service]:
    """A service whose operator has a model for browsers."""
    served = Service(tmp_path_factory.mktemp("describing"), "--allowed-private-host", f"127.0.0.1:{site.port}")
    served.environment |= {"TAKEBACK_PAGE_MODEL": str(folder), "TAKEBACK_COPY_MODEL": str(folder / MODEL)}
    served.start()
    served.add_site(site)
    yield served
    served.stop()


def told(here: Visit) -> str:
    return str(here.page.inner_text("#describe-told"))


def wait_for(here: Visit, text: str) -> None:
    here.page.wait_for_function("text => document.querySelector('#describe-told').textContent.includes(text)", arg=text)


def descriptor_in(picture: dict[str, Any]) -> Descriptor:
    sent = picture["descriptor"]
    return Descriptor(sent["model"], base64.b64decode(sent["values"]))


def test_the_page_describes_pictures_as_the_server_does(
    visit: Open, photos: Path, folder: Path, tmp_path: Path
) -> None:
    files = list(real_files(photos))
    # Two camera originals, three turns of EXIF, and each way in which apps and sites save.
    chosen = [*files[:2], *files[18:21], *files[24:37]]
    paths = [tmp_path / name for name, _, _ in chosen]
    for path, (_, data, _) in zip(paths, chosen, strict=True):
        path.write_bytes(data)
    here = visit()
    for path in paths:
        here.choose_files(path)
    here.tick("describe")
    pictures = {picture["file_sha256"]: picture for picture in sent_of(here)["pictures"]}
    model = CopyDescriptor(folder / MODEL)
    mine = [descriptor_in(picture) for picture in pictures.values()]
    theirs = [model.describe(decode_image(data).pixels) for _, data, _ in chosen]
    alike = [one.similarity(other) for one, other in zip(mine, theirs, strict=True)]
    others = [one.similarity(other) for one in mine for other in theirs if one is not mine[theirs.index(other)]]
    print(
        f"\n{len(alike)} files, by the page and by the server: cosine {min(alike):.5f} at least, "
        f"median {statistics.median(alike):.5f}; of two different ones {max(others):.2f} at most"
    )
    assert min(alike) >= MIN_COSINE
    assert max(others) < 0.95
    assert here.problems == []


def test_it_is_sent_with_the_notice_and_nothing_else_of_the_picture_is(
    visit: Open, service: Service, photo: Path, photos: Path, tmp_path: Path
) -> None:
    ordinary = tmp_path / "holiday-at-the-sea.jpg"
    ordinary.write_bytes(sorted((photos / "scenes").glob("*.jpg"))[5].read_bytes())
    here = visit()
    here.begin()
    here.choose_files(photo)
    here.press("#original > summary")
    here.choose_files(ordinary, into="originals")
    here.tick("describe")
    wait_for(here, "Ready")
    here.say()
    here.review()
    body = json.loads(here.page.text_content("#review-bytes") or "")
    assert {len(descriptor_in(each).values) for each in (*body["pictures"], *body["originals"])} == {512}
    assert standing(service, here.send())["state"] == "open"
    nothing_leaked(here, photo, ordinary)


def test_without_her_tick_nothing_is_loaded_and_nothing_described(visit: Open, photo: Path) -> None:
    here = visit()
    assert not here.page.is_checked("#describe")
    here.choose_files(photo)
    (picture,) = sent_of(here)["pictures"]
    assert "descriptor" not in picture
    here.press("#back")
    here.tick("describe")
    here.review()
    (picture,) = json.loads(here.page.text_content("#review-bytes") or "")["pictures"]
    assert "descriptor" in picture
    here.press("#back")
    here.page.uncheck("#describe")
    here.review()
    (picture,) = json.loads(here.page.text_content("#review-bytes") or "")["pictures"]
    assert "descriptor" not in picture
    assert told(here) == ""


def test_about_a_child_nothing_is_described(visit: Open, photo: Path) -> None:
    here = visit()
    here.choose_files(photo)
    here.tick("describe")
    wait_for(here, "Ready")
    here.page.evaluate(
        """() => {
          const told = document.querySelector("#describe-told");
          window.heard = [];
          new MutationObserver(() => window.heard.push(told.textContent)).observe(told, { childList: true });
        }"""
    )
    here.begin(under_18="yes")
    here.write("links", "https://elsewhere.example/picture")
    here.say()
    here.review()
    assert here.page.evaluate("window.heard") == [], "something was said to be described"
    assert json.loads(here.page.text_content("#review-bytes") or "")["pictures"] == []


def test_doctor_says_what_is_there(folder: Path, service: Service) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "takeback", "doctor", "--json", "--data", service.data],
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    (check,) = (check for check in json.loads(done.stdout)["checks"] if check["name"] == "page model")
    assert check["standing"] == "ok"
    assert str(folder) in check["text"]


def test_axe_finds_nothing_while_it_is_offered_loaded_and_failed(visit: Open, photo: Path) -> None:
    here = visit(size=NARROW)
    assert faults_on(here.page) == []
    here.begin()
    here.choose_files(photo)
    here.tick("describe")
    wait_for(here, "Ready")
    assert faults_on(here.page) == []
    here.page.context.route("**/page/model/model.onnx", lost)
    here.page.uncheck("#describe")
    here.press("#describe")
    wait_for(here, "could not")
    assert faults_on(here.page) == []
    assert here.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def lost(route: Route) -> None:
    route.abort()


def another(route: Route) -> None:
    route.fulfill(body="another model than the one that was announced")


def broken(route: Route) -> None:
    route.fulfill(body="no program at all", content_type="text/javascript")


def overtaxed(route: Route) -> None:
    """As in a browser that can load the model, and has no memory left for a picture."""
    body = "self.onmessage = ({ data }) => self.postMessage('square' in data ? null : true);"
    headers = {"Content-Type": "text/javascript", "Cross-Origin-Embedder-Policy": "require-corp"}
    route.fulfill(body=body, headers=headers)


@pytest.mark.parametrize(
    ("what", "happens"),
    [
        ("model/model.onnx", lost),
        ("model/model.onnx", another),
        ("model/*.wasm", lost),
        ("model/*.wasm", another),
        ("model/*.mjs", broken),
        ("describer.js", overtaxed),
    ],
)
def test_whatever_fails_the_notice_goes_with_fingerprints_and_says_so(
    visit: Open, service: Service, photo: Path, what: str, happens: Any
) -> None:
    here = visit()
    here.page.context.route(f"**/page/{what}", happens)
    here.begin()
    here.choose_files(photo)
    # Pressed, since it may have failed, and the tick be gone, before anyone looks.
    here.press("#describe")
    here.say()
    here.review()
    assert told(here) == "This browser could not make the numbers. Your notice works without them."
    assert not here.page.is_checked("#describe")
    (picture,) = json.loads(here.page.text_content("#review-bytes") or "")["pictures"]
    assert "pdq" in picture
    assert "descriptor" not in picture
    assert standing(service, here.send())["state"] == "open"


def test_she_need_not_wait_for_what_does_not_come(visit: Open, photo: Path) -> None:
    here = visit()
    here.page.route("**/page/model/model.onnx", lambda route: None)
    here.begin()
    here.choose_files(photo)
    here.tick("describe")
    here.say()
    here.press("#to-review")
    assert not here.page.is_visible("#review")
    here.page.uncheck("#describe")
    here.page.wait_for_selector("#review:not([hidden])")
    (picture,) = json.loads(here.page.text_content("#review-bytes") or "")["pictures"]
    assert "descriptor" not in picture
