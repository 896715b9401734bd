"""The schema: made by the migrations alone, checked at each start, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from takeback.errors import StoreError
from takeback.store import Keyring, MasterKey, Store, tables
from takeback.store.database import sqlite_url
from takeback.store.schema import newest_revision, revision_of
from takeback.store.upgrade import upgrade


def test_the_migrations_make_exactly_the_tables_of_the_program() -> None:
    engine = create_engine("sqlite://")
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    assert revision_of(engine) == newest_revision()
    engine.dispose()


@pytest.mark.parametrize("revision", ["9999", "0000"])
def test_a_database_of_another_schema_is_refused_with_what_to_do(store: Store, data: Path, revision: str) -> None:
    with store.write() as tx:
        tx.connection.execute(text(f"update alembic_version set version_num = '{revision}'"))
    with pytest.raises(StoreError, match=revision) as raised:
        Store.open(sqlite_url(data), Keyring(MasterKey(bytes(range(32))), data / "keys.db"))
    assert "takeback upgrade" in raised.value.advice


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "takeback.db").write_bytes(b"this is a letter, not a database. " * 200)
    with pytest.raises(StoreError):
        Store.open(sqlite_url(tmp_path), Keyring(MasterKey(bytes(32)), tmp_path / "keys.db"))


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    engine = create_engine(sqlite_url(tmp_path))
    with engine.connect() as connection:
        connection.execute(text("create table theirs (id integer)"))
        connection.commit()
    engine.dispose()
    with pytest.raises(StoreError, match="schema unknown"):
        Store.open(sqlite_url(tmp_path), Keyring(MasterKey(bytes(32)), tmp_path / "keys.db"))
