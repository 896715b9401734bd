"""`takeback partner`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.pictures import files_below, picture_reader
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.errors import NotFound
from takeback.fingerprint import Orientation
from takeback.fingerprint.looked import Looked
from takeback.workflow.partners import PER_DAY, PER_MINUTE

_WAYS = ("match", "share")

PartnerName = Annotated[str, typer.Argument(metavar="NAME", help="The partner's name or id.")]
Match = Annotated[
    list[str] | None, typer.Option("--match", metavar="BANK", help="It may match against this bank; once for each.")
]
Share = Annotated[
    list[str] | None,
    typer.Option("--share", metavar="BANK", help="It is given the fingerprints in this bank of yours; once for each."),
]

app = new_app(
    cls=PlainGroup,
    help="Let small sites ask a running Takeback whether a picture matches, and ask one yourself.\n\n"
    "A partner holds no list: it asks whether a picture matches, and is told class and action alone. `check` needs the "
    "partner's key, `submissions` and `feedback` a moderator's, the rest an administrator's.",
    epilog=example("takeback partner add gallery --match notices --key-file ~/admin.key"),
)


@app.command(
    "add", cls=PlainCommand, epilog=example("takeback partner add gallery --match notices --key-file admin.key")
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the partner is called here.")],
    match: Match = None,
    share: Share = None,
    per_minute: Annotated[int, typer.Option("--per-minute", metavar="N", help="Questions in a minute.")] = PER_MINUTE,
    per_day: Annotated[int, typer.Option("--per-day", metavar="N", help="Questions in a day.")] = PER_DAY,
    submits: Annotated[bool, typer.Option("--submits", help="It may submit fingerprints, as its opinion.")] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a partner; print its key, which cannot be printed again. It may use no bank that is not named."""
    terminal = Terminal(as_json)
    body = {"name": name, "match": match or [], "share": share or [], "per_minute": per_minute, "per_day": per_day}
    made = Server.with_key(server, key_file).post("/api/v1/partners", {**body, "submits": submits})
    if as_json:
        terminal.json(made)
        return
    terminal.say(f"Partner {made['name']} is added. Its key, shown this once:")
    terminal.line(made["key"])


@app.command("list", cls=PlainCommand, epilog=example("takeback partner list --key-file admin.key"))
def list_(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the partners, and how much each asked on the last day that it did."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get("/api/v1/partners")
    if as_json:
        terminal.json(found)
        return
    rows = [[one["name"], *(", ".join(one[way]) for way in _WAYS), *_last_day(one), _state(one)] for one in found]
    terminal.table(("name", "matches", "is given", "last day", "asked", "matched", ""), rows)


@app.command("show", cls=PlainCommand, epilog=example("takeback partner show gallery --key-file admin.key"))
def show(
    name: PartnerName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Show one partner, and in numbers what it did on each day; of what it asked nothing is kept."""
    terminal = Terminal(as_json)
    one = _named(Server.with_key(server, key_file), name)
    if as_json:
        terminal.json(one)
    else:
        _show(terminal, one)


@app.command(
    "banks", cls=PlainCommand, epilog=example("takeback partner banks gallery --match notices --key-file admin.key")
)
def banks(
    name: PartnerName,
    match: Match = None,
    share: Share = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a partner use these banks and no other: without any it may use none. What it is given no more, it is told."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    body = {"match": match or [], "share": share or []}
    changed = to.put(f"/api/v1/partners/{_id(to, name)}/banks", body)
    if as_json:
        terminal.json(changed)
    else:
        _show(terminal, changed)


@app.command("key", cls=PlainCommand, epilog=example("takeback partner key gallery --key-file admin.key"))
def key(
    name: PartnerName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Make another key of a partner; the former one stays good until `takeback key revoke` ends it."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    made = to.post(f"/api/v1/partners/{_id(to, name)}/keys", {})
    terminal.json(made) if as_json else terminal.line(made["key"])


@app.command("release", cls=PlainCommand, epilog=example("takeback partner release gallery --key-file admin.key"))
def release(
    name: PartnerName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Answer a partner again that was stopped, since its questions lay too close around one entry."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    released = to.post(f"/api/v1/partners/{_id(to, name)}/release", {})
    terminal.json(released) if as_json else terminal.line(f"{released['name']} is answered again.")


@app.command("remove", cls=PlainCommand, epilog=example("takeback partner remove gallery --key-file admin.key"))
def remove(
    name: PartnerName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Remove a partner: its key is refused from now on, and what it submitted undecided is erased."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    partner_id = _id(to, name)
    to.delete(f"/api/v1/partners/{partner_id}")
    terminal.json({"removed": partner_id}) if as_json else terminal.line(f"{name} is removed.")


@app.command("submissions", cls=PlainCommand, epilog=example("takeback partner submissions --key-file moderator.key"))
def submissions(
    accept: Annotated[str | None, typer.Option("--accept", metavar="ENTRY", help="Take this one as your own.")] = None,
    reject: Annotated[str | None, typer.Option("--reject", metavar="ENTRY", help="Erase this one.")] = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    List fingerprints that partners submitted and nobody decided on, or decide on one.

    Until then what they match is only possible. One that is accepted refuses uploads as what you put into a bank does.
    """
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    for entry, is_taken in ((accept, True), (reject, False)):
        if entry is not None:
            to.post(f"/api/v1/partners/submissions/{quote(entry, safe='')}", {"accept": is_taken})
    found = to.get("/api/v1/partners/submissions")
    if as_json:
        terminal.json(found)
    else:
        terminal.table(
            ("entry", "bank", "since"), [[each[column] for column in ("entry", "bank", "at")] for each in found]
        )


@app.command("feedback", cls=PlainCommand, epilog=example("takeback partner feedback --key-file moderator.key"))
def feedback(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List what partners say of entries that they were given: how many of them say what."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get("/api/v1/partners/feedback")
    if as_json:
        terminal.json(found)
        return
    said = [
        [each["entry"], each["bank"], ", ".join(f"{n} {word}" for word, n in each["feedback"].items())]
        for each in found
    ]
    terminal.table(("entry", "bank", "partners say"), said)


@app.command(
    "check",
    cls=PlainCommand,
    epilog=example("takeback partner check upload.jpg --server https://big.example --key-file k"),
)
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Pictures, or folders of them.")],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Ask, as a partner, whether pictures match; they never leave this machine.

    Their fingerprints and digests are made here and sent, one question for each frame. Exit code 2 where a file could
    not be read.
    """
    terminal, to, unread = Terminal(as_json), Server.with_key(server, key_file), False
    with picture_reader() as reader:
        for read in reader.each(files_below(files), lambda decoder, data: _questions(decoder.looked_at(data))):
            if read.value is None:
                unread = True
                terminal.say(f"Skipped {read.path}: {read.problem.message if read.problem else 'it cannot be read'}")
                continue
            said = _strongest([_asked(to, question) for question in read.value])
            line = {"file": str(read.path), **said}
            terminal.json(line) if as_json else terminal.line(f"{read.path}: {_said(said)}")
    if unread:
        raise typer.Exit(ExitCode.INPUT)


def _questions(looked: Looked) -> list[dict[str, Any]]:
    """Return what is asked about a picture: of one with too little detail its digests alone."""
    prints = looked.prints
    asked = []
    for frame in prints.telling_frames:
        pdq = frame.orientations[Orientation.UPRIGHT]
        question = {"file_sha256": prints.file_digest.hex(), "pixels_sha256": frame.pixel_digest.hex()}
        asked.append({**question, "pdq": pdq.hex(), "quality": pdq.quality} if pdq.is_telling else question)
    return asked


def _asked(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = server.post("/api/v1/partner/check", question)
    is_half = "pdq" not in question and answer["class"] == "none"
    return {**answer, "class": "unjudged"} if is_half else answer


def _strongest(answers: list[dict[str, Any]]) -> dict[str, Any]:
    order = ("identical", "substantially_same", "unjudged", "none")
    return min(answers, key=lambda answer: order.index(answer["class"]))


def _named(server: Server, name: str) -> dict[str, Any]:
    for one in server.get("/api/v1/partners"):
        if name in (one["name"], one["id"]):
            found: dict[str, Any] = one
            return found
    raise NotFound(f"There is no partner {name!r}.", advice="`takeback partner list` names them.")


def _id(server: Server, name: str) -> str:
    return str(_named(server, name)["id"])


def _show(terminal: Terminal, one: dict[str, Any]) -> None:
    terminal.line(one["name"])
    limits = f"{one['per_minute']:,} questions a minute, {one['per_day']:,} a day"
    rows = {"id": one["id"], "matches": ", ".join(one["match"]) or "nothing", "is given": ", ".join(one["share"])}
    rows |= {
        "may ask": limits,
        "submits": "yes" if one["submits"] else "no",
        "holds": f"{one['listed']:,} fingerprints",
    }
    if state := _state(one):
        rows["state"] = state
    for title, value in rows.items():
        terminal.line(f"  {title:<10} {value or 'nothing'}")
    counts = ("asked", "matched", "refused", "listed", "submitted", "feedback")
    if one["days"]:
        terminal.line()
        terminal.table(("day", *counts), [[day["day"], *(day[count] for count in counts)] for day in one["days"]])


def _last_day(one: dict[str, Any]) -> list[object]:
    day = next(iter(one["days"]), None)
    return ["", "", ""] if day is None else [day["day"], day["asked"], day["matched"]]


def _state(one: dict[str, Any]) -> str:
    return "" if one["stopped_until"] is None else f"stopped until {one['stopped_until']}"


def _said(said: dict[str, Any]) -> str:
    report = ": it may show someone under 18; keep it where nobody sees it, and report it as your law asks"
    return f"{said['action']} ({said['class']}){report if said['preserve_and_report'] else ''}"
