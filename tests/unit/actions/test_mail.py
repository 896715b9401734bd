"""A mail goes out whole, to one address, with the headers that we wrote; under TLS, or to this machine alone."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest
from tests.house import AT
from tests.mail_server import MailServer, mail_server
from tests.unit.actions.test_outgoing_tls import certificate

from takeback.actions.mail import Mail, SmtpSender, returning_to, smtp_sender
from takeback.actions.mail import MailServer as Server
from takeback.config import Settings
from takeback.errors import BadSetting, DeliveryError

__all__ = ["certificate"]

TO = "rosa@mail.example"
MAIL = Mail(TO, "There is news", "Hello,\n\n.\nread it.\n", AT)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def sender_to(
    port: int, host: str = "127.0.0.1", *, context: ssl.SSLContext | None = None, **options: Any
) -> SmtpSender:
    at = Server(host, port, options.pop("implicit_tls", False), **options)
    come_from = Address("Notes", addr_spec="news@report.example")
    return SmtpSender(at, come_from, timeout_seconds=30, context=context)


def test_a_mail_arrives_as_it_was_written_with_a_neutral_sender(server: MailServer) -> None:
    sender_to(server.port).send(MAIL)
    (taken,) = server.taken
    message = taken.message
    assert (taken.to, taken.sender, taken.text) == (TO, "news@report.example", MAIL.text)
    assert (message["From"], message["To"], message["Subject"]) == ("Notes <news@report.example>", TO, MAIL.subject)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == AT
    assert message["Message-ID"].endswith("@report.example>")
    assert socket.gethostname() not in taken.raw.decode()


@pytest.mark.parametrize(
    "text", ["Es gibt Neues für Sie.\n", "يوجد جديد لك.\n", "https://report.example/mail/" + 90 * "a" + "\n"]
)
def test_any_language_and_any_length_arrives(server: MailServer, text: str) -> None:
    to = "r" * 64 + "@" + ".".join(["m" * 59] * 3) + ".example"
    sender_to(server.port).send(Mail(to, text.strip(), text, AT))
    (taken,) = server.taken
    assert (taken.to, taken.message["To"], taken.message["Subject"], taken.text) == (to, to, text.strip(), text)
    assert taken.raw.isascii()


def test_it_comes_back_to_the_address_with_its_tag(server: MailServer) -> None:
    back = returning_to("bounces@report.example", "abcdefgh")
    sender_to(server.port).send(Mail(TO, "News", "News.", AT, back))
    assert (server.taken[0].sender, server.taken[0].tag) == ("bounces+abcdefgh@report.example", "abcdefgh")
    assert "abcdefgh" not in server.taken[0].raw.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "News\r\nBcc: all@mail.example"},
        {"subject": "News\nBcc: all@mail.example"},
        {"subject": "News\x00"},
        {"to": "rosa@mail.example\r\nBcc: all@mail.example"},
        {"to": "rosa@mail.example, all@mail.example"},
        {"to": "Rosa <rosa@mail.example>"},
        {"to": "rosa@mail.example> SIZE=1"},
        {"to": ""},
        {"sender": "a@b.example>\r\nRCPT TO:<all@mail.example"},
    ],
)
def test_no_header_and_no_command_can_be_smuggled_in(wrong: dict[str, str]) -> None:
    fields = {"to": TO, "subject": "News", "sender": "", **wrong}
    with pytest.raises(ValueError, match="one line"):
        Mail(fields["to"], fields["subject"], "text", AT, fields["sender"])


@pytest.mark.parametrize(
    ("to_recipient", "to_data", "permanent"),
    [
        ("550 5.1.1 No such rosa@mail.example", "", True),
        ("", "554 5.7.1 Not wanted", True),
        ("450 4.2.1 Try later", "", False),
        ("", "452 4.3.1 Full", False),
        ("530 5.7.0 Log in first", "", False),
    ],
)
def test_what_is_not_taken_says_whether_for_good_and_names_nobody(
    server: MailServer, to_recipient: str, to_data: str, permanent: bool
) -> None:
    server.to_recipient, server.to_data = to_recipient, to_data
    with pytest.raises(DeliveryError) as caught:
        sender_to(server.port).send(MAIL)
    assert caught.value.permanent is permanent
    assert "rosa" not in caught.value.message + caught.value.advice


def test_a_check_connects_and_sends_nothing(server: MailServer) -> None:
    sender_to(server.port).check()
    assert server.taken == []


def test_a_server_that_is_not_there_is_no_bounce() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        sender_to(port).send(MAIL)
    assert not caught.value.permanent
    with pytest.raises(DeliveryError, match="cannot be reached"):
        sender_to(port).check()


# ---- TLS --------------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that is not this machine's, as it is written, and leads here."""
    real = socket.getaddrinfo

    def resolved(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "site.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return "site.example"


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("implicit", [False, True])
def test_to_another_machine_it_goes_under_tls(
    elsewhere: str, certificate: Path, tls: ssl.SSLContext, implicit: bool
) -> None:
    with mail_server(tls=tls, implicit=implicit) as server:
        sender_to(server.port, elsewhere, implicit_tls=implicit, context=trusting(certificate)).send(MAIL)
        assert server.taken[0].under_tls


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(elsewhere: str, tls: ssl.SSLContext, implicit: bool) -> None:
    with mail_server(tls=tls, implicit=implicit) as server:
        with pytest.raises(DeliveryError, match="certificate"):
            sender_to(server.port, elsewhere, implicit_tls=implicit).send(MAIL)
        assert server.taken == []


def test_another_machine_that_offers_no_tls_gets_nothing(elsewhere: str, server: MailServer) -> None:
    with pytest.raises(DeliveryError, match="no TLS"):
        sender_to(server.port, elsewhere).send(MAIL)
    assert server.taken == []


# ---- Login ------------------------------------------------------------------------------------------------------


def test_with_name_and_password_it_logs_in_and_with_wrong_ones_that_is_no_bounce() -> None:
    with mail_server(user="notes", password="copper walnut") as server:
        sender_to(server.port, user="notes", password="copper walnut").send(MAIL)
        assert server.taken[0].user == "notes"
        with pytest.raises(DeliveryError, match="mail_user") as caught:
            sender_to(server.port, user="notes", password="wrong").send(MAIL)
        assert not caught.value.permanent


# ---- Settings ---------------------------------------------------------------------------------------------------

SET = {
    "mail_server": "smtp://127.0.0.1:2525", "mail_from": "news@report.example",
    "public_address": "https://report.example",
}  # fmt: skip


def settings(**more: Any) -> Settings:
    return Settings(**{**SET, **more})


def test_without_a_server_nothing_is_sent() -> None:
    assert smtp_sender(Settings()) is None


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"mail_server": "mail.example"}, "mail_server"),
        ({"mail_server": "http://mail.example"}, "mail_server"),
        ({"mail_server": "smtp://user:password@mail.example"}, "mail_server"),
        ({"mail_from": ""}, "mail_from"),
        ({"mail_from": "News <news@report.example>"}, "mail_from"),
        ({"public_address": ""}, "public_address"),
        ({"public_address": "http://report.example"}, "public_address"),
        ({"public_address": "https://report.example/"}, "public_address"),
        ({"mail_bounces": "nobody"}, "mail_bounces"),
        ({"mail_bounces": "b" * 38 + "@report.example"}, "before its @"),
        ({"mail_name": "News\nBcc: all@mail.example"}, "mail_name"),
        ({"mail_user": "notes"}, "go together"),
        ({"mail_confirmations_per_hour": 0}, "mail_confirmations_per_hour"),
        ({"mail_delay_seconds": -1.0}, "mail_delay_seconds"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSetting, match=named):
        settings(**wrong)


def test_a_password_is_read_from_a_file_that_its_owner_alone_reads(tmp_path: Path) -> None:
    path = tmp_path / "mail.password"
    path.write_text("copper walnut\n")
    path.chmod(0o600)
    with mail_server(user="notes", password="copper walnut") as server:
        given = {"mail_server": server.url, "mail_user": "notes", "mail_password_file": str(path)}
        sender = smtp_sender(settings(**given))
        assert sender is not None
        sender.check()
        path.chmod(0o640)
        with pytest.raises(BadSetting, match="read by others"):
            smtp_sender(settings(**given))
        path.unlink()
        with pytest.raises(BadSetting, match="cannot be read"):
            smtp_sender(settings(**given))


def test_a_systemd_credential_may_be_readable_by_its_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mail-password"
    path.write_text("copper walnut\n")
    path.chmod(0o440)
    given = {"mail_user": "notes", "mail_password_file": str(path)}
    with pytest.raises(BadSetting, match="read by others"):
        smtp_sender(settings(**given))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert smtp_sender(settings(**given)) is not None


@pytest.mark.parametrize("password", ["pässwort\n", "a\x00b\n"])
def test_a_password_that_no_mail_server_takes_is_said_before_it_is_tried(tmp_path: Path, password: str) -> None:
    path = tmp_path / "mail.password"
    path.write_text(password, "utf-8")
    path.chmod(0o600)
    with pytest.raises(BadSetting, match="characters"):
        smtp_sender(settings(mail_user="notes", mail_password_file=str(path)))
