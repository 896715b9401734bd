"""`/api/v1/notices`: the person's own path. It asks for no key, and takes no picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import Field, StrictBool

from takeback.assembly import Parts
from takeback.cases import Contact, Notice, Role
from takeback.cases.mailbox import read_mailbox
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, MAX_ORIGINALS
from takeback.errors import IllegalTransition
from takeback.service.auth import ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.crowd import AnyVisitor
from takeback.service.pages.words import words_for
from takeback.service.prints import MAX_ADDRESS_CHARACTERS, OriginalIn, PictureIn, Strict, UnjudgedOut
from takeback.service.sealed import DeskKeyOut, SealedIn
from takeback.service.standing import ReceiptIn, StandingOut, standing_of
from takeback.workflow.desk_keys import keys_of_the_desk
from takeback.workflow.forwarding import MAX_CHOSEN
from takeback.workflow.instances import offered_instances
from takeback.workflow.intake import complete_notice, links_elsewhere, receive_notice
from takeback.workflow.news import choose_news_with_notice

router = APIRouter(prefix="/api/v1/notices", tags=["notices"], route_class=StrictRoute)

_TEXT = 10_000
_LINE = 500
_MAX_LAWS = 16
"""More than there are law packs; a law named twice counts once."""
MAX_LINKS_READ = 5 * MAX_LINKS
"""Above the limits of the workflow, so that a person reads its own sentence and not a validator's."""
MAX_PICTURES_READ = 100
"""The same of pictures."""


class ContactIn(Strict):
    """How she can be reached; `mailbox` chooses the receipt itself."""

    name: str = Field("", max_length=_LINE)
    email: str = Field("", max_length=_LINE)
    phone: str = Field("", max_length=_LINE)
    mailbox: StrictBool = False


class NewsIn(Strict):
    """Where mail goes when there is news: not how the desk reaches her, and read by a program of this service."""

    address: str = Field(max_length=_LINE)
    language: str = Field("en", max_length=_LINE, description="Of the mail: one of the pages' languages.")

    @property
    def known_language(self) -> str:
        """The language, or English where the pages do not have it."""
        return words_for(self.language, "").code


class NoticeIn(Strict):
    """A notice. Whatever a law asks for and it lacks is named in the answer; nothing is affirmed by default."""

    laws: list[Annotated[str, Field(max_length=_LINE)]] = Field(
        default_factory=list, max_length=_MAX_LAWS, description="Laws it is sent under; empty: this operator's."
    )
    pictures: list[PictureIn] = Field(
        default_factory=list, max_length=MAX_PICTURES_READ, description=f"At most {MAX_FINGERPRINTS}."
    )
    originals: list[OriginalIn] = Field(
        default_factory=list,
        max_length=MAX_PICTURES_READ,
        description=f"Ordinary pictures of hers that forgeries were made of, or may be; at most {MAX_ORIGINALS}. Only "
        "altered copies are looked for, for 90 days, and she hears only of those that a person confirmed.",
    )
    links: list[Annotated[str, Field(max_length=MAX_ADDRESS_CHARACTERS)]] = Field(
        default_factory=list, max_length=MAX_LINKS_READ, description=f"Addresses of items, at most {MAX_LINKS}."
    )
    role: Role | None = None
    authority: str = Field("", max_length=_TEXT, description="For a parent or helper: what allows them to act.")
    statement: str = Field("", max_length=_TEXT)
    signature: str = Field("", max_length=_LINE)
    intimate: StrictBool = False
    not_consensual: StrictBool = False
    good_faith: StrictBool = False
    contact: ContactIn = ContactIn()
    under_18: StrictBool = Field(
        False, description="The person shown is under 18, or was when it was made: links only."
    )
    forward_to: list[Annotated[str, Field(max_length=_LINE)]] = Field(
        default_factory=list,
        max_length=MAX_CHOSEN,
        description="Other instances that are asked to look too, by the ids of `GET /api/v1/notices/instances`; no "
        "other is. No name, contact or word goes there. Not for someone under 18.",
    )
    news: NewsIn | None = Field(None, description="Where the operator sends mail; not in a completion.")
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
            forward_to=tuple(self.forward_to),
            sealed=None if self.sealed is None else self.sealed.words(),
        )


class OfferedInstanceOut(Strict):
    """Another instance that a notice may be forwarded to."""

    id: str
    name: str
    url: str


class ReceivedOut(StandingOut):
    """The answer to a notice. Receipt and number are shown once, and stored nowhere."""

    receipt: str
    """Seven words that open the case."""
    ending: str
    """Sixteen digits that open the case and end it."""
    unjudged: list[UnjudgedOut]
    """What of it can never be compared, and why."""
    elsewhere: list[str]
    """Her links that are on no site of this operator: they are never opened, and she writes there herself."""
    repeated: bool


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


def require_mail(parts: Parts) -> None:
    """Raise `IllegalTransition` where this operator sends no mail."""
    if not parts.settings.sends_mail:
        raise IllegalTransition("This site sends no mail.", advice="Look how the case stands, with the receipt.")


@router.get("/desk-keys")
def read_desk_keys(parts: ServiceParts) -> list[DeskKeyOut]:
    """Read to whom her words are to be sealed; nobody where the desk has no keys: then they are sent open."""
    return [DeskKeyOut(id=key.id, recipient=key.recipient) for key in keys_of_the_desk(parts.store)]


@router.get("/instances")
def read_instances(parts: ServiceParts) -> list[OfferedInstanceOut]:
    """Read which other instances a notice may be forwarded to; nobody where the operator named none."""
    offered = offered_instances(parts.store)
    return [OfferedInstanceOut(id=each.public_id, name=each.name, url=each.url) for each in offered]


@router.post("", status_code=201)
def send_notice(
    body: NoticeIn, parts: ServiceParts, visitor: AnyVisitor, request_key: RequestKey = None
) -> ReceivedOut:
    """Take in a notice: valid in law or with what it lacks named, and on the clock from now."""
    visitor.crowd.admit_notice(visitor)
    if body.news is not None:
        require_mail(parts)
        read_mailbox(body.news.address)
    received = receive_notice(
        parts.store,
        parts.replica,
        body.notice(),
        default_laws=parts.settings.laws,
        request=request_key,
        source=visitor.source(parts.settings.holds_per_source),
        at=parts.now(),
    )
    if body.news is not None:
        choose_news_with_notice(
            parts.store, parts.journal, received.case, body.news.address, body.news.known_language, at=parts.now()
        )
    standing = standing_of(parts, received.case, looked=False)
    return ReceivedOut(
        **standing.model_dump(),
        receipt=received.receipt,
        ending=received.ending,
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
            parts.store, parts.replica, body.receipt, notice, default_laws=parts.settings.laws,
            source=visitor.source(parts.settings.holds_per_source), at=parts.now(),
        )  # fmt: skip
    return standing_of(parts, case)
