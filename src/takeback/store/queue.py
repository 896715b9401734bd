"""The desk's queue: a page of cases with what is known of each at a glance, in a few queries however many there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from takeback.cases import CaseState, CopyState
from takeback.cases.case import OPEN_CASES
from takeback.match import CopyClass
from takeback.store.cases import by_need
from takeback.store.refused_uploads import UploadState
from takeback.store.tables import case, copy, hearing, message, outbox, recusal, refused_upload

_NOT_COUNTED = (CopyState.ELSEWHERE.value, CopyState.GONE.value, CopyState.DISMISSED.value)
"""Copies that nobody at the desk has anything to do with."""


class Waits(StrEnum):
    """What of a case waits for a second person."""

    CONTEST = "contest"
    """A contested copy, or refused upload, is to be answered."""
    REFUSAL = "refusal"
    """A refusal is to be read again: she answered, or her time to is over."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case in the queue: nothing of what she wrote, and nothing of who she is."""

    public_id: str
    state: CaseState
    laws: tuple[str, ...]
    under_18: bool
    received_at: datetime
    deadline_at: datetime | None
    copies: Mapping[CopyClass | None, int]
    """How many there are of each class; None counts links that nothing was compared with."""
    unopened: int
    """Messages of hers that nobody at the desk has opened."""
    failed: int
    """Orders that a site did not take, and that nobody had tried again."""
    waits: frozenset[Waits]
    """What of it waits for a second person, now."""
    is_capped: bool = False
    """Whether nothing of it is hidden before a person has looked: its source sent many notices."""
    of_list: bool = False
    """Whether an outside list began it, and no notice."""
    of_bank: bool = False
    """Whether a contest of what the operator's own bank refuses began it."""


@dataclass(frozen=True, slots=True)
class Second:
    """The cases in which something waits for a second person who is not `actor`'s own first, at a moment."""

    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the desk's work for a while: copies that were removed, and how long each took, in the middle."""

    removed: int
    median: timedelta | None
    """From when a copy was found to its removal; None where none was removed."""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A part of the queue, and how many cases the whole of it has."""

    rows: Sequence[QueueRow]
    count: int


class QueueStore:
    """Reads the queue."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, states: Collection[CaseState], *, second: Second | None = None, offset: int, limit: int, at: datetime
    ) -> QueuePage:
        """
        Return cases of some states, the capped ones and then what is due first at the top; of none, all in which
        something is to be done.

        With `second` those in which a second person is waited for, whom that person may be.
        """
        chosen = _to_do() if not states else case.c.state.in_([state.value for state in states])
        if second is not None:
            chosen = and_(chosen, _waits_for(second)) if states else _waits_for(second)
        count = self._connection.execute(select(func.count()).select_from(case).where(chosen)).scalar_one()
        query = (
            select(
                case.c.id, case.c.public_id, case.c.state, case.c.laws, case.c.under_18, case.c.received_at,
                case.c.deadline_at, case.c.capped_at, case.c.list_id, case.c.own_bank_id,
            )
            .where(chosen)
            .order_by(*by_need())
            .offset(offset)
            .limit(limit)
        )  # fmt: skip
        found = self._connection.execute(query).all()
        ids = [row.id for row in found]
        copies, unopened, failed, waits = (
            self._copies(ids),
            self._unopened(ids),
            self._failed(ids),
            self._waits(ids, at),
        )
        rows = [
            QueueRow(
                row.public_id, CaseState(row.state), tuple(row.laws), row.under_18, row.received_at, row.deadline_at,
                copies.get(row.id, {}), unopened.get(row.id, 0), failed.get(row.id, 0),
                waits.get(row.id, frozenset()), row.capped_at is not None,
                row.list_id is not None, row.own_bank_id is not None,
            )
            for row in found
        ]  # fmt: skip
        return QueuePage(rows, int(count))

    def to_do(self) -> int:
        """Return in how many cases something is to be done."""
        return int(self._connection.execute(select(func.count()).select_from(case).where(_to_do())).scalar_one())

    def for_second(self, second: Second) -> int:
        """Return in how many cases a second person is waited for, whom that person may be."""
        chosen = _waits_for(second)
        return int(self._connection.execute(select(func.count()).select_from(case).where(chosen)).scalar_one())

    def outcome(self, *, since: datetime) -> Outcome:
        """Return what was removed since a moment."""
        query = select(copy.c.found_at, copy.c.decided_at).where(
            copy.c.state == CopyState.REMOVED.value, copy.c.decided_at > since
        )
        lasted = [row.decided_at - row.found_at for row in self._connection.execute(query)]
        return Outcome(len(lasted), median(lasted) if lasted else None)

    def _waits(self, case_ids: Sequence[int], at: datetime) -> Mapping[int, frozenset[Waits]]:
        contests = select(case.c.id).where(case.c.id.in_(case_ids), or_(_contested(), _contested_upload()))
        refusals = select(case.c.id).where(case.c.id.in_(case_ids), _refusal_ready(at))
        contested = {row.id for row in self._connection.execute(contests)}
        refused = {row.id for row in self._connection.execute(refusals)}
        return {
            each: frozenset(what for what, ids in ((Waits.CONTEST, contested), (Waits.REFUSAL, refused)) if each in ids)
            for each in contested | refused
        }

    def _copies(self, case_ids: Sequence[int]) -> Mapping[int, Mapping[CopyClass | None, int]]:
        query = (
            select(copy.c.case_id, copy.c.copy_class, func.count().label("number"))
            .where(copy.c.case_id.in_(case_ids), copy.c.state.not_in(_NOT_COUNTED))
            .group_by(copy.c.case_id, copy.c.copy_class)
        )
        found: dict[int, dict[CopyClass | None, int]] = {}
        for row in self._connection.execute(query):
            kind = None if row.copy_class is None else CopyClass(row.copy_class)
            found.setdefault(row.case_id, {})[kind] = row.number
        return found

    def _unopened(self, case_ids: Sequence[int]) -> Mapping[int, int]:
        query = (
            select(message.c.case_id, func.count())
            .where(message.c.case_id.in_(case_ids), message.c.sender == "person", message.c.opened_at.is_(None))
            .group_by(message.c.case_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _failed(self, case_ids: Sequence[int]) -> Mapping[int, int]:
        query = (
            select(copy.c.case_id, func.count())
            .join(outbox, outbox.c.copy_id == copy.c.id)
            .where(copy.c.case_id.in_(case_ids), outbox.c.state == "failed")
            .group_by(copy.c.case_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}


def _to_do() -> ColumnElement[bool]:
    """Cases that are open, and decided ones of which something is not: their clock runs."""
    return or_(case.c.state.in_([state.value for state in sorted(OPEN_CASES)]), case.c.deadline_at.is_not(None))


def _waits_for(second: Second) -> ColumnElement[bool]:
    """As `takeback.workflow.second_person` says it of one case: somebody else decided, and nobody keeps out of it."""
    recused = case.c.id.in_(select(recusal.c.case_id).where(recusal.c.actor == second.actor))
    decided = func.coalesce(case.c.finding["actor"].as_string(), "") == second.actor
    answers = and_(
        or_(_contested(), _contested_upload()), not_(decided), not_(_contested(copy.c.decided_by == second.actor))
    )
    reads = and_(
        _refusal_ready(second.at),
        not_(_refusal(hearing.c.opened_by == second.actor)),
        not_(_refusal(copy.c.hearing_id == hearing.c.id, copy.c.state == "held", copy.c.decided_by == second.actor)),
    )
    return and_(not_(recused), or_(answers, reads))


def _contested(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return case.c.id.in_(select(copy.c.case_id).where(copy.c.state == CopyState.CONTESTED.value, *which))


def _contested_upload() -> ColumnElement[bool]:
    return case.c.id.in_(select(refused_upload.c.case_id).where(refused_upload.c.state == UploadState.CONTESTED.value))


def _refusal(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return case.c.id.in_(
        select(hearing.c.case_id).where(hearing.c.about == "refusal", hearing.c.closed_at.is_(None), *which)
    )


def _refusal_ready(at: datetime) -> ColumnElement[bool]:
    still_hers = and_(hearing.c.answered_at.is_(None), hearing.c.until_at > at)
    return and_(_refusal(), not_(_refusal(still_hers)))
