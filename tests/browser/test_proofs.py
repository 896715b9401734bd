"""Proofs: she takes them along, and anyone checks them on their own device, without a connection."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest
from tests.acceptance.serving import Receiver, Service
from tests.browser.accessible import faults_at_each_width, faults_on
from tests.browser.test_journeys import SIZES
from tests.browser.test_return import open_case, sent_by
from tests.browser.walking import Open, Visit
from tests.cosigning import cosigned, with_another_signature
from tests.house import AT

from takeback.audit.note import VerifierKey
from takeback.audit.receipt import Proof, verify_proof
from takeback.cli.data import opened

pytestmark = pytest.mark.browser


def downloaded(here: Visit, folder: Path) -> dict[str, Path]:
    """Press the button of `/case` and return the files of what comes, by name."""
    here.press("details:has(#proof) > summary")
    with here.page.expect_download() as coming:
        here.press("button[value=proof]")
    assert coming.value.suggested_filename == "record.zip"
    with zipfile.ZipFile(coming.value.path()) as found:
        found.extractall(folder)
    return {path.name: path for path in sorted(folder.iterdir())}


def shown(here: Visit, *paths: Path) -> list[str]:
    here.page.set_input_files("#proofs", [str(path) for path in paths])
    here.page.wait_for_function(
        "(count) => document.querySelectorAll('#results > :is(.good, .bad)').length === count", arg=len(paths)
    )
    return list(here.texts("#results > li"))


@pytest.fixture
def files(visit: Open, service: Service, site: Receiver, tmp_path: Path) -> dict[str, Path]:
    """What the person of a case took along."""
    here = visit()
    receipt, _ = sent_by(here, site)
    service.publish()
    open_case(here, receipt)
    return downloaded(here, tmp_path / "taken")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_she_takes_proofs_along_that_hold_without_the_service(
    visit: Open, service: Service, site: Receiver, tmp_path: Path, *, script: bool
) -> None:
    sender = visit()
    receipt, _ = sent_by(sender, site)
    here = visit(script=script)
    open_case(here, receipt)
    here.press("details:has(#proof) > summary")
    here.press("button[value=proof]")
    here.page.wait_for_selector(".done")
    assert "nothing to download yet" in here.page.inner_text(".done")
    service.publish()

    taken = downloaded(here, tmp_path / "taken")

    assert list(taken) == ["001-notice_received.tlog-proof", "002-notice_valid.tlog-proof", "read-me.txt"]
    key = VerifierKey.parse(taken["read-me.txt"].read_text().splitlines()[-1])
    assert str(key) == json.loads(service.run("log", "show", "--json"))["log_key"]
    for name, path in taken.items():
        if name.endswith(".tlog-proof"):
            verify_proof(Proof.parse(path.read_text()), key)
    everything = "".join(path.read_text() for path in taken.values())
    assert receipt not in everything
    assert site.url not in everything


@SIZES
def test_a_proof_is_checked_on_the_device_without_a_connection(
    visit: Open, files: dict[str, Path], size: dict[str, int]
) -> None:
    here = visit(size=size, path="/verify")
    here.page.wait_for_function("document.documentElement.classList.contains('has-script')")
    here.page.wait_for_load_state("networkidle")
    here.page.context.set_offline(True)
    before = len(here.requests)

    results = shown(here, files["001-notice_received.tlog-proof"], files["002-notice_valid.tlog-proof"])

    assert len(here.requests) == before
    assert all("This proof holds." in each for each in results)
    assert "The notice came" in results[0]
    assert "The notice was complete" in results[1]
    assert all("Signed by\nthis site" in each for each in results)
    assert here.problems == []


def changed(path: Path, what: str) -> Path:
    lines = path.read_text().splitlines(keepends=True)
    extra = json.loads(base64.b64decode(lines[1].removeprefix("extra ")))
    if what == "attestation":
        extra["attestation"]["at"] = "2026-01-01T00:00:00.000000Z"
    elif what == "key":
        extra["key"] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    lines[1] = f"extra {base64.b64encode(json.dumps(extra).encode()).decode()}\n"
    if what == "signature":
        lines[-1] = (
            lines[-1][:-12] + ("AAAAAAAAAA" if lines[-1][-12:-2] != "AAAAAAAAAA" else "BBBBBBBBBB") + lines[-1][-2:]
        )
    if what == "path":
        place = next(number for number, line in enumerate(lines) if line == "\n")
        lines.insert(place, base64.b64encode(bytes(32)).decode() + "\n")
    target = path.with_name(f"{what}.tlog-proof")
    target.write_text("".join(lines))
    return target


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("attestation", "What it says was changed."),
        ("path", "It does not stand in the log that it names."),
        ("key", "The signature does not fit."),
        ("signature", "The signature does not fit."),
    ],
)
def test_a_proof_that_was_changed_does_not_hold(visit: Open, files: dict[str, Path], what: str, why: str) -> None:
    here = visit(path="/verify")
    (said,) = shown(here, changed(files["001-notice_received.tlog-proof"], what))
    assert f"This proof does not hold. {why}" in said


@pytest.fixture
def witnessed(service: Service, files: dict[str, Path], visit: Open, site: Receiver, tmp_path: Path) -> Path:
    """A proof under a head that two witnesses signed, of which this service names one."""
    here = visit()
    receipt, _ = sent_by(here, site)
    service.publish()
    with opened(service.data, str(service.folder / "master.key")) as store:
        cosigned(store, "other.example", at=AT)
        cosigned(store, "third.example", at=AT, asked=False)
    open_case(here, receipt)
    return downloaded(here, tmp_path / "witnessed")["001-notice_received.tlog-proof"]


@SIZES
def test_each_witness_is_said_to_be_checked_or_not_and_a_wrong_one_is_named(
    visit: Open, witnessed: Path, size: dict[str, int]
) -> None:
    here = visit(size=size, path="/verify")
    (said,) = shown(here, witnessed)
    assert "This proof holds." in said
    assert "other.example saw the log by Sunday, November 22, 2026" in said
    assert "third.example: not checked. This site does not name its key." in said
    assert faults_on(here.page) == []
    assert here.page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    witnessed.write_text(with_another_signature(witnessed.read_text(), "other.example"))
    (said,) = shown(here, witnessed)
    assert "This proof does not hold. The signature of the witness other.example does not fit." in said


def test_what_is_no_proof_is_said_to_be_none(visit: Open, files: dict[str, Path], photo: Path) -> None:
    here = visit(path="/verify")
    for said in shown(here, photo, files["read-me.txt"]):
        assert "This is no proof, or it is damaged." in said
    assert here.problems == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_is_for_everyone(visit: Open, files: dict[str, Path], language: str) -> None:
    here = visit(path="/verify", language=language)
    shown(here, *[path for name, path in files.items() if name.endswith("proof")], files["read-me.txt"])
    assert here.page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    assert faults_at_each_width(here.page) == []


def test_without_scripts_the_page_names_the_program(visit: Open) -> None:
    here = visit(path="/verify", script=False)
    assert "takeback verify FILE" in here.page.inner_text("main")
    assert not here.page.is_visible("label[for=proofs]")
