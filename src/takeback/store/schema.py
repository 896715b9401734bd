"""Which schema the database has, and how it came to it (Alembic)."""

from __future__ import annotations

from importlib import resources

from alembic.command import upgrade as alembic_upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from takeback.errors import StoreError


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("takeback.store") / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision that this program's tables are of."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def create_or_check(engine: Engine) -> None:
    """Make the tables of an empty database; refuse one of another revision."""
    with engine.connect() as connection:
        current = revision_of(connection)
        empty = current is None and not inspect(connection).get_table_names()
    if empty:
        upgrade(engine)
    elif current != newest_revision():
        raise StoreError(
            f"The database is of schema {current}, this program needs {newest_revision()}.",
            advice="Back up, then run `takeback upgrade`; a newer database needs a newer Takeback.",
        )


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest revision."""
    with engine.connect() as connection:
        connection.execute(text("begin immediate"))
        alembic_upgrade(_config(connection), "head")
        connection.commit()
