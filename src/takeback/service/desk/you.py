"""`/desk/you`: how often somebody looks at pictures, at what not, and by which account they come; theirs alone."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from takeback.actions.openid.provider import Provider
from takeback.assembly import Parts
from takeback.cases.look import LookKind
from takeback.errors import InputError, NotAllowed, TakebackError
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, Form, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Here, Sender, Signed, require_token
from takeback.service.desk.session import AnyProvider, name_of
from takeback.service.problem import status_of
from takeback.workflow.budget import budget_of, choose_looks

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

_MAX_DIGITS = 6


@router.get("/desk/you")
def you_page(here: Signed, parts: ServiceParts, provider: AnyProvider) -> Response:
    """Show what somebody chose."""
    return _shown(parts, here, provider)


@router.post("/desk/you")
def send_you(here: Sender, form: SentForm, parts: ServiceParts, provider: AnyProvider) -> Response:
    """Keep what somebody chooses."""
    try:
        require_token(here, first(form, "token"))
        away_from = [kind for kind in LookKind if kind.value in form.get("away_from", ())]
        per_day = parts.settings.looks_per_day
        choose_looks(parts.store, here.member, a_day=_a_day(form), away_from=away_from, per_day=per_day)
    except (InputError, NotAllowed) as problem:
        return _shown(parts, here, provider, problem)
    return go_to("/desk/you")


def _a_day(form: Form) -> int | None:
    text = first(form, "a_day").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise InputError("That is no number of looks.", advice="Write a whole number, or leave it empty.")
    return int(text)


def _shown(parts: Parts, here: Here, provider: Provider | None, problem: TakebackError | None = None) -> Response:
    with parts.store.read() as tx:
        member = tx.desk_people.by_id(here.member.id)
        budget = budget_of(tx, member, parts.settings.looks_per_day, parts.now())
        identity = None if provider is None else tx.desk_identities.of(member, provider.client.issuer)
    return desk_page(
        "you.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        problem=problem,
        member=member,
        budget=budget,
        per_day=parts.settings.looks_per_day,
        kinds=list(LookKind),
        provider=name_of(provider),
        identity=identity,
    )
