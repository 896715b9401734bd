"""`takeback key`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.cli.data import ACTOR, opened, opened_alone, site_named
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.errors import TakebackError
from takeback.store import MasterKey
from takeback.store.access import ApiKey, KeyRole
from takeback.workflow.register import new_key, revoke_key
from takeback.workflow.rotate import rotate_master_key

app = new_app(
    cls=PlainGroup,
    help="List, make and revoke keys of the HTTP interface; rotate the master key.\n\n"
    "They work on the data directory and need its master key; all but `rotate` work beside a running service.",
    epilog=example("takeback key new moderator --name 'night desk' --data /var/lib/takeback"),
)


@app.command("new", cls=PlainCommand, epilog=example("takeback key new upload --site forum --data data"))
def new(
    role: Annotated[KeyRole, typer.Argument(metavar="ROLE", help="upload, moderator, administrator, auditor or mail.")],
    name: Annotated[str, typer.Option("--name", help="What the key is for; the site's name if it is left out.")] = "",
    site: Annotated[str, typer.Option("--site", help="The site of an upload key: its name or id.")] = "",
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it cannot be printed again."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        owner = site_named(store, site) if site else None
        text = new_key(store, role, name=name or site or role.value, site=owner, actor=ACTOR, at=utc_now())
    if as_json:
        terminal.json({"key": text, "role": role.value})
    else:
        terminal.say(f"A new key of role {role.value}, shown this once:")
        terminal.line(text)


@app.command("rotate", cls=PlainCommand, epilog=example("takeback key rotate --to /etc/takeback/new.key --data data"))
def rotate(
    to: Annotated[Path, typer.Option("--to", help="File for the new master key; it must not exist.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Make a new master key and wrap every other key under it. The service has to be stopped.

    Nothing that is stored is rewritten. Backups made before still need the former master key: make a new
    one, then destroy both.
    """
    terminal = Terminal(as_json)
    with opened_alone(data, master_key_file) as store:
        new_master = MasterKey.generate()
        new_master.write(to)
        try:
            wrapped = rotate_master_key(store, new_master, actor=ACTOR, at=utc_now())
        except TakebackError:
            to.unlink()  # it opens nothing
            raise
    if as_json:
        terminal.json({"master_key": str(to), "keys_wrapped": wrapped})
        return
    terminal.line(f"{wrapped:,} keys are wrapped under the new master key in {to}.")
    terminal.say("Start the service with --master-key-file naming it, and back up anew.")


@app.command("list", cls=PlainCommand, epilog=example("takeback key list --data data"))
def list_(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """List the keys, never their text."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store, store.read() as tx:
        keys = tx.access.all()
        sites = {site.id: site.name for site in tx.sites.all()}
    if as_json:
        terminal.json([_as_json(key, sites) for key in keys])
        return
    rows = [(key.public_id, key.role.value, f"{key.created_at:%Y-%m-%d}", _name(key, sites)) for key in keys]
    terminal.table(("id", "role", "made", "name"), rows)


@app.command("revoke", cls=PlainCommand, epilog=example("takeback key revoke 0f3a…c2 --data data"))
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `takeback key list` shows it.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key; the next request with it is refused."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        revoke_key(store, key_id, actor=ACTOR, at=utc_now())
    if as_json:
        terminal.json({"id": key_id, "revoked": True})
    else:
        terminal.line("The key is revoked.")


def _as_json(key: ApiKey, sites: dict[int, str]) -> dict[str, object]:
    return {
        "id": key.public_id,
        "role": key.role.value,
        "name": key.name,
        "site": None if key.site_id is None else sites[key.site_id],
        "created_at": key.created_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }


def _name(key: ApiKey, sites: dict[int, str]) -> str:
    site = None if key.site_id is None else sites[key.site_id]
    name = key.name if site in (None, key.name) else f"{key.name} ({site})"
    return name if key.revoked_at is None else f"{name}, revoked"
