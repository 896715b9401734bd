"""What the desk was told of as due soon or late, and the messages that are on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from takeback.cases.alert import Stage
from takeback.cases.case import UNDECIDED_COPIES
from takeback.store.tables import alert, alert_message, case, copy

_HORIZON = timedelta(days=31)
"""No law gives longer; what is due later is not near."""


@dataclass(frozen=True, slots=True)
class Due:
    """A case with something undecided: since when, and until when."""

    case_id: int
    public_id: str
    began_at: datetime
    deadline_at: datetime


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One message on its way by one route."""

    id: int
    route: str
    body: Mapping[str, object]
    created_at: datetime
    attempts: int
    delivered_at: datetime | None
    problem: str | None


class AlertStore:
    """Reads what is due, and keeps what was told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, at: datetime) -> list[Due]:
        """Return each case with an undecided copy, by the copy that is due first; those due first at the top."""
        states = [state.value for state in UNDECIDED_COPIES]
        query = (
            select(copy.c.case_id, case.c.public_id, func.min(copy.c.found_at).label("began_at"), copy.c.deadline_at)
            .join(case, case.c.id == copy.c.case_id)
            .where(copy.c.state.in_(states), copy.c.deadline_at <= at + _HORIZON)
            .group_by(copy.c.case_id, case.c.public_id, copy.c.deadline_at)
            .order_by(copy.c.deadline_at, copy.c.case_id)
        )
        first: dict[int, Due] = {}
        for row in self._connection.execute(query):
            first.setdefault(row.case_id, Due(row.case_id, row.public_id, row.began_at, row.deadline_at))
        return list(first.values())

    def raised(self, since: datetime) -> set[tuple[int, datetime, Stage]]:
        """Return what was told of deadlines after a moment: case, deadline, stage."""
        rows = self._connection.execute(select(alert).where(alert.c.deadline_at >= since))
        return {(row.case_id, row.deadline_at, Stage(row.stage)) for row in rows}

    def raise_(self, due: Due, stages: Sequence[Stage], at: datetime) -> None:
        """Keep that these stages of a case's deadline were told."""
        rows = [
            {"case_id": due.case_id, "deadline_at": due.deadline_at, "stage": stage.value, "raised_at": at}
            for stage in stages
        ]
        if rows:
            self._connection.execute(insert(alert), rows)

    def put(self, routes: Sequence[str], body: Mapping[str, object], at: datetime) -> None:
        """Queue a message, once for each route."""
        rows = [
            {"route": route, "body": dict(body), "created_at": at, "attempts": 0, "next_attempt_at": at}
            for route in routes
        ]
        if rows:
            self._connection.execute(insert(alert_message), rows)

    def to_send(self, at: datetime, limit: int) -> list[AlertMessage]:
        """Return the messages that are due, the oldest first."""
        query = select(alert_message).where(alert_message.c.next_attempt_at <= at).order_by(alert_message.c.id)
        return [_message(row) for row in self._connection.execute(query.limit(limit))]

    def sent(self, message_id: int, at: datetime) -> None:
        """Note that a message arrived."""
        self._set(message_id, delivered_at=at, next_attempt_at=None, problem=None)

    def failed(self, message: AlertMessage, problem: str, again_at: datetime | None) -> None:
        """Note why a message did not arrive, and when it is tried again; never, where `again_at` is None."""
        self._set(message.id, attempts=message.attempts + 1, next_attempt_at=again_at, problem=problem)

    def latest(self, limit: int) -> list[AlertMessage]:
        """Return the newest messages, newest first."""
        rows = self._connection.execute(select(alert_message).order_by(alert_message.c.id.desc()).limit(limit))
        return [_message(row) for row in rows]

    def drop_settled(self, before: datetime) -> int:
        """Delete the messages of before a moment that arrived, or are tried no more; return how many."""
        old = (alert_message.c.created_at < before) & alert_message.c.next_attempt_at.is_(None)
        return int(self._connection.execute(delete(alert_message).where(old)).rowcount)

    def _set(self, message_id: int, **columns: object) -> None:
        self._connection.execute(update(alert_message).where(alert_message.c.id == message_id).values(**columns))


def _message(row: Row[tuple[object, ...]]) -> AlertMessage:
    return AlertMessage(row.id, row.route, row.body, row.created_at, row.attempts, row.delivered_at, row.problem)
