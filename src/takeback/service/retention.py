"""`/api/v1/retention`: what of which case is erased when, and what is left of those that are forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from takeback.service.auth import Reader, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.workflow.retention import retention

router = APIRouter(prefix="/api/v1/retention", tags=["retention"], route_class=StrictRoute)


class DueOut(Strict):
    """What of one case is erased next."""

    case: str
    state: str
    part: str
    """`words`: what she wrote and who she is; `rest`: the case itself."""
    due_at: datetime
    waits_for: str | None
    """What stops it: `undecided`, `contested`, `legal_hold`, `upload_records`; null: nothing but time."""


class RecordOut(Strict):
    """All that is left of a case."""

    laws: list[str]
    received_at: datetime
    valid_at: datetime | None
    decided_at: datetime | None
    outcome: str
    removed_at: datetime | None
    copies: Mapping[str, Mapping[str, int]]
    expires_at: datetime


@router.get("")
def read_retention(
    _caller: Reader, parts: ServiceParts, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> list[DueOut]:
    """List what of the cases that have ended is erased by itself, what is due first at the top."""
    contest_for = timedelta(days=parts.settings.contest_days)
    return [
        DueOut(
            case=each.case.public_id,
            state=each.case.state.value,
            part=each.part.value,
            due_at=each.due_at,
            waits_for=None if each.waits_for is None else each.waits_for.value,
        )
        for each in retention(parts.store, contest_for, limit=limit, at=parts.now())
    ]


@router.get("/records")
def read_records(_caller: Reader, parts: ServiceParts) -> list[RecordOut]:
    """List the compliance records: what outlives the cases that are forgotten, and leads to nobody."""
    with parts.store.read() as tx:
        return [RecordOut(**asdict(each)) for each in tx.remains.all()]
