"""`takeback instance`, with a running Takeback."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.serving import Service
from tests.unit.cli.conftest import Call

from takeback.audit.keys import instance_signer
from takeback.cli.exit_code import ExitCode

KEY = str(instance_signer(b"k" * 32, "other.example").key)
URL = "https://takeback.other.example"


@pytest.fixture
def administrator(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TAKEBACK_SERVER", service.url)
    monkeypatch.setenv("TAKEBACK_KEY", service.keys["administrator"])
    return service


def test_an_instance_is_added_listed_changed_and_removed(call: Call, administrator: Service) -> None:
    assert administrator.url
    made = call("instance", "add", "other", URL, "--key", KEY, "--send")
    assert made.out == "other is added: notices go there.\n"
    listed = json.loads(call("instance", "list", "--json").out)
    assert [(one["name"], one["url"], one["sends"], one["accepts"]) for one in listed] == [("other", URL, True, False)]
    changed = call("instance", "set", "other", "--accept", "--no-send", "--only-possible")
    assert changed.out == "other: notices come from there, only possible.\n"
    assert "notices come from" in call("instance", "list").out
    assert call("instance", "remove", "other").out == "other is removed.\n"
    assert json.loads(call("instance", "list", "--json").out) == []


def test_the_own_key_is_shown_without_a_key(call: Call, service: Service) -> None:
    shown = call("instance", "key", "--server", service.url)
    assert "/instance+" in shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "other", URL, "--key", "no key", "--send"), ("add", "other", URL, "--key", KEY),
        ("add", "other", f"{URL}/path", "--key", KEY, "--send"), ("set", "nobody"), ("set", "nobody", "--send"),
        ("remove", "nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(call: Call, administrator: Service, arguments: tuple[str, ...]) -> None:
    assert administrator.url
    done = call("instance", *arguments)
    assert done.code == ExitCode.INPUT
    assert done.err
