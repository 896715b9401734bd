"""`/desk/partners`: the small sites that ask here, what each may do, and how much it asked; for administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound, TakebackError
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Here, Sender, Signed, require_form
from takeback.service.problem import status_of
from takeback.store.desk_people import DeskRole
from takeback.store.partners import COUNTERS, PartnerDay
from takeback.workflow.desk_people import require_role
from takeback.workflow.partners import MAX_SHOWN_DAYS, partners, release_partner, remove_partner

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

PATH = "/desk/partners"


@router.get(PATH)
def partners_page(here: Signed, parts: ServiceParts) -> Response:
    """Show every partner."""
    require_role(here.member, DeskRole.ADMINISTRATOR)
    return _shown(parts, here)


@router.post(PATH)
def send_partner(here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Answer a stopped partner again, or end one."""
    try:
        require_form(here, first(form, "token"), DeskRole.ADMINISTRATOR)
        _act(
            parts, here.member.actor, first(form, "partner"), first(form, "step"), is_sure=first(form, "sure") == "yes"
        )
    except (InputError, IllegalTransition, NotAllowed, NotFound) as problem:
        return _shown(parts, here, problem)
    return go_to(PATH)


def _act(parts: Parts, actor: str, partner_id: str, step: str, *, is_sure: bool) -> None:
    if step == "release":
        release_partner(parts.store, partner_id, actor=actor, at=parts.now())
    elif step == "remove" and is_sure:
        remove_partner(parts.store, partner_id, actor=actor, at=parts.now())
    else:
        raise InputError("Nothing was done.", advice="Tick that the partner is to be removed for good.")


def _shown(parts: Parts, here: Here, problem: TakebackError | None = None) -> Response:
    now = parts.now()
    if problem is not None and isinstance(problem, NotAllowed):
        # Whoever may not do it is not shown it either.
        raise problem
    return desk_page(
        "partners.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        problem=problem,
        days=MAX_SHOWN_DAYS,
        partners=[(each, each.partner.is_stopped_at(now), _sums(each.days)) for each in partners(parts.store)],
    )


def _sums(days: Sequence[PartnerDay]) -> Mapping[str, int]:
    """Return what a partner did within the days that are shown, by counter."""
    return {name: sum(day.counts()[name] for day in days) for name in COUNTERS}
