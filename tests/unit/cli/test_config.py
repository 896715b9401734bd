"""`takeback config`: no setting is hidden."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Call

from takeback.cli.options import setting_help
from takeback.config import Settings

NAMES = [setting.name for setting in fields(Settings)]


def test_every_setting_is_listed_with_its_default_source_and_meaning(call: Call) -> None:
    rows = call("config", "--json").json
    assert [row["name"] for row in rows] == NAMES
    for row in rows:
        assert row.keys() == {"name", "value", "from", "default", "env", "help"}
        assert (row["from"], row["value"]) == ("default", row["default"])
        assert row["env"] == f"TAKEBACK_{row['name'].upper()}"
        assert row["help"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_person_finds_each_setting_too(call: Call, name: str) -> None:
    out = call("config").out
    assert f"\n{name} = " in f"\n{out}"
    assert max(len(line) for line in out.splitlines()) <= 80


def test_the_first_source_found_wins_and_is_named(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house/takeback.toml").write_text('port = 1111\nworkers = 3\nhost = "127.0.0.2"\n')
    monkeypatch.setenv("TAKEBACK_PORT", "2222")
    rows = {row["name"]: row for row in call("config", "--data", "house", "--json").json}
    assert (rows["data"]["value"], rows["data"]["from"]) == ("house", "command line")
    assert (rows["port"]["value"], rows["port"]["from"]) == (2222, "environment")
    assert (rows["workers"]["value"], rows["workers"]["from"]) == (3, "takeback.toml")
    assert (rows["decoders"]["value"], rows["decoders"]["from"]) == (2, "default")
    out = call("config", "--data", "house").out
    assert "port = 2222   (environment)\n    Port to listen on; 0 takes a free one and prints it. Default: 8470." in out


def test_a_setting_that_there_is_not_is_an_error(call: Call, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/takeback.toml").write_text("prot = 1\n")
    done = call("config")
    assert done.code == 2
    assert "names a setting that there is not: prot" in done.err


@pytest.mark.parametrize(
    "name",
    [
        "data",
        "host",
        "port",
        "workers",
        "decoders",
        "master_key_file",
        "allowed_private_hosts",
        "runtime_dir",
    ],
)
def test_an_option_of_serve_has_its_help_from_the_table(call: Call, name: str) -> None:
    setting = next(setting for setting in fields(Settings) if setting.name == name)
    text = " ".join(call("serve", "--help").out.split())
    assert setting.metadata["help"] in text
    assert f"env TAKEBACK_{name.upper()}" in text
    assert setting_help(name) in text
