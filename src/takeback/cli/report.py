"""`takeback report`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from takeback.assembly import utc_now
from takeback.audit.event import Json
from takeback.cases.statement import House
from takeback.cli.data import opened
from takeback.cli.lazy import PlainCommand, PlainGroup, new_app
from takeback.cli.new_file import write_new
from takeback.cli.options import AsJson, Data, MasterKeyFile, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.errors import InputError
from takeback.workflow.dsa_export import calls_of, statements_since
from takeback.workflow.transparency import (
    HEADINGS,
    as_counted,
    as_csv,
    as_told,
    public_reports,
    report_of,
    rows_of,
)
from takeback.workflow.yearly import yearly_tables

_DIRECTORY = "--data /var/lib/takeback"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (the command line's days have no zone: they are UTC)
_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")

app = new_app(
    cls=PlainGroup,
    help="Say in numbers what was done with notices, as the public is told it or as it is.\n\n"
    "They work on the data directory and need its master key, also beside a running service.",
    epilog=example(f"takeback report transparency {_DIRECTORY}"),
)

First = Annotated[str, typer.Option("--from", metavar="MONTH", help="First month, as in 2026-07.")]
Last = Annotated[str, typer.Option("--to", metavar="MONTH", help="Last month, included.")]


@app.command(
    "transparency", cls=PlainCommand, epilog=example(f"takeback report transparency {_DIRECTORY} > report.csv")
)
def transparency(
    first: First = "",
    last: Last = "",
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Write what /transparency tells: each half-year that is over, without numbers that point to one person.

    With --from and --to every number of these months as it is, for the operator alone: do not publish it.
    """
    terminal = Terminal(as_json)
    with opened(data, master_key_file) as store:
        if first or last:
            months = _months(first, last)
            reports = [as_counted(report_of(store, *months))]
            terminal.say("Every number as it is: small ones can point to one person. Not to be published.")
        else:
            reports = [as_told(report) for report in public_reports(store, at=utc_now())]
    if as_json:
        terminal.json(reports)
        return
    if not reports:
        terminal.say("There is nothing to tell yet: no half-year is over in which anything was counted.")
    _write(reports)


@app.command("dsa", cls=PlainCommand, epilog=example(f"takeback report dsa statements.jsonl {_DIRECTORY}"))
def dsa(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; it must not be there yet.")],
    since: Annotated[
        datetime, typer.Option("--since", formats=["%Y-%m-%d"], help="What was decided on this day (UTC) or later.")
    ] = EPOCH,
    calls: Annotated[
        bool, typer.Option("--calls", help="Each line is the body of one call, of at most 100 statements.")
    ] = False,
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Write the statements for the DSA Transparency Database, as JSON, one a line.

    Each is checked against the rules of the database, and says nothing of anybody. The same picture has the same id in
    every export, so that the database takes it once; what it has already, it refuses.
    """
    settings = load_settings({"data": data, "master_key_file": master_key_file}, os.environ)
    with opened(data, master_key_file) as store:
        records = statements_since(store, since.replace(tzinfo=UTC), House.of(settings))
    lines: Sequence[Mapping[str, Json]] = list(calls_of(records)) if calls else records
    write_new(file, "".join(json.dumps(line) + "\n" for line in lines))
    terminal = Terminal(as_json)
    if as_json:
        terminal.json({"file": str(file), "statements": len(records), "lines": len(lines)})
    else:
        terminal.line(f"{len(records):,} statements were written to {file}.")


@app.command("yearly", cls=PlainCommand, epilog=example(f"takeback report yearly report-2026 --year 2026 {_DIRECTORY}"))
def yearly(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the tables.")],
    year: Annotated[int, typer.Option("--year", help="Calendar year.", min=2000, max=2099)],
    service_name: Annotated[str, typer.Option("--service", metavar="NAME", help="Name of the service.")] = "",
    data: Data = None,
    master_key_file: MasterKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """
    Write the rows of the yearly report under the Digital Services Act that are counted here, as CSV.

    The tables are those of the Commission's template as far as their names are known here; the rest is for you to fill
    in. Every number is as it is.
    """
    with opened(data, master_key_file) as store:
        tables = yearly_tables(store, year, service_name)
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as problem:
        raise InputError(f"{folder} cannot be made: {problem.strerror}.", advice="Name a new folder.") from problem
    for name, rows in tables.items():
        write_new(folder / name, as_csv(rows))
    terminal = Terminal(as_json)
    if as_json:
        terminal.json({"folder": str(folder), "files": list(tables)})
    else:
        terminal.line(f"{len(tables)} tables were written to {folder}.")


def _months(first: str, last: str) -> tuple[str, str]:
    for month in (first, last):
        if not _MONTH.fullmatch(month):
            raise InputError(f"{month!r} is no month.", advice="Give --from and --to both, as in 2026-07.")
    return first, last


def _write(reports: Sequence[Mapping[str, Json]]) -> None:
    """Write reports as one table."""
    sys.stdout.write(as_csv([HEADINGS, *(row for report in reports for row in rows_of(report))]))
