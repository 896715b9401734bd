"""A real mail server on loopback, which keeps what it takes and answers what it is told."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Condition, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

WAIT_SECONDS = 30.0
"""For the slowest machine; a test never asserts how long something took."""


@dataclass(frozen=True)
class Taken:
    """One mail that was taken."""

    sender: str
    to: str
    raw: bytes
    under_tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://\S+", self.text)

    @property
    def tag(self) -> str:
        """What stands between + and @ of the address that it comes back to."""
        return self.sender.partition("+")[2].partition("@")[0]


class MailServer:
    """What the server took, and what it answers to the next recipients and mails; empty takes them."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.taken: list[Taken] = []
        self.to_recipient = ""
        self.to_data = ""
        self.port = 0
        self.implicit = False
        self._login = (user.encode(), password.encode())
        self._changed = Condition()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, count: int) -> list[Taken]:
        """Return what was taken, once it is `count` mails."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.taken) >= count, WAIT_SECONDS), f"{len(self.taken)} mails"
            return list(self.taken)

    # What aiosmtpd calls.

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        if self.to_data:
            return self.to_data
        user = None if session.auth_data is None else session.auth_data.login.decode()
        (to,), under_tls = envelope.rcpt_tos, self.implicit or session.ssl is not None
        one = Taken(envelope.mail_from, to, envelope.content, under_tls, user)
        with self._changed:
            self.taken.append(one)
            self._changed.notify_all()
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == self._login, handled=False, auth_data=data)


@contextmanager
def mail_server(
    *, user: str = "", password: str = "", tls: ssl.SSLContext | None = None, implicit: bool = False
) -> Iterator[MailServer]:
    """Run a server; with `tls` it offers STARTTLS, or, if `implicit`, begins with TLS."""
    server = MailServer(user, password)
    server.implicit = implicit
    options: dict[str, Any] = {"authenticator": server.authenticate, "auth_require_tls": False}
    if tls is not None and not implicit:
        options["tls_context"] = tls
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        def protocol() -> SMTP:
            return SMTP(server, hostname="mail.example", **options)

        return await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)

    async def leave() -> None:
        listening.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    listening = asyncio.run_coroutine_threadsafe(listen(), loop).result(WAIT_SECONDS)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(leave(), loop).result(WAIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_SECONDS)
        loop.close()
