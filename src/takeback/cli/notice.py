"""`takeback notice`."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from takeback.cases import Role
from takeback.cases.notice import Level
from takeback.cases.sealed import seal_words
from takeback.cli.bundle_files import write_bundle
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import DefaultGroup, PlainCommand, new_app
from takeback.cli.moments import in_words, read_moment
from takeback.cli.options import AsJson, example
from takeback.cli.proof_files import write_proofs
from takeback.cli.reported import Give
from takeback.cli.sending import NOTICES, body_of, chosen_instances, described, desk_keys, hashed, sealed
from takeback.cli.server import Server, json_bytes
from takeback.cli.terminal import Terminal
from takeback.cli.words import asked, notice_of
from takeback.errors import IllegalTransition, InputError, OutsideError

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
    forward_to: Annotated[
        list[str] | None,
        typer.Option("--forward-to", metavar="NAME", help="Another instance that is to look too; repeatable."),
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
    pictures, ordinary = hashed(terminal, files or (), give), described(terminal, originals or (), give)
    if forward_to:
        words["forward_to"] = chosen_instances(server, forward_to)
    keys = desk_keys(terminal, server, is_asked=not show)
    body = body_of(sealed(terminal, keys, notice, words), pictures=pictures, originals=ordinary)
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


@app.command(
    "add",
    cls=PlainCommand,
    epilog=example("takeback notice add more.jpg --to https://forum.example"),
)
def add(
    to: To,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="More of your pictures, or folders of them.")
    ] = None,
    links: Annotated[
        list[str] | None, typer.Option("--link", metavar="URL", help="Where else a picture is; repeatable.")
    ] = None,
    originals: Annotated[
        list[Path] | None,
        typer.Option("--original", metavar="FILE", help="An ordinary picture, as for `send`; repeatable."),
    ] = None,
    give: Give = Level.FINGERPRINT,
    as_json: AsJson = False,
) -> None:
    """
    Add links and pictures to a case that there is; each has a clock of its own.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    pictures, ordinary = hashed(terminal, files or (), give), described(terminal, originals or (), give)
    fields = {"receipt": _receipt(terminal), "links": list(links or ())}
    answer = Server(to).post(f"{NOTICES}/addition", body_of(fields, pictures=pictures, originals=ordinary))
    _answer(terminal, answer)


@app.command(
    "forward", cls=PlainCommand, epilog=example("takeback notice forward other-site --to https://forum.example")
)
def forward(
    to: To,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Another instance that is to look too.")],
    as_json: AsJson = False,
) -> None:
    """
    Have other instances look for the pictures of a case too; they are told no name and no words.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    server = Server(to)
    fields = {"receipt": _receipt(terminal), "forward_to": chosen_instances(server, names)}
    _answer(terminal, server.post(f"{NOTICES}/forwarding", fields))


@app.command("write", cls=PlainCommand, epilog=example("takeback notice write --to https://forum.example"))
def write(
    to: To,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What you write; asked for if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """
    Write to the people who decide; `takeback notice standing` shows what they answer.

    It is sealed to them here. The receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    server, receipt = Server(to), _receipt(terminal)
    text = text or terminal.ask("What do you write")
    keys = desk_keys(terminal, server, is_asked=True)
    message = {"sealed": seal_words({"text": text}, (), keys).as_json()} if keys and text else {"text": text}
    answer = server.post(f"{NOTICES}/message", {"receipt": receipt, **message})
    if as_json:
        terminal.json(answer)
    else:
        terminal.line("It is with the people who decide.")


@app.command(
    "news",
    cls=PlainCommand,
    epilog=example(
        "takeback notice news --to https://forum.example",
        "takeback notice news --stop --to https://forum.example",
    ),
)
def news(
    to: To,
    stop: Annotated[bool, typer.Option("--stop", help="Have no mail sent any more, and the address erased.")] = False,
    language: Annotated[
        str, typer.Option("--language", metavar="CODE", help="Of the mail: ar, de, en, es, fr or pt.")
    ] = "en",
    as_json: AsJson = False,
) -> None:
    """
    Have a mail sent when there is news; it says only that.

    It is not how the desk reaches you, and who reads your mail sees that a mail came. First comes one mail with a
    link, and on its page you say that the address is right. Receipt and address are asked for, or read from stdin, a
    line each; never from the command line.
    """
    terminal = Terminal(as_json)
    body = {"receipt": _receipt(terminal)}
    if stop:
        answer = Server(to).post(f"{NOTICES}/news/end", body)
    else:
        body |= {"address": terminal.ask_secret("Address"), "language": language}
        answer = Server(to).post(f"{NOTICES}/news", body)
    if as_json:
        terminal.json(answer)
    else:
        terminal.line(_NEWS[answer["news"] or "off"])


@app.command("say", cls=PlainCommand, epilog=example("takeback notice say --disagree --to https://forum.example"))
def say(
    to: To,
    agrees: Annotated[
        bool,
        typer.Option(
            "--agree/--disagree",
            help="That it is shown again; or that it must stay hidden, and a second person reads it.",
        ),
    ],
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What you write to the people who decide.")] = "",
    as_json: AsJson = False,
) -> None:
    """
    Say what you think before something is shown again; `takeback notice standing` shows what you are heard about.

    What you write is sealed here. The receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    server, receipt = Server(to), _receipt(terminal)
    standing = server.post(f"{NOTICES}/standing", {"receipt": receipt})
    heard = [each["id"] for each in standing["hearings"] if each["can_answer"]]
    if not heard:
        raise IllegalTransition("There is nothing to say at present.", advice="Look how the case stands.")
    keys = desk_keys(terminal, server, is_asked=bool(text))
    said = {"sealed": seal_words({"text": text}, (), keys).as_json()} if keys and text else {"text": text}
    for number, hearing in enumerate(heard):
        body = {"receipt": receipt, "hearing": hearing, "agrees": agrees, **({} if number else said)}
        standing = server.post(f"{NOTICES}/hearing", body)
    if as_json:
        terminal.json(standing)
    else:
        terminal.line("It is written down. A second person decides.")


@app.command("recovery", cls=PlainCommand, epilog=example("takeback notice recovery --to https://forum.example"))
def recovery(to: To, as_json: AsJson = False) -> None:
    """
    Choose a name and a phrase that recover a case if its receipt is lost.

    The number that ends the case, the name and the phrase are asked for, or read from stdin, a line each.
    """
    terminal = Terminal(as_json)
    body = {"ending": _ending(terminal), **_name_and_phrase(terminal)}
    answer = Server(to).post(f"{NOTICES}/recovery", body)
    if as_json:
        terminal.json(answer)
    else:
        terminal.line("The name and the phrase recover this case from now on.")


@app.command("recover", cls=PlainCommand, epilog=example("takeback notice recover --to https://forum.example"))
def recover(to: To, as_json: AsJson = False) -> None:
    """
    Get a new receipt and a new number for a case whose receipt is lost; the former ones open nothing any more.

    The name and the phrase that were chosen for it are asked for, or read from stdin, a line each.
    """
    terminal = Terminal(as_json)
    _received(terminal, to, Server(to).post(f"{NOTICES}/recovery/receipt", _name_and_phrase(terminal)))


@app.command(
    "proofs", cls=PlainCommand, epilog=example("takeback notice proofs --to https://forum.example --folder proofs")
)
def proofs(
    to: To,
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Where the files go; made if it is new.")],
    as_json: AsJson = False,
) -> None:
    """
    Fetch the proofs of a case: what happened and when, each in a file that `takeback verify` checks.

    The receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    answer = Server(to).post(f"{NOTICES}/proofs", {"receipt": _receipt(terminal)})
    written = write_proofs(folder, answer["proofs"])
    if as_json:
        terminal.json({"files": [str(path) for path in written], "waiting": answer["waiting"]})
        return
    for path in written:
        terminal.line(str(path))
    if answer["waiting"]:
        terminal.say(f"{answer['waiting']} more can be proven when the public log has its next entry: ask again later.")


@app.command("bundle", cls=PlainCommand, epilog=example("takeback notice bundle record.zip --to https://forum.example"))
def bundle(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where the ZIP goes; it may not be there yet.")],
    to: To,
    as_json: AsJson = False,
) -> None:
    """
    Fetch the evidence bundle of a case, to show a lawyer: what was sent and when, what was decided, and its proofs.

    There is no picture in it, and none of your words in clear. The receipt is asked for, or read from stdin; never from
    the command line.
    """
    terminal = Terminal(as_json)
    content = Server(to).file(f"{NOTICES}/bundle", {"receipt": _receipt(terminal)})
    write_bundle(path, content)
    if as_json:
        terminal.json({"file": str(path), "bytes": len(content)})
        return
    terminal.line(str(path))
    terminal.say("`takeback verify` checks it, as does verify.py inside it, without Takeback.")


@app.command("withdraw", cls=PlainCommand, epilog=example("takeback notice withdraw --to https://forum.example"))
def withdraw(to: To, as_json: AsJson = False) -> None:
    """
    End a case: matching stops, fingerprints are erased.

    At once, and it cannot be undone; what is hidden or removed stays so. The number of sixteen digits that came with
    the receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    answer = Server(to).post(f"{NOTICES}/withdrawal", {"ending": _ending(terminal)})
    if as_json:
        terminal.json(answer)
    else:
        terminal.line("Your notice is withdrawn. Nothing is searched for any more, and the fingerprints are erased.")


@app.command("erase", cls=PlainCommand, epilog=example("takeback notice erase --to https://forum.example"))
def erase(to: To, as_json: AsJson = False) -> None:
    """
    End a case, and have all that is yours erased in 72 hours.

    Matching stops at once. Until then `takeback notice keep` cancels the erasure. What the site did stays for a while,
    without your words or your name; in the end only that there was a notice, when, and how it was decided. The number
    of sixteen digits that came with the receipt is asked for, or read from stdin; never from the command line.
    """
    terminal = Terminal(as_json)
    answer = Server(to).post(f"{NOTICES}/erasure", {"ending": _ending(terminal)})
    _answer(terminal, answer)
    if answer["kept_until"] is not None:
        terminal.say("An authority has asked the site to keep it until then; it is erased by itself afterwards.")


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
    answer = Server(to).post(f"{NOTICES}/{what}", {"receipt": _receipt(terminal)})
    _answer(terminal, answer)


def _show(terminal: Terminal, to: str, body: Mapping[str, Any]) -> None:
    terminal.say(f"This would be sent to {to.rstrip('/')}{NOTICES}, and nothing else. It was not sent.")
    sys.stdout.write(json_bytes(body).decode() + "\n")


def _sent(server: Server, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send; where the answer is lost on the way, ask again under the same key, which makes nothing twice."""
    headers = {"Idempotency-Key": secrets.token_urlsafe(24)}
    for attempt in range(1, _TRIES + 1):
        try:
            answer: Mapping[str, Any] = server.post(NOTICES, body, headers)
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
        terminal.line(f"To end it: {answer['ending']}")
        terminal.line()
        terminal.paragraph(
            "Keep both, apart from each other. The words show how your case stands; the number ends it too. They are "
            "written down nowhere else, and nobody can give them to you again."
        )
        terminal.line()
        _write_standing(terminal, answer)
        terminal.line()
        terminal.line(f"  takeback notice standing --to {to}")
        terminal.line(f"  takeback notice withdraw --to {to}")
    if answer["state"] == "incomplete":
        terminal.say("The notice is not complete under any law of this site yet.")
        raise typer.Exit(ExitCode.NO)


def _answer(terminal: Terminal, answer: Mapping[str, Any]) -> None:
    """Write how the case stands, or the answer itself as JSON."""
    if terminal.as_json:
        terminal.json(answer)
    else:
        _write_standing(terminal, answer)


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
    for name, title in (("erase_at", "erased at"), ("kept_until", "kept by law"), ("erased_at", "erased")):
        if answer.get(name) is not None:
            rows[title] = in_words(read_moment(answer[name]))
    if answer["copies"] is not None:
        rows["copies"] = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in answer["copies"].items())
    for title, value in rows.items():
        terminal.line(f"{title:<17} {value}")
    if answer.get("news") not in (None, "off"):
        terminal.line(f"{'mail for news':<17} {_NEWS[answer['news']]}")
    for missing in answer["missing"]:
        terminal.line(f"{'missing':<17} {missing['field']}, for {missing['law']} ({missing['section']})")
    for hearing in answer.get("hearings", ()):
        until = in_words(read_moment(hearing["until_at"]))
        open_until = f", you can answer until {until}" if hearing["can_answer"] else ""
        of = {"uploads": " (that uploads are refused)", "both": " (also that uploads are refused)"}.get(
            hearing["of"], ""
        )
        terminal.line(f"{hearing['about']:<17} {hearing['summary'] or hearing['reason']}{of}{open_until}")
        for failed in hearing["elements"]:
            terminal.line(f"{'not met':<17} {failed['element']}, for {failed['law']} ({failed['section']})")
    for message in answer["messages"]:
        who = "the desk" if message["sender"] == "desk" else "you"
        terminal.line(f"{in_words(read_moment(message['at'])):<17} {who} wrote{_quoted(message['text'])}")


_NEWS = {
    "off": "No mail is sent.",
    "unconfirmed": "A mail goes to the address. Open its link, and press the button there.",
    "confirmed": "A mail is sent when there is news.",
    "bounced": "A mail came back, so no more is sent. Give another address, or look yourself.",
}


def _quoted(text: str | None) -> str:
    return "" if text is None else f": {text}"


def _name_and_phrase(terminal: Terminal) -> dict[str, str]:
    return {"name": terminal.ask_secret("Name"), "phrase": terminal.ask_secret("Phrase")}


def _ending(terminal: Terminal) -> str:
    text = terminal.ask_secret("Number that ends it")
    if not text:
        raise InputError("There is no number.", advice="Type the sixteen digits that came with the receipt.")
    return text


def _receipt(terminal: Terminal) -> str:
    text = terminal.ask_secret("Receipt")
    if not text:
        raise InputError("There is no receipt.", advice="Type it, or send it in: `takeback notice standing … < FILE`.")
    return text
