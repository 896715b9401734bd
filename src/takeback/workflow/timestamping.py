"""Heads of the public log are stamped by authorities that the operator names: they see a digest, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.timestamp import Stamp, StampQuery, query_about, read_roots
from takeback.config import Settings
from takeback.errors import BadSetting
from takeback.store import Store
from takeback.store.timestamps import Timestamp


@dataclass(frozen=True, slots=True)
class ToStamp:
    """A question that is to be sent to an authority."""

    authority: str
    head: LogCheckpoint
    query: StampQuery


@dataclass(frozen=True, slots=True)
class Authority:
    """How one authority fares."""

    url: str
    last: Timestamp | None
    problem: str | None


def to_stamp(store: Store, authorities: Sequence[str], *, every: int) -> list[ToStamp]:
    """Return a question for each authority whose last stamp is `every` entries of the log ago, or which has none."""
    with store.read() as tx:
        if not authorities or not tx.public_log.has_begun() or not tx.public_log.size():
            return []
        head = tx.public_log.head()
        last = {url: tx.timestamps.last_size(url, head.origin) for url in authorities}
    due = [url for url in authorities if not last[url] or head.size - last[url] >= every]
    return [ToStamp(url, head, query_about(head)) for url in due]


def take_stamp(store: Store, asked: ToStamp, stamp: Stamp, *, at: datetime) -> None:
    """Keep a stamp; of a log that began anew meanwhile it says nothing any more."""
    with store.write() as tx:
        if tx.public_log.origin() == asked.head.origin:
            tx.timestamps.add(asked.authority, asked.head, stamp.token, at=stamp.at, is_verified=stamp.is_verified)
        tx.timestamps.tried(asked.authority, None, at)


def take_silence(store: Store, asked: ToStamp, problem: str, *, at: datetime) -> None:
    """Note why an authority gave no stamp. The log goes on without."""
    with store.write() as tx:
        tx.timestamps.tried(asked.authority, problem, at)


def authorities_of(store: Store, urls: Sequence[str]) -> list[Authority]:
    """Say how each authority fares with the present log."""
    with store.read() as tx:
        origin = tx.public_log.origin() if tx.public_log.has_begun() else ""
        return [Authority(url, tx.timestamps.last(url, origin), tx.timestamps.problem(url)) for url in urls]


def roots_of(settings: Settings) -> list[Certificate]:
    """Return the certificates under which stamps are verified; none where the setting is empty."""
    return roots_in(Path(settings.timestamp_roots)) if settings.timestamp_roots else []


def roots_in(path: Path) -> list[Certificate]:
    """Return the certificates in a file; `BadSetting` where it holds none."""
    try:
        return read_roots(path.expanduser().read_bytes())
    except OSError as problem:
        raise BadSetting(f"The file {path} with root certificates cannot be read.") from problem
