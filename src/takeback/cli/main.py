"""`takeback`: the table of its commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import typer

import takeback
from takeback.cli.exit_code import MEANING
from takeback.cli.lazy import LazyGroup, new_app

_EXIT_CODES = "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANING.items())
_EPILOG = f"""\b
Exit codes of every command:
{_EXIT_CODES}

\b
Example:
  takeback demo
"""


class Commands(LazyGroup):
    """Every command, in the order in which one meets them."""

    package = "takeback.cli"
    summaries: ClassVar[Mapping[str, str]] = {
        "demo": "Show the whole path on this machine, from bytes to proof.",
        "serve": "Serve until stopped: check uploads, take notices, give orders to the sites.",
        "hash": "Say what pictures are known by: digests and fingerprints.",
        "match": "Say which pictures of a folder or a bank each query is a copy of.",
        "compare": "Say what of a picture was changed, by the original.",
        "examine": "Say what a picture gives away of what was done to it.",
        "notice": "Report pictures to a site that runs Takeback; they never leave this machine.",
        "case": "Read and decide cases on a running Takeback.",
        "bank": "List, make and fill banks on a running Takeback.",
        "exchange": "Set up outside lists on a running Takeback, and say how they stand.",
        "import": "Move banks and exchanges here from HMA's database.",
        "partner": "Let small sites ask a running Takeback whether a picture matches, and ask one yourself.",
        "instance": "Name other instances that notices are forwarded to, and taken from.",
        "site": "List and add the sites that a data directory acts for.",
        "coop": "Tell your Coop what waits for a decision: try its settings, and see what it did not take.",
        "account": "Keep what a person at a site does about an account that posts again what has to be removed.",
        "page": "Write what a site puts on its own pages: a link, the law's notice, the form in a frame.",
        "key": "List, make and revoke keys of the HTTP interface; rotate the master key.",
        "desk": "Invite people to the desk and let them leave; add and retire the keys that words are sealed to.",
        "mail": "Send a mail to try the settings; take in mail that came back.",
        "alert": "Try the routes by which the desk is told what is due, and show what was told.",
        "log": "Show the public log and its keys; name its witnesses, and the logs that are witnessed here.",
        "report": "Say in numbers what was done with notices, as the public is told it or as it is.",
        "verify": "Check the logs of a data directory, or the proofs and evidence bundles that someone brings.",
        "backup": "Copy a data directory, also of a running service, into a folder.",
        "restore": "Put a backup into an empty data directory, and withdraw again what was withdrawn since.",
        "upgrade": "Bring the database of a stopped service to the schema that this program needs.",
        "config": "Show every setting: its value, where that comes from, and what it means.",
        "doctor": "Say what is installed, what is missing, and what each missing part would add.",
    }


app = new_app()


@app.callback(cls=Commands, invoke_without_command=True, epilog=_EPILOG)
def takeback_(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Find every copy of a reported picture, get it removed on the law's clock, and prove it."""
    if version:
        typer.echo(f"takeback {takeback.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
