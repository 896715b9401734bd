"""
Which schema the database has, and whether this program can use it.

Alembic, which takes a third of a second to import, is needed only to change a schema: `store/upgrade.py`.
"""

from __future__ import annotations

from importlib import import_module, resources

from sqlalchemy import Engine, inspect, select, text

from takeback.errors import StoreError
from takeback.store.tables import bank

MIGRATIONS = "takeback.store.migrations"
_VERSION_TABLE = "alembic_version"


def newest_revision() -> str:
    """Return the revision that this program's tables are of: the highest number among the migrations."""
    files = (resources.files(MIGRATIONS) / "versions").iterdir()
    return max(file.name[:4] for file in files if file.name[:4].isdigit())


def revision_of(engine: Engine) -> str | None:
    """Return the revision of a database; None where it is empty."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        if not names:
            return None
        if _VERSION_TABLE not in names:
            return "unknown"
        revision = connection.execute(text(f"select version_num from {_VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608
    return "unknown" if revision is None else str(revision)


def holds_data(engine: Engine) -> bool:
    """Whether the database was set up: it has the table of banks, and a bank."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(bank.name):
            return False
        return connection.execute(select(bank.c.id).limit(1)).first() is not None


def create_or_check(engine: Engine) -> None:
    """Make the tables of an empty database; `StoreError` where it is of another revision."""
    current = revision_of(engine)
    if current is None:
        import_module("takeback.store.upgrade").upgrade(engine)
    elif current != newest_revision():
        raise StoreError(
            f"The database is of schema {current}, this program needs {newest_revision()}.",
            advice="Back up, then run `takeback upgrade`; a newer database needs a newer Takeback.",
        )
