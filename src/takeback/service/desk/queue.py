"""`/desk`: what is due, first what is due first. No picture, no name, nothing that she wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from takeback.cases import CaseState
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, desk_page, words
from takeback.service.desk.clock import TimeLeft, amount_of, time_left
from takeback.service.desk.door import Signed
from takeback.store.queue import QueueRow, Second

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

PAGE = 50
"""Cases on one page."""
MAX_PAGE = 10_000
WEEK = timedelta(days=7)
"""For how long the queue says what came of the work: it is of value to those who do it (Spence and others, 2023)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case as the queue shows it."""

    row: QueueRow
    left: TimeLeft
    laws: str
    copies: Sequence[str]

    @property
    def short(self) -> str:
        """What people call the case."""
        return self.row.public_id[:8]


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice of cases: its name, its address, how many there are, and whether it is the one shown."""

    name: str
    address: str
    count: int
    is_shown: bool


@router.get("/desk")
def queue_page(
    here: Signed,
    parts: ServiceParts,
    state: Annotated[list[CaseState] | None, Query()] = None,
    waits: Annotated[Literal["second"] | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """Show a page of the queue."""
    states, now = state or [], parts.now()
    second = Second(here.member.actor, now)
    with parts.store.read() as tx:
        chosen = second if waits else None
        found = tx.queue.page(states, second=chosen, offset=(page - 1) * PAGE, limit=PAGE, at=now)
        outcome = tx.queue.outcome(since=now - WEEK)
        by_state, to_do, for_second = tx.cases.count_by_state(), tx.queue.to_do(), tx.queue.for_second(second)
    choices = [
        Filter(words()("queue.to_do"), "/desk", to_do, not states and not waits),
        Filter(words()("queue.for_second"), "/desk?waits=second", for_second, bool(waits)),
    ]
    for each, count in sorted(by_state.items(), key=lambda pair: list(CaseState).index(pair[0])):
        choices.append(Filter(words()(f"states.{each}"), f"/desk?state={each}", count, not waits and states == [each]))
    pages = max(1, -(-found.count // PAGE))
    return desk_page(
        "queue.html",
        here=here,
        lines=[_line(row, time_left(words(), row.deadline_at, now)) for row in found.rows],
        count=found.count,
        choices=choices,
        outcome=outcome,
        lasted="" if outcome.median is None else amount_of(words(), outcome.median),
        page=page,
        pages=pages,
        earlier=_address(states, waits, page - 1) if page > 1 else None,
        later=_address(states, waits, page + 1) if page < pages else None,
    )


def _line(row: QueueRow, left: TimeLeft) -> Line:
    kinds = sorted(row.copies.items(), key=lambda pair: "~" if pair[0] is None else pair[0].value)
    copies = [f"{count} {words()('classes.none' if kind is None else f'classes.{kind}')}" for kind, count in kinds]
    return Line(row, left, ", ".join(words().under("laws").get(law, law) for law in row.laws), copies)


def _address(states: Sequence[CaseState], waits: str | None, page: int) -> str:
    fields = [("waits", waits)] if waits else [("state", each.value) for each in states]
    fields += [("page", str(page))] if page > 1 else []
    return f"/desk?{urlencode(fields)}" if fields else "/desk"
