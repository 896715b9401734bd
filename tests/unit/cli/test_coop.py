"""`takeback coop`: the settings are tried before they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.serving import Service
from tests.unit.actions.platforms.server import Loopback, Said
from tests.unit.cli.conftest import Call, House
from tests.unit.cli.test_doctor import _checks
from tests.unit.coop import Coop, coop_on_loopback, settings_of

from takeback.config import Settings
from takeback.errors import BadSetting


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, object], there: Loopback) -> None:
    for name, value in {**values, "allowed_private_hosts": (there.name,)}.items():
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        monkeypatch.setenv(f"TAKEBACK_{name.upper()}", text)


def test_a_coop_that_knows_what_the_settings_name_is_said(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    coop = Coop()
    with coop_on_loopback(coop) as there:
        _set(monkeypatch, settings_of(tmp_path, there.url), there)
        assert call("coop", "check").out == "Coop knows all that the settings name.\n"
        assert call("coop", "check", "--json").json == {"address": there.url, "problems": []}
    assert coop.reports == []


def test_what_coop_does_not_know_is_named(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with coop_on_loopback(Coop()) as there:
        wrong = settings_of(
            tmp_path, there.url, coop_item_type="x", coop_policy="y", coop_actions=("z=remove",), coop_reporter="w/t"
        )
        _set(monkeypatch, wrong, there)
        done = call("coop", "check", "--json")
        assert done.code == 1
        named = [problem.split("`")[1] for problem in done.json["problems"]]
        assert named == ["coop_item_type", "coop_reporter", "coop_policy", "coop_actions"]
        (tmp_path / "coop.key").write_text("another\n")
        refused = call("coop", "check")
        assert refused.code == 3
        assert "does not accept the API key" in refused.err


def test_without_one_it_says_what_to_set(call: Call) -> None:
    done = call("coop", "check")
    assert done.code == 2
    assert "coop_address" in done.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("coop_address", "coop.forum.example"),
        ("coop_item_type", ""),
        ("coop_reporter", "takeback"),
        ("coop_actions", ("9f3e1d5b7a0",)),
        ("coop_actions", ("9f3e1d5b7a0=put_back",)),
        ("coop_people", ("Ada",)),
        ("coop_people", ("ada@forum.example=",)),
    ],
)
def test_a_setting_that_says_nothing_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(BadSetting, match=name.partition("_")[0]):
        Settings(**settings_of(tmp_path, **{name: value}))  # type: ignore[arg-type]


def test_what_coop_did_not_take_is_listed_of_a_running_takeback(
    call: Call, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    monkeypatch.setenv("TAKEBACK_SERVER", service.url)
    monkeypatch.setenv("TAKEBACK_KEY", service.keys["moderator"])
    assert call("coop", "list", "--json").json == []
    assert call("coop", "list", "--state", "told").code == 0
    done = call("coop", "retry", "0" * 32)
    assert done.code == 2
    assert "no such report" in done.err


def test_a_page_in_its_place_is_no_answer(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with coop_on_loopback(lambda _asked: Said(200, b"<html>a page to log in</html>")) as there:
        _set(monkeypatch, settings_of(tmp_path, there.url), there)
        done = call("coop", "check")
    assert done.code == 3
    assert "does not say" in done.err


def test_doctor_reads_what_coop_is_spoken_to_with(
    call: Call, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def said() -> tuple[str, str]:
        check = _checks(call("doctor", *house.options, "--json"))["coop"]
        return check["standing"], check["text"]

    assert said()[0] == "ok"
    with coop_on_loopback(Coop()) as there:
        _set(monkeypatch, settings_of(tmp_path, there.url), there)
    standing, text = said()
    assert (standing, "what 1 of the desk remove there is their decision" in text) == ("ok", True)
    monkeypatch.setenv("TAKEBACK_COOP_PEOPLE", "")
    assert "is an opinion" in said()[1]
    (tmp_path / "coop.pem").write_text("no key")
    assert said()[0] == "missing"
