"""What is forwarded to other instances: for which case, under which reference, and what was confirmed and answered."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import entry, forwarded_digest, forwarding, instance

_DIGESTS = "forwarded-digest"
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Forwarding:
    """That one instance is asked to look for what a case is about."""

    id: int
    case_id: int | None
    """None where the case is forgotten, and only the end is still to be confirmed."""
    instance_id: int
    reference: str
    """How the instance knows the notice: random, and another for each instance."""
    chosen_at: datetime
    begun_at: datetime | None
    """When something may have arrived there first."""
    confirmed: bytes | None
    """A MAC of what it confirmed last; empty for the end, None where it has confirmed nothing."""
    confirmed_at: datetime | None
    answer: Mapping[str, Any] | None
    answered_at: datetime | None
    problem: str | None
    next_at: datetime | None
    """When it is looked at again; None: when something of its case changes."""

    @property
    def has_ended(self) -> bool:
        """Whether the instance confirmed that it looks no more, or nothing was ever sent there."""
        return self.confirmed == b""


class ForwardingStore:
    """Keeps what is forwarded; the digests of entries for it are sealed under the entries' data keys."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, case_id: int, instance_id: int, at: datetime) -> bool:
        """Let an instance be asked about a case; False where it is already."""
        mine = (forwarding.c.case_id == case_id, forwarding.c.instance_id == instance_id)
        if self._connection.execute(select(forwarding.c.id).where(*mine)).first():
            return False
        values = {"case_id": case_id, "instance_id": instance_id, "reference": _new_reference()}
        self._connection.execute(insert(forwarding).values(**values, chosen_at=at, next_at=at))
        return True

    def of_case(self, case_id: int) -> list[Forwarding]:
        """Return what is forwarded of a case, in the order in which it was chosen."""
        query = select(forwarding).where(forwarding.c.case_id == case_id).order_by(forwarding.c.id)
        return [_forwarding(row) for row in self._connection.execute(query)]

    def by_id(self, forwarding_id: int) -> Forwarding:
        """Return one that there is."""
        return _forwarding(self._connection.execute(select(forwarding).where(forwarding.c.id == forwarding_id)).one())

    def due(self, at: datetime, most: int) -> list[Forwarding]:
        """Return what is to be looked at now, those waiting longest first; none of an instance that did not answer."""
        rests = or_(instance.c.next_at.is_(None), instance.c.next_at <= at)
        query = (
            select(forwarding)
            .join(instance, instance.c.id == forwarding.c.instance_id)
            .where(forwarding.c.next_at <= at, rests)
            .order_by(forwarding.c.next_at, forwarding.c.id)
            .limit(most)
        )
        return [_forwarding(row) for row in self._connection.execute(query)]

    def touch(self, case_id: int, at: datetime) -> None:
        """Have what is forwarded of a case looked at now: something of it changed."""
        self._connection.execute(update(forwarding).where(forwarding.c.case_id == case_id).values(next_at=at))

    def touch_instance(self, instance_id: int, at: datetime) -> None:
        """The same of all that is forwarded to an instance."""
        self._connection.execute(update(forwarding).where(forwarding.c.instance_id == instance_id).values(next_at=at))

    def change(self, forwarding_id: int, **columns: object) -> None:
        """Set columns of one, such as `next_at`."""
        self._connection.execute(update(forwarding).where(forwarding.c.id == forwarding_id).values(**columns))

    def begin_anew(self, forwarding_id: int) -> Forwarding:
        """Give one another reference: what an instance was told to have ended never comes back under its own."""
        fresh = {"begun_at": None, "confirmed": None, "confirmed_at": None, "answer": None, "answered_at": None}
        self.change(forwarding_id, reference=_new_reference(), **fresh)
        return self.by_id(forwarding_id)

    def mac(self, found: Forwarding, content: bytes) -> bytes:
        """Return what is kept of what an instance was sent, so that a change of it is seen."""
        return self._keyring.keyed_receipt(f"forwarding/{found.reference}/{content.hex()}")[:_MAC_BYTES]

    def counts(self, instance_id: int) -> tuple[int, int]:
        """Return how many notices an instance has confirmed to look for, and how many words to it are not confirmed."""
        mine = forwarding.c.instance_id == instance_id
        looks = (forwarding.c.confirmed.is_not(None), func.length(forwarding.c.confirmed) > 0)
        waits = (forwarding.c.begun_at.is_not(None), forwarding.c.problem.is_not(None))
        counted = [
            self._connection.execute(select(func.count()).where(mine, *each)).scalar_one() for each in (looks, waits)
        ]
        return int(counted[0]), int(counted[1])

    # Digests

    def keep_digests(self, entry_id: int, secret: bytes, digests: Sequence[tuple[str, bytes]]) -> None:
        """Seal the digests of an entry, by kind, under its data key."""
        if digests:
            text = json.dumps([[kind, value.hex()] for kind, value in digests])
            values = {"entry_id": entry_id, "sealed": seal(secret, text.encode(), _DIGESTS)}
            self._connection.execute(insert(forwarded_digest).values(values))

    def digests_of(self, entry_id: int) -> list[tuple[str, bytes]]:
        """Open the digests of an entry; none where none are kept, or its key is destroyed."""
        columns = (forwarded_digest.c.sealed, entry.c.key_id)
        query = select(*columns).join(entry, entry.c.id == forwarded_digest.c.entry_id)
        row = self._connection.execute(query.where(forwarded_digest.c.entry_id == entry_id)).first()
        key = None if row is None else self._keyring.data_keys([row.key_id]).get(row.key_id)
        if row is None or key is None:
            return []
        return [(kind, bytes.fromhex(value)) for kind, value in json.loads(unseal(key, row.sealed, _DIGESTS))]


def _new_reference() -> str:
    return secrets.token_hex(16)


def _forwarding(row: Row[tuple[object, ...]]) -> Forwarding:
    return Forwarding(
        row.id, row.case_id, row.instance_id, row.reference, row.chosen_at, row.begun_at, row.confirmed,
        row.confirmed_at, row.answer, row.answered_at, row.problem, row.next_at,
    )  # fmt: skip
