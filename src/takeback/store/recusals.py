"""Who does not decide a case, because they are party to it, or close to someone who is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from takeback.store.tables import recusal


class RecusalStore:
    """Reads and writes recusals; none is ever taken back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, case_id: int, actor: str, at: datetime) -> bool:
        """Remember that `actor` does not decide a case; return whether that is new."""
        if actor in self.of_case(case_id):
            return False
        self._connection.execute(insert(recusal).values(case_id=case_id, actor=actor, at=at))
        return True

    def of_case(self, case_id: int) -> list[str]:
        """Return who does not decide a case, first said first."""
        query = select(recusal.c.actor).where(recusal.c.case_id == case_id).order_by(recusal.c.at, recusal.c.actor)
        return [str(row.actor) for row in self._connection.execute(query)]
