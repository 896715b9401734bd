"""`takeback partner`, with a running Takeback."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.serving import Service
from tests.house import drawn
from tests.unit.cli.conftest import Call, Save


@pytest.fixture
def administrator(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TAKEBACK_SERVER", service.url)
    monkeypatch.setenv("TAKEBACK_KEY", service.keys["administrator"])
    return service


def _key(folder: Path, text: str) -> Path:
    path = folder / "partner.key"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_partner_is_added_asks_is_shown_and_removed(
    call: Call, picture: Save, administrator: Service, tmp_path: Path
) -> None:
    known, other = picture("known.png", 91), picture("other.png", 92)
    copy = picture("copy.jpg", drawn(91), quality=40)
    call("bank", "new", "for-partners")
    call("bank", "add", "for-partners", known, "--source", "test")
    made = call("partner", "add", "gallery", "--match", "for-partners", "--per-minute", "100")
    key = _key(tmp_path, made.out)

    asked = call("partner", "check", known, copy, other, "--key-file", key, "--json")
    assert [(line["class"], line["action"]) for line in asked.lines] == [
        ("identical", "refuse"), ("substantially_same", "refuse"), ("none", "allow"),
    ]  # fmt: skip
    assert set(asked.lines[0]) == {"file", "class", "action", "preserve_and_report", "unjudged"}

    assert "gallery" in call("partner", "list").out
    shown = call("partner", "show", "gallery")
    assert "100 questions a minute" in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    assert call("partner", "show", "gallery", "--json").json["days"][0]["asked"] == 3

    changed = call("partner", "banks", "gallery", "--share", "for-partners", "--json").json
    assert (changed["match"], changed["share"]) == ([], ["for-partners"])
    assert call("partner", "check", known, "--key-file", key, "--json").lines[0]["class"] == "none"
    assert call("partner", "release", "gallery").code == 2
    another = _key(tmp_path, call("partner", "key", "gallery").out)
    assert call("partner", "check", known, "--key-file", another).code == 0

    assert call("partner", "remove", "gallery").code == 0
    assert call("partner", "check", known, "--key-file", key).code == 2
    assert call("partner", "show", "gallery", "--json").error["code"] == "not-found"


def test_a_picture_without_detail_is_not_said_to_match_nothing(
    call: Call, picture: Save, administrator: Service, tmp_path: Path
) -> None:
    flat = picture("flat.png", drawn(1) * 0 + 7)
    key = _key(tmp_path, call("partner", "add", "flat").out)
    assert call("partner", "check", flat, "--key-file", key, "--json").lines[0]["class"] == "unjudged"
    assert call("partner", "check", tmp_path / "nothing.png", "--key-file", key).code == 2


def test_submissions_and_feedback_are_listed(call: Call, administrator: Service) -> None:
    assert call("partner", "submissions", "--json").json == []
    assert call("partner", "feedback", "--json").json == []
    assert call("partner", "submissions", "--accept", "0" * 32, "--json").error["code"] == "not-found"
