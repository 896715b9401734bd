"""What she and the desk write to each other about a case, under its data key; what is hers may be sealed inside."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from takeback.errors import NotFound
from takeback.store.cases import Case
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import message

_PURPOSE = "message"


class Sender(StrEnum):
    """Who wrote it."""

    PERSON = "person"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as stored."""

    public_id: str
    at: datetime
    sender: Sender
    body: Mapping[str, object]
    """`text`, or `sealed` as `SealedWords.as_json` gives it."""
    sealed_to: tuple[str, ...] | None
    opened_at: datetime | None
    """When someone at the desk first opened one of hers."""


class MessageStore:
    """Reads and writes messages."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(
        self, case: Case, sender: Sender, body: Mapping[str, object], sealed_to: Sequence[str] | None, at: datetime
    ) -> None:
        """Add a message to a case."""
        self._connection.execute(
            insert(message).values(
                public_id=secrets.token_hex(16),
                case_id=case.id,
                at=at,
                sender=sender.value,
                sealed=self._sealed(case, body),
                sealed_to=None if sealed_to is None else list(sealed_to),
            )
        )

    def of_case(self, case: Case) -> list[Message]:
        """Return the messages of a case, oldest first; every caller who shows hers logs it as an event."""
        rows = self._connection.execute(select(message).where(message.c.case_id == case.id).order_by(message.c.id))
        key = self._keyring.data_key(case.key_id) if (found := rows.all()) else b""
        return [_message(row, key) for row in found]

    def count(self, case: Case, sender: Sender) -> int:
        """Return how many messages one side has written."""
        query = select(func.count()).where(message.c.case_id == case.id, message.c.sender == sender.value)
        return int(self._connection.execute(query).scalar_one())

    def unopened(self, case: Case) -> int:
        """Return how many of hers nobody at the desk has opened."""
        hers = (message.c.case_id == case.id, message.c.sender == Sender.PERSON.value, message.c.opened_at.is_(None))
        return int(self._connection.execute(select(func.count()).where(*hers)).scalar_one())

    def mark_opened(self, case: Case, at: datetime) -> None:
        """Remember that someone at the desk opened hers."""
        hers = (message.c.case_id == case.id, message.c.sender == Sender.PERSON.value, message.c.opened_at.is_(None))
        self._connection.execute(update(message).where(*hers).values(opened_at=at))

    def keep(self, case: Case, public_id: str, body: Mapping[str, object], sealed_to: Sequence[str]) -> None:
        """Put the same message, sealed otherwise, in place of one; `NotFound` where the case has none such."""
        done = self._connection.execute(
            update(message)
            .where(message.c.case_id == case.id, message.c.public_id == public_id)
            .values(sealed=self._sealed(case, body), sealed_to=list(sealed_to))
        )
        if done.rowcount != 1:
            raise NotFound("This case has no such message.")

    def erase(self, case: Case) -> None:
        """Erase every message of a case."""
        self._connection.execute(delete(message).where(message.c.case_id == case.id))

    def sealed_to(self) -> Mapping[int, list[tuple[str, ...] | None]]:
        """Return to whom hers are sealed, by the number of the case."""
        rows = self._connection.execute(
            select(message.c.case_id, message.c.sealed_to).where(message.c.sender == Sender.PERSON.value)
        )
        found: dict[int, list[tuple[str, ...] | None]] = {}
        for row in rows:
            found.setdefault(row.case_id, []).append(None if row.sealed_to is None else tuple(row.sealed_to))
        return found

    def _sealed(self, case: Case, body: Mapping[str, object]) -> bytes:
        return seal(self._keyring.data_key(case.key_id), json.dumps(body).encode(), _PURPOSE)


def _message(row: Row[tuple[object, ...]], key: bytes) -> Message:
    body: Mapping[str, object] = json.loads(unseal(key, row.sealed, _PURPOSE))
    sealed_to = None if row.sealed_to is None else tuple(row.sealed_to)
    return Message(row.public_id, row.at, Sender(row.sender), body, sealed_to, row.opened_at)
