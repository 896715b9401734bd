"""`takeback instance`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, example
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal
from takeback.errors import InputError, NotFound

InstanceName = Annotated[str, typer.Argument(metavar="NAME", help="The instance's name, or its id.")]

app = new_app(
    cls=PlainGroup,
    help="Name other instances that notices are forwarded to, and taken from.\n\n"
    "Nothing goes to an instance, or is taken from it, that is not named here by its key. A notice is forwarded only "
    "where its person ticks it. `key` needs no key, the rest an administrator's.",
    epilog=example("takeback instance add other https://other.example --key … --send --accept"),
)


@app.command("key", cls=PlainCommand, epilog=example("takeback instance key --server https://forum.example"))
def key(server: ServerUrl = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Print the public key of an instance: of yours, for other operators; of another, to compare it with theirs."""
    terminal = Terminal(as_json)
    own = Server(server).get("/api/v1/instance")
    terminal.json(own) if as_json else terminal.line(own["key"])


@app.command(
    "add",
    cls=PlainCommand,
    epilog=example("takeback instance add other https://other.example --key … --send"),
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people read on the form; it stays.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Its address, without a path.")],
    public_key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="Its public key, from its operator: never from itself alone.")
    ],
    send: Annotated[bool, typer.Option("--send", help="People may have their notices forwarded to it.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take the notices that it forwards.")] = False,
    only_possible: Annotated[
        bool, typer.Option("--only-possible", help="Hide nothing on its word: its matches are only shown to the desk.")
    ] = False,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Name another instance."""
    terminal = Terminal(as_json)
    body = {"name": name, "url": url, "key": public_key, "sends": send, "accepts": accept, "holds": not only_possible}
    made = Server.with_key(server, key_file).post("/api/v1/instances", body)
    terminal.json(made) if as_json else terminal.line(f"{name} is added: {_ways(made)}.")


@app.command("list", cls=PlainCommand, epilog=example("takeback instance list --key-file admin.key"))
def list_(server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the other instances, what is looked for there and here, and which does not answer."""
    terminal = Terminal(as_json)
    found = Server.with_key(server, key_file).get("/api/v1/instances")
    if as_json:
        terminal.json(found)
        return
    rows = [
        [one["name"], one["url"], _ways(one), one["looked_for_there"], one["waiting"], one["looked_for_here"],
         one["problem"] or ""]
        for one in found
    ]  # fmt: skip
    terminal.table(("name", "address", "", "there", "waiting", "here", ""), rows)


@app.command("set", cls=PlainCommand, epilog=example("takeback instance set other --no-send --key-file admin.key"))
def set_(
    name: InstanceName,
    send: Annotated[
        bool | None, typer.Option("--send/--no-send", help="Whether people may have their notices forwarded to it.")
    ] = None,
    accept: Annotated[
        bool | None, typer.Option("--accept/--no-accept", help="Whether the notices that it forwards are taken.")
    ] = None,
    only_possible: Annotated[
        bool | None, typer.Option("--only-possible/--hold", help="Whether its matches hide nothing on its word.")
    ] = None,
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Change what goes to an instance and comes from it."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    holds = None if only_possible is None else not only_possible
    chosen = {"sends": send, "accepts": accept, "holds": holds}
    body = {each: value for each, value in chosen.items() if value is not None}
    if not body:
        raise InputError("Nothing is changed.", advice="Say what: `--no-send`, `--accept`, `--only-possible`.")
    changed = to.patch(f"/api/v1/instances/{_id(to, name)}", body)
    terminal.json(changed) if as_json else terminal.line(f"{changed['name']}: {_ways(changed)}.")


@app.command("remove", cls=PlainCommand, epilog=example("takeback instance remove other --key-file admin.key"))
def remove(
    name: InstanceName, server: ServerUrl = DEFAULT_SERVER, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Remove an instance: what it forwarded matches nothing any more, and what was forwarded there is ended."""
    terminal, to = Terminal(as_json), Server.with_key(server, key_file)
    instance_id = _id(to, name)
    to.delete(f"/api/v1/instances/{instance_id}")
    terminal.json({"removed": instance_id}) if as_json else terminal.line(f"{name} is removed.")


def _ways(one: dict[str, Any]) -> str:
    ways = [
        words for name, words in (("sends", "notices go there"), ("accepts", "notices come from there")) if one[name]
    ]
    return ", ".join([*ways, *([] if one["holds"] else ["only possible"])]) or "nothing goes there or comes from there"


def _id(to: Server, name: str) -> str:
    found: list[dict[str, Any]] = to.get("/api/v1/instances")
    for one in found:
        if name in (one["name"], one["id"]):
            return str(one["id"])
    raise NotFound(f"There is no instance {name!r}.", advice="`takeback instance list` shows those that there are.")
