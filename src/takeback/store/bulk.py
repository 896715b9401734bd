"""Many rows at once, as the driver takes them: for outside lists of a million records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, text

from takeback.store.tables import EPOCH

_MICROSECOND = timedelta(microseconds=1)
_ROOM_KIB = 16_000
_ROOM_PAGES = 16_000
"""Of the write-ahead log, 64 MB, after which this connection writes them back; others do so at a quarter of it."""


def give_room(connection: Connection) -> None:
    """
    Let a connection keep more pages in memory from now on, for as long as its process runs.

    The indexes of a million rows are written all over: with little room each row reads pages and writes them out. And
    what is written again and again is written back from the log more rarely.
    """
    connection.exec_driver_sql(f"pragma cache_size = -{_ROOM_KIB}").close()
    connection.exec_driver_sql(f"pragma wal_autocheckpoint = {_ROOM_PAGES}").fetchall()


def next_ids(connection: Connection, table: Table, count: int) -> range:
    """
    Return the ids of the next `count` rows of a table, inside the transaction that inserts them.

    None of them was ever used: SQLite keeps the highest of a table with AUTOINCREMENT (sqlite.org/autoinc.html).
    """
    last = connection.execute(text("select seq from sqlite_sequence where name = :name"), {"name": table.name})
    first = int(last.scalar_one_or_none() or 0) + 1
    return range(first, first + count)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of values as they are stored, in the order of `columns`."""
    if rows:
        connection.exec_driver_sql(_inserting(table, columns), list(rows))


def replace_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *,
    unique: Sequence[str],
) -> None:  # fmt: skip
    """Insert rows, each in place of the one that has the same values in the columns `unique`."""
    if rows:
        changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in unique)
        adding = _inserting(table, columns)
        connection.exec_driver_sql(f"{adding} on conflict ({', '.join(unique)}) do update set {changed}", list(rows))


def stored_moment(at: datetime | None) -> int | None:
    """Return a moment as it is stored (`takeback.store.tables.Moment`)."""
    return None if at is None else (at - EPOCH) // _MICROSECOND


def _inserting(table: Table, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"insert into {table.name} ({', '.join(columns)}) values ({marks})"  # noqa: S608 (our own names)
