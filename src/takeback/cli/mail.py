"""`takeback mail`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from takeback.actions.bounce import MAX_MESSAGE_BYTES, read_bounce
from takeback.actions.mail import Mail, smtp_sender
from takeback.assembly import utc_now
from takeback.cases.mailbox import read_mailbox
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal, complain
from takeback.config import load_settings
from takeback.errors import BadSetting, TakebackError

app = new_app(
    cls=PlainGroup,
    help="Send a mail to try the settings; take in mail that came back.",
    epilog=example("takeback mail test me@mail.example --data /var/lib/takeback"),
)

_SUBJECT = "A test"
_TEXT = "This mail was sent to try the settings. Nothing follows from it.\n"


@app.command("test", cls=PlainCommand, epilog=example("takeback mail test me@mail.example --data data"))
def try_(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where it goes: your own.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Send one mail to an address of yours, as the settings say, and tell whether the server took it."""
    terminal = Terminal(as_json)
    settings = load_settings({"data": data}, os.environ)
    sender = smtp_sender(settings)
    if sender is None:
        raise BadSetting("No mail is sent: `mail_server` is empty.", advice="Set it, mail_from and public_address.")
    sender.send(Mail(read_mailbox(address), _SUBJECT, _TEXT, utc_now(), settings.mail_bounces))
    if as_json:
        terminal.json({"taken": True, "server": settings.mail_server, "from": settings.mail_from})
    else:
        terminal.line(f"{settings.mail_server} took it. Look whether it comes, and what its sender looks like.")


@app.command(
    "bounced",
    cls=PlainCommand,
    epilog=example("takeback mail bounced --key-file /etc/takeback/mail.key"),
)
def bounced(
    tag: Annotated[
        str, typer.Option("--tag", metavar="TAG", help="What stood between + and @; else the message's headers say it.")
    ] = "",
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Take in a mail that came back, from stdin: a pipe of the mail server. A key of role mail is needed.

    Its address then gets no more mail, and she and the desk see that it came back. Anything else, a holiday note or
    a mail of somebody else, is let go. Where the service does not answer, the exit code tells the mail server to try
    again.
    """
    terminal = Terminal(as_json)
    bounce = read_bounce(_message(), tag=tag)
    is_known = False
    if bounce is not None and bounce.failed:
        try:
            is_known = Server.with_key(server, key_file).post("/api/v1/mail/bounces", {"tag": bounce.tag})["known"]
        except TakebackError as problem:
            # Also a wrong key: what came back waits with the mail server until that is put right.
            complain(problem, as_json=as_json)
            raise typer.Exit(ExitCode.LATER) from problem
    if as_json:
        terminal.json({"failed": bounce is not None and bounce.failed, "known": is_known})
    else:
        terminal.line("A mail came back: its address gets no more." if is_known else "It is about no mail of ours.")


def _message() -> bytes:
    binary = getattr(sys.stdin, "buffer", None)
    if binary is None:
        return sys.stdin.read(MAX_MESSAGE_BYTES).encode()
    message = bytes(binary.read(MAX_MESSAGE_BYTES))
    while binary.read(MAX_MESSAGE_BYTES):
        pass  # a mail server takes it for a failure where its message is not read to the end
    return message
