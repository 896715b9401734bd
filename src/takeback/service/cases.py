"""`/api/v1/cases`: what the desk reads and decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StrictBool

from takeback.audit.log import LogEntry
from takeback.cases import CaseState
from takeback.cases.notice import SEALED_FIELDS
from takeback.cases.sealed import require_sealed
from takeback.cases.statement import House
from takeback.errors import InputError
from takeback.service.auth import Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.bundles import AS_ZIP, BundleIn, zip_answer
from takeback.service.prints import Strict
from takeback.service.sealed import SealedIn
from takeback.service.statements import StatementOut, statement_out
from takeback.store import Transaction
from takeback.store.captures import Capture
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import Hearing
from takeback.store.looks import Look
from takeback.store.news import NewsState
from takeback.store.queue import Second
from takeback.workflow.bank_case import own_bank_of
from takeback.workflow.bundle import Maker, bundle_for_desk, bundle_for_uploader
from takeback.workflow.bundle_record import Version
from takeback.workflow.cap import let_hold
from takeback.workflow.capture import ask_for_captures
from takeback.workflow.contest import answer_contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.desk_keys import keep_sealed_again, to_seal_again
from takeback.workflow.hearing import MAX_SUMMARY_CHARACTERS, pass_on_contest
from takeback.workflow.list_case import list_of
from takeback.workflow.messages import MAX_MESSAGE, write_to_person
from takeback.workflow.put_back import Answer
from takeback.workflow.quarantine import Choice, choose, kept_of
from takeback.workflow.recusal import recuse
from takeback.workflow.second_reading import read_again
from takeback.workflow.statements import statements_of_case
from takeback.workflow.words import open_words

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=StrictRoute)


class DeliveryOut(Strict):
    """How far an order to the site has come."""

    kind: str
    state: str
    attempts: int
    problem: str | None


Element = Annotated[str, Field(max_length=40)]


class HearingOut(Strict):
    """A hearing, as the desk sees it; what she wrote is among her messages."""

    about: str
    opened_at: datetime
    opened_by: str
    until_at: datetime
    due_at: datetime | None
    elements: list[str]
    answered_at: datetime | None
    agrees: bool | None
    closed_at: datetime | None
    upheld: bool | None


class LookOut(Strict):
    """That someone of the desk looked at a copy; never what was shown."""

    by: str
    at: datetime
    reason: str
    clear: bool
    """Whether they saw it clearer than blurred."""
    found: str | None


class CopyOut(Strict):
    """One copy of a case."""

    id: str
    state: str
    url: str
    item_id: str | None
    linked: bool
    copy_class: str | None = Field(serialization_alias="class")
    fact: str | None
    distance: int | None
    view: str | None
    orientation: str | None
    similarity: float | None
    inliers: int | None
    place: dict[str, float] | None
    changed: list[list[int]] | None
    """Of an altered copy the parts that were replaced: x, y, width, height in its pixels."""
    blind: bool
    found_at: datetime
    deadline_at: datetime | None
    problem: str | None
    bytes: str | None
    """Where the site cannot keep them: `waiting`, `asked` (a person has to choose), `kept` here, or `waived`."""
    bytes_problem: str | None
    """Why they are not kept, or were not the last time."""
    deliveries: list[DeliveryOut]
    looks: list[LookOut]


class RefusedUploadOut(Strict):
    """That uploads were refused at one place on one day because of a case, where it was contested."""

    id: str
    place: str
    """`site/` and its id, or `gate/` and the protocol."""
    refused_at: datetime
    """The first of that day."""
    state: str
    """`contested`, `upheld`, or `let`: it is refused no more."""
    contested_at: datetime
    entry: str
    """The entry that refuses."""
    reason: str | None
    """Of the answer."""


class CaseOut(Strict):
    """One case as the desk sees it; her words and who she is are not in it."""

    id: str
    state: str
    laws: list[str]
    under_18: bool
    received_at: datetime
    valid_at: datetime | None
    decided_at: datetime | None
    deadline_at: datetime | None
    finding: Mapping[str, str] | None
    sealed_to: list[str] | None
    """The keys of the desk that open her words; null where none is needed."""
    capped: bool
    """Nothing of it is hidden before a person has looked: its source sent many notices, or its list may not hold."""
    from_list: str | None
    """The outside list that began it; null where a notice did, empty where the list is removed."""
    from_bank: str | None
    """The bank of your own of which somebody contests what it refuses; null for every other, empty once removed."""
    unopened: int
    """Messages of hers that nobody at the desk has opened."""
    news_bounced: bool
    """Mail that there is news came back: she may not know of any. Her address is not the desk's."""


class CaseDetailOut(CaseOut):
    """One case with its copies."""

    copies: list[CopyOut]
    hearings: list[HearingOut]
    """What she was told before something is shown again, and whether she agreed."""
    recused: list[str]
    """Keys of those who keep out of the case."""
    refused_uploads: list[RefusedUploadOut]
    """Those that were contested."""


class EventOut(Strict):
    """One event of a case's timeline."""

    index: int
    at: datetime
    kind: str
    actor: str | None
    facts: Mapping[str, object] | None


class DecisionIn(Strict):
    """What a person decides; a removal needs their finding."""

    outcome: Outcome
    appears_covered: StrictBool = Field(
        False,
        description="What is shown appears intimate, or forged, and covered by a law that the notice names.",
    )
    reason: str = Field(max_length=500)
    elements: list[Element] = Field(
        default_factory=list, max_length=10, description="Of a refusal: which elements of the laws are not met."
    )
    confirm: Confirm = Confirm.NONE
    copies: list[str] = Field(default_factory=list, max_length=1_000)

    def decision(self, actor: str) -> Decision:
        """Return the decision of `actor`."""
        finding = Finding(self.appears_covered, self.reason, tuple(self.elements))
        return Decision(self.outcome, finding, actor, self.confirm, frozenset(self.copies))


class ChoiceIn(Strict):
    """What is chosen where the bytes of a copy cannot be kept."""

    choice: Choice


class MessageIn(Strict):
    """What the desk writes to her."""

    text: str = Field(max_length=2 * MAX_MESSAGE)


class SaidIn(Strict):
    """What someone says who did not decide before."""

    reason: str = Field(max_length=500)
    elements: list[Element] = Field(
        default_factory=list, max_length=10, description="Which elements of the laws are not met; a put-back needs it."
    )

    def answer(self, actor: str) -> Answer:
        """Return it in the program's own terms."""
        return Answer(self.reason, actor, tuple(self.elements))


class AnswerIn(SaidIn):
    """The answer to a contest."""

    put_back: StrictBool


class ReadingIn(SaidIn):
    """What the second reader of a refusal found."""

    upheld: StrictBool


class SummaryIn(Strict):
    """What she is told of a contest."""

    summary: str = Field(max_length=2 * MAX_SUMMARY_CHARACTERS)


class CaptureIn(Strict):
    """Which pages are kept."""

    copies: list[Annotated[str, Field(max_length=32)]] = Field(
        default_factory=list, max_length=100, description="Copies whose pages are kept; empty: of all on a site here."
    )


class CaptureOut(Strict):
    """One page that is kept, or is to be."""

    copy_id: str = Field(serialization_alias="copy")
    asked_at: datetime
    waiting: bool
    captured_at: datetime | None
    problem: str | None
    """Why it is not kept, or was not the last time."""


@router.get("")
def list_cases(
    caller: Moderator,
    parts: ServiceParts,
    state: Annotated[list[CaseState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    seal_again: Annotated[
        bool, Query(description="Only cases whose words are sealed to others than the present desk, oldest first.")
    ] = False,
    waits: Annotated[
        Literal["second"] | None,
        Query(description="Only cases in which a second person is waited for, whom the holder of this key may be."),
    ] = None,
) -> list[CaseOut]:
    """List cases: the capped ones at the top, then those due first."""
    with parts.store.read() as tx:
        if waits is not None:
            second = Second(caller.actor, parts.now())
            rows = tx.queue.page(state or (), second=second, offset=0, limit=limit, at=second.at).rows
            return [_case(tx, tx.cases.by_public_id(row.public_id)) for row in rows]
        if seal_again:
            found = [case for case in to_seal_again(tx) if not state or case.state in state]
            return [_case(tx, case) for case in found[:limit]]
        return [_case(tx, case) for case in tx.cases.queue(states=state or (), limit=limit)]


@router.get("/{case_id}")
def read_case(case_id: str, _caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Read one case with its copies."""
    with parts.store.read() as tx:
        return _detail(tx, tx.cases.by_public_id(case_id))


@router.get("/{case_id}/events")
def read_events(case_id: str, _caller: Moderator, parts: ServiceParts) -> list[EventOut]:
    """Read the timeline of a case out of the audit log."""
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        return [_event(entry) for entry in tx.audit.of_case(case.public_id)]


@router.post("/{case_id}/words")
def read_words(case_id: str, caller: Moderator, parts: ServiceParts) -> Mapping[str, object]:
    """
    Open what she wrote and how to reach her. Each opening is an event of the case.

    Where it is sealed to the desk, `sealed` holds it as it came, and it opens with the key of one of its people.
    """
    return open_words(parts.store, case_id, actor=caller.actor, at=parts.now())


@router.put("/{case_id}/words", status_code=204)
def seal_words_again(case_id: str, body: SealedIn, caller: Moderator, parts: ServiceParts) -> None:
    """Keep the very same words, sealed to everyone who has a key of the desk now."""
    sealed = body.words()
    require_sealed(sealed, SEALED_FIELDS)
    keep_sealed_again(parts.store, case_id, sealed, actor=caller.actor, at=parts.now())


@router.put("/{case_id}/messages/{message_id}", status_code=204)
def seal_message_again(case_id: str, message_id: str, body: SealedIn, caller: Moderator, parts: ServiceParts) -> None:
    """Keep the very same message of hers, sealed to everyone who has a key of the desk now."""
    sealed = body.words()
    require_sealed(sealed, ())
    keep_sealed_again(parts.store, case_id, sealed, message_id=message_id, actor=caller.actor, at=parts.now())


@router.post("/{case_id}/message", status_code=204)
def send_message(case_id: str, body: MessageIn, caller: Moderator, parts: ServiceParts) -> None:
    """Write to her; she reads it with her receipt."""
    write_to_person(parts.store, case_id, body.text, actor=caller.actor, at=parts.now())


@router.post("/{case_id}/hold")
def let_it_hold(case_id: str, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Let a capped case hold what it is about, as any other."""
    let_hold(parts.store, case_id, actor=caller.actor, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/decision")
def send_decision(case_id: str, body: DecisionIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Decide a held case: remove or refuse."""
    heard_for = timedelta(hours=parts.settings.answer_hours)
    decide(parts.store, case_id, body.decision(caller.actor), heard_for=heard_for, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/confirmation")
def send_confirmation(case_id: str, body: DecisionIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Remove, or put back, copies that are held in a case that is decided."""
    heard_for = timedelta(hours=parts.settings.answer_hours)
    confirm_copies(parts.store, case_id, body.decision(caller.actor), heard_for=heard_for, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/answer")
def send_answer(case_id: str, body: AnswerIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Answer the contests of a case."""
    answer_contest(parts.store, case_id, body.answer(caller.actor), put_back=body.put_back, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/hearing")
def send_summary(case_id: str, body: SummaryIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Pass a contest on to her in substance, never who contests; she has time to answer before a put-back."""
    heard_for = timedelta(hours=parts.settings.answer_hours)
    pass_on_contest(parts.store, case_id, body.summary, actor=caller.actor, heard_for=heard_for, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/reading")
def send_reading(case_id: str, body: ReadingIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Read a refusal again, as another person than the one who refused."""
    read_again(parts.store, case_id, body.answer(caller.actor), upheld=body.upheld, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/recusal", status_code=204)
def send_recusal(case_id: str, caller: Moderator, parts: ServiceParts) -> None:
    """Keep out of a case, for good: whose key this is knows somebody in it."""
    recuse(parts.store, case_id, actor=caller.actor, at=parts.now())


@router.get("/{case_id}/statements")
def read_statements(case_id: str, _caller: Moderator, parts: ServiceParts) -> list[StatementOut]:
    """Read the reasons that whoever posted each copy was given."""
    house = House.of(parts.settings)
    return [statement_out(each, house.languages) for each in statements_of_case(parts.store, case_id, house)]


@router.post("/{case_id}/copies/{copy_id}/bytes")
def send_choice(case_id: str, copy_id: str, body: ChoiceIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Choose where the bytes of a copy cannot be kept: have it tried again, or remove it without."""
    choose(parts.store, case_id, copy_id, body.choice, actor=caller.actor, at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/captures", status_code=202)
def ask_to_capture(case_id: str, body: CaptureIn, caller: Moderator, parts: ServiceParts) -> list[CaptureOut]:
    """Have pages of a case kept for evidence, without their pictures; they come within seconds."""
    ask_for_captures(parts.store, case_id, body.copies, actor=caller.actor, at=parts.now())
    return read_captures(case_id, caller, parts)


@router.get("/{case_id}/captures")
def read_captures(case_id: str, _caller: Moderator, parts: ServiceParts) -> list[CaptureOut]:
    """Say which pages of a case are kept, wait, or could not be fetched; what is in them goes into a bundle alone."""
    with parts.store.read() as tx:
        case = tx.cases.by_public_id(case_id)
        return [_capture(tx, each) for each in tx.captures.of_case(case.id)]


@router.post("/{case_id}/bundle", responses=AS_ZIP, response_class=Response)
def make_bundle(case_id: str, body: BundleIn, caller: Moderator, parts: ServiceParts) -> Response:
    """Make an evidence bundle, without the picture. Each is an event of the case, with the key and why."""
    maker, at = Maker.of(parts.settings), parts.now()
    if body.version is Version.FULL:
        return zip_answer(
            bundle_for_desk(parts.store, case_id, why=body.why, actor=caller.actor, maker=maker, at=at)
        )  # fmt: skip
    if body.version is not Version.UPLOADER:
        raise InputError("Her version is made with her receipt.", advice="Ask for `full` or `uploader`.")
    return zip_answer(
        bundle_for_uploader(
            parts.store, case_id, body.copy_id, why=body.why, actor=caller.actor, maker=maker, at=at
        )
    )  # fmt: skip


def _case(tx: Transaction, case: Case) -> CaseOut:
    news = tx.news.of_case(case.id)
    return CaseOut(
        id=case.public_id,
        state=case.state.value,
        laws=list(case.laws),
        under_18=case.under_18,
        received_at=case.received_at,
        valid_at=case.valid_at,
        decided_at=case.decided_at,
        deadline_at=case.deadline_at,
        finding=case.finding,
        sealed_to=None if case.sealed_to is None else list(case.sealed_to),
        capped=case.capped_at is not None,
        from_list=list_of(tx, case),
        from_bank=own_bank_of(tx, case),
        unopened=tx.messages.unopened(case),
        news_bounced=news is not None and news.state is NewsState.BOUNCED,
    )


def _detail(tx: Transaction, case: Case) -> CaseDetailOut:
    looks = tx.looks.of_case(case.id)
    copies = [
        _copy(tx, case, copy, [each for each in looks if each.copy_id == copy.id])
        for copy in tx.copies.of_case(case.id)
    ]
    hearings = [_hearing(each) for each in tx.hearings.of_case(case.id)]
    recused = tx.recusals.of_case(case.id)
    uploads = [
        RefusedUploadOut(
            id=upload.public_id,
            place=upload.place,
            refused_at=upload.at,
            state=upload.state.value,
            contested_at=upload.contested_at,
            entry=tx.banks.by_id(upload.entry_id).public_id,
            reason=None if upload.answer is None else str(upload.answer["reason"]),
        )
        for upload in tx.refused_uploads.of_case(case.id)
        if upload.contested_at is not None
    ]
    return CaseDetailOut(
        **_case(tx, case).model_dump(), copies=copies, hearings=hearings, recused=recused, refused_uploads=uploads
    )


def _hearing(each: Hearing) -> HearingOut:
    return HearingOut(
        about=each.about.value,
        opened_at=each.opened_at,
        opened_by=each.opened_by,
        until_at=each.until_at,
        due_at=each.due_at,
        elements=list(each.elements),
        answered_at=each.answered_at,
        agrees=each.agrees,
        closed_at=each.closed_at,
        upheld=each.is_upheld,
    )


def _look(each: Look) -> LookOut:
    return LookOut(
        by=each.actor,
        at=each.at,
        reason=each.reason.value,
        clear=each.cleared_at is not None,
        found=None if each.found is None else each.found.value,
    )


def _copy(tx: Transaction, case: Case, copy: Copy, looks: Sequence[Look]) -> CopyOut:
    deliveries = [
        DeliveryOut(kind=one.kind, state=one.state.value, attempts=one.attempts, problem=one.problem)
        for one in tx.outbox.of_copy(copy.id)
    ]
    kept = kept_of(tx, copy)
    return CopyOut(
        id=copy.public_id,
        state=copy.state.value,
        url=tx.cases.open_link(case, copy),
        item_id=copy.site_item_id,
        linked=copy.linked,
        copy_class=None if copy.copy_class is None else copy.copy_class.value,
        **asdict(copy.likeness),
        blind=copy.blind,
        found_at=copy.found_at,
        deadline_at=copy.deadline_at,
        problem=copy.problem,
        bytes=None if kept is None else kept.state.value,
        bytes_problem=None if kept is None else kept.problem,
        deliveries=deliveries,
        looks=[_look(each) for each in looks],
    )


def _capture(tx: Transaction, each: Capture) -> CaptureOut:
    return CaptureOut(
        copy_id=tx.copies.by_id(each.copy_id).public_id,
        asked_at=each.asked_at,
        waiting=each.is_waiting,
        captured_at=each.captured_at,
        problem=each.problem,
    )


def _event(entry: LogEntry) -> EventOut:
    return EventOut(index=entry.index, at=entry.at, kind=entry.kind, actor=entry.actor, facts=entry.facts)
