"""`takeback demo`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, example
from takeback.demo.run import run_demo

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback demo", "takeback demo --stay"))
def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Leave the service running at the end, to try by hand.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Show the whole path on this machine, from bytes to proof.

    Pictures of places, things and animals stand for the reported ones. Everything lies in a temporary
    directory and is gone afterwards.
    """
    # With --json the story is talk, and stdout is kept for its one line.
    raise typer.Exit(run_demo(stay=stay, as_json=as_json, console=Console(stderr=as_json)))
