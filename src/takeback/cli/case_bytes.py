"""`takeback case bytes`: what becomes of a removal whose bytes cannot be kept."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import typer

from takeback.cli.options import AsJson
from takeback.cli.server import DEFAULT_SERVER, KeyFile, Server, ServerUrl
from takeback.cli.terminal import Terminal

Chosen = Literal["again", "without"]
# The words of `takeback.workflow.quarantine.Choice`, which would load the whole store with it.


def bytes_(
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="The case's id, as `takeback case list` shows it.")],
    copy_id: Annotated[str, typer.Argument(metavar="COPY", help="The copy's id, as `takeback case show` shows it.")],
    choice: Annotated[Chosen, typer.Argument(metavar="again|without", help="Try again, or do it without the bytes.")],
    server: ServerUrl = DEFAULT_SERVER,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Choose where a site cannot keep what it removes, and its bytes cannot be kept here either.

    The removal waits, and the copy stays hidden, until somebody chooses. What is removed without its bytes cannot be
    put back. Where what was kept cannot be given back, `without` gives it up, and the put-back can be tried again.
    """
    terminal = Terminal(as_json)
    path = f"/api/v1/cases/{quote(case_id, safe='')}/copies/{quote(copy_id, safe='')}/bytes"
    found = Server.with_key(server, key_file).post(path, {"choice": choice})
    if as_json:
        terminal.json(found)
        return
    for each in found["copies"]:
        if each["id"] == copy_id:
            terminal.line(f"copy {copy_id}  {each['bytes'] or 'given up'}")
