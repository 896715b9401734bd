"""Public keys of the people to whom her words are sealed. Theirs alone are the keys that open them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from takeback.cases.sealed import DeskKey
from takeback.errors import InputError, NotFound
from takeback.store.tables import desk_key


@dataclass(frozen=True, slots=True)
class DeskPerson:
    """One person of the desk, and the key that is theirs."""

    key: DeskKey
    name: str
    created_at: datetime
    retired_at: datetime | None


class DeskKeyStore:
    """Reads and writes the desk's keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, recipient: str, at: datetime) -> DeskPerson:
        """Add a person's key; `InputError` where the name has a key, or the key was ever there."""
        if any(person.name == name for person in self.active()):
            raise InputError(f"{name} has a key already.", advice="Retire that one first, or choose another name.")
        if self._connection.execute(select(desk_key.c.id).where(desk_key.c.recipient == recipient)).first():
            raise InputError("This key was added before.", advice="Make a new one for each person.")
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(desk_key).values(public_id=public_id, name=name, recipient=recipient, created_at=at)
        )
        return next(person for person in self.all() if person.key.id == public_id)

    def all(self) -> list[DeskPerson]:
        """Return every key, oldest first, the retired ones too."""
        return [_person(row) for row in self._connection.execute(select(desk_key).order_by(desk_key.c.id))]

    def active(self) -> list[DeskPerson]:
        """Return the keys to which words may be sealed, oldest first."""
        return [person for person in self.all() if person.retired_at is None]

    def retire(self, public_id: str, at: datetime) -> None:
        """Retire a key: nothing is sealed to it from now on. `NotFound` where there is none that is in use."""
        done = self._connection.execute(
            update(desk_key)
            .where(desk_key.c.public_id == public_id, desk_key.c.retired_at.is_(None))
            .values(retired_at=at)
        )
        if done.rowcount != 1:
            raise NotFound("There is no such key of the desk, or it is retired already.")


def _person(row: Row[tuple[object, ...]]) -> DeskPerson:
    return DeskPerson(DeskKey(row.public_id, row.recipient), row.name, row.created_at, row.retired_at)
