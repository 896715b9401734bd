"""How a case stands, as its person may know it: the answer to whatever she asks of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from takeback.assembly import Parts
from takeback.cases import Clocks, CopyState, clocks_of, law_pack
from takeback.cases.case import CaseState
from takeback.cases.elements import sections_of
from takeback.service.prints import Strict
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.hearings import About, Hearing
from takeback.store.messages import Sender
from takeback.store.news import NewsAddress
from takeback.workflow.forwarding import Forwarded, forwarded_of
from takeback.workflow.hearing import open_to_her
from takeback.workflow.legal_hold import held_until
from takeback.workflow.news import she_looked
from takeback.workflow.originals import watched_until
from takeback.workflow.reasons import complete_laws

_LINE = 500


class ReceiptIn(Strict):
    """The receipt, or the number, in the body so that it is in no address and no log."""

    receipt: str = Field(max_length=_LINE)


class EndingIn(Strict):
    """The number of sixteen digits, which alone ends a case."""

    ending: str = Field(max_length=_LINE)


class MessageOut(Strict):
    """
    One message between her and the desk.

    What she wrote is not in it: it may be sealed, and whoever else has the receipt need not read it.
    """

    at: datetime
    sender: Sender
    text: str | None


class ElementOut(Strict):
    """An element of a law that a person found not to be met."""

    law: str
    element: str
    section: str


class Contested(StrEnum):
    """What a contest is about, so that she knows what she agrees to."""

    COPIES = "copies"
    UPLOADS = "uploads"
    """That uploads of the picture are refused."""
    BOTH = "both"


class HearingOut(Strict):
    """
    What she is told before anything that was hidden for her is shown again, and until when she can answer.

    Of a contest its substance, in the desk's words; of a refusal the reasons, law by law.
    """

    id: str
    about: About
    of: Contested
    """Of a contest: whether copies would be shown again, uploads be taken again, or both."""
    opened_at: datetime
    until_at: datetime
    due_at: datetime | None
    """By when a second person decides."""
    summary: str | None
    reason: str | None
    elements: list[ElementOut]
    answered_at: datetime | None
    agrees: bool | None
    can_answer: bool
    upheld: bool | None
    """Once it is decided: whether the second person upheld what the first decided."""


class CountsOut(Strict):
    """What became of the copies of a case; only once a person has decided."""

    found: int
    """Items that are copies, those of her links included."""
    held: int
    removed: int
    put_back: int


class ForwardedToOut(Strict):
    """What became of the notice at another instance that she ticked; the numbers once a person there has decided."""

    name: str
    state: Forwarded
    confirmed_at: datetime | None
    """When it confirmed what it was told last: the notice, or that it is over."""
    answered_at: datetime | None
    removed: int
    held: int
    kept: int


class MissingOut(Strict):
    """A field that a law asks for and the notice lacks."""

    law: str
    field: str
    section: str


class StandingOut(Strict):
    """
    How her case stands.

    Before a decision it says nothing of what was found: a notice must not become a search engine for
    someone else (design §8.4).
    """

    case: str
    state: str
    missing: list[MissingOut]
    received_at: datetime
    due_from_receipt_at: datetime
    due_from_valid_at: datetime | None
    decided_at: datetime | None
    erase_at: datetime | None
    """When all that is hers will be erased, until which it can be cancelled; None where it will not."""
    erased_at: datetime | None
    kept_until: datetime | None
    """Where she asked for the erasure: until when a legal hold suspends it; it happens by itself then."""
    copies: CountsOut | None
    """What was found and what became of it, once a person has decided."""
    messages: list[MessageOut]
    hearings: list[HearingOut]
    news: str | None
    """Her address for mail when there is news: `unconfirmed`, `confirmed`, `bounced`, `off`; null: none is sent."""
    forwarded: list[ForwardedToOut]
    """Other instances that she asked to look too, and what they did."""
    originals_until: datetime | None
    """Until when altered copies of her ordinary pictures are looked for."""


_PUBLIC_STATE = {
    CaseState.RECEIVED: "open",
    CaseState.VALID: "open",
    CaseState.WATCHING: "open",
    CaseState.HELD: "open",
}
"""States that say the same to her until there is a decision, or that a person looks before anything is hidden."""


def standing_of(parts: Parts, case: Case, *, looked: bool = True) -> StandingOut:
    """Return how a case stands, as its person may know it, and remember that she `looked`."""
    with parts.store.read() as tx:
        until = watched_until(tx, case, parts.now())
        counts, messages, address = _counts(tx, case), _messages(tx, case), tx.news.of_case(case.id)
        hearings = _hearings(tx, case, parts.now())
        forwarded = [ForwardedToOut(**asdict(each)) for each in forwarded_of(tx, case)]
        kept_until = None if case.erase_at is None else held_until(tx, case, parts.now())
    if looked:
        she_looked(parts.store, case, at=parts.now())
    clocks: Clocks = clocks_of(case.received_at, case.valid_at, [law_pack(law) for law in case.laws])
    return StandingOut(
        case=case.public_id,
        state=_state(case),
        missing=[MissingOut(**missing) for missing in case.missing],
        received_at=case.received_at,
        due_from_receipt_at=clocks.from_receipt_at,
        due_from_valid_at=clocks.from_valid_at,
        decided_at=case.decided_at,
        erase_at=case.erase_at,
        erased_at=case.erased_at,
        kept_until=kept_until,
        copies=counts,
        messages=messages,
        hearings=hearings,
        news=_news(parts, address),
        forwarded=forwarded,
        originals_until=until,
    )


def _state(case: Case) -> str:
    """Return what she may know of the state: that it is capped depends on notices alone, never on what was found."""
    public = _PUBLIC_STATE.get(case.state, case.state.value)
    return "capped" if public == "open" and case.capped_at is not None else public


def _news(parts: Parts, address: NewsAddress | None) -> str | None:
    if address is not None:
        return address.state.value
    return "off" if parts.settings.sends_mail else None


_FOUND = (CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED, CopyState.PUT_BACK, CopyState.GONE)


def _counts(tx: Transaction, case: Case) -> CountsOut | None:
    if case.decided_at is None:
        return None
    states = [copy.state for copy in tx.copies.of_case(case.id, _FOUND)]
    removed = (CopyState.REMOVED, CopyState.CONTESTED)
    return CountsOut(
        found=len(states),
        held=states.count(CopyState.HELD),
        removed=sum(state in removed for state in states),
        put_back=states.count(CopyState.PUT_BACK),
    )


def _hearings(tx: Transaction, case: Case, at: datetime) -> list[HearingOut]:
    open_ones = {each.id for each in open_to_her(tx, case, at)}
    # One that another took the place of says nothing any more.
    told = [each for each in tx.hearings.of_case(case.id) if each.closed_at is None or each.is_upheld is not None]
    return [_hearing(tx, case, each, can_answer=each.id in open_ones) for each in told]


def _hearing(tx: Transaction, case: Case, each: Hearing, *, can_answer: bool) -> HearingOut:
    sealed = each.sealed_summary
    failed = sections_of(each.elements, complete_laws(case) or case.laws)
    return HearingOut(
        id=each.public_id,
        about=each.about,
        of=_contested(tx, each),
        opened_at=each.opened_at,
        until_at=each.until_at,
        due_at=each.due_at,
        summary=None if sealed is None else tx.cases.open_grounds(case, sealed),
        reason=each.reason,
        elements=[ElementOut(law=law, element=element, section=section) for law, element, section in failed],
        answered_at=each.answered_at,
        agrees=each.agrees,
        can_answer=can_answer,
        upheld=each.is_upheld,
    )


def _contested(tx: Transaction, each: Hearing) -> Contested:
    if not tx.refused_uploads.of_hearing(each.id):
        return Contested.COPIES
    return Contested.BOTH if tx.copies.of_hearing(each.id) else Contested.UPLOADS


def _messages(tx: Transaction, case: Case) -> list[MessageOut]:
    return [
        MessageOut(at=each.at, sender=each.sender, text=str(each.body["text"]) if each.sender is Sender.DESK else None)
        for each in tx.messages.of_case(case)
    ]
