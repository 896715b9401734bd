"""The public log as rows: its entries, the full subtrees above them, and what witnesses signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.merkle import node_hash
from takeback.audit.period import Period
from takeback.audit.proof import tree_root
from takeback.errors import LogBroken, NotFound
from takeback.store.tables import cosignature, log_node, period, public_log

_ID = 1
_BATCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """An entry and, beside it, how long the audit log was: which is told to nobody."""

    number: int
    period: Period
    audit_size: int


class PublicLogStore:
    """Appends entries and gives the nodes from which proofs are made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def origin(self) -> str:
        """Return what the log is called; `NotFound` before it has begun."""
        query = select(public_log.c.origin).where(public_log.c.id == _ID)
        found: str | None = self._connection.execute(query).scalar()
        if found is None:
            raise NotFound("The public log has no entry yet.", advice="Ask again in a few minutes.")
        return found

    def begin(self, origin: str, at: datetime) -> None:
        """Begin a log of that name, in place of one that there was."""
        for table in (public_log, period, log_node, cosignature):
            self._connection.execute(delete(table))
        self._connection.execute(insert(public_log).values(id=_ID, origin=origin, began_at=at))

    def has_begun(self) -> bool:
        """Whether there is a log."""
        return self._connection.execute(select(public_log.c.id)).first() is not None

    def size(self) -> int:
        """Return how many entries there are."""
        last = self._connection.execute(select(func.max(period.c.number))).scalar()
        return 0 if last is None else last + 1

    def append(self, one: Period, audit_size: int) -> int:
        """Append an entry and the subtrees that it completes; return its number."""
        number = self.size()
        self._connection.execute(
            insert(period).values(
                number=number, until=one.until, attested=one.attested, audit_root=one.audit_log, audit_size=audit_size
            )
        )
        level, place, node = 0, number, one.leaf()
        while place & 1:
            node = node_hash(self.node(level, place - 1), node)
            level, place = level + 1, place >> 1
            self._connection.execute(insert(log_node).values(level=level, number=place, hash=node))
        return number

    def period(self, number: int) -> StoredPeriod:
        """Return an entry; `NotFound` where there is none of this number."""
        row = self._connection.execute(select(period).where(period.c.number == number)).first()
        if row is None:
            raise NotFound("The public log has no such entry.")
        return _stored(row)

    def last(self) -> StoredPeriod | None:
        """Return the newest entry."""
        row = self._connection.execute(select(period).order_by(period.c.number.desc()).limit(1)).first()
        return None if row is None else _stored(row)

    def periods(self) -> Iterator[StoredPeriod]:
        """Yield every entry in order, a bounded number in memory."""
        last = -1
        while True:
            query = select(period).where(period.c.number > last).order_by(period.c.number).limit(_BATCH_ROWS)
            rows = self._connection.execute(query).all()
            if not rows:
                return
            last = rows[-1].number
            yield from map(_stored, rows)

    def node(self, level: int, number: int) -> bytes:
        """Return the root of a full subtree (`audit.proof.Nodes`); `LogBroken` where it is missing."""
        if level == 0:
            return self.period(number).period.leaf()
        query = select(log_node.c.hash).where(log_node.c.level == level, log_node.c.number == number)
        found: bytes | None = self._connection.execute(query).scalar()
        if found is None:
            raise LogBroken("A part of the public log's tree is missing.")
        return found

    def head(self, size: int | None = None) -> LogCheckpoint:
        """Return the head of the log, or that which it had at `size`; `NotFound` for none."""
        origin, whole = self.origin(), self.size()
        size = whole if size is None else size
        if not 0 < size <= whole:
            raise NotFound("The public log never had this size.")
        return LogCheckpoint(origin, size, tree_root(self.node, size))

    def cosign(self, size: int, key: str, line: str) -> None:
        """Keep what a witness signed, the first time."""
        if key not in self.cosignatures(size):
            self._connection.execute(insert(cosignature).values(size=size, key=key, line=line))

    def cosignatures(self, size: int) -> dict[str, str]:
        """Return the lines that witnesses signed below the head of this size, by their keys."""
        rows = self._connection.execute(select(cosignature).where(cosignature.c.size == size))
        return {row.key: row.line for row in rows}

    def cosigned_size(self) -> int | None:
        """Return the size of the newest head that a witness signed."""
        return self._connection.execute(select(func.max(cosignature.c.size))).scalar()


def _stored(row: Row[tuple[object, ...]]) -> StoredPeriod:
    return StoredPeriod(row.number, Period(row.until, row.attested, row.audit_root), row.audit_size)
