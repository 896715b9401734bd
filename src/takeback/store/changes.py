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
    """Fingerprints of an entry or item, or of many, changed: forget the removed keys, read the present ones."""

    seq: int
    owner: Owner
    owner_id: int
    removed: tuple[int, ...]
    """Fingerprint keys that are there no more."""
    last_owner_id: int | None = None
    """Of many that came at once, the last; their ids lie between."""

    @property
    def ids(self) -> range:
        """The ids of the entries or items that it is of."""
        return range(self.owner_id, (self.last_owner_id or self.owner_id) + 1)


class ChangeStore:
    """Appends to the sequence and reads it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.appended = False
        """Whether this transaction has changed something itself: its rows may still be rolled back."""

    def append(self, owner: Owner, owner_id: int, removed: Sequence[int] = ()) -> int:
        """Record a change and return its number: one more than the last, in the same transaction."""
        return self._append(owner, owner_id, None, list(removed))

    def append_new(self, owner: Owner, ids: range) -> None:
        """Record that many came at once, with ids one after the other: one change, however many."""
        if ids:
            self._append(owner, ids[0], ids[-1], [])

    def _append(self, owner: Owner, owner_id: int, last_owner_id: int | None, removed: list[int]) -> int:
        self.appended = True
        found = self._connection.execute(
            update(counter).where(counter.c.name == "seq").values(value=counter.c.value + 1).returning(counter.c.value)
        ).scalar_one_or_none()
        if found is None:
            self._connection.execute(insert(counter).values(name="seq", value=1))
            found = 1
        row = {"owner": owner, "owner_id": owner_id, "last_owner_id": last_owner_id, "removed": removed}
        self._connection.execute(insert(change).values(seq=int(found), **row))
        return int(found)

    def last(self) -> int:
        """Return the number of the newest change; 0 before the first."""
        found = self._connection.execute(select(counter.c.value).where(counter.c.name == "seq")).scalar_one_or_none()
        return int(found or 0)

    def since(self, seq: int) -> list[Change]:
        """Return the changes after `seq`, oldest first."""
        rows = self._connection.execute(_SINCE, {"seq": seq})
        return [Change(row.seq, row.owner, row.owner_id, tuple(row.removed), row.last_owner_id) for row in rows]
