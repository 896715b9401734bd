"""
Backup and restore of a data directory.

A backup is a folder: `takeback-<moment>.db` for each backup made into it, one `keys.db` that every
backup overwrites, and one `withdrawals.journal`. The key store has no history on purpose: a data key
that was destroyed since is in no later copy of it, so what an older database file still holds under that
key is erased too. Nothing in the folder opens without the master key, which is never in it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from takeback.errors import BadSetting, NotFound, StoreError
from takeback.store.database import DATABASE_NAME, KEYS_NAME
from takeback.store.journal import sync

JOURNAL_NAME = "withdrawals.journal"
_PREFIX = "takeback-"


@dataclass(frozen=True, slots=True)
class BackupMade:
    """What a backup wrote."""

    database: Path
    keys: Path
    journal: Path | None


def back_up(data: Path, journal: Path, folder: Path, *, at: datetime) -> BackupMade:
    """
    Copy a data directory, also of a running service, into `folder`; each file appears whole or not at all.

    The database is copied by SQLite's own online backup, in one consistent state. `StoreError` where the
    disk fails, `NotFound` where there is no data.
    """
    if not (data / DATABASE_NAME).exists():
        raise NotFound(f"There is no database in {data}.", advice="Name the data directory with --data.")
    if folder.resolve().is_relative_to(data.resolve()):
        raise BadSetting("A backup inside the data directory is lost with it.", advice="Name another folder.")
    with _disk("written"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # 1. The database first: every key that it needs is made before the row that needs it, so is in 2.
        database = folder / f"{_PREFIX}{at.astimezone(UTC):%Y%m%dT%H%M%S_%fZ}.db"
        _copy_database(data / DATABASE_NAME, database)
        # 2. The present keys, over the former ones.
        keys = folder / KEYS_NAME
        _copy_database(data / KEYS_NAME, keys)
        # 3. What was withdrawn, so that a restore does not bring it back.
        kept = None
        if journal.exists():
            kept = folder / JOURNAL_NAME
            _copy_file(journal, kept)
    return BackupMade(database, keys, kept)


def restore(folder: Path, data: Path, journal: Path, *, database: Path | None = None) -> Path:
    """
    Put a backup into a data directory that holds no data; return the database file that was taken.

    `database` chooses one of several; the newest otherwise. The journal already at `journal`, if it is
    longer, stays: it knows of later withdrawals. The service finishes them at its next start.
    """
    if any((data / name).exists() for name in (DATABASE_NAME, KEYS_NAME)):
        raise BadSetting(f"{data} holds data already.", advice="Restore into a new directory; nothing was changed.")
    chosen = database or max(folder.glob(f"{_PREFIX}*.db"), default=None)
    if chosen is None or not chosen.exists() or not (folder / KEYS_NAME).exists():
        raise NotFound(f"There is no whole backup in {folder}.", advice="A backup has a database file and keys.db.")
    with _disk("restored"):
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        # 1. Keys and journal first: a restore that is cut short leaves no database that would start.
        _copy_file(folder / KEYS_NAME, data / KEYS_NAME)
        _merge_journal(folder / JOURNAL_NAME, journal)
        _copy_file(chosen, data / DATABASE_NAME)
    return chosen


def _merge_journal(kept: Path, journal: Path) -> None:
    """Add the backup's withdrawals to those that are already known; a line's order does not matter."""
    known = journal.read_bytes() if journal.exists() else b""
    backed_up = kept.read_bytes() if kept.exists() else b""
    lines = dict.fromkeys([*backed_up.splitlines(), *known.splitlines()])
    merged = b"".join(line + b"\n" for line in lines if line)
    if merged and merged != known:
        journal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_whole(journal, merged)


def _copy_database(source: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(part)) as copy,
    ):
        origin.backup(copy)
        copy.execute("pragma journal_mode = delete").fetchall()
    _put(part, target)


def _copy_file(source: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    _put(part, target)


def _write_whole(target: Path, data: bytes) -> None:
    part = target.with_suffix(".part")
    part.write_bytes(data)
    _put(part, target)


def _put(part: Path, target: Path) -> None:
    """Let a finished file take its place, durably and whole."""
    part.chmod(0o600)
    sync(part)
    part.replace(target)
    sync(target.parent)


@contextmanager
def _disk(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise StoreError(f"The backup could not be {what}: {reason}.") from problem
