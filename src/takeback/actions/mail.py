"""
Mail as it goes out: plain text to one address, by SMTP (RFC 5321), under TLS or to this machine alone.

Nothing of an address, a subject or a server's own words is in an error: all of it may name a person.
"""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from takeback.actions.secret_file import read_secret
from takeback.config import Settings, is_mailbox
from takeback.errors import DeliveryError

_PORTS = {"smtp": 587, "smtps": 465}
"""Submission, with STARTTLS (RFC 6409) and with TLS from the start (RFC 8314, section 3.3)."""
_NOOP_DONE = 250
_LOGIN_NEEDED = (530, 534, 535, 538)
"""Answers about our own login, whatever they answer (RFC 4954, section 6)."""
_PERMANENT = range(500, 600)


@dataclass(frozen=True, slots=True)
class Mail:
    """
    One mail. `sender` is the address that it comes back to, empty: the one that it comes from.

    `ValueError` for a control character in the subject, and for what is no address: no header can be smuggled in.
    """

    to: str
    subject: str
    text: str
    at: datetime
    sender: str = ""

    def __post_init__(self) -> None:
        if (
            not self.subject.isprintable()
            or not is_mailbox(self.to)
            or not (not self.sender or is_mailbox(self.sender))
        ):
            raise ValueError("a mail has a subject of one line, and addresses alone, without names")


class MailSender(Protocol):
    """
    Whatever takes mail on its way.

    Both raise `DeliveryError`: `permanent` where the other side does not take mail for this address, and trying again
    cannot help.
    """

    def send(self, mail: Mail) -> None:
        """Hand one mail over, and return once it is taken."""

    def check(self) -> None:
        """Connect as for a mail, and send none."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    implicit_tls: bool
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, settings: Settings) -> MailServer:
        """Return the server that the settings name; `BadSetting` where its password cannot be read."""
        parts = urlsplit(settings.mail_server)
        password = read_secret(settings.mail_password_file, "mail_password_file") if settings.mail_password_file else ""
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname or "", port, parts.scheme == "smtps", settings.mail_user, password)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, as it is written: what a name resolves to is not asked."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


class SmtpSender:
    """Sends by one server, a connection for each mail. See `MailSender`."""

    def __init__(
        self, server: MailServer, come_from: Address, *, timeout_seconds: float, context: ssl.SSLContext | None = None
    ) -> None:
        self._server = server
        self._from = come_from
        self._timeout_seconds = timeout_seconds
        self._context = context or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """See `MailSender.send`."""
        message = _message(mail, self._from)
        with self._session() as client:
            # Where it comes back, with the headers alone, and only if it failed (RFC 3461, sections 4.1 and 4.3).
            asks = client.has_extn("dsn")
            client.send_message(
                message,
                from_addr=mail.sender or self._from.addr_spec,
                to_addrs=[mail.to],
                mail_options=("RET=HDRS",) if asks else (),
                rcpt_options=("NOTIFY=FAILURE",) if asks else (),
            )

    def check(self) -> None:
        """See `MailSender.check`."""
        with self._session() as client:
            code, _ = client.noop()
            if code != _NOOP_DONE:
                raise smtplib.SMTPResponseException(code, b"")

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Connect, begin TLS, log in; whatever goes wrong until the end of the block is a `DeliveryError`."""
        client: smtplib.SMTP | None = None
        try:
            client = self._connected()
            if not self._server.implicit_tls and not self._server.is_here:
                client.starttls(context=self._context)
            if self._server.user:
                client.login(self._server.user, self._server.password)
            yield client
        except (smtplib.SMTPException, OSError) as problem:
            raise _as_delivery_error(problem) from None
        finally:
            if client is not None:
                _leave(client)

    def _connected(self) -> smtplib.SMTP:
        # The name in the greeting is the sender's domain: this machine's own is nobody's business.
        where = (self._server.host, self._server.port, self._from.domain, self._timeout_seconds)
        if self._server.implicit_tls:
            host, port, name, seconds = where
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=seconds, context=self._context)
        else:
            client = smtplib.SMTP(*where)
        client.ehlo_or_helo_if_needed()
        return client


def smtp_sender(settings: Settings) -> SmtpSender | None:
    """Return what sends as the settings say; None where they name no server, `BadSetting` as `MailServer.of`."""
    if not settings.sends_mail:
        return None
    come_from = Address(settings.mail_name, addr_spec=settings.mail_from)
    return SmtpSender(MailServer.of(settings), come_from, timeout_seconds=settings.request_timeout_seconds)


def returning_to(address: str, tag: str) -> str:
    """Return the address that a mail comes back to, with its tag: `local+tag@domain` (VERP)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{tag}@{domain}"


def _message(mail: Mail, come_from: Address) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = come_from
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{come_from.domain}>"
    # No holiday note comes back for it (RFC 3834, section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="7bit" if mail.text.isascii() else "quoted-printable")
    return message


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye; a mail that was taken stays taken, whatever becomes of that."""
    try:
        client.quit()
    except (smtplib.SMTPException, OSError):
        client.close()


def _as_delivery_error(problem: smtplib.SMTPException | OSError) -> DeliveryError:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code = next(iter(problem.recipients.values()), (0, b""))[0]
        return _refused(code)
    if isinstance(problem, smtplib.SMTPDataError):
        return _refused(problem.smtp_code)
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return DeliveryError("The mail server does not take `mail_user` with this password.", advice=_LOGIN)
    if isinstance(problem, smtplib.SMTPSenderRefused):
        return DeliveryError(
            f"The mail server takes no mail from `mail_from` (code {problem.smtp_code}).", advice=_LOGIN
        )
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return DeliveryError("The mail server offers no TLS, or no login that we know.", advice=_SECURE)
    if isinstance(problem, smtplib.SMTPResponseException):
        return DeliveryError(f"The mail server answered with code {problem.smtp_code}.")
    if isinstance(problem, ssl.SSLError):
        return DeliveryError("The mail server's certificate is not valid for its name, or it speaks no TLS.")
    return DeliveryError("The mail server cannot be reached, or broke off.", advice="Check `mail_server`.")


_LOGIN = "Check `mail_user`, `mail_password_file`, and which senders the server lets that user have."
_SECURE = "Use a server that speaks TLS, or one on this machine."


def _refused(code: int) -> DeliveryError:
    is_permanent = code in _PERMANENT and code not in _LOGIN_NEEDED
    return DeliveryError(f"The mail server does not take mail for this address (code {code}).", permanent=is_permanent)
