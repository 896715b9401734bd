"""What a second person does in a case: pass a contest on to her, answer it, read a refusal again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.errors import IllegalTransition, InputError, NotAllowed
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, Form, SentForm, first, go_to
from takeback.service.desk.door import Here, Sender, require_form
from takeback.service.desk.sheet import sheet
from takeback.workflow.contest import answer_contest
from takeback.workflow.desk_people import READERS
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.put_back import Answer
from takeback.workflow.second_reading import read_again

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

_MAX_REASON = 500
"""Characters, as `SaidIn` of the HTTP interface takes."""


@router.post("/desk/cases/{case_id}/hearing")
def send_summary(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Tell her in substance why a removal is contested, never who contests it."""
    heard_for = timedelta(hours=parts.settings.answer_hours)

    def pass_on() -> None:
        summary, actor = first(form, "summary"), here.member.actor
        pass_on_contest(parts.store, case_id, summary, actor=actor, heard_for=heard_for, at=parts.now())

    return _done(parts, here, case_id, form, pass_on)


@router.post("/desk/cases/{case_id}/answer")
def send_answer(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Answer the contests of a case."""

    def answer() -> None:
        put_back = _chosen(form, "uphold", "put_back") == "put_back"
        said = _answer(form, here.member.actor, names_elements=put_back)
        answer_contest(parts.store, case_id, said, put_back=put_back, at=parts.now())

    return _done(parts, here, case_id, form, answer)


@router.post("/desk/cases/{case_id}/reading")
def send_reading(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Read a refusal again."""

    def read() -> None:
        upheld = _chosen(form, "uphold", "overturn") == "uphold"
        said = _answer(form, here.member.actor, names_elements=upheld)
        read_again(parts.store, case_id, said, upheld=upheld, at=parts.now())

    return _done(parts, here, case_id, form, read)


def _done(parts: Parts, here: Here, case_id: str, form: Form, does: Callable[[], None]) -> Response:
    """Do what a form asks, or show the case as it stands with what was written."""
    try:
        require_form(here, first(form, "token"), *READERS)
        does()
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}")


def _chosen(form: Form, *choices: str) -> str:
    chosen = first(form, "outcome")
    if chosen not in choices:
        raise InputError("Nothing was chosen.", advice="Choose what you decide.")
    return chosen


def _answer(form: Form, actor: str, *, names_elements: bool) -> Answer:
    reason = first(form, "reason")
    if len(reason) > _MAX_REASON:
        raise InputError(f"The reason has more than {_MAX_REASON} characters.", advice="Say it shorter.")
    elements = tuple(form.get("elements", ())) if names_elements else ()
    return Answer(reason, actor, elements, seen=first(form, "seen"))
