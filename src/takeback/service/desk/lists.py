"""`/desk/lists`: how the outside lists stand; an administrator switches them off and on, and has them fetched."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.errors import InputError, NotAllowed, NotFound, TakebackError
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Here, Sender, Signed, require_form
from takeback.service.problem import status_of
from takeback.store.desk_people import DeskRole
from takeback.workflow.desk_people import READERS, require_role
from takeback.workflow.exchanges import enable_exchange, fetch_again, let_list_hold
from takeback.workflow.list_standing import list_standings

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

PATH = "/desk/lists"


@router.get(PATH)
def lists_page(here: Signed, parts: ServiceParts) -> Response:
    """Show every list."""
    require_role(here.member, *READERS)
    return _shown(parts, here)


@router.post(PATH)
def send_list(here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Do one thing with one list: switch it, fetch it, or say whether it may hold."""
    try:
        require_form(here, first(form, "token"), DeskRole.ADMINISTRATOR)
        _act(parts, here.member.actor, first(form, "list"), first(form, "step"))
    except (InputError, NotAllowed, NotFound) as problem:
        return _shown(parts, here, problem)
    return go_to(PATH)


def _act(parts: Parts, actor: str, name: str, step: str) -> None:
    store, at = parts.store, parts.now()
    match step:
        case "on" | "off":
            enable_exchange(store, name, step == "on", actor=actor, at=at)
        case "fetch":
            fetch_again(store, name, whole=False, actor=actor, at=at)
        case "hold" | "only_possible":
            let_list_hold(store, name, step == "hold", actor=actor, at=at)
        case _:
            raise InputError("This form has no such button.", advice="Open the page, and press one of its own.")


def _shown(parts: Parts, here: Here, problem: TakebackError | None = None) -> Response:
    now = parts.now()
    with parts.store.read() as tx:
        lists = list_standings(tx)
    return desk_page(
        "lists.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        problem=problem,
        lists=[(each, each.state_at(now).value) for each in lists],
    )
