"""Bring a database to the newest schema (Alembic)."""

from __future__ import annotations

from importlib import resources

from alembic.command import upgrade as run_upgrade
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from takeback.store.schema import MIGRATIONS


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; the migrations run on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(resources.files(MIGRATIONS)))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Run every migration that the database lacks, all of them or none."""
    with engine.connect() as connection:
        connection.execute(text("begin immediate"))
        run_upgrade(alembic_config(connection), "head")
        connection.commit()
