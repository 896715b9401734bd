"""`/desk/cases/{id}`: one case with its clocks, its copies' facts, what was written, and the decision."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound
from takeback.service.auth import ServiceParts
from takeback.service.bundles import zip_answer
from takeback.service.desk.answer import DeskRoute, Form, SentForm, first, go_to
from takeback.service.desk.door import Here, Sender, Signed, require_form
from takeback.service.desk.sheet import sheet
from takeback.store.desk_people import DeskRole
from takeback.workflow.bundle import Bundle, Maker, bundle_for_desk, bundle_for_uploader
from takeback.workflow.cap import let_hold
from takeback.workflow.capture import ask_for_captures
from takeback.workflow.coop import report_again
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.desk_people import READERS
from takeback.workflow.messages import write_to_person
from takeback.workflow.quarantine import Choice, choose
from takeback.workflow.recusal import recuse
from takeback.workflow.redeliver import redeliver
from takeback.workflow.words import open_words

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

_MAX_REASON = 500
"""Characters, as `DecisionIn` of the HTTP interface takes."""
_DISMISS = "dismiss"


@router.get("/desk/cases/{case_id}")
def case_page(case_id: str, here: Signed, parts: ServiceParts) -> Response:
    """Show a case."""
    return sheet(parts, here, case_id)


@router.post("/desk/cases/{case_id}/decision")
def send_decision(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Decide a case, or settle copies of it."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        decision, of_case = _decision(form, here.member.actor), first(form, "of") == "case"
        do = decide if of_case and first(form, "outcome") != _DISMISS else confirm_copies
        heard_for = timedelta(hours=parts.settings.answer_hours)
        do(parts.store, case_id, decision, heard_for=heard_for, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}")


@router.post("/desk/cases/{case_id}/hold")
def send_hold(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Let a capped case hold what it is about."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        let_hold(parts.store, case_id, actor=here.member.actor, seen=first(form, "seen"), at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#copies")


@router.post("/desk/cases/{case_id}/deliveries/{delivery_id}")
def send_retry(case_id: str, delivery_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Have an order tried again that a site did not take."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        _require_of_case(parts, case_id, delivery_id)
        redeliver(parts.store, delivery_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#copies")


@router.post("/desk/cases/{case_id}/coop/{report_id}")
def send_report_again(case_id: str, report_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Have Coop told again what it did not take."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        _require_report_of_case(parts, case_id, report_id)
        report_again(parts.store, report_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#coop")


@router.post("/desk/cases/{case_id}/copies/{copy_id}/bytes")
def send_choice(case_id: str, copy_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Choose where the bytes of a copy cannot be kept."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        if (chosen := first(form, "choice")) not in list(Choice):
            raise InputError("Nothing was chosen.", advice="Choose what is to be done.")
        choose(parts.store, case_id, copy_id, Choice(chosen), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#copies")


@router.post("/desk/cases/{case_id}/message")
def send_message(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Write to her."""
    try:
        require_form(here, first(form, "token"), DeskRole.MODERATOR)
        write_to_person(parts.store, case_id, first(form, "text"), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}#messages")


@router.post("/desk/cases/{case_id}/words")
def send_open_words(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Open what she wrote; that is an event of the case."""
    try:
        require_form(here, first(form, "token"), *READERS)
        opened = open_words(parts.store, case_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem)
    return sheet(parts, here, case_id, opened=opened)


@router.post("/desk/cases/{case_id}/recusal")
def send_recusal(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Keep out of a case, for good."""
    try:
        require_form(here, first(form, "token"), *READERS)
        if not first(form, "sure"):
            raise InputError("It was not confirmed.", advice="Tick that you keep out of this case for good.")
        recuse(parts.store, case_id, actor=here.member.actor, at=parts.now())
    except (InputError, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}")


@router.post("/desk/cases/{case_id}/bundle")
def make_bundle(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Make an evidence bundle: the full one, or that of whoever posted a copy; each is an event of the case."""
    try:
        require_form(here, first(form, "token"), *READERS)
        return zip_answer(_bundle(parts, here, case_id, first(form, "why"), first(form, "copy")))
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)


@router.post("/desk/cases/{case_id}/captures")
def send_capture(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Have the pages of a case kept for evidence."""
    try:
        require_form(here, first(form, "token"), *READERS)
        ask_for_captures(parts.store, case_id, (), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return sheet(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}#evidence")


def _bundle(parts: Parts, here: Here, case_id: str, why: str, copy_id: str) -> Bundle:
    actor, maker, at = here.member.actor, Maker.of(parts.settings), parts.now()
    if not copy_id:
        return bundle_for_desk(parts.store, case_id, why=why, actor=actor, maker=maker, at=at)
    return bundle_for_uploader(parts.store, case_id, copy_id, why=why, actor=actor, maker=maker, at=at)


def _require_of_case(parts: Parts, case_id: str, delivery_id: str) -> None:
    with parts.store.read() as tx:
        if tx.outbox.by_public_id(delivery_id).body.get("case") != case_id:
            raise NotFound("This case has no such order.")


def _require_report_of_case(parts: Parts, case_id: str, report_id: str) -> None:
    with parts.store.read() as tx:
        if tx.coop_reports.by_public_id(report_id).case_id != tx.cases.by_public_id(case_id).id:
            raise NotFound("This case has no such report.")


def _decision(form: Form, actor: str) -> Decision:
    """Read a decision; `InputError` where the form holds none."""
    outcomes = {"remove": Outcome.REMOVED, "refuse": Outcome.REFUSED, _DISMISS: Outcome.REFUSED}
    outcome, confirm = outcomes.get(first(form, "outcome")), first(form, "confirm") or Confirm.NONE.value
    if outcome is None or confirm not in list(Confirm):
        raise InputError("Nothing was chosen.", advice="Choose what you decide.")
    reason = first(form, "reason")
    if len(reason) > _MAX_REASON:
        raise InputError(f"The reason has more than {_MAX_REASON} characters.", advice="Say it shorter.")
    elements = tuple(form.get("elements", ())) if outcome is Outcome.REFUSED else ()
    finding = Finding(first(form, "covered") == "yes", reason, elements)
    named = frozenset(form.get("copies", ()))
    covers = Confirm(confirm) if outcome is Outcome.REMOVED else Confirm.NONE
    return Decision(outcome, finding, actor, covers, named, seen=first(form, "seen"))
