"""Stored items that are somewhat like an entry: to be looked at, then forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from takeback.store.items import Item, item_of
from takeback.store.tables import item, suspicion


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An item, the entry that it is somewhat like, and how often looking at it failed."""

    id: int
    entry_id: int
    item: Item
    attempts: int


class SuspicionStore:
    """Keeps what is to be looked at, and no trace of what was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry_id: int, items: Sequence[Item], at: datetime) -> None:
        """Have items looked at from `at` on."""
        rows = [{"entry_id": entry_id, "item_id": each.id, "attempts": 0, "look_at": at} for each in items]
        if rows:
            self._connection.execute(insert(suspicion), rows)

    def due(self, at: datetime, limit: int) -> list[Suspicion]:
        """Return what is to be looked at now, what waited longest first."""
        query = select(suspicion.c.id.label("suspicion_id"), suspicion.c.entry_id, suspicion.c.attempts, item)
        query = query.join(item, item.c.id == suspicion.c.item_id).where(suspicion.c.look_at <= at)
        return [
            Suspicion(row.suspicion_id, row.entry_id, item_of(row), row.attempts)
            for row in self._connection.execute(query.order_by(suspicion.c.look_at).limit(limit))
        ]

    def postpone(self, found: Suspicion, look_at: datetime) -> None:
        """Look again at another moment."""
        values = {"attempts": found.attempts + 1, "look_at": look_at}
        self._connection.execute(update(suspicion).where(suspicion.c.id == found.id).values(**values))

    def drop(self, found: Suspicion) -> None:
        """Forget one."""
        self._connection.execute(delete(suspicion).where(suspicion.c.id == found.id))
