"""`takeback instance`, with a running Takeback."""

from __future__ import annotations

import json

import pytest
from tests.acceptance.serving import Service
from tests.unit.cli.conftest import Call, Save

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


def test_a_notice_has_an_instance_look_too_by_its_name_at_once_or_later(
    call: Call, administrator: Service, picture: Save
) -> None:
    assert call("instance", "add", "Other-site", URL, "--key", KEY, "--send").code == 0
    hers = picture("hers.png", 61)
    words = (
        *("--statement", "A picture of me.", "--name", "A. Person", "--mailbox", "--sign", "A. Person"),
        *("--intimate", "--not-consensual", "--good-faith", "--to", administrator.url, "--json"),
    )
    done = call("notice", "send", hers, *words, "--forward-to", "other-SITE")
    assert done.err == ""
    sent = done.json
    assert [each["name"] for each in sent["forwarded"]] == ["Other-site"]
    later = call("notice", "send", picture("other.png", 62), *words).json
    assert later["forwarded"] == []
    asking = ("notice", "forward", "Other-site", "--to", administrator.url, "--json")
    told = call(*asking, stdin=later["receipt"]).json
    assert [each["name"] for each in told["forwarded"]] == ["Other-site"]
    refused = call("notice", "send", hers, *words, "--forward-to", "Nobody")
    assert refused.code == ExitCode.INPUT
    assert "nothing was sent" in refused.err
    assert "other-site" in refused.err
    call("instance", "remove", "Other-site")
