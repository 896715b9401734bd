"""`takeback exchange`, with a running Takeback and a keeper of a list."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.serving import Service, serving
from tests.house import drawn
from tests.lists.stopncii import Keeper, keeping, random_codes, record_of
from tests.unit.cli.conftest import Call, Save

CREDENTIALS = {
    "subscription_key": "subscription",
    "fetch_function_key": "fetch-key",
    "additional_function_keys": {"SubmitHashes": "submit-key"},
}


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    with keeping(Keeper([record_of(code, 20) for code in random_codes(5, seed=1)])) as keeper:
        yield keeper


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory, keeper: Keeper) -> Iterator[Service]:
    """A service that may speak to the keeper."""
    with serving(tmp_path_factory.mktemp("listing"), "--allowed-private-host", "127.0.0.1") as service:
        yield service


@pytest.fixture
def administrator(listing: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TAKEBACK_SERVER", listing.url)
    monkeypatch.setenv("TAKEBACK_KEY", listing.keys["administrator"])
    return listing


def _credentials(folder: Path, keeper: Keeper) -> Path:
    path = folder / "keys.json"
    path.write_text(json.dumps({**CREDENTIALS, "base_url_override": keeper.url}))
    return path


def _until(done: object, what: str, tries: int = 300) -> None:
    assert callable(done)
    for _ in range(tries):
        if done():
            return
        time.sleep(0.1)
    raise AssertionError(what)


def test_a_list_is_set_up_fetched_shown_changed_shared_with_and_removed(
    call: Call, picture: Save, administrator: Service, keeper: Keeper, tmp_path: Path
) -> None:
    made = call("exchange", "add", "LIST", "--kind", "stop_ncii", "--credentials", _credentials(tmp_path, keeper))
    assert (made.code, made.out) == (0, "LIST is set up; it is being fetched.\n")
    _until(lambda: call("exchange", "show", "LIST", "--json").json["complete_at"], "the list was not read")
    assert call("exchange", "show", "LIST", "--json").json["records"] == {"live": 5}
    shown = call("exchange", "show", "LIST").out
    assert ("up to date" in shown, "looked for" in shown) == (True, True)
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "up to date" in call("exchange", "list").out

    assert "hides nothing" in call("exchange", "set", "LIST", "--only-possible").out
    assert call("exchange", "set", "LIST", "--hold", "--off", "--json").json["enabled"] is False
    assert "off" in call("exchange", "set", "LIST", "--off").out
    assert call("exchange", "set", "LIST", "--on").code == 0

    asked = len(keeper.asked)
    assert call("exchange", "fetch", "LIST", "--whole").code == 0
    _until(lambda: len(keeper.asked) > asked, "the list was not asked again")

    call("bank", "new", "ours")
    call("bank", "add", "ours", picture("ours.png", drawn(93)), "--source", "test")
    assert call("exchange", "share", "LIST", "--bank", "ours", "--json").json == {"entries": 1}
    _until(lambda: keeper.told, "the list was told nothing")
    assert keeper.told[0][0] == "SubmitHashes"
    assert call("exchange", "share", "LIST", "--bank", "notices").code == 2

    assert call("exchange", "remove", "LIST", "--json").json == {"removed": "LIST"}
    assert call("exchange", "show", "LIST", "--json").error["code"] == "not-found"
    assert "LIST" not in call("bank", "list").out


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "is not JSON"), ("[]", "holds no JSON object"), ('{"fetch_function_key": "a"}', "`subscription_key`")],
)
def test_credentials_that_are_none_are_said_and_nothing_is_set_up(
    call: Call, administrator: Service, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    done = call("exchange", "add", "BAD", "--kind", "stop_ncii", "--credentials", path)
    assert (done.code, says in done.err) == (2, True)
    assert call("exchange", "add", "BAD", "--kind", "file", "--setting", "url").code == 2
    assert call("exchange", "list", "--json").json == []


def test_a_list_of_minors_says_that_nobody_reports_yet(call: Call, administrator: Service, tmp_path: Path) -> None:
    path = tmp_path / "ncmec.json"
    path.write_text(json.dumps({"user": "forum", "password": "hunter2-hunter2"}))
    environment = "environment=https://exttest.cybertip.org/hashsharing"
    call("exchange", "add", "MINORS", "--kind", "ncmec", "--credentials", path, "--setting", environment)
    _until(lambda: call("exchange", "show", "MINORS", "--json").json["problem"], "the list is in no trouble")
    assert "Nobody is named who reports" in call("exchange", "show", "MINORS").out
    assert call("exchange", "set", "MINORS", "--only-possible").code == 2
    assert call("exchange", "set", "MINORS", "--report-to", "nobody").code == 2
    assert call("exchange", "set", "MINORS", "--report-to", "mailto:reports@forum.example", "--off").code == 0
    assert call("exchange", "show", "MINORS", "--json").json["problem"] is None
    assert call("exchange", "remove", "MINORS").code == 0
