"""`takeback import`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.cli.data import ACTOR, opened
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.store.hma_database import HmaDatabase
from takeback.workflow.hma_import import Moved, move_from_hma

_EXAMPLE = "takeback import hma postgresql://hma@db.internal/media_match --data data"

app = new_app(
    cls=PlainGroup,
    help="Move banks and exchanges here from HMA's database.\n\nIt goes into a data directory, also of a running "
    "service, and the next upload is compared with it.",
    epilog=example(_EXAMPLE),
)


@app.callback()
def import_() -> None:
    """Keep `hma` a word of its own: other programs may follow."""


@app.command("hma", cls=PlainCommand, epilog=example(_EXAMPLE))
def hma(
    source: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="HMA's database: postgresql://user@host/name, or its DATABASE_URI as it is."
        ),
    ],
    decided: Annotated[
        list[str] | None,
        typer.Option("--decided", metavar="EXCHANGE", help="Take what this exchange brought for decided by you."),
    ] = None,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Move banks, their contents by PDQ, and exchanges from the PostgreSQL of Hasher-Matcher-Actioner.

    It reads one consistent view and changes nothing there. Numbers stay as they are where they are free here. Called
    again, it goes on where it was interrupted, and moves nothing twice. What stays behind is named with its reason:
    other signals than PDQ, and what exchanges brought. Leave the password to PGPASSWORD or ~/.pgpass.
    """
    terminal = Terminal(as_json)
    with (
        opened(data, master_key_file) as store,
        HmaDatabase.open(source) as theirs,
        terminal.progress("Moving", theirs.count()) as step,
    ):
        moved = move_from_hma(store, theirs, decided=decided or [], step=step, actor=ACTOR, now=utc_now)
    if as_json:
        terminal.json(asdict(moved))
    else:
        _tell(terminal, moved)


def _tell(terminal: Terminal, moved: Moved) -> None:
    terminal.line(f"Contents moved: {moved.contents}; {moved.moved_before} were moved before.")
    terminal.line(f"Banks made: {', '.join(moved.banks_made) or 'none'}")
    if moved.banks_there:
        terminal.line(f"Banks that were there, and were filled: {', '.join(moved.banks_there)}")
    terminal.line(f"Exchanges made, which are fetched from now on: {', '.join(moved.exchanges_made) or 'none'}")
    for name, why in moved.exchanges_left.items():
        terminal.line(f"Exchange {name}: {why}")
    for why, left in moved.left.items():
        terminal.line()
        terminal.paragraph(f"Contents that stay behind: {left.count}, since {why}.")
        terminal.indented(
            f"numbers {', '.join(map(str, left.numbers))}{' …' if left.count > len(left.numbers) else ''}"
        )
    for name, count in moved.signals_left.items():
        terminal.line(f"Signals of type {name} that stay behind: {count}; their contents were moved by PDQ.")
    if moved.renumbered:
        terminal.line()
        terminal.paragraph(
            f"Contents that have another number here, theirs being taken: {len(moved.renumbered)}; --json lists them."
        )
