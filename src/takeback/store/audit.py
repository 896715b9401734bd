"""The audit log as rows: appended, and attested, in the transaction of the change that it tells of."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.audit.attestation import Attestation, attested
from takeback.audit.event import SALT_BYTES, Event, EventKind, Json
from takeback.audit.log import LogEntry, LogHead, LogTail, append, erase
from takeback.audit.merkle import Frontier
from takeback.store.attestations import AttestationStore
from takeback.store.tables import event, log_head

_HEAD_ID = 1
_BATCH_ROWS = 1_000


class AuditStore:
    """Appends events, erases what they say of a case, and reads the log back."""

    def __init__(self, connection: Connection, head_key: bytes) -> None:
        self._connection = connection
        self._head_key = head_key
        self._known_tail: LogTail | None = None
        self._waiting: list[LogEntry] = []
        self._attested: list[tuple[int, Attestation]] = []

    def append(
        self,
        kind: EventKind,
        *,
        at: datetime,
        actor: str,
        case_id: str | None = None,
        facts: Mapping[str, Json] | None = None,
    ) -> int:
        """
        Append an event and return its index; `LogBroken` where the stored tail was changed.

        A transaction's events are written together (`flush`): a notice that finds hundreds of copies tells
        of each.
        """
        tail = self._tail()
        told = Event(tail.head.size, at, kind, case_id, actor, facts or {})
        self._known_tail, entry = append(tail, told, secrets.token_bytes(SALT_BYTES), self._head_key)
        self._waiting.append(entry)
        self._attested.extend((entry.index, one) for one in attested(told))
        return entry.index

    def flush(self) -> None:
        """Write what was appended. `Store.write` does it before the commit, every reader here before it reads."""
        if self._waiting and self._known_tail is not None:
            self._connection.execute(insert(event), [_columns(entry) for entry in self._waiting])
            self._write(self._known_tail)
            self._waiting.clear()
            AttestationStore(self._connection).add(self._attested)
            self._attested.clear()

    def erase_case(self, case_id: str, limit: int | None = None) -> int:
        """
        Erase what the log says of a case, and what was attested of it, at most `limit` entries (all); return how many.

        Both logs still verify.
        """
        self.flush()
        AttestationStore(self._connection).erase_case(case_id)
        rows = self._connection.execute(select(event).where(event.c.case_id == case_id).limit(limit)).all()
        for row in rows:
            columns = _columns(erase(_entry(row), self._head_key))
            index = columns.pop("index")
            self._connection.execute(update(event).where(event.c["index"] == index).values(**columns))
        return len(rows)

    def entries(self) -> Iterator[LogEntry]:
        """Yield every entry in order, a bounded number in memory."""
        self.flush()
        last = -1
        while True:
            query = select(event).where(event.c["index"] > last).order_by(event.c["index"]).limit(_BATCH_ROWS)
            rows = self._connection.execute(query).all()
            if not rows:
                return
            last = rows[-1]._mapping["index"]
            yield from map(_entry, rows)

    def of_case(self, case_id: str) -> list[LogEntry]:
        """Return the entries of one case in order: its timeline."""
        self.flush()
        rows = self._connection.execute(select(event).where(event.c.case_id == case_id).order_by(event.c["index"]))
        return [_entry(row) for row in rows]

    def last_at(self, case_id: str, kind: EventKind, *, until: datetime) -> datetime | None:
        """Return when an event of a kind was last told of a case, not after `until`; None where it never was."""
        self.flush()
        ours = (event.c.case_id == case_id, event.c.kind == kind.value, event.c.at <= until)
        moment: datetime | None = self._connection.execute(select(func.max(event.c.at)).where(*ours)).scalar_one()
        return moment

    def count_of(self, case_id: str, kind: EventKind, *, actor: str, since: datetime) -> int:
        """Return how often somebody did one thing in a case after `since`."""
        self.flush()
        ours = (event.c.case_id == case_id, event.c.kind == kind.value, event.c.actor == actor, event.c.at > since)
        return int(self._connection.execute(select(func.count()).select_from(event).where(*ours)).scalar_one())

    def head(self) -> LogHead:
        """Return the stored head; that of an empty log before the first event."""
        return self._tail().head

    def _tail(self) -> LogTail:
        if self._known_tail is not None:
            return self._known_tail
        row = self._connection.execute(select(log_head).where(log_head.c.id == _HEAD_ID)).first()
        if row is None:
            return LogTail.empty(self._head_key)
        return LogTail(Frontier.from_bytes(row.frontier), LogHead(row.size, row.root, row.link, row.mac))

    def _write(self, tail: LogTail) -> None:
        values = {
            "size": tail.head.size,
            "root": tail.head.root,
            "link": tail.head.link,
            "mac": tail.head.mac,
            "frontier": tail.frontier.to_bytes(),
        }
        done = self._connection.execute(update(log_head).where(log_head.c.id == _HEAD_ID).values(**values))
        if done.rowcount == 0:
            self._connection.execute(insert(log_head).values(id=_HEAD_ID, **values))


def _columns(entry: LogEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def _entry(row: Row[tuple[object, ...]]) -> LogEntry:
    return LogEntry(
        # A Row is a tuple, whose own `index` method would hide the column.
        row._mapping["index"], row.at, row.kind, row.case_id, row.actor, row.facts, row.salt, row.commitment,
        row.link, row.erasure,
    )  # fmt: skip
