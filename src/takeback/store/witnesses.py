"""Witnesses of our log, and logs of others that are witnessed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.note import VerifierKey
from takeback.audit.witness import WitnessedLog
from takeback.errors import NotFound
from takeback.store.tables import witness, witnessed_log


@dataclass(frozen=True, slots=True)
class Witness:
    """A service that signs the head of our log."""

    key: VerifierKey
    url: str
    size: int
    """Size of the head that it signed last."""
    signed_at: datetime | None
    problem: str | None
    """Why it did not sign the last time."""


class WitnessStore:
    """Who watches whom."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: VerifierKey, url: str) -> None:
        """Ask this witness from now on."""
        self.remove(key)
        self._connection.execute(insert(witness).values(key=str(key), url=url, size=0))

    def remove(self, key: VerifierKey) -> bool:
        """Ask this witness no more; whether it was asked."""
        return bool(self._connection.execute(delete(witness).where(witness.c.key == str(key))).rowcount)

    def all(self) -> list[Witness]:
        """Return every witness."""
        return [_witness(row) for row in self._connection.execute(select(witness).order_by(witness.c.key))]

    def signed(self, key: VerifierKey, size: int, at: datetime) -> None:
        """Note that a witness signed the head of this size."""
        values = {"size": size, "signed_at": at, "problem": None}
        self._connection.execute(update(witness).where(witness.c.key == str(key)).values(**values))

    def refused(self, key: VerifierKey, problem: str, *, size: int | None = None) -> None:
        """Note why a witness did not sign; `size` where it said which head it signed last."""
        values: dict[str, object] = {"problem": problem} | ({} if size is None else {"size": size})
        self._connection.execute(update(witness).where(witness.c.key == str(key)).values(**values))

    def forget_sizes(self) -> None:
        """Forget what witnesses signed: a log that begins anew is another log to them."""
        self._connection.execute(update(witness).values(size=0))

    def watch(self, key: VerifierKey) -> None:
        """Witness a log of that name and key; its last head stays, where it is known."""
        done = self._connection.execute(
            update(witnessed_log).where(witnessed_log.c.origin == key.name).values(key=str(key))
        )
        if not done.rowcount:
            self._connection.execute(insert(witnessed_log).values(origin=key.name, key=str(key), size=0, root=b""))

    def unwatch(self, origin: str) -> bool:
        """Witness this log no more; whether it was witnessed."""
        return bool(self._connection.execute(delete(witnessed_log).where(witnessed_log.c.origin == origin)).rowcount)

    def watched(self, origin: str) -> WitnessedLog | None:
        """Return a log that is witnessed here."""
        row = self._connection.execute(select(witnessed_log).where(witnessed_log.c.origin == origin)).first()
        return None if row is None else WitnessedLog(VerifierKey.parse(row.key), row.size, row.root)

    def all_watched(self) -> list[tuple[WitnessedLog, datetime | None]]:
        """Return every log that is witnessed here, and when its head was signed last."""
        rows = self._connection.execute(select(witnessed_log).order_by(witnessed_log.c.origin))
        return [(WitnessedLog(VerifierKey.parse(row.key), row.size, row.root), row.signed_at) for row in rows]

    def keep(self, head: LogCheckpoint, note: str, at: datetime) -> None:
        """Keep the head that is signed now, before it is answered."""
        values = {"size": head.size, "root": head.root, "note": note, "signed_at": at}
        done = self._connection.execute(
            update(witnessed_log).where(witnessed_log.c.origin == head.origin).values(**values)
        )
        if not done.rowcount:
            raise NotFound("This log is not witnessed here.")


def _witness(row: Row[tuple[object, ...]]) -> Witness:
    return Witness(VerifierKey.parse(row.key), row.url, row.size, row.signed_at, row.problem)
