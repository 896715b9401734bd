"""`takeback doctor`."""

from __future__ import annotations

import os

import typer

import takeback
from takeback.cli.checks import all_checks
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback doctor --data /var/lib/takeback"))
def doctor(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """
    Say what is installed, what is missing, and what each missing part would add.

    It starts one decoder and lets it read a file of each format; it changes nothing. Exit code 1 where
    something is missing that `takeback serve` needs.
    """
    terminal = Terminal(as_json)
    settings = load_settings({"data": data, "master_key_file": master_key_file}, os.environ)
    with terminal.progress("Looking", total=None):
        checks = list(all_checks(settings))
    ready = not any(check.blocks for check in checks)
    if as_json:
        rows = [
            {"name": check.name, "standing": check.standing.value, "needed": check.needed, "text": check.text}
            for check in checks
        ]
        terminal.json({"version": takeback.__version__, "ready": ready, "checks": rows})
    else:
        terminal.table(("part", "", "what it means"), [(each.name, each.standing.value, each.text) for each in checks])
        terminal.line()
        terminal.line("Takeback can run here." if ready else "Takeback cannot run here yet.")
    if not ready:
        raise typer.Exit(ExitCode.NO)
