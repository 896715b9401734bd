"""`takeback desk`, and what it changes for `notice` and `case`: the service cannot read what is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.acceptance.serving import Service, serving
from tests.house import forms_of
from tests.unit.cli.conftest import Call, House, Save
from tests.unit.cli.test_notice import WORDS

from takeback.cases.sealed import DeskKey, new_identity, seal_words

STATEMENT = WORDS[1]


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running Takeback whose data directory the command line can open."""
    with serving(tmp_path_factory.mktemp("sealing")) as service:
        yield service


def _options(service: Service) -> tuple[str, ...]:
    return "--data", str(service.data), "--master-key-file", str(service.folder / "master.key")


def _key(call: Call, service: Service, tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.age"
    assert call("desk", "add", name, "--identity-file", path, *_options(service)).code == 0
    return path


def test_a_key_that_is_made_here_is_a_file_of_age_that_nobody_else_reads(
    call: Call, house: House, tmp_path: Path
) -> None:
    path = tmp_path / "keys" / "ada.age"
    done = call("desk", "add", "Ada", "--identity-file", path, *house.options)
    assert done.code == 0
    assert "add another one's" in done.err
    assert path.stat().st_mode & 0o777 == 0o600
    _, public, secret = path.read_text().splitlines()
    assert secret.startswith("AGE-SECRET-KEY-1")
    assert public.removeprefix("# public key: ") in done.out
    assert secret not in done.out + done.err
    again = call("desk", "add", "Bo", "--identity-file", path, *house.options)
    assert again.code == 2
    assert "cannot be made" in again.err


def test_a_key_is_given_in_one_way(call: Call, house: House, tmp_path: Path) -> None:
    both = ("--recipient", new_identity()[1], "--identity-file", tmp_path / "new.age")
    for options in ((), both):
        assert call("desk", "add", "Ada", *options, *house.options).code == 2
    assert not (tmp_path / "new.age").exists()
    assert call("desk", "add", "Ada", "--recipient", new_identity()[0], *house.options).code == 2


def test_the_keys_are_listed_and_retired(call: Call, house: House) -> None:
    for name in ("Ada", "Bo"):
        assert call("desk", "add", name, "--recipient", new_identity()[1], *house.options).code == 0
    listed = call("desk", "list", *house.options, "--json").json
    assert [(each["name"], each["opens"], each["retired_at"]) for each in listed] == [("Ada", 0, None), ("Bo", 0, None)]
    done = call("desk", "retire", listed[0]["id"], *house.options)
    assert done.code == 0
    assert "too few people" in done.err
    assert "retired" in call("desk", "list", *house.options).out
    assert call("desk", "retire", listed[0]["id"], *house.options).code == 2


def test_what_is_written_is_read_by_the_desk_alone(
    call: Call, picture: Save, sealing: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEBACK_KEY", sealing.keys["moderator"])
    at = ("--server", sealing.url)
    # 1. Before the desk has keys, the service can read it.
    before = call("notice", picture("hers.png", 71), "--to", sealing.url, *WORDS, "--json").json["case"]
    assert call("case", "words", before, *at, "--json").json["statement"] == STATEMENT
    # 2. From two people on it cannot, and what was there is sealed too.
    ada, bo = (_key(call, sealing, tmp_path, name) for name in ("Ada", "Bo"))
    path = picture("hers.png", 72)
    shown = call("notice", path, "--to", sealing.url, *WORDS, "--show")
    assert "sealed to the people of the desk" in shown.err
    assert {"sealed", "pictures", "links", "laws", "under_18"} == json.loads(shown.out).keys()
    assert not any(form in shown.out.encode() for form in forms_of(STATEMENT.encode()))
    after = call("notice", path, "--to", sealing.url, *WORDS, "--json").json
    assert (after["state"], after["missing"]) == ("open", [])
    for case in (before, after["case"]):
        answer = httpx2.post(f"{sealing.url}/api/v1/cases/{case}/words", headers=sealing.headers("moderator"))
        assert answer.json().keys() == {"sealed", "contests", "refused_uploads", "messages"}
        for identity in (ada, bo):
            opened = call("case", "words", case, "--identity", identity, *at, "--json").json
            assert (opened["statement"], opened["contact"]["email"]) == (STATEMENT, "a@person.example")
    out = call("case", "words", after["case"], "--identity", bo, *at).out
    assert STATEMENT in out
    assert "salt" not in out
    # 3. Without a key nothing is opened, and no opening is logged.
    events = f"{sealing.url}/api/v1/cases/{after['case']}/events"
    count = len(httpx2.get(events, headers=sealing.headers("moderator")).json())
    done = call("case", "words", after["case"], *at)
    assert (done.code, "--identity" in done.err) == (2, True)
    assert call("case", "words", after["case"], "--identity", "absent.age", *at).code == 2
    assert len(httpx2.get(events, headers=sealing.headers("moderator")).json()) == count
    (tmp_path / "eve.age").write_text(new_identity()[0])
    done = call("case", "words", after["case"], "--identity", tmp_path / "eve.age", *at)
    assert (done.code, "do not open with this identity" in done.err) == (1, True)
    # 4. Bo leaves, Cy comes: someone who stays seals everything again.
    cy = _key(call, sealing, tmp_path, "Cy")
    ids = {each["name"]: each["id"] for each in call("desk", "list", *_options(sealing), "--json").json}
    assert call("desk", "retire", ids["Bo"], *_options(sealing)).code == 0
    done = call("case", "reseal", "--identity", cy, *at, "--json")
    assert (done.code, done.json["sealed"], len(done.json["closed"])) == (1, 0, 2)
    done = call("case", "reseal", "--identity", ada, *at, "--json")
    assert (done.code, done.json) == (0, {"sealed": 2, "closed": []})
    assert call("case", "words", before, "--identity", cy, *at, "--json").json["statement"] == STATEMENT
    assert call("case", "words", before, "--identity", bo, *at).code == 1
    opens = {each["name"]: each["opens"] for each in call("desk", "list", *_options(sealing), "--json").json}
    assert opens == {"Ada": 2, "Bo": 0, "Cy": 2}
    assert call("case", "reseal", "--identity", ada, *at, "--json").json == {"sealed": 0, "closed": []}
    assert call("case", "reseal", *at).code == 2


def test_one_message_that_does_not_open_closes_nothing_else(
    call: Call, picture: Save, sealing: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEBACK_KEY", sealing.keys["moderator"])
    at = ("--server", sealing.url)
    fay = _key(call, sealing, tmp_path, "Fay")
    _key(call, sealing, tmp_path, "Gil")
    sent = call("notice", picture("hers.png", 73), "--to", sealing.url, *WORDS, "--json").json
    keys = httpx2.get(f"{sealing.url}/api/v1/notices/desk-keys").json()
    strangers = [DeskKey(key["id"], new_identity()[1]) for key in keys]
    foreign = seal_words({"text": "Nobody reads this."}, (), strangers).as_json()
    message = {"receipt": sent["receipt"], "sealed": foreign}
    assert httpx2.post(f"{sealing.url}/api/v1/notices/message", json=message).status_code == 200
    odd = {"receipt": sent["receipt"], "sealed": seal_words({"no": "text"}, (), [_of(key) for key in keys]).as_json()}
    assert httpx2.post(f"{sealing.url}/api/v1/notices/message", json=odd).status_code == 200
    opened = call("case", "words", sent["case"], "--identity", fay, *at)
    assert (opened.code, STATEMENT in opened.out) == (0, True)
    assert opened.out.count("she wrote: (closed)") == 2
    assert "A message stays closed" in opened.err
    _key(call, sealing, tmp_path, "Hal")
    done = call("case", "reseal", "--identity", fay, *at, "--json")
    assert sent["case"] in done.json["closed"]
    hal = tmp_path / "Hal.age"
    assert call("case", "words", sent["case"], "--identity", hal, *at, "--json").json["statement"] == STATEMENT


def _of(key: dict[str, str]) -> DeskKey:
    return DeskKey(key["id"], key["recipient"])
