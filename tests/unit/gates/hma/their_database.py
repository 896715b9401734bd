"""A real PostgreSQL with HMA's tables, as its migrations leave them: the first, and the newest."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_TABLES = """
create table exchange (
    id serial primary key, name varchar(255) not null unique, api_cls varchar(255) not null,
    retain_api_data boolean not null default false, fetching_enabled boolean not null default true,
    retain_data_with_unknown_signal_types boolean not null default false, typed_config json not null);
create table exchange_api_config (
    id serial primary key, api varchar not null unique, default_credentials_json json not null);
create table signal_type_override (
    id serial primary key, name varchar(255) not null unique, enabled_ratio float not null);
create table bank (
    id serial primary key, name varchar(255) not null unique, enabled_ratio float not null,
    import_from_exchange_id integer unique references exchange (id) on delete cascade);
create table exchange_data (
    id serial primary key, collab_id integer not null references exchange (id) on delete cascade,
    fetch_id text not null, pickled_fetch_signal_metadata bytea, fetched_metadata_summary json not null,
    matched boolean not null default false,
    verification_result boolean, unique (collab_id, fetch_id));
create table bank_content (
    id serial primary key, bank_id integer not null references bank (id) on delete cascade,
    imported_from_id integer unique references exchange_data (id) on delete cascade,
    disable_until_ts integer not null, original_content_uri varchar);
create table content_signal (
    content_id integer not null references bank_content (id) on delete cascade, signal_type varchar not null,
    signal_val text not null, create_time timestamptz not null default now(), primary key (content_id, signal_type));
"""
_NEWER = """
alter table bank_content add column bank_content_metadata json, add column note varchar(255);
alter table exchange add column credentials_json json;
"""


class Server:
    """A PostgreSQL that only this machine's own socket reaches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def database(self, *, newest: bool = True) -> TheirDatabase:
        """Make a database with HMA's tables."""
        self._made += 1
        name = f"media_match_{self._made}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        theirs = TheirDatabase(self.url(name))
        theirs.run(_TABLES)
        if newest:
            theirs.run(_NEWER)
        return theirs


@contextmanager
def server() -> Iterator[Server]:
    """Run a PostgreSQL for a `with` block; skips where none is installed (Debian: `postgresql`)."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = programs[-1] if programs else Path(shutil.which("initdb") or "/absent/initdb").parent
    if not (found / "initdb").exists():
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # It refuses to run as root, and its folder has to be reached by whom it runs as.
    user = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    folder = Path(tempfile.mkdtemp(prefix="takeback-pg-"))
    os.chown(folder, user.pw_uid, user.pw_gid)

    def call(*command: str) -> None:
        options = {"user": user.pw_uid, "group": user.pw_gid} if os.getuid() == 0 else {}
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **options)  # type: ignore[call-overload]

    data, settings = str(folder / "data"), f"-k {folder} -c listen_addresses= -c fsync=off"
    try:
        call(str(found / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        call(str(found / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield Server(folder)
        finally:
            call(str(found / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


class TheirDatabase:
    """HMA's database, and how HMA fills it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, sql: str, *values: object) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), values or None)
            return cursor.fetchone() if cursor.description else None

    def exchange(
        self, name: str, api: str, config: Mapping[str, Any] | None = None, *, credentials: Any = None,
        enabled: bool = True,
    ) -> int:  # fmt: skip
        typed = {"name": name, "api": api, "enabled": enabled, **(config or {})}
        (number,) = self.run(
            "insert into exchange (name, api_cls, fetching_enabled, typed_config) values (%s, %s, %s, %s) returning id",
            name, api, enabled, json.dumps(typed),
        )  # fmt: skip
        if credentials is not None:
            self.run("update exchange set credentials_json = %s where id = %s", json.dumps(credentials), number)
        return int(number)

    def bank(self, name: str, ratio: float = 1.0, exchange: int | None = None) -> int:
        columns = "insert into bank (name, enabled_ratio, import_from_exchange_id) values (%s, %s, %s) returning id"
        (number,) = self.run(columns, name, ratio, exchange)
        return int(number)

    def content(
        self, bank: int, *, exchange: int | None = None, number: int | None = None, until: int = 1,
        uri: str | None = None, **signals: str,
    ) -> int:  # fmt: skip
        data = None
        if exchange is not None:
            (data,) = self.run(
                "insert into exchange_data (collab_id, fetch_id, pickled_fetch_signal_metadata, "
                "fetched_metadata_summary) values (%s, gen_random_uuid()::text, %s, '[]') returning id",
                exchange, b"cos\nsystem\n(S'false'\ntR.",
            )  # fmt: skip
        (made,) = self.run(
            "insert into bank_content (id, bank_id, imported_from_id, disable_until_ts, original_content_uri) "
            "values (coalesce(%s, nextval('bank_content_id_seq')), %s, %s, %s, %s) returning id",
            number, bank, data, until, uri,
        )  # fmt: skip
        for kind, value in signals.items():
            self.run(
                "insert into content_signal (content_id, signal_type, signal_val) values (%s, %s, %s)",
                made,
                kind,
                value,
            )
        return int(made)

    def tell(self, content: int, note: str | None, metadata: Any) -> None:
        values = (note, json.dumps(metadata), content)
        self.run("update bank_content set note = %s, bank_content_metadata = %s where id = %s", *values)

    def many(self, bank: int, count: int) -> None:
        """Fill a bank with fingerprints that photographs can have: halves that complement each other."""
        self.run(
            "with made as (insert into bank_content (bank_id, disable_until_ts) "
            "select %s, 1 from generate_series(1, %s) returning id), "
            "half as (select id, md5(id::text) as bits from made) "
            "insert into content_signal (content_id, signal_type, signal_val) "
            "select id, 'pdq', bits || translate(bits, '0123456789abcdef', 'fedcba9876543210') from half",
            bank, count,
        )  # fmt: skip
