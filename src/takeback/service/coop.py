"""`/api/v1/coop`: what the operator's Coop calls back with, and how what it was told stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool

from takeback.actions.coop.account import CoopAccount
from takeback.actions.coop.signature import HEADER, MAX_HEADER
from takeback.actions.coop.word import MAX_BODY_BYTES
from takeback.errors import NotFound
from takeback.service.auth import Moderator, ServiceParts
from takeback.service.body import bounded
from takeback.service.prints import Strict
from takeback.store import Transaction
from takeback.store.coop_reports import CoopReportRow, CoopState
from takeback.workflow.coop import report_again
from takeback.workflow.coop_word import Taken, take_word

router = APIRouter(prefix="/api/v1/coop", tags=["coop"])


class TakenOut(Strict):
    """What became of an action that was taken in Coop."""

    taken: Taken
    why: str | None
    """Why it was no decision."""


class ReportOut(Strict):
    """One report to Coop, and what somebody there said of it."""

    id: str
    case: str
    copy_id: str
    state: CoopState
    made_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    told_at: datetime | None
    problem: str | None
    word: str | None
    """`remove`, `not_covered`, or `unknown` for an action that `coop_actions` does not name."""
    word_by: str | None
    word_at: datetime | None
    decided: bool
    why: str | None


@router.post("/actions", openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}}}}})
async def take_action(
    request: Request,
    parts: ServiceParts,
    signed: Annotated[
        str, Header(alias=HEADER, max_length=MAX_HEADER, description="By the key of the operator's organization.")
    ] = "",
) -> TakenOut:
    """Take an action that was taken in Coop; no key opens this but its signature."""
    account = CoopAccount.of(parts.settings)
    if account is None:
        raise NotFound("No Coop is set up here.", advice="Read docs/coop.md.")
    # What is signed are the bytes as they came.
    body = b"".join([chunk async for chunk in bounded(request, MAX_BODY_BYTES)])
    answer = await run_in_threadpool(take_word, parts.store, account, signed, body, at=parts.now())
    return TakenOut(taken=answer.taken, why=answer.why)


@router.get("/reports")
def list_reports(_caller: Moderator, parts: ServiceParts, state: CoopState = CoopState.FAILED) -> list[ReportOut]:
    """List reports to Coop by state, newest first; the failed ones need a person."""
    with parts.store.read() as tx:
        return [_report(tx, row) for row in tx.coop_reports.by_state(state)]


@router.post("/reports/{report_id}/retry", status_code=202)
def retry_report(report_id: str, caller: Moderator, parts: ServiceParts) -> ReportOut:
    """Have a report told again that Coop did not take."""
    row = report_again(parts.store, report_id, actor=caller.actor, at=parts.now())
    with parts.store.read() as tx:
        return _report(tx, row)


def _report(tx: Transaction, row: CoopReportRow) -> ReportOut:
    return ReportOut(
        id=row.public_id,
        case=tx.cases.by_id(row.case_id).public_id,
        copy_id=tx.copies.by_id(row.copy_id).public_id,
        state=row.state,
        made_at=row.made_at,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        told_at=row.told_at,
        problem=row.problem,
        word=row.word,
        word_by=row.word_by,
        word_at=row.word_at,
        decided=row.decided,
        why=row.why,
    )
