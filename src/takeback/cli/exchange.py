"""`takeback exchange`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.errors import InputError

ReportTo = Annotated[
    list[str] | None,
    typer.Option("--report-to", metavar="ROUTE", help="Of a list of minors: who reports for you, as mailto:…"),
]
ListName = Annotated[str, typer.Argument(metavar="NAME", help="The list's name, which its bank has too.")]
Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials", metavar="FILE", help="JSON with who you are there; only you should be able to read it."
    ),
]
_MOST_BYTES = 64 * 1024

app = new_app(
    cls=PlainGroup,
    help="Set up outside lists on a running Takeback, and say how they stand.\n\n"
    "A list is fetched every few minutes. What it matches is hidden, reversibly, until a person decides. Listing needs "
    "a key of role moderator, the rest of role administrator.",
    epilog=example("TAKEBACK_KEY=… takeback exchange list"),
)


@app.command("list", cls=PlainCommand, epilog=example("takeback exchange list --key-file ~/moderator.key"))
def list_(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the outside lists and how they stand."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get("/api/v1/exchanges")
    if as_json:
        terminal.json(found)
        return
    rows = [[each["name"], each["kind"], _stands(each), _moment(each["complete_at"])] for each in found]
    terminal.table(("name", "kind", "", "read to its end"), rows)


@app.command(
    "add",
    cls=PlainCommand,
    epilog=example("takeback exchange add STOPNCII --kind stop_ncii --credentials keys.json"),
)
def add(
    name: ListName,
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="stop_ncii, ncmec, fb_threatexchange or file.")],
    credentials: Credentials = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--setting", metavar="NAME=VALUE", help="What the kind asks for, such as environment=…; several."),
    ] = None,
    report_to: ReportTo = None,
    only_possible: Annotated[
        bool, typer.Option("--only-possible", help="Hide nothing on its word: its matches are only shown to the desk.")
    ] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Set an outside list up, and have it fetched."""
    terminal = Terminal(as_json)
    body: dict[str, object] = {
        "name": name,
        "kind": kind,
        "settings": dict(_setting(each) for each in setting or []),
        "credentials": None if credentials is None else _read(credentials),
        "holds": not only_possible,
        "report_to": report_to or [],
    }
    made = Server.with_key(server, key_file).post("/api/v1/exchanges", body)
    terminal.json(made) if as_json else terminal.line(f"{name} is set up; it is being fetched.")


@app.command("show", cls=PlainCommand, epilog=example("takeback exchange show STOPNCII --key-file ~/moderator.key"))
def show(name: ListName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Show one list: what it holds, what of it cannot be compared, and how often people confirmed its matches."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get(_path(name))
    if as_json:
        terminal.json(found)
        return
    terminal.line(f"{found['name']}, {found['kind']}: {_stands(found)}")
    terminal.line(f"Read to its end: {_moment(found['complete_at'])}")
    if found["problem"]:
        terminal.paragraph(f"The last fetch: {found['problem']} Next: {_moment(found['next_at'])}")
    terminal.line()
    terminal.table(("records", ""), [[_STANDING.get(each, each), count] for each, count in found["records"].items()])
    for why, count in found["flaws"].items():
        terminal.line(f"  {count} × {why}")
    judged = found["confirmed"] + found["unconfirmed"]
    share = "" if not judged else f", {100 * found['confirmed'] / judged:.0f} %"
    terminal.line()
    terminal.line(f"Matches that a person judged: {judged}; confirmed: {found['confirmed']}{share}.")
    if found["to_tell"]:
        terminal.line(f"The list is still to be told: {found['to_tell']}.")


@app.command(
    "set",
    cls=PlainCommand,
    epilog=example("takeback exchange set STOPNCII --only-possible --key-file ~/admin.key"),
)
def set_(
    name: ListName,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is fetched.")] = None,
    holds: Annotated[
        bool | None,
        typer.Option("--hold/--only-possible", help="Whether what it matches is hidden before a person has looked."),
    ] = None,
    credentials: Credentials = None,
    report_to: ReportTo = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Switch a list on or off, let it hold or not, give other credentials, or name who reports."""
    terminal = Terminal(as_json)
    body = {
        "enabled": enabled,
        "holds": holds,
        "credentials": None if credentials is None else _read(credentials),
        "report_to": report_to,
    }
    changed = Server.with_key(server, key_file).patch(_path(name), body)
    terminal.json(changed) if as_json else terminal.line(f"{name}: {_stands(changed)}")


@app.command("fetch", cls=PlainCommand, epilog=example("takeback exchange fetch STOPNCII --key-file ~/admin.key"))
def fetch(
    name: ListName,
    whole: Annotated[bool, typer.Option("--whole", help="From its beginning; nothing comes in twice.")] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Have a list fetched at once, whatever is wrong with it."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).post(f"{_path(name)}/fetch", {"whole": whole})
    terminal.json(found) if as_json else terminal.line(f"{name} is being fetched.")


@app.command(
    "share", cls=PlainCommand, epilog=example("takeback exchange share STOPNCII --bank known --key-file ~/admin.key")
)
def share(
    name: ListName,
    bank: Annotated[
        str, typer.Option("--bank", metavar="BANK", help="An own bank, of which all entries are put there.")
    ],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Put what an own bank holds on a list.

    Only what you put in yourself, and answer for: never what a person reported, nor what another list brought.
    """
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).post(f"{_path(name)}/share", {"bank": bank})
    terminal.json(found) if as_json else terminal.line(f"{found['entries']} entries are to be put on {name}.")


@app.command("remove", cls=PlainCommand, epilog=example("takeback exchange remove STOPNCII --key-file ~/admin.key"))
def remove(
    name: ListName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Remove a list with all that it brought: nothing matches it from then on."""
    terminal = Terminal(as_json)
    Server.with_key(server, key_file).delete(_path(name))
    terminal.json({"removed": name}) if as_json else terminal.line(f"{name} is removed, with all that it brought.")


_STANDING = {
    "live": "looked for",
    "doubted": "only possible: the list says something that is not known here",
    "ended": "withdrawn, or on the list no more",
    "unread": "of a kind that is not compared here",
    "flawed": "not as the list's format says",
}


def _stands(found: dict[str, Any]) -> str:
    if not found["enabled"]:
        return "off"
    if found["problem"]:
        return "in trouble"
    reading = "being read" if found["reading_since"] or not found["complete_at"] else "up to date"
    return reading if found["holds"] else f"{reading}, hides nothing"


def _moment(text: str | None) -> str:
    return "never" if text is None else text[:16].replace("T", " ") + " UTC"


def _path(name: str) -> str:
    return f"/api/v1/exchanges/{quote(name, safe='')}"


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"{text!r} is no setting.", advice="Write it as name=value.")
    return name, int(value) if value.isascii() and value.isdecimal() else value


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()[: _MOST_BYTES + 1]
        found = json.loads(text)
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.", advice="Check the name.") from problem
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{path} is not JSON.", advice="docs/exchanges.md shows what each kind asks for.") from problem
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object.", advice="docs/exchanges.md shows what each kind asks for.")
    return found
