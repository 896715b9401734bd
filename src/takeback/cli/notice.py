"""`takeback notice`."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from takeback.cases import Notice, Role
from takeback.cases.notice import Level, sealed_notice
from takeback.cases.sealed import DeskKey
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import DefaultGroup, PlainCommand, new_app
from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import files_below, picture_reader
from takeback.cli.reported import Give, as_originals, as_pictures, describer_for
from takeback.cli.server import Server, json_bytes
from takeback.cli.terminal import Terminal
from takeback.cli.words import asked, notice_of
from takeback.config import load_settings
from takeback.errors import InputError, OutsideError
from takeback.service.prints import OriginalIn, PictureIn, Strict
from takeback.workflow.picture import original_of, reported_of

_PATH = "/api/v1/notices"
_TRIES = 3
_WAIT_SECONDS = 1.0

To = Annotated[str, typer.Option("--to", metavar="URL", help="Address of the site's Takeback.")]

_EXAMPLES = (
    "takeback notice photo.jpg --to https://forum.example --show",
    "takeback notice photo.jpg --to https://forum.example",
    "takeback notice standing --to https://forum.example",
)


class NoticeGroup(DefaultGroup):
    """`takeback notice FILE…` sends."""

    default = "send"


app = new_app(
    cls=NoticeGroup,
    help="Report pictures to a site that runs Takeback; they never leave this machine.\n\n"
    "`takeback notice FILE… --to URL` hashes the pictures here and sends fingerprints only: it is short for "
    "`takeback notice send`, whose --help lists the options. The answer is a receipt. Keep it: it alone shows "
    "how the case stands, and ends it.",
    epilog=example(*_EXAMPLES),
)


@app.command(
    "send",
    cls=PlainCommand,
    short_help="Report pictures; what `takeback notice FILE…` does.",
    epilog=example(*_EXAMPLES[:2]),
)
def send(
    to: To,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Your pictures, or folders of them.")
    ] = None,
    links: Annotated[
        list[str] | None, typer.Option("--link", metavar="URL", help="Where a picture is on the site; repeatable.")
    ] = None,
    originals: Annotated[
        list[Path] | None,
        typer.Option(
            "--original",
            metavar="FILE",
            help="An ordinary picture of yours that a forgery was made of, or may be; repeatable. Only altered copies "
            "of it are looked for, for 90 days, by its descriptor at least.",
        ),
    ] = None,
    statement: Annotated[
        str, typer.Option("--statement", metavar="TEXT", help="In your words: what it is, and that you did not agree.")
    ] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Your name.")] = "",
    email: Annotated[str, typer.Option("--email", metavar="ADDRESS", help="Where you can be reached, or:")] = "",
    phone: Annotated[str, typer.Option("--phone", metavar="NUMBER", help="the same by telephone, or:")] = "",
    mailbox: Annotated[
        bool, typer.Option("--mailbox", help="not at all: you look for news yourself, with the receipt.")
    ] = False,
    sign: Annotated[str, typer.Option("--sign", metavar="NAME", help="Your signature: your name, typed.")] = "",
    role: Annotated[
        Role, typer.Option("--role", metavar="me|parent|helper", help="Who signs: the person shown, or for them.")
    ] = Role.ME,
    authority: Annotated[
        str, typer.Option("--authority", metavar="TEXT", help="As a parent or helper: what allows you to act.")
    ] = "",
    intimate: Annotated[
        bool, typer.Option("--intimate", help="I say: what is shown is intimate, or forged so.")
    ] = False,
    not_consensual: Annotated[
        bool, typer.Option("--not-consensual", help="I say: it was published without the consent of who is shown.")
    ] = False,
    good_faith: Annotated[
        bool, typer.Option("--good-faith", help="I say: I believe in good faith that all this is true.")
    ] = False,
    under_18: Annotated[
        bool, typer.Option("--under-18", help="Who is shown is under 18, or was then: send links only, no files.")
    ] = False,
    laws: Annotated[
        list[str] | None, typer.Option("--law", metavar="LAW", help="The law it is sent under; else the site's own.")
    ] = None,
    give: Give = Level.FINGERPRINT,
    show: Annotated[
        bool, typer.Option("--show", help="Print the exact bytes that would be sent, and send nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """
    Report pictures to a site that runs Takeback; they never leave this machine.

    The pictures are hashed here, and only fingerprints and digests are sent; --give says how much of them. What
    the law asks for and you leave out is asked for in the terminal, so that it stands in no list of processes;
    nothing is affirmed that you do not affirm. Prints the receipt.
    """
    terminal = Terminal(as_json)
    server = Server(to)
    words: dict[str, Any] = {
        "laws": list(laws or ()),
        "links": list(links or ()),
        "role": role.value,
        "authority": authority,
        "statement": statement,
        "signature": sign,
        "intimate": intimate,
        "not_consensual": not_consensual,
        "good_faith": good_faith,
        "contact": {"name": name, "email": email, "phone": phone, "mailbox": mailbox},
        "under_18": under_18,
    }
    if under_18 and (files or originals):
        raise InputError(
            "About someone under 18 a notice is by link only: nothing was read and nothing was sent.",
            advice="Name the links with --link, and no files. NCMEC Take It Down and IWF Report Remove help too.",
        )
    if not as_json and sys.stdin.isatty():
        words = asked(terminal, words)
    notice = notice_of(words, has_pictures=bool(files or originals))
    pictures = _hashed(terminal, files_below(files or ()), give)
    described = _described(terminal, files_below(originals), give) if originals else []
    keys = _desk_keys(terminal, server, is_asked=not show)
    body = _body(_sealed(terminal, keys, notice, words), pictures=pictures, originals=described)
    if show:
        _show(terminal, to, body)
        return
    _received(terminal, to, _sent(server, body))


@app.command("standing", cls=PlainCommand, epilog=example("takeback notice standing --to https://forum.example"))
def standing(to: To, as_json: AsJson = False) -> None:
    """
    Say how a case stands.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    _ask_of_case(to, "standing", as_json)


@app.command("withdraw", cls=PlainCommand, epilog=example("takeback notice withdraw --to https://forum.example"))
def withdraw(to: To, as_json: AsJson = False) -> None:
    """
    End a case: matching stops, fingerprints are erased.

    At once, and it cannot be undone; what is hidden or removed stays so. The receipt is asked for, or read
    from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    answer = Server(to).post(f"{_PATH}/withdrawal", {"receipt": _receipt(terminal)})
    if as_json:
        terminal.json(answer)
    else:
        terminal.line("Your notice is withdrawn. Nothing is searched for any more, and the fingerprints are erased.")


@app.command("erase", cls=PlainCommand, epilog=example("takeback notice erase --to https://forum.example"))
def erase(to: To, as_json: AsJson = False) -> None:
    """
    End a case, and have all that is yours erased in 72 hours.

    Matching stops at once. Until then `takeback notice keep` cancels the erasure. The receipt is asked for, or read
    from stdin; never from the command line.
    """
    _ask_of_case(to, "erasure", as_json)


@app.command("keep", cls=PlainCommand, epilog=example("takeback notice keep --to https://forum.example"))
def keep(to: To, as_json: AsJson = False) -> None:
    """
    Cancel an erasure that was asked for; the case stays ended.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    _ask_of_case(to, "erasure/cancellation", as_json)


@app.command("renew", cls=PlainCommand, epilog=example("takeback notice renew --to https://forum.example"))
def renew(to: To, as_json: AsJson = False) -> None:
    """
    Look for altered copies of your ordinary pictures for another 90 days.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    _ask_of_case(to, "renewal", as_json)


def _ask_of_case(to: str, what: str, as_json: bool) -> None:
    """Send the receipt to an address below the notices', and write how the case stands then."""
    terminal = Terminal(as_json)
    answer = Server(to).post(f"{_PATH}/{what}", {"receipt": _receipt(terminal)})
    if as_json:
        terminal.json(answer)
    else:
        _write_standing(terminal, answer)


def _desk_keys(terminal: Terminal, server: Server, *, is_asked: bool) -> list[DeskKey]:
    """Return to whom words are sealed; a site that does not answer is no matter where nothing `is_asked` of it."""
    try:
        return [DeskKey(key["id"], key["recipient"]) for key in server.get(f"{_PATH}/desk-keys")]
    except OutsideError as problem:
        if is_asked:
            raise
        terminal.say(f"{problem.message} It is shown as it is before it is sealed to the people of the desk.")
        return []


def _sealed(terminal: Terminal, keys: Sequence[DeskKey], notice: Notice, words: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the words as they are sent: sealed to the site's desk, where that has keys."""
    if not keys:
        return words
    sealed = sealed_notice(notice, keys).sealed
    assert sealed is not None
    terminal.say("What you say and who you are is sealed to the people of the desk: the service cannot read it.")
    open_fields = {name: value for name, value in words.items() if name in ("laws", "links", "under_18")}
    return {**open_fields, "sealed": sealed.as_json()}


def _body(
    words: Mapping[str, Any], *, pictures: Sequence[PictureIn], originals: Sequence[OriginalIn]
) -> dict[str, Any]:
    body = {"pictures": _dumped(pictures), **words}
    return body | {"originals": _dumped(originals)} if originals else body


def _dumped(values: Sequence[Strict]) -> list[dict[str, Any]]:
    return [each.model_dump(exclude_none=True) for each in values]


def _hashed(terminal: Terminal, paths: Sequence[Path], give: Level) -> list[PictureIn]:
    """Hash the pictures; one that cannot be read stops the notice, since she means all of them."""
    pictures: list[PictureIn] = []
    if not paths:
        return pictures
    describer, missing = describer_for(give, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    with picture_reader() as reader, terminal.progress("Hashing, on this machine", len(paths)) as step:
        for read in reader.each(paths, lambda decoder, data: reported_of(decoder.looked_at(data), give, describer)):
            if read.value is None:
                assert read.problem is not None
                raise InputError(f"{read.path}: {read.problem.message} Nothing was sent.", advice=read.problem.advice)
            if any(each.pdq is None for each in read.value):
                terminal.say(f"{read.path} has little detail: only equal copies of it can be found.")
            pictures += as_pictures(read.value)
            step()
    return pictures


def _described(terminal: Terminal, paths: Sequence[Path], give: Level) -> list[OriginalIn]:
    """Describe ordinary pictures, as altered copies of them are found: with the descriptor at least."""
    give = Level.DESCRIPTOR if give is Level.FINGERPRINT else give
    describer, missing = describer_for(give, load_settings({}, os.environ))
    if missing is not None:
        terminal.say(missing)
    originals = []
    with picture_reader() as reader, terminal.progress("Describing, on this machine", len(paths)) as step:
        for read in reader.each(paths, lambda decoder, data: original_of(decoder.looked_at(data), give, describer)):
            if read.problem is not None:
                raise InputError(f"{read.path}: {read.problem.message} Nothing was sent.", advice=read.problem.advice)
            if read.value is None:
                raise InputError(
                    f"{read.path} has too little detail: altered copies of it cannot be told. Nothing was sent.",
                    advice="Name another ordinary picture, or leave it out.",
                )
            originals.append(read.value)
            step()
    return as_originals(originals)


def _show(terminal: Terminal, to: str, body: Mapping[str, Any]) -> None:
    terminal.say(f"This would be sent to {to.rstrip('/')}{_PATH}, and nothing else. It was not sent.")
    sys.stdout.write(json_bytes(body).decode() + "\n")


def _sent(server: Server, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send; where the answer is lost on the way, ask again under the same key, which makes nothing twice."""
    headers = {"Idempotency-Key": secrets.token_urlsafe(24)}
    for attempt in range(1, _TRIES + 1):
        try:
            answer: Mapping[str, Any] = server.post(_PATH, body, headers)
            return answer
        except OutsideError:
            if attempt == _TRIES:
                raise
            time.sleep(_WAIT_SECONDS * attempt)
    raise AssertionError


def _received(terminal: Terminal, to: str, answer: Mapping[str, Any]) -> None:
    if terminal.as_json:
        terminal.json(answer)
    else:
        terminal.line(f"Receipt: {answer['receipt']}")
        terminal.line()
        terminal.paragraph(
            "Keep it. It alone shows how your case stands, and ends it. It is written down nowhere else, and nobody "
            "can give it to you again."
        )
        terminal.line()
        _write_standing(terminal, answer)
        terminal.line()
        terminal.line(f"  takeback notice standing --to {to}")
        terminal.line(f"  takeback notice withdraw --to {to}")
    if answer["state"] == "incomplete":
        terminal.say("The notice is not complete under any law of this site yet.")
        raise typer.Exit(ExitCode.NO)


def _write_standing(terminal: Terminal, answer: Mapping[str, Any]) -> None:
    rows = {
        "case": answer["case"],
        "state": answer["state"],
        "received": in_words(read_moment(answer["received_at"])),
        "to be decided by": in_words(read_moment(answer["due_from_valid_at"] or answer["due_from_receipt_at"])),
        "decided": in_words(read_moment(answer["decided_at"])),
    }
    if answer["originals_until"] is not None:
        rows["originals until"] = in_words(read_moment(answer["originals_until"]))
    for name, title in (("erase_at", "erased at"), ("erased_at", "erased")):
        if answer.get(name) is not None:
            rows[title] = in_words(read_moment(answer[name]))
    for title, value in rows.items():
        terminal.line(f"{title:<17} {value}")
    for missing in answer["missing"]:
        terminal.line(f"{'missing':<17} {missing['field']}, for {missing['law']} ({missing['section']})")


def _receipt(terminal: Terminal) -> str:
    text = terminal.ask_secret("Receipt")
    if not text:
        raise InputError("There is no receipt.", advice="Type it, or send it in: `takeback notice standing … < FILE`.")
    return text
