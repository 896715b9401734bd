"""Bytes that are kept for a put-back: which, of which item, and how each stands; and those that are still to be."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, select, update

from takeback.store.keyring import Keyring
from takeback.store.outbox import Delivery
from takeback.store.seal import seal, unseal
from takeback.store.tables import copy, outbox, quarantine

_PURPOSE = "quarantine/about"


class KeptState(StrEnum):
    """How the bytes of one item stand."""

    WAITING = "waiting"
    """They are to be fetched; the removal waits."""
    ASKED = "asked"
    """They cannot be kept; the removal waits until a person chooses."""
    KEPT = "kept"
    """They lie sealed in their file."""
    WAIVED = "waived"
    """A person chose that it is removed without."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of one item: asked for at its removal, kept once `kept_at` is there, gone once `over_at` is."""

    id: int
    public_id: str
    case_id: int
    copy_id: int
    outbox_id: int | None
    """The removal that waits, or waited, for them; None once there is none to go out."""
    item_key: bytes
    state: KeptState
    file_name: str
    key_id: str | None
    size: int | None
    """In bytes, as the site sent them."""
    attempts: int
    problem: str | None
    """Why they are not kept, or were not the last time."""
    kept_at: datetime | None
    over_at: datetime | None


class QuarantineNames:
    """Says which files there are, and of what size, without a key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def live(self) -> set[str]:
        """Return the names of the files that are there, or may be in a moment."""
        return set(self._connection.execute(select(quarantine.c.file_name).where(_live())).scalars())

    def kept(self) -> set[str]:
        """Return the names of the files that have to be there."""
        query = select(quarantine.c.file_name).where(_live(), quarantine.c.state == KeptState.KEPT.value)
        return set(self._connection.execute(query).scalars())

    def size(self) -> int:
        """Return how many bytes are kept, of all items together."""
        query = select(func.coalesce(func.sum(quarantine.c.size), 0)).where(_live())
        return int(self._connection.execute(query).scalar_one())


class QuarantineStore:
    """Reads and writes what is known of kept bytes; they themselves lie in files (`quarantine_folder`)."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self.names = QuarantineNames(connection)

    def begin(self, case_id: int, removal: Delivery, *, at: datetime) -> None:
        """Have the bytes of an item kept before its removal goes out."""
        self._connection.execute(
            insert(quarantine).values(
                public_id=secrets.token_hex(16),
                case_id=case_id,
                copy_id=removal.copy_id,
                outbox_id=removal.id,
                item_key=removal.item_key,
                state=KeptState.WAITING.value,
                file_name=secrets.token_hex(16),
                asked_at=at,
                next_attempt_at=at,
                attempts=0,
            )
        )

    def due(self, at: datetime, limit: int) -> list[Kept]:
        """Return what is to be fetched now, what waited longest first."""
        query = select(quarantine).where(quarantine.c.next_attempt_at <= at, _live())
        return self._all(query.order_by(quarantine.c.next_attempt_at, quarantine.c.id).limit(limit))

    def by_id(self, kept_id: int) -> Kept:
        """Return one."""
        return _found(self._connection.execute(select(quarantine).where(quarantine.c.id == kept_id)).one())

    def live(self, item_key: bytes) -> Kept | None:
        """Return what is kept of an item, or is to be, or was chosen not to be; None once that is over."""
        found = self._all(select(quarantine).where(quarantine.c.item_key == item_key, _live()))
        return found[-1] if found else None

    def was_asked(self, item_key: bytes) -> bool:
        """Whether bytes of an item were ever to be kept."""
        query = select(quarantine.c.id).where(quarantine.c.item_key == item_key).limit(1)
        return self._connection.execute(query).first() is not None

    def all_live(self, *states: KeptState) -> list[Kept]:
        """Return everything that is not over, oldest first; of some states, or of all."""
        chosen = quarantine.c.state.in_([state.value for state in states or tuple(KeptState)])
        return self._all(select(quarantine).where(_live(), chosen).order_by(quarantine.c.id))

    def of_case(self, case_id: int) -> list[Kept]:
        """Return what was to be kept for a case, oldest first."""
        return self._all(select(quarantine).where(quarantine.c.case_id == case_id).order_by(quarantine.c.id))

    def of_copies(self, case_id: int) -> Mapping[int, Kept]:
        """Return the newest of each copy of a case, whichever case it was begun for."""
        query = (
            select(quarantine, outbox.c.copy_id.label("of"))
            .join(outbox, outbox.c.item_key == quarantine.c.item_key)
            .join(copy, copy.c.id == outbox.c.copy_id)
            .where(copy.c.case_id == case_id)
            .order_by(quarantine.c.id)
        )
        return {row.of: _found(row) for row in self._connection.execute(query)}

    def earliest_due(self, case_id: int) -> datetime | None:
        """Return until when a person has to choose, of a case of which some bytes cannot be kept."""
        query = select(func.min(quarantine.c.due_at)).where(quarantine.c.case_id == case_id, _live())
        found: datetime | None = self._connection.execute(query).scalar()
        return found

    def give_key(self, found: Kept, key_id: str) -> None:
        """Note which data key the bytes are going to be sealed under, before there is a file."""
        self._set(found, key_id=key_id)

    def keep(self, found: Kept, about: Mapping[str, object], size: int, key: bytes, at: datetime) -> None:
        """Note that the file is there; `about` says what it holds, sealed under the same key."""
        sealed = seal(key, json.dumps(about, ensure_ascii=False).encode(), _PURPOSE)
        self._set(
            found, state=KeptState.KEPT.value, sealed=sealed, size=size, kept_at=at, next_attempt_at=None, due_at=None,
            attempts=found.attempts + 1, problem=None,
        )  # fmt: skip

    def about(self, found: Kept) -> Mapping[str, object]:
        """Return what the file holds; `SealBroken` where that does not open, or the key is gone."""
        sealed = self._connection.execute(select(quarantine.c.sealed).where(quarantine.c.id == found.id)).scalar_one()
        opened = unseal(self._keyring.data_key(found.key_id or ""), sealed or b"", _PURPOSE)
        about: Mapping[str, object] = json.loads(opened)
        return about

    def retry(self, found: Kept, problem: str | None, at: datetime, *, attempts: int) -> None:
        """Try it again at a moment."""
        self._set(
            found, state=KeptState.WAITING.value, problem=problem, next_attempt_at=at, due_at=None, attempts=attempts
        )

    def ask(self, found: Kept, problem: str, due_at: datetime) -> None:
        """Let a person choose until a moment; nothing happens by itself any more."""
        self._set(
            found, state=KeptState.ASKED.value, problem=problem, next_attempt_at=None, due_at=due_at,
            attempts=found.attempts + 1,
        )  # fmt: skip

    def waive(self, found: Kept) -> None:
        """Note that it is removed without."""
        self._set(found, state=KeptState.WAIVED.value, next_attempt_at=None, due_at=None)

    def drop_removal(self, found: Kept, at: datetime) -> None:
        """Note that there is nothing to remove any more, and so nothing to keep."""
        self._set(found, outbox_id=None, over_at=at, next_attempt_at=None, due_at=None)

    def end(self, found: Kept, at: datetime) -> None:
        """Note that nothing is kept any more, and forget what the file held; its key is to be destroyed."""
        self._set(found, over_at=at, sealed=None, size=None, next_attempt_at=None, due_at=None)

    def ended_key_ids(self) -> list[str]:
        """Return the data keys that have nothing to open any more."""
        query = select(quarantine.c.key_id).where(quarantine.c.over_at.is_not(None), quarantine.c.key_id.is_not(None))
        return [str(key_id) for key_id in self._connection.execute(query).scalars()]

    def _set(self, found: Kept, **columns: object) -> None:
        self._connection.execute(update(quarantine).where(quarantine.c.id == found.id).values(**columns))

    def _all(self, query: Select[tuple[object, ...]]) -> list[Kept]:
        return [_found(row) for row in self._connection.execute(query)]


def _live() -> ColumnElement[bool]:
    return quarantine.c.over_at.is_(None)


def _found(row: Row[tuple[object, ...]]) -> Kept:
    return Kept(
        row.id, row.public_id, row.case_id, row.copy_id, row.outbox_id, row.item_key, KeptState(row.state),
        row.file_name, row.key_id, row.size, row.attempts, row.problem, row.kept_at, row.over_at,
    )  # fmt: skip
