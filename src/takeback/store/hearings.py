"""Hearings: what she is told before something is shown again, until when she can answer, and what she said."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.errors import NotFound
from takeback.store.tables import hearing


class About(StrEnum):
    """What she is heard about."""

    CONTEST = "contest"
    """Whoever posted a removed picture contests it."""
    REFUSAL = "refusal"
    """A person decided against her notice, or against a copy."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One hearing of the person of a case."""

    id: int
    public_id: str
    case_id: int
    about: About
    opened_at: datetime
    opened_by: str
    """Who passed the contest on, or who refused."""
    until_at: datetime
    """Until when nothing is decided unless she answers before."""
    due_at: datetime | None
    """By when a second person is to decide; None where nothing is hidden and she did not ask."""
    reason: str | None
    elements: tuple[str, ...]
    """Which elements of the laws the first person found not to be met, of a refusal."""
    sealed_summary: bytes | None
    """The substance of a contest, under the key of `CaseStore.seal_grounds`."""
    answered_at: datetime | None
    agrees: bool | None
    """Whether she agrees that it is shown again; None as long as she said nothing, which is no consent."""
    closed_at: datetime | None
    is_upheld: bool | None
    """Whether the second person upheld what the first decided; None where it closed without one."""

    def is_over(self, at: datetime) -> bool:
        """Whether she answered, or the time to answer is over."""
        return self.answered_at is not None or at >= self.until_at


class HearingStore:
    """Reads and writes hearings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(
        self,
        case_id: int,
        about: About,
        *,
        opened_by: str,
        until_at: datetime,
        due_at: datetime | None,
        at: datetime,
        reason: str | None = None,
        elements: Sequence[str] = (),
        sealed_summary: bytes | None = None,
    ) -> Hearing:
        """Open a hearing."""
        query = insert(hearing).values(
            public_id=secrets.token_hex(16),
            case_id=case_id,
            about=about.value,
            opened_at=at,
            opened_by=opened_by,
            until_at=until_at,
            due_at=due_at,
            reason=reason,
            elements=list(elements),
            sealed_summary=sealed_summary,
        )
        return self.by_id(self._connection.execute(query.returning(hearing.c.id)).scalar_one())

    def answer(self, found: Hearing, *, agrees: bool, due_at: datetime, at: datetime) -> Hearing:
        """Write down what she says; the last that she says counts."""
        self._set(found.id, answered_at=at, agrees=agrees, due_at=due_at)
        return self.by_id(found.id)

    def close(self, found: Hearing, *, is_upheld: bool | None, at: datetime) -> None:
        """Close a hearing: it was decided, or another took its place."""
        self._set(found.id, closed_at=at, is_upheld=is_upheld, due_at=None)

    def forget_summaries(self, case_id: int) -> None:
        """Delete what she was told of contests."""
        self._connection.execute(update(hearing).where(hearing.c.case_id == case_id).values(sealed_summary=None))

    def by_id(self, hearing_id: int) -> Hearing:
        """Return one hearing; `NotFound` where there is none."""
        return _found(self._connection.execute(select(hearing).where(hearing.c.id == hearing_id)).first())

    def of_case(self, case_id: int) -> list[Hearing]:
        """Return the hearings of a case, oldest first."""
        query = select(hearing).where(hearing.c.case_id == case_id).order_by(hearing.c.id)
        return [_found(row) for row in self._connection.execute(query)]

    def open_of_case(self, case_id: int, about: About | None = None) -> list[Hearing]:
        """Return the hearings of a case that nobody has decided on."""
        return [
            each for each in self.of_case(case_id) if each.closed_at is None and (about is None or each.about is about)
        ]

    def earliest_due(self, case_id: int) -> datetime | None:
        """Return when the first open hearing of a case is to be decided."""
        query = select(func.min(hearing.c.due_at)).where(hearing.c.case_id == case_id, hearing.c.closed_at.is_(None))
        moment: datetime | None = self._connection.execute(query).scalar_one()
        return moment

    def _set(self, hearing_id: int, **columns: object) -> None:
        self._connection.execute(update(hearing).where(hearing.c.id == hearing_id).values(**columns))


def _found(row: Row[tuple[object, ...]] | None) -> Hearing:
    if row is None:
        raise NotFound("There is no such hearing.")
    return Hearing(
        row.id, row.public_id, row.case_id, About(row.about), row.opened_at, row.opened_by, row.until_at, row.due_at,
        row.reason, tuple(row.elements), row.sealed_summary, row.answered_at, row.agrees, row.closed_at, row.is_upheld,
    )  # fmt: skip
