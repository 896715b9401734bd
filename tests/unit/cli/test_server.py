"""How a running Takeback is spoken to, whatever answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.conftest import Call, Recorder

from takeback.cli.server import MAX_ANSWER_BYTES, Server
from takeback.errors import InputError

LIST = ("case", "list", "--json", "--server")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEBACK_KEY", "tb_moderator_x")


def _problem(status: int, code: str, **more: object) -> tuple[int, dict[str, object]]:
    return status, {"type": f"urn:takeback:problem:{code}", "detail": "What.", "advice": "Do.", **more}


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (401, "not-allowed", 2),
        (403, "not-allowed", 2),
        (404, "not-found", 2),
        (409, "illegal-transition", 2),
        (422, "bad-input", 2),
        (429, "overloaded", 3),
        (502, "outside-error", 3),
        (503, "overloaded", 3),
        (500, "integrity-error", 3),
    ],
)
def test_a_problem_is_told_as_it_was_there(call: Call, site: Recorder, status: int, code: str, exit_code: int) -> None:
    site.answers = [_problem(status, code)]
    done = call(*LIST, site.url)
    assert (done.code, done.out) == (exit_code, "")
    assert done.error == {"code": code, "message": "What.", "advice": "Do."}


def test_the_fields_that_were_refused_are_named(call: Call, site: Recorder) -> None:
    site.answers = [_problem(422, "bad-input", fields=[{"field": "body.name", "why": "too short"}])]
    assert call(*LIST, site.url).error["message"] == "What. body.name: too short."


@pytest.mark.parametrize("answer", [(404, {"error": "nginx"}), (302, {}), (200, b"<html>"), (502, b"Bad Gateway")])
def test_what_is_no_takeback_is_said_to_be_none(call: Call, site: Recorder, answer: tuple[int, object]) -> None:
    site.answers = [answer]
    done = call(*LIST, site.url)
    assert done.code == 3
    assert "is not a Takeback" in done.error["message"]


def test_an_answer_without_end_is_not_read_to_its_end(call: Call, site: Recorder) -> None:
    site.answers = [(200, b"[" * (MAX_ANSWER_BYTES + 2))]
    done = call(*LIST, site.url)
    assert done.code == 3
    assert "larger than" in done.error["message"]


def test_a_connection_that_breaks_off_is_an_outside_error(call: Call, site: Recorder) -> None:
    site.answers = [None]
    assert call(*LIST, site.url).code == 3
    assert call(*LIST, "http://127.0.0.1:1").error["message"] == "Nothing answers at 127.0.0.1:1."


@pytest.mark.parametrize(
    "url", ["http://forum.example", "http://10.0.0.1:8470", "http://127.0.0.1.example", "ftp://127.0.0.1", "forum", ""]
)
def test_plain_http_is_for_this_machine_only(call: Call, url: str) -> None:
    assert call(*LIST, url).code == 2


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8470", "https://forum.example"]
)
def test_these_addresses_are_taken(url: str) -> None:
    Server(url)


def test_an_address_below_a_path_is_kept(call: Call, site: Recorder) -> None:
    site.answers = [(200, [])]
    call(*LIST, f"{site.url}/takeback/")
    assert site.requests[0][0] == "GET /takeback/api/v1/cases?limit=100"


def test_the_key_comes_from_the_environment_or_a_private_file(
    call: Call, site: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.answers = [(200, []), (200, [])]
    call(*LIST, site.url)
    key = tmp_path / "key"
    key.write_text("tb_moderator_y\n")
    key.chmod(0o600)
    call(*LIST, site.url, "--key-file", key)
    assert [headers["authorization"] for _, headers, _ in site.requests] == [
        "Bearer tb_moderator_x",
        "Bearer tb_moderator_y",
    ]
    key.chmod(0o644)
    assert "chmod 600" in call(*LIST, site.url, "--key-file", key).error["advice"]
    monkeypatch.delenv("TAKEBACK_KEY")
    assert call(*LIST, site.url).error["code"] == "not-allowed"


def test_a_key_on_the_command_line_is_not_understood(call: Call, site: Recorder) -> None:
    assert call(*LIST, site.url, "--key", "tb_moderator_x").code == 2


@pytest.mark.parametrize("key", ["tb_x\r\nHost: elsewhere", "tb x", "tb_ü"])
def test_a_key_that_is_none_is_not_sent(call: Call, site: Recorder, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("TAKEBACK_KEY", key)
    assert call(*LIST, site.url).code == 2
    assert site.requests == []


def test_an_address_that_is_none_is_an_input_error() -> None:
    with pytest.raises(InputError, match="user name or password"):
        Server("https://user:secret@forum.example")
