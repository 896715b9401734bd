"""Actions on their way to a site: written with the change that caused them, delivered afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.errors import IllegalTransition, NotFound
from takeback.store.tables import outbox


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
    kind: str
    body: Mapping[str, object]
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    problem: str | None


class OutboxStore:
    """Queues, claims and settles deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, site_id: int, kind: str, body: Mapping[str, object], *, copy_id: int | None, at: datetime) -> str:
        """Queue an action for delivery at once; return its id, by which the site recognises a repeat."""
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(outbox).values(
                public_id=public_id,
                site_id=site_id,
                copy_id=copy_id,
                kind=kind,
                body=dict(body),
                state=DeliveryState.WAITING.value,
                attempts=0,
                created_at=at,
                next_attempt_at=at,
            )
        )
        return public_id

    def next_of_each_site(self, at: datetime) -> list[Delivery]:
        """
        Return, for each site, its oldest waiting action where that one is due.

        A site's actions keep their order (a put-back never overtakes its hold), and one site's trouble
        does not delay another's.
        """
        oldest = (
            select(func.min(outbox.c.id))
            .where(outbox.c.state == DeliveryState.WAITING.value)
            .group_by(outbox.c.site_id)
        )
        rows = self._connection.execute(
            select(outbox).where(outbox.c.id.in_(oldest), outbox.c.next_attempt_at <= at).order_by(outbox.c.id)
        )
        return [_found(row) for row in rows]

    def waiting_of_site(self, site_id: int, at: datetime, limit: int) -> list[Delivery]:
        """Return a site's waiting actions in order, none where the oldest is not due yet."""
        rows = self._connection.execute(
            select(outbox)
            .where(outbox.c.site_id == site_id, outbox.c.state == DeliveryState.WAITING.value)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        found = [_found(row) for row in rows]
        due = found and found[0].next_attempt_at is not None and found[0].next_attempt_at <= at
        return found if due else []

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

    def requeue(self, public_id: str, at: datetime) -> None:
        """Try a failed action again from the start, on a person's word; `IllegalTransition` where it has not failed."""
        done = self._connection.execute(
            update(outbox)
            .where(outbox.c.public_id == public_id, outbox.c.state == DeliveryState.FAILED.value)
            .values(state=DeliveryState.WAITING.value, attempts=0, created_at=at, next_attempt_at=at)
        )
        if done.rowcount != 1:
            raise IllegalTransition("There is no failed delivery of this id.")

    def by_public_id(self, public_id: str) -> Delivery:
        """Return one action; `NotFound` where there is none."""
        row = self._connection.execute(select(outbox).where(outbox.c.public_id == public_id)).first()
        if row is None:
            raise NotFound("There is no such delivery.")
        return _found(row)

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

    def _settle(self, delivery_id: int, state: DeliveryState, **columns: object) -> None:
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == delivery_id, outbox.c.state == DeliveryState.WAITING.value)
            .values(state=state.value, next_attempt_at=None, **columns)
        )


def _found(row: Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        row.id, row.public_id, row.site_id, row.copy_id, row.kind, row.body, DeliveryState(row.state), row.attempts,
        row.created_at, row.next_attempt_at, row.delivered_at, row.problem,
    )  # fmt: skip
