"""`/desk/cases/{id}`: one case with its clocks, its copies' facts, what was written, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from takeback.assembly import Parts
from takeback.cases import CaseState, CopyState, law_pack, law_packs
from takeback.cases.statement import element_text
from takeback.errors import IllegalTransition, InputError, NotAllowed, NotFound, TakebackError
from takeback.service.auth import ServiceParts
from takeback.service.bundles import zip_answer
from takeback.service.desk.answer import DeskRoute, Form, SentForm, desk_page, first, go_to, words
from takeback.service.desk.clock import TimeLeft, time_left
from takeback.service.desk.door import Here, Sender, Signed, require_decider, require_token
from takeback.service.desk.likeness import likeness_in_words
from takeback.service.desk.timeline import name_of, timeline
from takeback.service.pages.words import DEFAULT
from takeback.service.problem import status_of
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.desk_people import DeskRole
from takeback.store.outbox import Delivery, DeliveryState
from takeback.workflow.bundle import Bundle, Maker, bundle_for_desk, bundle_for_uploader
from takeback.workflow.capture import ask_for_captures
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide, standing
from takeback.workflow.desk_people import require_role
from takeback.workflow.messages import write_to_person
from takeback.workflow.reasons import complete_laws
from takeback.workflow.redeliver import redeliver
from takeback.workflow.words import open_words

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

_DECIDABLE = (CaseState.HELD, CaseState.WATCHING)
_SETTLED = (CaseState.REMOVED, CaseState.CONTESTED, CaseState.WITHDRAWN)
_OPEN_COPIES = (CopyState.HELD, CopyState.POSSIBLE)
_MAX_REASON = 500
"""Characters, as `DecisionIn` of the HTTP interface takes."""
_DISMISS = "dismiss"
_READ_WORDS = (DeskRole.MODERATOR, DeskRole.SECOND_READER)


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy as the table shows it."""

    copy: Copy
    address: str
    facts: Sequence[str]
    left: TimeLeft
    deliveries: Sequence[Delivery]

    @property
    def short(self) -> str:
        """What people call the copy."""
        return self.copy.public_id[:8]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be settled."""
        return self.copy.state in _OPEN_COPIES


@router.get("/desk/cases/{case_id}")
def case_page(case_id: str, here: Signed, parts: ServiceParts) -> Response:
    """Show a case."""
    return _shown(parts, here, case_id)


@router.post("/desk/cases/{case_id}/decision")
def send_decision(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Decide a case, or settle copies of it."""
    try:
        _require(here, form)
        decision, of_case = _decision(form, here.member.actor), first(form, "of") == "case"
        do = decide if of_case and first(form, "outcome") != _DISMISS else confirm_copies
        do(parts.store, case_id, decision, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}")


@router.post("/desk/cases/{case_id}/deliveries/{delivery_id}")
def send_retry(case_id: str, delivery_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Have an order tried again that a site did not take."""
    try:
        _require(here, form)
        _require_of_case(parts, case_id, delivery_id)
        redeliver(parts.store, delivery_id, actor=here.member.actor, at=parts.now())
    except (IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem)
    return go_to(f"/desk/cases/{case_id}#copies")


@router.post("/desk/cases/{case_id}/message")
def send_message(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Write to her."""
    try:
        _require(here, form)
        write_to_person(parts.store, case_id, first(form, "text"), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}#messages")


@router.post("/desk/cases/{case_id}/words")
def send_open_words(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Open what she wrote; that is an event of the case."""
    try:
        require_role(here.member, *_READ_WORDS)
        require_token(here, first(form, "token"))
        opened = open_words(parts.store, case_id, actor=here.member.actor, at=parts.now())
    except NotAllowed as problem:
        return _shown(parts, here, case_id, problem=problem)
    return _shown(parts, here, case_id, opened=opened)


@router.post("/desk/cases/{case_id}/bundle")
def make_bundle(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Make an evidence bundle: the full one, or that of whoever posted a copy; each is an event of the case."""
    try:
        require_role(here.member, *_READ_WORDS)
        require_token(here, first(form, "token"))
        return zip_answer(_bundle(parts, here, case_id, first(form, "why"), first(form, "copy")))
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)


@router.post("/desk/cases/{case_id}/captures")
def send_capture(case_id: str, here: Sender, form: SentForm, parts: ServiceParts) -> Response:
    """Have the pages of a case kept for evidence."""
    try:
        require_role(here.member, *_READ_WORDS)
        require_token(here, first(form, "token"))
        ask_for_captures(parts.store, case_id, (), actor=here.member.actor, at=parts.now())
    except (InputError, IllegalTransition, NotAllowed) as problem:
        return _shown(parts, here, case_id, problem=problem, sent=form)
    return go_to(f"/desk/cases/{case_id}#evidence")


def _bundle(parts: Parts, here: Here, case_id: str, why: str, copy_id: str) -> Bundle:
    actor, maker, at = here.member.actor, Maker.of(parts.settings), parts.now()
    if not copy_id:
        return bundle_for_desk(parts.store, case_id, why=why, actor=actor, maker=maker, at=at)
    return bundle_for_uploader(parts.store, case_id, copy_id, why=why, actor=actor, maker=maker, at=at)


def _require(here: Here, form: Form) -> None:
    require_decider(here)
    require_token(here, first(form, "token"))


def _require_of_case(parts: Parts, case_id: str, delivery_id: str) -> None:
    with parts.store.read() as tx:
        if tx.outbox.by_public_id(delivery_id).body.get("case") != case_id:
            raise NotFound("This case has no such order.")


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


def _shown(
    parts: Parts,
    here: Here,
    case_id: str,
    *,
    problem: TakebackError | None = None,
    sent: Form | None = None,
    opened: Mapping[str, object] | None = None,
) -> Response:
    """Return the page of a case as it stands now, with what was sent and not taken still in its forms."""
    now, said = parts.now(), words()
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        lines = [_line(tx, case, copy, time_left(said, copy.deadline_at, now)) for copy in tx.copies.of_case(case.id)]
        names = {member.actor: member.name for member in tx.desk_people.all()}
        values: dict[str, Any] = {
            "events": timeline(said, tx.audit.of_case(case.public_id), names),
            "messages": tx.messages.of_case(case),
            "hearings": tx.hearings.of_case(case.id),
            "captures": tx.captures.of_case(case.id),
        }
    return desk_page(
        "case.html",
        status=HTTPStatus.OK if problem is None else status_of(problem),
        here=here,
        case=case,
        short=case.public_id[:8],
        left=time_left(said, case.deadline_at, now),
        laws=_law_names(case.laws),
        law_names=_law_names,
        clocks=_clocks(case),
        lines=lines,
        decided_by="" if case.finding is None else name_of(said, case.finding.get("actor", ""), names),
        choice=_choice(case, lines),
        elements=_elements(case),
        to_be_told=any(line.copy.state is CopyState.CONTESTED and line.copy.hearing_id is None for line in lines),
        counts={
            "blind": sum(line.copy.state is CopyState.HELD and line.copy.blind for line in lines),
            "all": sum(line.copy.state is CopyState.HELD for line in lines),
        },
        seen=standing(case, [line.copy for line in lines]),
        reads=here.member.role in (*_READ_WORDS, DeskRole.ADMINISTRATOR),
        problem=problem,
        sent={name: list(each) for name, each in (sent or {}).items()},
        opened=opened,
        written=[] if _holds_forms(case, lines, here) else [each for each in (sent or {}).get("reason", ()) if each],
        told=[] if opened is None else list(_told(opened)),
        failed=DeliveryState.FAILED,
        **values,
    )


def _line(tx: Transaction, case: Case, copy: Copy, left: TimeLeft) -> CopyLine:
    facts = likeness_in_words(words(), copy)
    return CopyLine(copy, tx.cases.open_link(case, copy), facts, left, tx.outbox.of_copy(copy.id))


def _law_names(laws: Sequence[str]) -> str:
    """Return the whole names of laws; one that is known here no more keeps its id."""
    return ", ".join(law_packs()[law].name if law in law_packs() else law for law in laws)


def _elements(case: Case) -> list[tuple[str, str, str]]:
    """Return each element that may not be met, what that means, and in which sections of the case's laws it stands."""
    found: dict[str, list[str]] = {}
    for law in complete_laws(case) or case.laws:
        for element, section in law_pack(law).elements.items():
            found.setdefault(element, []).append(f"{law_pack(law).name}, {section}")
    return [(element, element_text(DEFAULT, element), "; ".join(at)) for element, at in found.items()]


def _clocks(case: Case) -> list[tuple[str, object]]:
    """Return each moment of a case by its name; what comes only sometimes is left out where it does not."""
    always = ("received_at", "valid_at", "deadline_at")
    sometimes = ("decided_at", "closed_at", "erase_at", "erased_at")
    moments = [(name, getattr(case, name)) for name in (*always, *sometimes)]
    return [(name, moment) for name, moment in moments if name in always or moment is not None]


def _choice(case: Case, lines: Sequence[CopyLine]) -> str:
    """Say what is to be chosen: about the `case`, about `copies` that are left, or nothing."""
    if case.state in _DECIDABLE:
        return "case"
    return "copies" if case.state in _SETTLED and any(line.is_open for line in lines) else ""


def _holds_forms(case: Case, lines: Sequence[CopyLine], here: Here) -> bool:
    """Whether the page has a form that holds a reason; where it has none any more, what was written is shown apart."""
    return bool(_choice(case, lines)) and here.decides


def _told(opened: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what she wrote, by the names of the fields, where it is not sealed; and the grounds of contests."""
    contact = opened.get("contact")
    fields = {**opened, **(contact if isinstance(contact, Mapping) else {})}
    names = ("statement", "signature", "role", "authority", "name", "email", "phone")
    told = [(name, str(fields[name])) for name in names if fields.get(name)]
    contests = opened.get("contests")
    for each in contests if isinstance(contests, list) else []:
        told.append(("grounds", str(each["grounds"])))
    return told
