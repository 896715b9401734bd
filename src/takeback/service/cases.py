"""`/api/v1/cases`: what the desk reads and decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from takeback.audit.log import LogEntry
from takeback.cases import CaseState
from takeback.cases.notice import SEALED_FIELDS
from takeback.cases.sealed import require_sealed
from takeback.service.auth import Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.service.sealed import SealedIn
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.news import NewsState
from takeback.workflow.contest import answer_contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.desk_keys import keep_sealed_again, to_seal_again
from takeback.workflow.messages import MAX_MESSAGE, write_to_person
from takeback.workflow.words import open_words

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=StrictRoute)


class DeliveryOut(Strict):
    """How far an order to the site has come."""

    kind: str
    state: str
    attempts: int
    problem: str | None


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
    deliveries: list[DeliveryOut]


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
    unopened: int
    """Messages of hers that nobody at the desk has opened."""
    news_bounced: bool
    """Mail that there is news came back: she may not know of any. Her address is not the desk's."""


class CaseDetailOut(CaseOut):
    """One case with its copies."""

    copies: list[CopyOut]


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
    appears_covered: bool = Field(
        False,
        description="What is shown appears intimate, or forged, and covered by a law that the notice names.",
    )
    reason: str = Field(max_length=500)
    confirm: Confirm = Confirm.NONE
    copies: list[str] = Field(default_factory=list, max_length=1_000)

    def decision(self, actor: str) -> Decision:
        """Return the decision of `actor`."""
        finding = Finding(self.appears_covered, self.reason)
        return Decision(self.outcome, finding, actor, self.confirm, frozenset(self.copies))


class MessageIn(Strict):
    """What the desk writes to her."""

    text: str = Field(max_length=2 * MAX_MESSAGE)


class AnswerIn(Strict):
    """The answer to a contest, by someone who did not decide the case."""

    put_back: bool
    reason: str = Field(max_length=500)


@router.get("")
def list_cases(
    _caller: Moderator,
    parts: ServiceParts,
    state: Annotated[list[CaseState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    seal_again: Annotated[
        bool, Query(description="Only cases whose words are sealed to others than the present desk, oldest first.")
    ] = False,
) -> list[CaseOut]:
    """List cases, the ones due first at the top."""
    with parts.store.read() as tx:
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


@router.post("/{case_id}/decision")
def send_decision(case_id: str, body: DecisionIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Decide a held case: remove or refuse."""
    decide(parts.store, case_id, body.decision(caller.actor), at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/confirmation")
def send_confirmation(case_id: str, body: DecisionIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Remove, or put back, copies that are held in a case that is decided."""
    confirm_copies(parts.store, case_id, body.decision(caller.actor), at=parts.now())
    return read_case(case_id, caller, parts)


@router.post("/{case_id}/answer")
def send_answer(case_id: str, body: AnswerIn, caller: Moderator, parts: ServiceParts) -> CaseDetailOut:
    """Answer the contests of a case."""
    answer_contest(parts.store, case_id, put_back=body.put_back, reason=body.reason, actor=caller.actor, at=parts.now())
    return read_case(case_id, caller, parts)


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
        unopened=tx.messages.unopened(case),
        news_bounced=news is not None and news.state is NewsState.BOUNCED,
    )


def _detail(tx: Transaction, case: Case) -> CaseDetailOut:
    copies = [_copy(tx, case, copy) for copy in tx.copies.of_case(case.id)]
    return CaseDetailOut(**_case(tx, case).model_dump(), copies=copies)


def _copy(tx: Transaction, case: Case, copy: Copy) -> CopyOut:
    deliveries = [
        DeliveryOut(kind=one.kind, state=one.state.value, attempts=one.attempts, problem=one.problem)
        for one in tx.outbox.of_copy(copy.id)
    ]
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
        deliveries=deliveries,
    )


def _event(entry: LogEntry) -> EventOut:
    return EventOut(index=entry.index, at=entry.at, kind=entry.kind, actor=entry.actor, facts=entry.facts)
