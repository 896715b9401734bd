"""`takeback upgrade`."""

from __future__ import annotations

import os

from sqlalchemy import create_engine

from takeback.cli.data import require_database
from takeback.cli.lazy import PlainCommand, new_app
from takeback.cli.options import AsJson, Data, example
from takeback.cli.terminal import Terminal
from takeback.config import load_settings
from takeback.store.database import sqlite_url
from takeback.store.schema import newest_revision, revision_of
from takeback.store.serving_lock import stopped
from takeback.store.upgrade import upgrade as upgrade_schema

app = new_app()


@app.command(cls=PlainCommand, epilog=example("takeback upgrade --data /var/lib/takeback"))
def upgrade(data: Data = None, as_json: AsJson = False) -> None:
    """
    Bring the database of a stopped service to the schema that this program needs.

    Back up first; a database cannot be brought back to an older schema.
    """
    terminal = Terminal(as_json)
    settings = load_settings({"data": data}, os.environ)
    require_database(settings)
    with stopped(settings.data):
        engine = create_engine(sqlite_url(settings.data))
        before, after = revision_of(engine), newest_revision()
        if before != after:
            upgrade_schema(engine)
        engine.dispose()
    if as_json:
        terminal.json({"before": before, "after": after})
    elif before == after:
        terminal.line(f"The database is of schema {after} already.")
    else:
        terminal.line(f"The database was brought from schema {before} to {after}.")
