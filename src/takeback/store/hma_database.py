"""
HMA's own database, as it is read to move it: one consistent view, and nothing is written.

The tables are those of Hasher-Matcher-Actioner 1.0 to 1.1.7 (PostgreSQL); columns that only newer versions have are
read where they are there. What is pickled in it (`exchange_data`, the indexes) is never opened: that would run it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from itertools import groupby
from typing import Any

from takeback.errors import BadSetting, InputError, OutsideError

_ROWS_AT_ONCE = 2_000
_NEEDED = {
    "bank": ("id", "name", "enabled_ratio", "import_from_exchange_id"),
    "bank_content": ("id", "bank_id", "imported_from_id", "disable_until_ts", "original_content_uri"),
    "content_signal": ("content_id", "signal_type", "signal_val"),
    "exchange": ("id", "name", "api_cls", "fetching_enabled", "typed_config"),
    "exchange_api_config": ("api", "default_credentials_json"),
}


@dataclass(frozen=True, slots=True)
class TheirBank:
    """A bank of HMA's, and which exchange fills it."""

    name: str
    enabled_ratio: float
    exchange: str | None


@dataclass(frozen=True, slots=True)
class TheirExchange:
    """An exchange of HMA's, and its credentials, which lie open there."""

    name: str
    api: str
    enabled: bool
    config: Mapping[str, Any]
    credentials: Mapping[str, Any] | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class TheirContent:
    """One content: its number and bank, and its signals by type."""

    number: int
    bank: str
    is_exchanged: bool
    """Whether an exchange brought it, and not the operator."""
    disable_until: int
    original_uri: str | None
    metadata: Mapping[str, Any] | None
    note: str | None
    signals: Mapping[str, str] = field(repr=False)


class HmaDatabase:
    """One view of it, for as long as it is open."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._columns = self._read_columns()

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator[HmaDatabase]:
        """
        Open it for a `with` block; `url` may be in HMA's own spelling (`postgresql+psycopg2://…`).

        `OutsideError` where it does not answer, `InputError` where it is no database of HMA's, `BadSetting` without the
        extra that reads it.
        """
        psycopg = _psycopg()
        scheme, colon, rest = url.partition("://")
        if colon and scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise InputError("HMA's database is a PostgreSQL.", advice="Write postgresql://hma@host/media_match.")
        try:
            with psycopg.connect(f"{scheme.partition('+')[0]}{colon}{rest}") as connection:
                # What is read is as it was at one moment, however long it takes (SET TRANSACTION, PostgreSQL manual).
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                yield cls(connection)
                connection.rollback()
        except psycopg.Error as problem:
            reason = str(problem).strip().partition("\n")[0] or type(problem).__name__
            raise OutsideError(
                f"HMA's database refused: {reason}.", advice="Check its address, and who you are."
            ) from (problem)

    def origin(self) -> str:
        """Return by what this database is known, so that nothing of it is moved twice: 32 hexadecimal digits."""
        row = self._one(
            "select (select system_identifier from pg_control_system()) as system, oid from pg_database "
            "where datname = current_database()"
        )
        return sha256(f"{row[0]}/{row[1]}".encode()).hexdigest()[:32]

    def banks(self) -> list[TheirBank]:
        """Return every bank, oldest first."""
        rows = self._all(
            "select bank.name, bank.enabled_ratio, exchange.name from bank "
            "left join exchange on exchange.id = bank.import_from_exchange_id order by bank.id"
        )
        return [TheirBank(*row) for row in rows]

    def exchanges(self) -> list[TheirExchange]:
        """Return every exchange, oldest first; what HMA keeps twice of its settings is read once."""
        own = "credentials_json" if "credentials_json" in self._columns["exchange"] else "null"
        # Both are names of columns of ours.
        rows = self._all(
            f"select name, api_cls, fetching_enabled, typed_config, {own} from exchange order by id"  # noqa: S608
        )
        shared = dict(self._all("select api, default_credentials_json from exchange_api_config"))
        return [
            TheirExchange(
                name,
                api,
                enabled,
                {key: value for key, value in config.items() if key not in ("name", "api", "enabled")},
                credentials or shared.get(api) or None,
            )
            for name, api, enabled, config, credentials in rows
        ]

    def count(self) -> int:
        """Return how many contents there are."""
        return int(self._one("select count(*) from bank_content")[0])

    def contents(self) -> Iterator[TheirContent]:
        """Yield every content by its number, in batches of bounded memory."""
        there = self._columns["bank_content"]
        metadata, note = (
            f"bank_content.{name}" if name in there else "null" for name in ("bank_content_metadata", "note")
        )
        query = (
            "select bank_content.id, bank.name, bank_content.imported_from_id is not null, "  # noqa: S608 (columns of ours)
            f"bank_content.disable_until_ts, bank_content.original_content_uri, {metadata}, {note}, "
            "content_signal.signal_type, content_signal.signal_val from bank_content "
            "join bank on bank.id = bank_content.bank_id "
            "left join content_signal on content_signal.content_id = bank_content.id "
            "order by bank_content.id, content_signal.signal_type"
        )
        with self._connection.cursor(name="contents") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(query)
            for _, rows in groupby(cursor, key=lambda row: row[0]):
                every = list(rows)
                number, bank, is_exchanged, disable_until, uri, told, written = every[0][:7]
                signals = {row[7]: row[8] for row in every if row[7] is not None}
                yield TheirContent(number, bank, is_exchanged, disable_until, uri, told, written, signals)

    def _read_columns(self) -> Mapping[str, frozenset[str]]:
        rows = self._all(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = any (current_schemas(false))"
        )
        found = {table: frozenset(name for of, name in rows if of == table) for table in _NEEDED}
        for table, needed in _NEEDED.items():
            if not found[table].issuperset(needed):
                raise InputError(
                    f"This is no database of HMA's: its table {table} is not there, or is another.",
                    advice="Name the database of HMA's DATABASE_URI; its schema is upgraded with `flask db upgrade`.",
                )
        return found

    def _all(self, query: str) -> list[Any]:
        with self._connection.cursor() as cursor:
            return list(cursor.execute(query).fetchall())

    def _one(self, query: str) -> Any:
        return self._all(query)[0]


def _psycopg() -> Any:
    try:
        return import_module("psycopg")
    except ImportError as problem:
        raise BadSetting(
            "What reads a PostgreSQL is not installed.", advice="Run `pip install 'takeback[hma]'`."
        ) from problem
