"""`/desk/cases/{id}/kept`: what of a case is erased when, what an authority wants kept, and who posted what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.errors import IllegalTransition, InputError, NotAllowed, TakebackError
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, Form, SentForm, desk_page, first, go_to, words
from takeback.service.desk.door import Here, Sender, Signed, require_form
from takeback.service.desk.timeline import name_of
from takeback.service.problem import status_of
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.desk_people import DeskRole
from takeback.store.legal_holds import LegalHold
from takeback.store.upload_records import RecordRequest
from takeback.workflow.legal_hold import confirm_hold, end_hold, order_hold
from takeback.workflow.retention import due_of_case
from takeback.workflow.upload_record import REQUEST_FOR, ask_for_records, open_records

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

_TYPED = ("authority", "scope", "reason")


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One legal hold as the page shows it."""

    hold: LegalHold
    authority: str
    scope: str
    ordered_by: str
    state: str
    """`ended`, `stands` or `waits`."""
    confirmable: bool
    endable: bool


@router.get("/desk/cases/{case_id}/kept")
def kept_page(case_id: str, here: Signed, parts: ServiceParts) -> Response:
    """Show what is kept of a case, and for whom."""
    return _shown(parts, here, case_id)


@router.post("/desk/cases/{case_id}/holds")
def send_hold(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Order a legal hold."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        order_hold(
            parts.store, case_id, authority=first(form, "authority"), scope=first(form, "scope"),
            until_at=_day(first(form, "until")), actor=here.member.actor, at=parts.now(),
        )  # fmt: skip
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}/kept")


@router.post("/desk/cases/{case_id}/holds/{hold_id}")
def send_hold_step(case_id: str, hold_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Confirm a legal hold as a second person, or end it."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        act = end_hold if first(form, "step") == "end" else confirm_hold
        act(parts.store, case_id, hold_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}/kept")


@router.post("/desk/cases/{case_id}/uploads")
def ask_for_uploads(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Ask that the upload records are opened."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        ask_for_records(parts.store, case_id, first(form, "reason"), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}/kept")


@router.post("/desk/cases/{case_id}/uploads/{request_id}")
def open_uploads(case_id: str, request_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Open the upload records, as another person than the one who asked; they are shown this once."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        opened = open_records(parts.store, case_id, request_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem)
    return _shown(parts, here, case_id, opened=opened)


def _day(text: str) -> datetime:
    """Read a day as its first moment; `InputError` for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as problem:
        raise InputError("No day was given.", advice="Give the day on which the legal hold ends.") from problem


def _shown(
    parts: Parts,
    here: Here,
    case_id: str,
    *,
    problem: TakebackError | None = None,
    sent: Form | None = None,
    opened: Sequence[Mapping[str, object]] = (),
) -> Response:
    """Return the page as it stands now, with what was sent and not taken still in its forms."""
    now, contest_for = parts.now(), timedelta(days=parts.settings.contest_days)
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        names = {member.actor: member.name for member in tx.desk_people.all()}
        values = {
            "due": due_of_case(tx, case, contest_for, now),
            "holds": [_line(tx, case, each, here, names, now) for each in tx.legal_holds.of_case(case.id)],
            "records_until": tx.upload_records.last_expiry(case.id),
            "requests": [
                (each, name_of(words(), each.asked_by, names), each.asked_by != here.member.actor)
                for each in tx.upload_records.requests(case.id)
                if _waits(each, now)
            ],
        }
    return desk_page(
        "kept.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        case=case,
        short=case.public_id[:8],
        problem=problem,
        sent={name: first(sent or {}, name) for name in (*_TYPED, "until")},
        opened=opened,
        **values,
    )


def _line(
    tx: Transaction, case: Case, each: LegalHold, here: Here, names: Mapping[str, str], now: datetime
) -> HoldLine:
    authority, scope = tx.legal_holds.said(case, each)
    is_over = each.ended_at is not None or now >= each.until_at
    is_another = here.member.actor != each.ordered_by
    return HoldLine(
        each,
        authority,
        scope,
        name_of(words(), each.ordered_by, names),
        "ended" if is_over else "stands" if each.stands(now) else "waits",
        confirmable=here.decides and not is_over and each.confirmed_at is None and is_another,
        endable=here.decides and not is_over and (each.confirmed_at is None or is_another),
    )


def _waits(each: RecordRequest, now: datetime) -> bool:
    return each.opened_at is None and now < each.asked_at + REQUEST_FOR
