"""Other instances that the operator named, which requests they made lately, and which notices they forwarded."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from takeback.audit.note import VerifierKey
from takeback.errors import InputError, NotFound
from takeback.store.tables import instance, instance_nonce, received_notice


@dataclass(frozen=True, slots=True)
class Instance:
    """Another Takeback, by its key."""

    id: int
    public_id: str
    name: str
    url: str
    key: VerifierKey
    sends: bool
    """Notices may be forwarded to it, where a person asks for it."""
    accepts: bool
    """Notices that it forwards are taken."""
    bank_id: int | None
    """The bank that what it forwards fills; None where nothing was ever taken from it."""
    attempts: int
    """How often it did not answer, one after another."""
    problem: str | None
    next_at: datetime | None
    """When it is asked again, where it did not answer."""
    created_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewInstance:
    """What an operator says of another instance."""

    name: str
    url: str
    key: VerifierKey
    key_id: str
    sends: bool
    accepts: bool


@dataclass(frozen=True, slots=True)
class ReceivedNotice:
    """A notice that another instance forwarded."""

    id: int
    instance_id: int
    reference: str
    laws: tuple[str, ...]
    names: tuple[str, ...]
    """Of its pictures."""
    received_at: datetime
    ended_at: datetime | None


class InstanceStore:
    """Keeps who may forward, to whom, and what came."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewInstance, bank_id: int | None, at: datetime) -> Instance:
        """Add an instance; `InputError` where its name or key is another's."""
        taken = instance.c.removed_at.is_(None) & ((instance.c.name == new.name) | (instance.c.key_id == new.key_id))
        if self._connection.execute(select(instance.c.id).where(taken)).first():
            raise InputError(
                "There is an instance of this name or key already.", advice="`takeback instance list` shows them."
            )
        public_id = secrets.token_hex(16)
        values = {
            "public_id": public_id, "name": new.name, "url": new.url, "key": str(new.key),
            "key_id": new.key_id, "sends": new.sends, "accepts": new.accepts, "bank_id": bank_id, "attempts": 0,
            "created_at": at,
        }  # fmt: skip
        self._connection.execute(insert(instance).values(values))
        return self.by_public_id(public_id)

    def change(self, instance_id: int, **columns: object) -> Instance:
        """Set columns of an instance, such as `sends`."""
        self._connection.execute(update(instance).where(instance.c.id == instance_id).values(**columns))
        return self.by_id(instance_id)

    def remove(self, found: Instance, at: datetime) -> None:
        """Let an instance be gone. Its name and its bank are free; the row stays for what it has to confirm."""
        name = f"{found.name[:20]} {found.public_id}"
        self.change(found.id, name=name, sends=False, accepts=False, bank_id=None, removed_at=at)
        self._connection.execute(delete(instance_nonce).where(instance_nonce.c.instance_id == found.id))
        self._connection.execute(delete(received_notice).where(received_notice.c.instance_id == found.id))

    def all(self) -> list[Instance]:
        """Return those that are not removed, by name."""
        query = select(instance).where(instance.c.removed_at.is_(None)).order_by(instance.c.name)
        return [_instance(row) for row in self._connection.execute(query)]

    def sent_to(self) -> list[Instance]:
        """Return those that notices may be forwarded to, by name."""
        return [each for each in self.all() if each.sends]

    def by_id(self, instance_id: int) -> Instance:
        """Return one, also one that is removed; `NotFound` where there is none."""
        return _found(self._connection.execute(select(instance).where(instance.c.id == instance_id)).first())

    def by_public_id(self, public_id: str) -> Instance:
        """Return one that is not removed; `NotFound` where there is none."""
        mine = (instance.c.public_id == public_id, instance.c.removed_at.is_(None))
        return _found(self._connection.execute(select(instance).where(*mine)).first())

    def by_key_id(self, key_id: str) -> Instance | None:
        """Return one that is not removed by how a signature names its key; None where there is none."""
        mine = (instance.c.key_id == key_id, instance.c.removed_at.is_(None))
        row = self._connection.execute(select(instance).where(*mine)).first()
        return None if row is None else _instance(row)

    def of_bank(self, bank_id: int) -> Instance | None:
        """Return the instance whose notices fill a bank; None where none does."""
        row = self._connection.execute(select(instance).where(instance.c.bank_id == bank_id)).first()
        return None if row is None else _instance(row)

    # What it asks

    def remember_nonce(self, instance_id: int, nonce: str, at: datetime) -> bool:
        """Write down that a request was made; False where it was made before."""
        row = {"instance_id": instance_id, "nonce": nonce, "at": at}
        adding = upsert(instance_nonce).values(row).on_conflict_do_nothing(index_elements=["instance_id", "nonce"])
        return bool(self._connection.execute(adding).rowcount)

    def forget_nonces(self, before: datetime) -> None:
        """Forget the requests that are too old to be taken again."""
        self._connection.execute(delete(instance_nonce).where(instance_nonce.c.at < before))

    def forget_ended(self, ended_before: datetime) -> None:
        """Forget the notices that ended before a moment."""
        self._connection.execute(delete(received_notice).where(received_notice.c.ended_at < ended_before))

    def asked_since(self, instance_id: int, since: datetime) -> int:
        """Return how many requests an instance made since a moment."""
        mine = (instance_nonce.c.instance_id == instance_id, instance_nonce.c.at >= since)
        return int(self._connection.execute(select(func.count()).where(*mine)).scalar_one())

    # What it forwarded

    def received(self, instance_id: int, reference: str) -> ReceivedNotice | None:
        """Return the notice of a reference; None where there is none."""
        mine = (received_notice.c.instance_id == instance_id, received_notice.c.reference == reference)
        row = self._connection.execute(select(received_notice).where(*mine)).first()
        return None if row is None else _received(row)

    def receive(
        self, instance_id: int, reference: str, laws: Sequence[str], names: Sequence[str], at: datetime
    ) -> ReceivedNotice:
        """Write down a notice, or what it names now; when it came first stays."""
        now = {"laws": list(laws), "names": list(names), "asked_at": at}
        adding = upsert(received_notice).values(
            {"instance_id": instance_id, "reference": reference, "received_at": at, **now}
        )
        self._connection.execute(
            adding.on_conflict_do_update(index_elements=["instance_id", "reference"], set_=now)
        )  # fmt: skip
        found = self.received(instance_id, reference)
        assert found is not None
        return found

    def asked_about(self, notice_id: int, at: datetime) -> None:
        """Write down that an instance asked about a notice of its."""
        self._connection.execute(update(received_notice).where(received_notice.c.id == notice_id).values(asked_at=at))

    def unasked(self, before: datetime, most: int) -> list[ReceivedNotice]:
        """Return notices that have not ended, and that nobody asked about since a moment."""
        left = (received_notice.c.ended_at.is_(None), received_notice.c.asked_at < before)
        rows = self._connection.execute(select(received_notice).where(*left).limit(most))
        return [_received(row) for row in rows]

    def end_received(self, notice_id: int, at: datetime) -> None:
        """Let a notice have ended, for good."""
        mine = received_notice.c.id == notice_id
        self._connection.execute(update(received_notice).where(mine).values(ended_at=at))

    def count_received(self, instance_id: int) -> int:
        """Return how many notices of an instance have not ended."""
        mine = (received_notice.c.instance_id == instance_id, received_notice.c.ended_at.is_(None))
        return int(self._connection.execute(select(func.count()).where(*mine)).scalar_one())


def _found(row: Row[tuple[object, ...]] | None) -> Instance:
    if row is None:
        raise NotFound("There is no such instance.", advice="`takeback instance list` shows those that there are.")
    return _instance(row)


def _received(row: Row[tuple[object, ...]]) -> ReceivedNotice:
    return ReceivedNotice(
        row.id, row.instance_id, row.reference, tuple(row.laws), tuple(row.names), row.received_at, row.ended_at
    )


def _instance(row: Row[tuple[object, ...]]) -> Instance:
    return Instance(
        row.id, row.public_id, row.name, row.url, VerifierKey.parse(row.key), row.sends, row.accepts, row.bank_id,
        row.attempts, row.problem, row.next_at, row.created_at, row.removed_at,
    )  # fmt: skip
