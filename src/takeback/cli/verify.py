"""`takeback verify`."""

from __future__ import annotations

import typer

from takeback.cli.data import opened
from takeback.cli.exit_code import ExitCode
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.errors import LogBroken
from takeback.workflow.verify import verify as verify_store

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback verify --data /var/lib/takeback"))
def verify(data: Data = None, master_key_file: MasterKeyFile = None, as_json: AsJson = False) -> None:
    """
    Check the whole audit log.

    Each entry is checked against its commitment, the chain against the entry before it, and the whole
    against the signed head. Works beside a running service. Exit code 5 where the log was changed.
    """
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        try:
            with terminal.progress("Checking the audit log", total=None):
                entries = verify_store(store)
        except LogBroken as problem:
            _broken(terminal, problem)
            raise typer.Exit(ExitCode.INTEGRITY) from None
    if as_json:
        terminal.json({"verified": True, "entries": entries, "first_broken": None, "why": None})
    else:
        terminal.line(f"The audit log is whole: {entries:,} entries verify.")


def _broken(terminal: Terminal, problem: LogBroken) -> None:
    if terminal.as_json:
        terminal.json({"verified": False, "entries": None, "first_broken": problem.index, "why": problem.message})
        return
    terminal.line(f"The audit log does not verify. {problem.message}")
    terminal.say(problem.advice)
