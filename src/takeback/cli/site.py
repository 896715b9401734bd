"""`takeback site`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from takeback.assembly import utc_now
from takeback.cli.data import ACTOR, opened
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.errors import NotFound
from takeback.store.sites import Site
from takeback.workflow.register import add_site, set_quarantine

_ADD = (
    "takeback site add forum --base-url https://forum.example/ \\",
    "    --webhook-url https://forum.example/takeback --data data",
)

app = new_app(
    cls=PlainGroup,
    help="List and add the sites that a data directory acts for.\n\n"
    "They work on the data directory, beside a running service or without it, and need its master key.",
    epilog=example(*_ADD),
)


@app.command("add", cls=PlainCommand, epilog=example(*_ADD))
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the site is called here.")],
    base_url: Annotated[str, typer.Option("--base-url", metavar="URL", help="Every item of the site is below it.")],
    webhook_url: Annotated[str, typer.Option("--webhook-url", metavar="URL", help="Takes the signed orders.")],
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="It cannot keep what it removes: its bytes are kept here, sealed.")
    ] = False,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a site; print its webhook secret and upload key, which cannot be printed again."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        made = add_site(
            store, name, base_url=base_url, webhook_url=webhook_url, quarantine=quarantine, actor=ACTOR, at=utc_now()
        )
    secrets = {"webhook_secret": made.webhook_secret, "upload_key": made.upload_key}
    if as_json:
        terminal.json(_as_json(made.site) | secrets)
        return
    terminal.say(f"Site {made.site.public_id} is added. For the site to know, shown this once:")
    for title, value in secrets.items():
        terminal.line(f"{title:<14} {value}")


@app.command("list", cls=PlainCommand, epilog=example("takeback site list --data data"))
def list_(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """List the sites."""
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store, store.read() as tx:
        sites = tx.sites.all()
    if as_json:
        terminal.json([_as_json(site) for site in sites])
    elif not sites:
        terminal.say("There is no site yet; `takeback site add` makes one.")
    for number, site in enumerate(sites if not as_json else ()):
        if number:
            terminal.line()
        _show(terminal, site)


@app.command("quarantine", cls=PlainCommand, epilog=example("takeback site quarantine forum on --data data"))
def quarantine(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the site is called here.")],
    kept: Annotated[Literal["on", "off"], typer.Argument(metavar="on|off", help="Whether bytes are kept here.")],
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Choose whether the bytes of what a site removes are kept here, sealed, until nobody may contest.

    For a site that can only delete. Without it a put-back asks the site for bytes that it has kept itself. What is kept
    already stays until its time is over.
    """
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        with store.read() as tx:
            named = [site for site in tx.sites.all() if site.name == name]
        if not named:
            raise NotFound(f"There is no site {name!r}.", advice="`takeback site list` shows them.")
        site = set_quarantine(store, named[0].public_id, kept == "on", actor=ACTOR, at=utc_now())
    if as_json:
        terminal.json(_as_json(site))
    else:
        _show(terminal, site)


def _show(terminal: Terminal, site: Site) -> None:
    terminal.line(site.name)
    asked = "not yet" if site.reconciled_at is None else in_words(site.reconciled_at)
    rows = {
        "id": site.public_id,
        "items": site.base_url,
        "webhook": site.webhook_url,
        "quarantine": "on" if site.quarantine else "off",
        "last asked": asked,
    }
    for title, value in rows.items():
        terminal.line(f"  {title:<11} {value}")


def _as_json(site: Site) -> dict[str, object]:
    return {
        "id": site.public_id,
        "name": site.name,
        "base_url": site.base_url,
        "webhook_url": site.webhook_url,
        "quarantine": site.quarantine,
        "reconciled_at": None if site.reconciled_at is None else site.reconciled_at.isoformat(),
    }
