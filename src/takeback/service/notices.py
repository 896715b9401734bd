"""`/api/v1/notices`: the person's own path. It asks for no key, and takes no picture."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import Field

from takeback.assembly import Parts
from takeback.cases import Clocks, Contact, Notice, Role, clocks_of, law_pack
from takeback.cases.case import CaseState
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, MAX_ORIGINALS
from takeback.service.auth import ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.crowd import AnyVisitor
from takeback.service.prints import MAX_ADDRESS_CHARACTERS, OriginalIn, PictureIn, Strict, UnjudgedOut
from takeback.service.sealed import DeskKeyOut, SealedIn
from takeback.store.cases import Case
from takeback.workflow.desk_keys import keys_of_the_desk
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure
from takeback.workflow.intake import THE_PERSON, complete_notice, links_elsewhere, receive_notice
from takeback.workflow.originals import renew_originals, watched_until
from takeback.workflow.withdraw import case_of_receipt, withdraw

router = APIRouter(prefix="/api/v1/notices", tags=["notices"], route_class=StrictRoute)

_TEXT = 10_000
_LINE = 500
_MAX_LAWS = 16
"""More than there are law packs; a law named twice counts once."""
# Above the limits of the workflow, so that a person reads its own sentence and not a validator's.
_MAX_LINKS_READ = 5 * MAX_LINKS
_MAX_PICTURES_READ = 100


class ContactIn(Strict):
    """How she can be reached; `mailbox` chooses the receipt itself."""

    name: str = Field("", max_length=_LINE)
    email: str = Field("", max_length=_LINE)
    phone: str = Field("", max_length=_LINE)
    mailbox: bool = False


class NoticeIn(Strict):
    """A notice. Whatever a law asks for and it lacks is named in the answer; nothing is affirmed by default."""

    laws: list[Annotated[str, Field(max_length=_LINE)]] = Field(
        default_factory=list, max_length=_MAX_LAWS, description="Laws it is sent under; empty: this operator's."
    )
    pictures: list[PictureIn] = Field(
        default_factory=list, max_length=_MAX_PICTURES_READ, description=f"At most {MAX_FINGERPRINTS}."
    )
    originals: list[OriginalIn] = Field(
        default_factory=list,
        max_length=_MAX_PICTURES_READ,
        description=f"Ordinary pictures of hers that forgeries were made of, or may be; at most {MAX_ORIGINALS}. Only "
        "altered copies are looked for, for 90 days, and she hears only of those that a person confirmed.",
    )
    links: list[Annotated[str, Field(max_length=MAX_ADDRESS_CHARACTERS)]] = Field(
        default_factory=list, max_length=_MAX_LINKS_READ, description=f"Addresses of items, at most {MAX_LINKS}."
    )
    role: Role | None = None
    authority: str = Field("", max_length=_TEXT, description="For a parent or helper: what allows them to act.")
    statement: str = Field("", max_length=_TEXT)
    signature: str = Field("", max_length=_LINE)
    intimate: bool = False
    not_consensual: bool = False
    good_faith: bool = False
    contact: ContactIn = ContactIn()
    under_18: bool = Field(False, description="The person shown is under 18, or was when it was made: links only.")
    sealed: SealedIn | None = Field(
        None, description="Everything from `role` to `contact`, sealed on her device; those fields are left out then."
    )

    def notice(self) -> Notice:
        """Return the notice in the program's own terms."""
        return Notice(
            laws=tuple(dict.fromkeys(self.laws)),
            pictures=tuple(picture.reported() for picture in self.pictures),
            originals=tuple(original.reported() for original in self.originals),
            links=tuple(link.strip() for link in self.links if link.strip()),
            role=self.role,
            authority=self.authority,
            statement=self.statement,
            signature=self.signature,
            intimate=self.intimate,
            not_consensual=self.not_consensual,
            good_faith=self.good_faith,
            contact=Contact(self.contact.name, self.contact.email, self.contact.phone, self.contact.mailbox),
            under_18=self.under_18,
            sealed=None if self.sealed is None else self.sealed.words(),
        )


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
    originals_until: datetime | None
    """Until when altered copies of her ordinary pictures are looked for."""


class ReceivedOut(StandingOut):
    """The answer to a notice. The receipt is shown once; it alone opens and ends the case."""

    receipt: str
    unjudged: list[UnjudgedOut]
    """What of it can never be compared, and why."""
    elsewhere: list[str]
    """Her links that are on no site of this operator: they are never opened, and she writes there herself."""
    repeated: bool


class ReceiptIn(Strict):
    """The receipt, in the body so that it is in no address and no log."""

    receipt: str = Field(max_length=_LINE)


class CompletionIn(ReceiptIn):
    """The whole notice again, with what it lacked."""

    notice: NoticeIn


RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=16,
        max_length=128,
        description="Random; a repeat makes nothing twice.",
    ),
]


@router.get("/desk-keys")
def read_desk_keys(parts: ServiceParts) -> list[DeskKeyOut]:
    """Read to whom her words are to be sealed; nobody where the desk has no keys: then they are sent open."""
    return [DeskKeyOut(id=key.id, recipient=key.recipient) for key in keys_of_the_desk(parts.store)]


@router.post("", status_code=201)
def send_notice(
    body: NoticeIn, parts: ServiceParts, visitor: AnyVisitor, request_key: RequestKey = None
) -> ReceivedOut:
    """Take in a notice: valid in law or with what it lacks named, and on the clock from now."""
    visitor.crowd.admit_notice(visitor)
    received = receive_notice(
        parts.store,
        parts.replica,
        body.notice(),
        default_laws=parts.settings.laws,
        request=request_key,
        at=parts.now(),
    )
    standing = standing_of(parts, received.case)
    return ReceivedOut(
        **standing.model_dump(),
        receipt=received.receipt,
        unjudged=[UnjudgedOut(code=one.code, why=one.why) for one in received.unjudged],
        elsewhere=links_elsewhere(parts.store, received.case),
        repeated=received.repeated,
    )


@router.post("/completion")
def add_what_was_missing(body: CompletionIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Take an incomplete notice again; its first clock goes on."""
    notice = body.notice.notice()
    with visitor.crowd.trying_a_receipt(visitor):
        case = complete_notice(
            parts.store, parts.replica, body.receipt, notice, default_laws=parts.settings.laws, at=parts.now()
        )
    return standing_of(parts, case)


@router.post("/standing")
def read_standing(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Say how the case of a receipt stands."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = case_of_receipt(parts.store, body.receipt)
    return standing_of(parts, case)


@router.post("/renewal")
def send_renewal(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Look for altered copies of her ordinary pictures for another 90 days from now."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = renew_originals(parts.store, body.receipt, actor=THE_PERSON, at=parts.now())
    return standing_of(parts, case)


@router.post("/withdrawal")
def send_withdrawal(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """End the matching at once and erase the fingerprints. It puts nothing back."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = withdraw(parts.store, parts.journal, body.receipt, at=parts.now())
    return standing_of(parts, case)


@router.post("/erasure")
def send_erasure(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """End the matching at once, and erase all that is hers in 72 hours."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = ask_for_erasure(parts.store, parts.journal, body.receipt, at=parts.now())
    return standing_of(parts, case)


@router.post("/erasure/cancellation")
def cancel(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Keep what would have been erased."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = cancel_erasure(parts.store, body.receipt, at=parts.now())
    return standing_of(parts, case)


_PUBLIC_STATE = {
    CaseState.RECEIVED: "open",
    CaseState.VALID: "open",
    CaseState.WATCHING: "open",
    CaseState.HELD: "open",
}
"""States that say the same to her until there is a decision."""


def standing_of(parts: Parts, case: Case) -> StandingOut:
    """Return how a case stands, as its person may know it."""
    with parts.store.read() as tx:
        until = watched_until(tx, case, parts.now())
    clocks: Clocks = clocks_of(case.received_at, case.valid_at, [law_pack(law) for law in case.laws])
    return StandingOut(
        case=case.public_id,
        state=_PUBLIC_STATE.get(case.state, case.state.value),
        missing=[MissingOut(**missing) for missing in case.missing],
        received_at=case.received_at,
        due_from_receipt_at=clocks.from_receipt_at,
        due_from_valid_at=clocks.from_valid_at,
        decided_at=case.decided_at,
        erase_at=case.erase_at,
        erased_at=case.erased_at,
        originals_until=until,
    )
