"""`takeback site`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from takeback.actions.platforms.known import PLATFORMS, WEBHOOK, can_of
from takeback.assembly import utc_now
from takeback.cli.data import ACTOR, opened, site_named
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.moments import in_words
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.server import read_secret
from takeback.cli.terminal import Terminal
from takeback.errors import InputError, NotFound
from takeback.store.sites import Site
from takeback.workflow.register import NewPlatform, add_site, set_quarantine, set_token

_ADD = (
    "takeback site add forum --base-url https://forum.example/ \\",
    "    --webhook-url https://forum.example/takeback --data data",
    "takeback site add lemmy --base-url https://lemmy.example/ --platform lemmy \\",
    "    --api https://lemmy.example --token-file lemmy.token --data data",
)
_TOKEN = "takeback site token lemmy --token-file lemmy.token --data data"  # noqa: S105 (an example)
_CANNOT = {
    "hold": "hide what is only reported",
    "lift": "show again what was only held",
    "put_back": "show again what was removed",
    "reconcile": "say which items are gone",
}
"""What a site may not be able to do, as people say it."""

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="A file that holds the token for that API: never on the command line, which others can see.",
    ),
]

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
    webhook_url: Annotated[
        str | None, typer.Option("--webhook-url", metavar="URL", help="Takes the signed orders.")
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option("--platform", help=f"Software that is asked by its own API instead: {', '.join(PLATFORMS)}."),
    ] = None,
    api_url: Annotated[str | None, typer.Option("--api", metavar="URL", help="Below it that API lies.")] = None,
    token_file: TokenFile = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="It cannot keep what it removes: its bytes are kept here, sealed.")
    ] = False,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Add a site; print its webhook secret and upload key, which cannot be printed again."""
    terminal = Terminal(as_json)
    asked = None
    if platform is not None:
        asked = NewPlatform(platform, api_url or "", _token(token_file))
    with opened(data, master_key_file) as store:
        made = add_site(
            store,
            name,
            base_url=base_url,
            webhook_url=webhook_url,
            platform=asked,
            quarantine=quarantine,
            actor=ACTOR,
            at=utc_now(),
        )
    secrets = {"webhook_secret": made.webhook_secret, "upload_key": made.upload_key}
    if as_json:
        terminal.json(_as_json(made.site) | secrets)
        return
    terminal.say(f"Site {made.site.public_id} is added. For the site to know, shown this once:")
    for title, value in secrets.items():
        terminal.line(f"{title:<14} {value}")
    for line in _limits(made.site):
        terminal.say(line)


@app.command("token", cls=PlainCommand, epilog=example(_TOKEN))
def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The site's name or id.")],
    token_file: TokenFile = None,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give a site's platform another token; what failed for the former one can be tried again at the desk."""
    terminal = Terminal(as_json)
    new = _token(token_file)
    with opened(data, master_key_file) as store:
        site = site_named(store, name)
        set_token(store, site, new, actor=ACTOR, at=utc_now())
    if as_json:
        terminal.json({"id": site.public_id, "token": "changed"})
    else:
        terminal.line(f"{site.name} is asked with the new token from now on.")


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
    how = {"webhook": site.webhook_url, "quarantine": "on" if site.quarantine else "off"}
    if site.platform != WEBHOOK:
        how = {"platform": site.platform, "api": site.api_url or ""}
    rows = {"id": site.public_id, "items": site.base_url, **how, "last asked": asked}
    for title, value in rows.items():
        terminal.line(f"  {title:<11} {value}")
    for line in _limits(site):
        terminal.indented(line)


def _limits(site: Site) -> list[str]:
    """Say what a site cannot be asked for, and what its calls do not reach."""
    can = can_of(site.platform)
    missing = [text for name, text in _CANNOT.items() if not getattr(can, name)]
    return [*([f"It cannot {', nor '.join(missing)}."] if missing else []), *can.limits]


def _token(path: Path | None) -> str:
    if path is None:
        raise InputError(
            "A platform is asked with a token, and there is none.",
            advice="Name the file that holds it with --token-file; docs/platforms says how to get it.",
        )
    return read_secret(path, "token")


def _as_json(site: Site) -> dict[str, object]:
    return {
        "id": site.public_id,
        "name": site.name,
        "base_url": site.base_url,
        "webhook_url": site.webhook_url or None,
        "platform": site.platform,
        "api_url": site.api_url,
        "can": _can(site),
        "quarantine": site.quarantine,
        "reconciled_at": None if site.reconciled_at is None else site.reconciled_at.isoformat(),
    }


def _can(site: Site) -> dict[str, object]:
    can = can_of(site.platform)
    return {name: getattr(can, name) for name in _CANNOT} | {"limits": list(can.limits)}
