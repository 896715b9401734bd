"""Actions on their way to a site: written with the change that caused them, delivered afterwards."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, insert, or_, select, update

from takeback.errors import IllegalTransition, NotFound
from takeback.store.tables import item, outbox, site


class DeliveryState(StrEnum):
    """Where an action stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One action for one site; `public_id` stays the same over every attempt."""

    id: int
    public_id: str
    site_id: int
    copy_id: int | None
    item_key: bytes
    """SHA-256 that names the item: the actions of one item keep their order."""
    kind: str
    body: Mapping[str, object]
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    """None too of what waits, and for something else than its time: for bytes to be kept (`QuarantineStore`)."""
    delivered_at: datetime | None
    problem: str | None


class OutboxStore:
    """Queues, claims and settles deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(
        self, site_id: int, kind: str, body: Mapping[str, object], *, copy_id: int | None, waits: bool = False,
        at: datetime,
    ) -> str:  # fmt: skip
        """
        Queue an action for delivery at once; return its id, by which the site recognises a repeat.

        One that `waits` is tried once it is released, and so is what follows about its item.
        """
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(outbox).values(
                public_id=public_id,
                site_id=site_id,
                copy_id=copy_id,
                item_key=self.item_key(site_id, body.get("item_id"), body.get("url")),
                kind=kind,
                body=dict(body),
                state=DeliveryState.WAITING.value,
                attempts=0,
                created_at=at,
                next_attempt_at=None if waits else at,
            )
        )
        return public_id

    def release(self, delivery_id: int, at: datetime) -> None:
        """Let an action that waits for something else be tried now."""
        waits = (outbox.c.state == DeliveryState.WAITING.value, outbox.c.next_attempt_at.is_(None))
        self._connection.execute(update(outbox).where(outbox.c.id == delivery_id, *waits).values(next_attempt_at=at))

    def sites_with_due(self, at: datetime, *, besides: Collection[int] = ()) -> list[int]:
        """Return the ids of the sites, `besides` left out, that have an action to be tried now."""
        due = exists().where(outbox.c.site_id == site.c.id, _due(at))
        rows = self._connection.execute(select(site.c.id).where(site.c.id.not_in(besides), due).order_by(site.c.id))
        return [int(row.id) for row in rows]

    def waiting_of_site(self, site_id: int, at: datetime, limit: int) -> list[Delivery]:
        """
        Return a site's actions to be tried now, those of one item in their order.

        Items whose actions have failed least come first, so that what keeps failing delays nothing else.
        The caller leaves out what follows an action of the same item that it could not deliver.
        """
        failures = func.max(outbox.c.attempts).over(partition_by=outbox.c.item_key)
        rows = self._connection.execute(
            select(outbox).where(outbox.c.site_id == site_id, _due(at)).order_by(failures, outbox.c.id).limit(limit)
        )
        return [_found(row) for row in rows]

    def has_newer(self, one: Delivery) -> bool:
        """Whether something else was asked about the same item since, whatever became of it."""
        newer = exists().where(outbox.c.item_key == one.item_key, outbox.c.id > one.id)
        return bool(self._connection.execute(select(newer)).scalar_one())

    def delivered(self, delivery_id: int, at: datetime) -> None:
        """Settle an action: the site took it."""
        self._settle(
            delivery_id,
            DeliveryState.DELIVERED,
            attempts=outbox.c.attempts + 1,
            delivered_at=at,
            problem=None,
        )

    def failed(self, delivery_id: int, problem: str) -> None:
        """Settle an action: the site will not take it; a person at the desk has to know."""
        self._settle(delivery_id, DeliveryState.FAILED, attempts=outbox.c.attempts + 1, problem=problem)

    def retry(self, delivery_id: int, problem: str, next_attempt_at: datetime) -> None:
        """Try an action again later."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == delivery_id, outbox.c.state == DeliveryState.WAITING.value)
            .values(attempts=outbox.c.attempts + 1, problem=problem, next_attempt_at=next_attempt_at)
        )

    def requeue(self, delivery_id: int, at: datetime) -> None:
        """Try a failed action again from the start; `IllegalTransition` where it has not failed."""
        done = self._connection.execute(
            update(outbox)
            .where(outbox.c.id == delivery_id, outbox.c.state == DeliveryState.FAILED.value)
            .values(state=DeliveryState.WAITING.value, attempts=0, created_at=at, next_attempt_at=at)
        )
        if done.rowcount != 1:
            raise IllegalTransition("This delivery has not failed.")

    def by_public_id(self, public_id: str) -> Delivery:
        """Return one action; `NotFound` where there is none."""
        row = self._connection.execute(select(outbox).where(outbox.c.public_id == public_id)).first()
        if row is None:
            raise NotFound("There is no such delivery.")
        return _found(row)

    def drop_from(self, found: Delivery) -> None:
        """Delete an action that never went out, and those of its kind about its item that waited behind it."""
        behind = (outbox.c.item_key == found.item_key, outbox.c.kind == found.kind, outbox.c.id >= found.id)
        self._connection.execute(delete(outbox).where(*behind, outbox.c.state == DeliveryState.WAITING.value))

    def by_id(self, delivery_id: int) -> Delivery:
        """Return one action; `NotFound` where there is none."""
        row = self._connection.execute(select(outbox).where(outbox.c.id == delivery_id)).first()
        if row is None:
            raise NotFound("There is no such delivery.")
        return _found(row)

    def last_of_item(self, item_key: bytes, kind: str) -> Delivery | None:
        """Return the newest action of a kind about one item."""
        newest = select(outbox).where(outbox.c.item_key == item_key, outbox.c.kind == kind).order_by(outbox.c.id.desc())
        row = self._connection.execute(newest.limit(1)).first()
        return None if row is None else _found(row)

    def of_copy(self, copy_id: int) -> list[Delivery]:
        """Return every action for one copy, oldest first."""
        rows = self._connection.execute(select(outbox).where(outbox.c.copy_id == copy_id).order_by(outbox.c.id))
        return [_found(row) for row in rows]

    def by_state(self, state: DeliveryState, limit: int = 100) -> list[Delivery]:
        """Return actions in one state, newest first."""
        rows = self._connection.execute(
            select(outbox).where(outbox.c.state == state.value).order_by(outbox.c.id.desc()).limit(limit)
        )
        return [_found(row) for row in rows]

    def count_by_state(self) -> Mapping[DeliveryState, int]:
        """Return how many actions stand in each state."""
        rows = self._connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
        return {DeliveryState(row[0]): int(row[1]) for row in rows}

    def item_key(self, site_id: int, item_id: object, url: object) -> bytes:
        """Return what names an item among all sites: the orders about one item share it."""
        # 1. What was first asked about an address, before its item was known, keeps that name.
        by_address = _key(site_id, "url", url)
        if self._connection.execute(select(exists().where(outbox.c.item_key == by_address))).scalar_one():
            return by_address
        # 2. The site's own id, which the address of a remembered item stands for.
        if item_id is None:
            known = select(item.c.site_item_id).where(item.c.site_id == site_id, item.c.url == url)
            item_id = self._connection.execute(known.order_by(item.c.id).limit(1)).scalar()
        # 3. Nothing but the address.
        return by_address if item_id is None else _key(site_id, "item", item_id)

    def _settle(self, delivery_id: int, state: DeliveryState, **columns: object) -> None:
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == delivery_id, outbox.c.state == DeliveryState.WAITING.value)
            .values(state=state.value, next_attempt_at=None, **columns)
        )


def _due(at: datetime) -> ColumnElement[bool]:
    """Waiting, due, and behind no older action of the same item that waits for a later moment or something else."""
    older = outbox.alias("older")
    behind = exists().where(
        older.c.item_key == outbox.c.item_key,
        older.c.state == DeliveryState.WAITING.value,
        older.c.id < outbox.c.id,
        or_(older.c.next_attempt_at > at, older.c.next_attempt_at.is_(None)),
    )
    return and_(outbox.c.state == DeliveryState.WAITING.value, outbox.c.next_attempt_at <= at, ~behind)


def _key(site_id: int, by: str, name: object) -> bytes:
    return hashlib.sha256(f"{site_id} {by} {name}".encode()).digest()


def _found(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        row.id, row.public_id, row.site_id, row.copy_id, row.item_key, row.kind, row.body, DeliveryState(row.state),
        row.attempts, row.created_at, row.next_attempt_at, row.delivered_at, row.problem,
    )  # fmt: skip
