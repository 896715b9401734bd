"""Mail at the command line: a test, what came back, and a whole way with a real service and a real mail server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.acceptance.serving import Service
from tests.mail_server import MailServer, mail_server
from tests.unit.actions.test_bounce import TAG, report
from tests.unit.cli.conftest import Call, Recorder

ADDRESS = "rosa.secret@mail.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailing(monkeypatch: pytest.MonkeyPatch, server: MailServer) -> MailServer:
    """The settings of an operator who sends mail."""
    monkeypatch.setenv("TAKEBACK_MAIL_SERVER", server.url)
    monkeypatch.setenv("TAKEBACK_MAIL_FROM", "news@report.example")
    monkeypatch.setenv("TAKEBACK_MAIL_NAME", "Notes")
    monkeypatch.setenv("TAKEBACK_PUBLIC_ADDRESS", "https://report.example")
    return server


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "mail.key"
    path.write_text("tb_mail_abc\n")
    path.chmod(0o600)
    return path


def test_a_test_goes_out_as_the_settings_say(call: Call, mailing: MailServer) -> None:
    done = call("mail", "test", "me@mail.example")
    assert done.code == 0
    assert "took it" in done.out
    (taken,) = mailing.taken
    assert (taken.to, taken.message["From"]) == ("me@mail.example", "Notes <news@report.example>")


def test_a_test_that_is_not_taken_says_why(call: Call, mailing: MailServer) -> None:
    mailing.to_recipient = "550 5.1.1 No such user"
    done = call("mail", "test", "me@mail.example", "--json")
    assert (done.code, done.error["code"]) == (3, "delivery-error")
    assert "code 550" in done.error["message"]


def test_without_a_server_there_is_nothing_to_test(call: Call) -> None:
    done = call("mail", "test", "me@mail.example")
    assert done.code == 2
    assert "mail_server" in done.err


def test_the_doctor_connects_and_sends_nothing(call: Call, mailing: MailServer) -> None:
    checks = {check["name"]: check for check in call("doctor", "--json").json["checks"]}
    assert checks["mail"]["standing"] == "ok"
    assert "news@report.example" in checks["mail"]["text"]
    assert mailing.taken == []


def test_the_doctor_says_what_is_wrong_with_the_mail(
    call: Call, mailing: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def check() -> dict[str, object]:
        done = call("doctor", "--json")
        return {"code": done.code, **{each["name"]: each for each in done.json["checks"]}["mail"]}

    monkeypatch.setenv("TAKEBACK_MAIL_SERVER", "smtp://127.0.0.1:1")
    away = check()
    assert (away["code"], away["standing"]) == (0, "warning")
    monkeypatch.setenv("TAKEBACK_MAIL_USER", "notes")
    monkeypatch.setenv("TAKEBACK_MAIL_PASSWORD_FILE", str(tmp_path / "none"))
    lost = check()
    assert (lost["code"], lost["standing"]) == (1, "missing")
    for name in ("SERVER", "FROM", "NAME", "USER", "PASSWORD_FILE"):
        monkeypatch.delenv(f"TAKEBACK_MAIL_{name}", raising=False)
    assert "nobody is told by mail" in str(check()["text"])


def test_mail_that_came_back_is_passed_on_by_its_tag_alone(call: Call, site: Recorder, key: Path) -> None:
    site.answers = [(200, {"known": True})]
    done = call("mail", "bounced", "--server", site.url, "--key-file", key, stdin=report("failed").decode())
    assert (done.code, done.out) == (0, "A mail came back: its address gets no more.\n")
    ((what, headers, body),) = site.requests
    assert (what, json.loads(body)) == ("POST /api/v1/mail/bounces", {"tag": TAG})
    assert headers["authorization"] == "Bearer tb_mail_abc"


@pytest.mark.parametrize("message", [report("delayed"), report("failed", to="news@report.example"), b"", b"Hello"])
def test_what_is_no_bounce_of_ours_is_let_go_without_asking(
    call: Call, site: Recorder, key: Path, message: bytes
) -> None:
    done = call("mail", "bounced", "--server", site.url, "--key-file", key, "--json", stdin=message.decode())
    assert (done.code, done.json["known"], site.requests) == (0, False, [])


def test_while_the_service_does_not_take_it_the_mail_server_is_to_try_again(
    call: Call, site: Recorder, key: Path, tmp_path: Path
) -> None:
    problem = {"type": "urn:takeback:problem:not-allowed", "detail": "This key is unknown or revoked.", "advice": "…"}
    for answer in (None, (503, {"type": "urn:takeback:problem:store-error", "detail": "Full."}), (401, problem)):
        site.answers = [answer]
        done = call("mail", "bounced", "--server", site.url, "--key-file", key, stdin=report("failed").decode())
        assert done.code == 75, answer
    assert call("mail", "bounced", "--key-file", tmp_path / "none", stdin=report("failed").decode()).code == 75


def test_a_message_of_any_size_is_read_to_its_end(key: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "takeback",
        "mail",
        "bounced",
        "--key-file",
        str(key),
        "--server",
        "http://127.0.0.1:1",
    ]
    endless = report("failed") + b"x" * 3_000_000
    done = subprocess.run(command, input=endless, capture_output=True, check=False)
    assert done.returncode == 75
    assert b"Nothing answers" in done.stderr


def test_she_chooses_mail_and_stops_it_and_the_desk_sees_that_it_came_back(
    call: Call, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(tmp_path / "mailing")
    service.environment |= {
        "TAKEBACK_MAIL_SERVER": server.url, "TAKEBACK_MAIL_FROM": "news@report.example",
        "TAKEBACK_PUBLIC_ADDRESS": f"http://127.0.0.1:{service.port}",
    }  # fmt: skip
    service.start()
    try:
        body = {"links": ["https://elsewhere.example/p/1"], "contact": {"mailbox": True}}
        made = httpx2.post(f"{service.url}/api/v1/notices", json=body).json()
        to, both = ("--to", service.url), f"{made['receipt']}\n{ADDRESS}\n"
        chosen = call("notice", "news", *to, "--language", "de", stdin=both)
        assert "press the button there" in chosen.out
        (question,) = server.wait_for(1)
        assert (question.to, question.message["Subject"]) == (ADDRESS, "Bitte bestätigen Sie diese Adresse")
        assert "mail for news" in call("notice", "standing", *to, stdin=made["receipt"]).out
        # It comes back, by the pipe of the mail server with a key of its own.
        where = ("--data", str(service.data), "--master-key-file", str(service.folder / "master.key"))
        key = tmp_path / "pipe.key"
        key.write_text(call("key", "new", "mail", *where, "--json").json["key"])
        key.chmod(0o600)
        back = report("failed", to=question.sender)
        bounced = call("mail", "bounced", "--server", service.url, "--key-file", key, stdin=back.decode())
        assert "gets no more" in bounced.out
        monkeypatch.setenv("TAKEBACK_KEY", service.keys["moderator"])
        shown = call("case", "show", made["case"], "--server", service.url)
        assert "mail came back" in shown.out
        assert "rosa" not in shown.out
        assert "came back" in call("notice", "standing", *to, stdin=made["receipt"]).out
        stopped = call("notice", "news", "--stop", *to, "--json", stdin=made["receipt"])
        assert stopped.json["news"] == "off"
    finally:
        service.stop()
