"""`takeback case bundle`, `takeback notice bundle`, and `takeback verify` of what they made."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.serving import Service, serving
from tests.house import forms_of
from tests.unit.cli.conftest import Call, Save
from tests.unit.cli.test_notice import WORDS

STATEMENT = WORDS[1]


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running Takeback whose desk has keys."""
    with serving(tmp_path_factory.mktemp("bundles")) as service:
        yield service


@pytest.fixture
def at(sealing: Service, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv("TAKEBACK_KEY", sealing.keys["moderator"])
    return "--server", sealing.url


def _options(service: Service) -> tuple[str, ...]:
    return "--data", str(service.data), "--master-key-file", str(service.folder / "master.key")


def test_a_bundle_is_made_opened_on_her_machine_alone_and_verified(
    call: Call, picture: Save, sealing: Service, at: tuple[str, str], tmp_path: Path
) -> None:
    for name in ("Ada", "Bo"):
        made = call("desk", "add", name, "--identity-file", tmp_path / f"{name}.age", *_options(sealing))
        assert made.code == 0
    sent = call("notice", picture("hers.png", 71), "--to", sealing.url, *WORDS, "--json").json
    call("log", "publish", *_options(sealing))
    why = ("--why", "A court asked.")

    # 1. Sealed as it came; opened besides only with the key of one of the desk's people.
    closed, opened = tmp_path / "closed.zip", tmp_path / "opened.zip"
    assert call("case", "bundle", sent["case"], closed, *why, *at).code == 0
    done = call("case", "bundle", sent["case"], opened, *why, "--identity", tmp_path / "Ada.age", *at, "--json")
    assert (done.json["file"], done.json["opened"]) == (str(opened), 1)
    assert closed.stat().st_mode & 0o777 == 0o600
    assert not any(form in _everything(closed) for form in forms_of(STATEMENT.encode()))
    assert STATEMENT.encode() in _everything(opened)

    # 2. Both verify, by Takeback and by the program inside.
    for path in (closed, opened):
        said = call("verify", path, "--service", sealing.url, "--json").json
        assert (said["verified"], said["key_pinned"]) == (True, True)
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(opened) as packed:
        packed.extractall(folder)
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"], cwd=folder, env={}, capture_output=True, text=True, check=True
    )
    assert "Opened: opened/notice.json is what was sealed in data/notice.json." in alone.stdout

    # 3. Words that are not hers are found.
    (folder / "opened" / "notice.json").write_text('{"statement": "I take it all back."}')
    again = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"], cwd=folder, env={}, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "opened/notice.json is not what was sealed" in again.stdout


def test_nothing_is_written_over(
    call: Call, picture: Save, sealing: Service, at: tuple[str, str], tmp_path: Path
) -> None:
    sent = call("notice", picture("hers.png", 73), "--to", sealing.url, *WORDS, "--json").json
    path = tmp_path / "record.zip"
    path.write_bytes(b"mine")

    done = call("case", "bundle", sent["case"], path, "--why", "A court asked.", *at, "--json")

    assert (done.code, done.error["code"]) == (2, "bad-input")
    assert path.read_bytes() == b"mine"


def test_she_fetches_hers_with_the_receipt(call: Call, picture: Save, sealing: Service, tmp_path: Path) -> None:
    sent = call("notice", picture("hers.png", 72), "--to", sealing.url, *WORDS, "--json").json
    path = tmp_path / "hers.zip"

    done = call("notice", "bundle", path, "--to", sealing.url, stdin=f"{sent['receipt']}\n")

    assert (done.code, done.out) == (0, f"{path}\n")
    human = call("verify", path)
    assert human.code == 0
    assert f"{path}: verifies." in human.out
    assert "person version" in human.out
    assert "Compare it with the published one" in human.out


def test_what_was_changed_or_is_no_bundle_ends_with_code_5(
    call: Call, picture: Save, sealing: Service, tmp_path: Path
) -> None:
    sent = call("notice", picture("hers.png", 74), "--to", sealing.url, *WORDS, "--json").json
    path, changed, none = (tmp_path / f"{name}.zip" for name in ("hers", "changed", "none"))
    call("notice", "bundle", path, "--to", sealing.url, stdin=f"{sent['receipt']}\n")
    changed.write_bytes(_with(path.read_bytes(), "data/case.json", b"{}"))
    none.write_bytes(b"PK\x03\x04 nothing")
    twice = io.BytesIO(path.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(twice, "a") as folder:
        folder.writestr("data/case.json", "{}")
    doubled = tmp_path / "doubled.zip"
    doubled.write_bytes(twice.getvalue())

    done = call("verify", path, changed, none, doubled, "--json")

    assert done.code == 5
    assert [line["verified"] for line in done.lines] == [True, False, False, False]
    whys = [line["why"] for line in done.lines[1:]]
    assert "data/case.json was changed" in whys[0]
    assert "no bundle" in whys[1]
    assert "two files of one name" in whys[2]


def _everything(path: Path) -> bytes:
    with zipfile.ZipFile(path) as folder:
        return b"\n".join(folder.read(name) for name in folder.namelist())


def _with(content: bytes, name: str, data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(written, "w") as after:
        for each in before.namelist():
            after.writestr(each, data if each == name else before.read(each))
    return written.getvalue()


def test_the_files_in_it_are_json_that_programs_read(
    call: Call, picture: Save, sealing: Service, tmp_path: Path
) -> None:
    sent = call("notice", picture("hers.png", 75), "--to", sealing.url, *WORDS, "--json").json
    path = tmp_path / "hers.zip"
    call("notice", "bundle", path, "--to", sealing.url, stdin=f"{sent['receipt']}\n")

    with zipfile.ZipFile(path) as folder:
        for name in folder.namelist():
            if name.endswith(".json"):
                json.loads(folder.read(name))
