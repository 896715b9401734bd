"""`/api/v1/notices`, with the receipt: how it stands, what she adds and writes, and the end of it."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import Field, StrictBool, model_validator

from takeback.cases import Notice
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, MAX_ORIGINALS
from takeback.service.auth import ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.bundles import AS_ZIP, zip_answer
from takeback.service.crowd import AnyVisitor
from takeback.service.notices import MAX_LINKS_READ, MAX_PICTURES_READ, NewsIn, require_mail
from takeback.service.prints import MAX_ADDRESS_CHARACTERS, OriginalIn, PictureIn, Strict, UnjudgedOut
from takeback.service.sealed import SealedIn
from takeback.service.standing import EndingIn, ReceiptIn, StandingOut, standing_of
from takeback.workflow.addition import add_to_notice
from takeback.workflow.bundle import Maker, bundle_for_person
from takeback.workflow.erasure import ask_for_erasure, cancel_erasure
from takeback.workflow.forwarding import MAX_CHOSEN, choose_later
from takeback.workflow.hearing import answer_hearing
from takeback.workflow.intake import links_elsewhere
from takeback.workflow.messages import MAX_MESSAGE, write_to_desk
from takeback.workflow.news import choose_news, stop_news
from takeback.workflow.order import THE_PERSON
from takeback.workflow.originals import renew_originals
from takeback.workflow.proofs import Proofs, proofs_of_case
from takeback.workflow.recovery import recover, set_recovery
from takeback.workflow.withdraw import case_of_receipt, withdraw

router = APIRouter(prefix="/api/v1/notices", tags=["notices"], route_class=StrictRoute)

_LINE = 500


class AdditionIn(ReceiptIn):
    """More links and pictures of the same."""

    links: list[Annotated[str, Field(max_length=MAX_ADDRESS_CHARACTERS)]] = Field(
        default_factory=list, max_length=MAX_LINKS_READ, description=f"At most {MAX_LINKS} in one case."
    )
    pictures: list[PictureIn] = Field(
        default_factory=list, max_length=MAX_PICTURES_READ, description=f"At most {MAX_FINGERPRINTS} in one case."
    )
    originals: list[OriginalIn] = Field(
        default_factory=list, max_length=MAX_PICTURES_READ, description=f"At most {MAX_ORIGINALS} in one case."
    )

    def notice(self) -> Notice:
        """Return what is added in the program's own terms."""
        return Notice(
            (),
            pictures=tuple(picture.reported() for picture in self.pictures),
            links=tuple(link.strip() for link in self.links if link.strip()),
            originals=tuple(original.reported() for original in self.originals),
        )


class AddedOut(StandingOut):
    """The answer to an addition."""

    unjudged: list[UnjudgedOut]
    """What of it can never be compared, and why."""
    elsewhere: list[str]
    """Her links, of all of the case, that are on no site of this operator."""


class MessageIn(ReceiptIn):
    """What she writes to the people of the desk."""

    text: str = Field("", max_length=2 * MAX_MESSAGE)
    sealed: SealedIn | None = Field(None, description="Instead of `text`: JSON with `text` and a `salt`, sealed.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.sealed is None) is not bool(self.text):
            raise ValueError("a message has `text` or `sealed`")
        return self


class ProofsOut(Strict):
    """What one side can prove, each in a text of its own (c2sp.org/tlog-proof), oldest first."""

    proofs: list[str]
    waiting: int
    """What is attested and cannot be proven before the public log's next entry."""


class NewsChoiceIn(ReceiptIn, NewsIn):
    """An address for mail when there is news."""


class ForwardingIn(ReceiptIn):
    """Other instances that are asked to look too, by the ids of `GET /api/v1/notices/instances`."""

    forward_to: list[Annotated[str, Field(max_length=_LINE)]] = Field(min_length=1, max_length=MAX_CHOSEN)


class HearingIn(ReceiptIn):
    """What she says before something is shown again."""

    hearing: str = Field(max_length=32)
    agrees: StrictBool
    """That she agrees; false asks that a second person reads it."""
    text: str = Field("", max_length=2 * MAX_MESSAGE)
    sealed: SealedIn | None = Field(None, description="Instead of `text`, as for a message.")


class RecoveryIn(EndingIn):
    """A name and a phrase of her own, by which the case can be recovered."""

    name: str = Field(max_length=_LINE)
    phrase: str = Field(max_length=_LINE)


class RecoverIn(Strict):
    """The name and the phrase."""

    name: str = Field(max_length=_LINE)
    phrase: str = Field(max_length=_LINE)


class RecoveredOut(StandingOut):
    """What opens and ends the case from now on; the former receipt and number open nothing any more."""

    receipt: str
    ending: str


def proofs_out(proofs: Proofs) -> ProofsOut:
    """Return proofs as they are answered."""
    return ProofsOut(proofs=[proof.text() for proof in proofs.made], waiting=proofs.waiting)


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
def send_withdrawal(body: EndingIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """End the matching at once and erase the fingerprints. It puts nothing back."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = withdraw(parts.store, parts.journal, body.ending, at=parts.now())
    return standing_of(parts, case)


@router.post("/erasure")
def send_erasure(body: EndingIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """End the matching at once, and erase all that is hers in 72 hours."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = ask_for_erasure(parts.store, parts.journal, body.ending, at=parts.now())
    return standing_of(parts, case)


@router.post("/erasure/cancellation")
def cancel(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Keep what would have been erased."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = cancel_erasure(parts.store, parts.journal, body.receipt, at=parts.now())
    return standing_of(parts, case)


@router.post("/addition")
def add_more(body: AdditionIn, parts: ServiceParts, visitor: AnyVisitor) -> AddedOut:
    """Add links and pictures to a case that is complete and not at its end."""
    more = body.notice()
    with visitor.crowd.trying_a_receipt(visitor):
        added = add_to_notice(parts.store, parts.replica, body.receipt, more, at=parts.now())
    return AddedOut(
        **standing_of(parts, added.case).model_dump(),
        unjudged=[UnjudgedOut(code=one.code, why=one.why) for one in added.unjudged],
        elsewhere=links_elsewhere(parts.store, added.case),
    )


@router.post("/message")
def send_message(body: MessageIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Write to the people of the desk. What they answer stands in how the case stands."""
    written = body.text if body.sealed is None else body.sealed.words()
    with visitor.crowd.trying_a_receipt(visitor):
        case = write_to_desk(parts.store, body.receipt, written, at=parts.now())
    return standing_of(parts, case)


@router.post("/proofs")
def read_proofs(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> ProofsOut:
    """Return the proofs of what was attested to her: her notice and when, what was decided, what followed."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = case_of_receipt(parts.store, body.receipt)
    return proofs_out(proofs_of_case(parts.store, case))


@router.post("/bundle", responses=AS_ZIP, response_class=Response)
def make_bundle(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> Response:
    """Make her version of the evidence bundle, to show a lawyer: without the picture and without her words."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = case_of_receipt(parts.store, body.receipt)
    return zip_answer(bundle_for_person(parts.store, case, maker=Maker.of(parts.settings), at=parts.now()))


@router.post("/news")
def choose_mail(body: NewsChoiceIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Have mail sent to an address when there is news, once whoever reads it has confirmed it there."""
    require_mail(parts)
    with visitor.crowd.giving_an_address(visitor):
        case = choose_news(
            parts.store, parts.journal, body.receipt, body.address, body.known_language, at=parts.now()
        )  # fmt: skip
    return standing_of(parts, case)


@router.post("/news/end")
def stop_mail(body: ReceiptIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Have no mail sent any more; the address is erased."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = stop_news(parts.store, parts.journal, body.receipt, at=parts.now())
    return standing_of(parts, case)


@router.post("/hearing")
def send_answer(body: HearingIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Say whether she agrees that something is shown again; what she writes goes to the desk as a message."""
    written = body.text if body.sealed is None else body.sealed.words()
    with visitor.crowd.trying_a_receipt(visitor):
        case = answer_hearing(
            parts.store, body.receipt, body.hearing, agrees=body.agrees, written=written, at=parts.now()
        )
    return standing_of(parts, case)


@router.post("/forwarding")
def choose_instances(body: ForwardingIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Ask other instances to look too; those that are asked already are not asked twice."""
    with visitor.crowd.trying_a_receipt(visitor):
        case = choose_later(parts.store, body.receipt, body.forward_to, at=parts.now())
    return standing_of(parts, case)


@router.post("/recovery")
def choose_recovery(body: RecoveryIn, parts: ServiceParts, visitor: AnyVisitor) -> StandingOut:
    """Choose a name and a phrase that recover the case if the receipt is lost."""
    with visitor.crowd.choosing_a_phrase(visitor):
        case = set_recovery(parts.store, body.ending, body.name, body.phrase, at=parts.now())
    return standing_of(parts, case)


@router.post("/recovery/receipt")
def send_recovery(body: RecoverIn, parts: ServiceParts, visitor: AnyVisitor) -> RecoveredOut:
    """Recover a case by the name and the phrase that she chose: a new receipt and a new number."""
    with visitor.crowd.trying_a_receipt(visitor):
        found = recover(parts.store, body.name, body.phrase, at=parts.now())
    standing = standing_of(parts, found.case)
    return RecoveredOut(**standing.model_dump(), receipt=found.receipt, ending=found.ending)
