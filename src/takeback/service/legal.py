"""`/api/v1/cases/{case_id}/holds` and `/uploads`: what authorities want, and two people give or keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from takeback.service.auth import Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.legal_holds import LegalHold
from takeback.workflow.legal_hold import MAX_AUTHORITY, MAX_SCOPE, confirm_hold, end_hold, order_hold
from takeback.workflow.upload_record import MAX_REASON, ask_for_records, open_records

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=StrictRoute)


class HoldIn(Strict):
    """What an authority wants kept."""

    authority: str = Field(max_length=2 * MAX_AUTHORITY, description="Who wants it kept, and under which number.")
    scope: str = Field(max_length=2 * MAX_SCOPE, description="What is wanted, in words.")
    until: AwareDatetime = Field(description="Until when; at most 366 days from now.")


class HoldOut(Strict):
    """A legal hold; authority and scope are empty once the case is erased."""

    id: str
    authority: str
    scope: str
    until: datetime
    stands: bool
    """Whether it keeps anything now."""
    ordered_by: str
    ordered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None


class RecordsAskedIn(Strict):
    """Why the upload records of a case are to be opened."""

    reason: str = Field(max_length=2 * MAX_REASON)


class RecordsAskedOut(Strict):
    """A request, which a second person grants."""

    id: str
    asked_at: datetime


class UploadOut(Strict):
    """Who posted what was removed, as far as the site said so."""

    copy_id: str
    site: str
    item_id: str | None
    account: str | None
    address: str
    first_checked_at: datetime | None
    removed_at: datetime


@router.get("/{case_id}/holds")
def read_holds(case_id: str, _caller: Moderator, parts: ServiceParts) -> list[HoldOut]:
    """Read the legal holds of a case."""
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        return [hold_out(tx, case, each, parts.now()) for each in tx.legal_holds.of_case(case.id)]


@router.post("/{case_id}/holds")
def send_hold(case_id: str, body: HoldIn, caller: Moderator, parts: ServiceParts) -> list[HoldOut]:
    """Order a legal hold; it keeps nothing until another person confirms it."""
    order_hold(
        parts.store, case_id, authority=body.authority, scope=body.scope, until_at=body.until.astimezone(UTC),
        actor=caller.actor, at=parts.now(),
    )  # fmt: skip
    return read_holds(case_id, caller, parts)


@router.post("/{case_id}/holds/{hold_id}/confirmation")
def send_hold_confirmation(case_id: str, hold_id: str, caller: Moderator, parts: ServiceParts) -> list[HoldOut]:
    """Confirm a legal hold, as another person than the one who ordered it."""
    confirm_hold(parts.store, case_id, hold_id, actor=caller.actor, at=parts.now())
    return read_holds(case_id, caller, parts)


@router.post("/{case_id}/holds/{hold_id}/end")
def send_hold_end(case_id: str, hold_id: str, caller: Moderator, parts: ServiceParts) -> list[HoldOut]:
    """End a legal hold before its time; what waited for it is erased in the next round."""
    end_hold(parts.store, case_id, hold_id, actor=caller.actor, at=parts.now())
    return read_holds(case_id, caller, parts)


@router.post("/{case_id}/uploads")
def ask_for_uploads(case_id: str, body: RecordsAskedIn, caller: Moderator, parts: ServiceParts) -> RecordsAskedOut:
    """Ask, with a reason, that the upload records of a case are opened."""
    made = ask_for_records(parts.store, case_id, body.reason, actor=caller.actor, at=parts.now())
    return RecordsAskedOut(id=made.public_id, asked_at=made.asked_at)


@router.post("/{case_id}/uploads/{request_id}")
def open_uploads(case_id: str, request_id: str, caller: Moderator, parts: ServiceParts) -> list[UploadOut]:
    """Open the upload records of a case, as another person than the one who asked."""
    opened = open_records(parts.store, case_id, request_id, actor=caller.actor, at=parts.now())
    return [_upload(each) for each in opened]


def hold_out(tx: Transaction, case: Case, each: LegalHold, at: datetime) -> HoldOut:
    """Return a legal hold as it goes out."""
    authority, scope = tx.legal_holds.said(case, each)
    return HoldOut(
        id=each.public_id,
        authority=authority,
        scope=scope,
        until=each.until_at,
        stands=each.stands(at),
        ordered_by=each.ordered_by,
        ordered_at=each.ordered_at,
        confirmed_by=each.confirmed_by,
        confirmed_at=each.confirmed_at,
        ended_by=each.ended_by,
        ended_at=each.ended_at,
    )


def _upload(opened: Mapping[str, object]) -> UploadOut:
    said = {"copy_id" if name == "copy" else name: value for name, value in opened.items()}
    return UploadOut.model_validate(said)
