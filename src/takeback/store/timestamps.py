"""Timestamps of the public log, and how each authority fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.audit.checkpoint import LogCheckpoint
from takeback.store.tables import log_timestamp, timestamp_authority


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A head of the log that an authority stamped."""

    authority: str
    size: int
    checkpoint: str
    """The three lines that were stamped."""
    token: bytes
    at: datetime
    is_verified: bool


class TimestampStore:
    """Keeps timestamps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, authority: str, head: LogCheckpoint, token: bytes, *, at: datetime, is_verified: bool) -> None:
        """Keep what an authority signed of a head."""
        self._connection.execute(
            insert(log_timestamp).values(
                authority=authority, origin=head.origin, size=head.size, checkpoint=head.text(), token=token, at=at,
                verified=is_verified,
            )
        )  # fmt: skip

    def last_size(self, authority: str, origin: str) -> int:
        """Return the size of the newest head that an authority stamped of a log; 0 for none."""
        query = select(func.max(log_timestamp.c.size))
        query = query.where(log_timestamp.c.authority == authority, log_timestamp.c.origin == origin)
        return int(self._connection.execute(query).scalar() or 0)

    def last(self, authority: str, origin: str) -> Timestamp | None:
        """Return the newest stamp of an authority."""
        query = select(log_timestamp).where(log_timestamp.c.authority == authority, log_timestamp.c.origin == origin)
        row = self._connection.execute(query.order_by(log_timestamp.c.size.desc()).limit(1)).first()
        return None if row is None else _found(row)

    def above(self, origin: str, number: int) -> list[Timestamp]:
        """Return, of each authority, the first stamp of a head under which the entry `number` stands."""
        firsts = (
            select(log_timestamp.c.authority, func.min(log_timestamp.c.size).label("size"))
            .where(log_timestamp.c.origin == origin, log_timestamp.c.size > number)
            .group_by(log_timestamp.c.authority)
            .subquery()
        )
        same = (log_timestamp.c.authority == firsts.c.authority) & (log_timestamp.c.size == firsts.c.size)
        query = select(log_timestamp).join(firsts, same).where(log_timestamp.c.origin == origin)
        return [_found(row) for row in self._connection.execute(query.order_by(log_timestamp.c.id))]

    def tried(self, authority: str, problem: str | None, at: datetime) -> None:
        """Note how the last try with an authority went."""
        values = {"tried_at": at, "problem": problem}
        changed = update(timestamp_authority).where(timestamp_authority.c.url == authority).values(**values)
        if not self._connection.execute(changed).rowcount:
            self._connection.execute(insert(timestamp_authority).values(url=authority, **values))

    def problem(self, authority: str) -> str | None:
        """Return why the last try with an authority failed; None where it did not."""
        query = select(timestamp_authority.c.problem).where(timestamp_authority.c.url == authority)
        found: str | None = self._connection.execute(query).scalar()
        return found


def _found(row: Row[tuple[object, ...]]) -> Timestamp:
    return Timestamp(row.authority, row.size, row.checkpoint, row.token, row.at, row.verified)
