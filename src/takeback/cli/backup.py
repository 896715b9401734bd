"""`takeback backup`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.cli.data import require_database
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.store.backup import back_up

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback backup --data /var/lib/takeback --to /mnt/backup"))
def backup(
    to: Annotated[Path, typer.Option("--to", help="Folder for the backup; a mounted disk of another machine is best.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """
    Copy a data directory, also of a running service, into a folder.

    The folder gets one database file for each backup, and one key store and one journal of withdrawals that
    each backup brings up to date. None of it opens without the master key, which is not in it: keep a copy
    of that key elsewhere.
    """
    terminal = Terminal(as_json)
    settings = load_settings({"data": data}, os.environ)
    require_database(settings)
    with terminal.progress("Copying", total=None):
        made = back_up(settings.data, settings.journal_path, to, at=utc_now())
    files = {"database": made.database, "keys": made.keys, "journal": made.journal}
    if as_json:
        terminal.json({name: None if path is None else str(path) for name, path in files.items()})
        return
    terminal.line(f"Backed up to {made.database}.")
    terminal.say("The master key is not in it: keep a copy of that elsewhere.")
