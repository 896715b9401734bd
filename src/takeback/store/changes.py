"""The gapless sequence of changes that every replica follows (design §10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, bindparam, insert, select, update

from takeback.store.tables import change, counter

Owner = Literal["entry", "item"]

# Every search asks this first; a statement that is made once is also compiled once.
_SINCE = select(change).where(change.c.seq > bindparam("seq")).order_by(change.c.seq)


@dataclass(frozen=True, slots=True)
class Change:
    """The fingerprints of one entry or item changed: forget the removed keys, read its present ones."""

    seq: int
    owner: Owner
    owner_id: int
    removed: tuple[int, ...]
    """Fingerprint keys that are there no more."""


class ChangeStore:
    """Appends to the sequence and reads it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.appended = False
        """Whether this transaction has changed something itself: its rows may still be rolled back."""

    def append(self, owner: Owner, owner_id: int, removed: Sequence[int] = ()) -> int:
        """Record a change and return its number: one more than the last, in the same transaction."""
        return self._append([{"owner": owner, "owner_id": owner_id, "removed": list(removed)}])

    def append_all(self, owner: Owner, owner_ids: Sequence[int]) -> None:
        """Record the change of many, of which nothing was removed, each with a number of its own."""
        if owner_ids:
            self._append([{"owner": owner, "owner_id": owner_id, "removed": []} for owner_id in owner_ids])

    def _append(self, rows: Sequence[dict[str, object]]) -> int:
        self.appended = True
        count = len(rows)
        last = self._connection.execute(
            update(counter)
            .where(counter.c.name == "seq")
            .values(value=counter.c.value + count)
            .returning(counter.c.value)
        ).scalar_one_or_none()
        if last is None:
            self._connection.execute(insert(counter).values(name="seq", value=count))
            last = count
        numbered = [{"seq": int(last) - count + number, **row} for number, row in enumerate(rows, start=1)]
        self._connection.execute(insert(change), numbered)
        return int(last)

    def last(self) -> int:
        """Return the number of the newest change; 0 before the first."""
        found = self._connection.execute(select(counter.c.value).where(counter.c.name == "seq")).scalar_one_or_none()
        return int(found or 0)

    def since(self, seq: int) -> list[Change]:
        """Return the changes after `seq`, oldest first."""
        rows = self._connection.execute(_SINCE, {"seq": seq})
        return [Change(row.seq, row.owner, row.owner_id, tuple(row.removed)) for row in rows]
