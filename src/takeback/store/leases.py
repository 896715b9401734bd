"""Who does the work that only one process may do."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, or_, select, update

from takeback.store.tables import lease

JOBS = "jobs"
"""The lease of whoever delivers, fetches and reconciles; held as long as a service runs."""
LISTS = "lists"
"""The lease of whoever fetches outside lists."""


class LeaseStore:
    """Named leases: taken, kept by renewing, lost by silence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, *, at: datetime, for_seconds: float) -> bool:
        """Take or renew a lease; False while another holder's has not run out."""
        until_at = at + timedelta(seconds=for_seconds)
        done = self._connection.execute(
            update(lease)
            .where(lease.c.name == name, or_(lease.c.holder == holder, lease.c.until_at <= at))
            .values(holder=holder, until_at=until_at)
        )
        if done.rowcount:
            return True
        if self._connection.execute(select(lease.c.name).where(lease.c.name == name)).first():
            return False
        self._connection.execute(insert(lease).values(name=name, holder=holder, until_at=until_at))
        return True

    def give_up(self, name: str, holder: str) -> None:
        """Give a lease back."""
        self._connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
