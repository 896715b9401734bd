"""Bring a database to the newest schema (Alembic)."""

from __future__ import annotations

import logging
import sqlite3
from importlib import resources

from alembic.command import upgrade as run_upgrade
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from takeback.errors import StoreError
from takeback.store.schema import MIGRATIONS, newest_revision, revision_of

_INCREMENTAL = 2
"""What SQLite calls it (sqlite.org/pragma.html#pragma_auto_vacuum)."""

log = logging.getLogger("takeback.store")


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; the migrations run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(resources.files(MIGRATIONS)))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """
    Run every migration that the database lacks, all of them or none.

    `StoreError` where the database is of a schema that this program does not know.
    """
    before = revision_of(engine)
    if before is not None and not ("0001" <= before <= newest_revision()):
        raise StoreError(
            f"The database is of schema {before}, which this program does not know.",
            advice="Use the Takeback that wrote it, or a newer one; nothing was changed.",
        )
    with engine.connect() as connection:
        connection.execute(text("begin immediate"))
        run_upgrade(alembic_config(connection), "head")
        connection.commit()
    _let_pages_go(engine)


def _let_pages_go(engine: Engine) -> None:
    """
    Write a database anew, a new one or of an earlier release, so that it gives pages back (`Store.sweep_pages`).

    Where the disk has no room for that it stays as it is: what is erased is overwritten all the same.
    """
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("pragma auto_vacuum")
        if cursor.fetchone() != (_INCREMENTAL,):
            cursor.execute("pragma auto_vacuum = incremental")
            cursor.execute("vacuum")
        cursor.close()
    except sqlite3.Error as problem:
        log.warning("the database could not be written anew: %s", problem)
    finally:
        connection.close()
