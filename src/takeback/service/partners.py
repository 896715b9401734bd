"""`/api/v1/partners` and `/api/v1/partner/check`: small sites that ask here, and who lets them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field, StrictBool, StrictInt

from takeback.errors import InputError
from takeback.service.auth import Administrator, APartner, Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import PictureIn, Strict, UnjudgedOut
from takeback.workflow.partner_check import answer_partner
from takeback.workflow.partner_opinions import decide_submission, feedback, submissions
from takeback.workflow.partners import (
    MAX_PER_DAY,
    MAX_PER_MINUTE,
    PER_DAY,
    PER_MINUTE,
    Standing,
    add_partner,
    new_partner_key,
    partner_of,
    partners,
    release_partner,
    remove_partner,
    set_partner_banks,
)
from takeback.workflow.query import query_of_reported
from takeback.workflow.upload import Action

router = APIRouter(prefix="/api/v1", tags=["partners"], route_class=StrictRoute)

_MAX_BANKS = 100
_DIGEST_CHARACTERS_READ = 256


class BanksIn(Strict):
    """Which banks a partner may use, by their names; none is the default."""

    match: list[str] = Field(default_factory=list, max_length=_MAX_BANKS, description="It may match against these.")
    share: list[str] = Field(default_factory=list, max_length=_MAX_BANKS, description="It is given what is in these.")


class PartnerIn(BanksIn):
    """A new partner."""

    name: str = Field(min_length=1, max_length=60)
    per_minute: StrictInt = Field(PER_MINUTE, ge=1, le=MAX_PER_MINUTE)
    per_day: StrictInt = Field(PER_DAY, ge=1, le=MAX_PER_DAY)
    submits: StrictBool = Field(False, description="It may submit fingerprints, by StopNCII's interface.")


class DayOut(Strict):
    """How much a partner did on one day, in UTC; of what it asked nothing is kept."""

    day: str
    asked: int
    matched: int
    refused: int
    listed: int
    submitted: int
    feedback: int


class PartnerOut(Strict):
    """A partner."""

    id: str
    name: str
    match: tuple[str, ...]
    share: tuple[str, ...]
    per_minute: int
    per_day: int
    submits: bool
    stopped_until: datetime | None
    """Nothing is answered until then: its questions lay too close around one entry."""
    listed: int
    """Fingerprints that it was given, and was not told to be gone."""
    keys: tuple[str, ...]
    created_at: datetime
    days: tuple[DayOut, ...]


class NewPartnerOut(PartnerOut):
    """A new partner with its key, shown once."""

    key: str


class KeyOut(Strict):
    """Another key's text, shown once."""

    key: str


class QuestionIn(Strict):
    """A picture as a partner describes it: a fingerprint, a digest, or both."""

    pdq: str | None = Field(None, max_length=_DIGEST_CHARACTERS_READ, description="PDQ of the upright picture.")
    quality: StrictInt | None = Field(None, ge=0, le=100, description="Its quality; below 50 it says nothing.")
    file_sha256: str | None = Field(None, max_length=_DIGEST_CHARACTERS_READ)
    pixels_sha256: str | None = Field(None, max_length=_DIGEST_CHARACTERS_READ)

    def picture(self) -> PictureIn:
        """Return the picture in the interface's own terms."""
        if (self.pdq is None) != (self.quality is None):
            raise InputError("`pdq` and `quality` go together.", advice="Send both: a PDQ without one says nothing.")
        given = self.model_dump(exclude_none=True)
        return PictureIn(**given)


class AnswerOut(Strict):
    """What a partner is told, and all that it is told."""

    action: Action
    copy_class: str = Field(serialization_alias="class")
    """`identical`, `substantially_same`, `none`; `unjudged`: it could not be compared."""
    preserve_and_report: bool
    """It may show someone under 18: it is kept where nobody sees it, and reported, as the partner's law asks."""
    unjudged: list[UnjudgedOut]


class FeedbackOut(Strict):
    """How many partners say what of one entry."""

    entry: str
    bank: str
    feedback: Mapping[str, int]


class SubmissionOut(Strict):
    """A fingerprint that a partner submitted and nobody decided on: what it matches is only possible."""

    entry: str
    bank: str
    at: datetime


class SubmissionIn(Strict):
    """Whether it counts from now on as the operator's own, or is erased."""

    accept: StrictBool


@router.post("/partner/check")
def ask(body: QuestionIn, caller: APartner, parts: ServiceParts) -> AnswerOut:
    """Say whether a picture matches what a person decided on; of a question nothing is kept but a number."""
    assert caller.key.partner_id is not None
    query = query_of_reported([body.picture().reported()])
    routes = parts.settings.alert_routes
    answer = answer_partner(
        parts.store, parts.replica, caller.key.partner_id, query, alert_routes=routes, at=parts.now()
    )  # fmt: skip
    no_match = "unjudged" if answer.unjudged else "none"
    return AnswerOut(
        action=answer.action,
        copy_class=no_match if answer.copy_class is None else answer.copy_class.value,
        preserve_and_report=answer.must_be_reported,
        unjudged=[UnjudgedOut(code=one.code, why=one.why) for one in answer.unjudged],
    )


@router.get("/partners")
def list_partners(_caller: Administrator, parts: ServiceParts) -> list[PartnerOut]:
    """List the partners, with what each did lately."""
    return [PartnerOut(**_partner(each, parts.now())) for each in partners(parts.store)]


@router.post("/partners", status_code=201)
def new_partner(body: PartnerIn, caller: Administrator, parts: ServiceParts) -> NewPartnerOut:
    """Add a partner; its key is shown once. It may use no bank that is not named."""
    made = add_partner(
        parts.store, body.name, match=body.match, share=body.share, per_minute=body.per_minute, per_day=body.per_day,
        submits=body.submits, actor=caller.actor, at=parts.now(),
    )  # fmt: skip
    return NewPartnerOut(**_partner(made.standing, parts.now()), key=made.key)


@router.get("/partners/feedback")
def list_feedback(_caller: Moderator, parts: ServiceParts) -> list[FeedbackOut]:
    """List what partners say of entries that they were given, the latest word first."""
    return [
        FeedbackOut(entry=each.entry, bank=each.bank, feedback={value.value: n for value, n in each.counts.items()})
        for each in feedback(parts.store)
    ]


@router.get("/partners/submissions")
def list_submissions(_caller: Moderator, parts: ServiceParts) -> list[SubmissionOut]:
    """List what partners submitted and nobody decided on, oldest first."""
    return [SubmissionOut(entry=each.entry, bank=each.bank, at=each.at) for each in submissions(parts.store)]


@router.post("/partners/submissions/{entry_id}", status_code=204)
def decide(entry_id: str, body: SubmissionIn, caller: Moderator, parts: ServiceParts) -> None:
    """Take a submitted fingerprint as the operator's own, or erase it."""
    decide_submission(parts.store, entry_id, accept=body.accept, actor=caller.actor, at=parts.now())


@router.get("/partners/{partner_id}")
def read_partner(partner_id: str, _caller: Administrator, parts: ServiceParts) -> PartnerOut:
    """Show one partner."""
    return PartnerOut(**_partner(partner_of(parts.store, partner_id), parts.now()))


@router.put("/partners/{partner_id}/banks")
def choose_banks(partner_id: str, body: BanksIn, caller: Administrator, parts: ServiceParts) -> PartnerOut:
    """Let a partner use these banks and no other, from its next question on."""
    standing = set_partner_banks(
        parts.store, partner_id, match=body.match, share=body.share, actor=caller.actor, at=parts.now()
    )  # fmt: skip
    return PartnerOut(**_partner(standing, parts.now()))


@router.post("/partners/{partner_id}/keys", status_code=201)
def new_key(partner_id: str, caller: Administrator, parts: ServiceParts) -> KeyOut:
    """Make another key of a partner, shown once; the former ones stay good until they are revoked."""
    return KeyOut(key=new_partner_key(parts.store, partner_id, actor=caller.actor, at=parts.now()))


@router.post("/partners/{partner_id}/release")
def release(partner_id: str, caller: Administrator, parts: ServiceParts) -> PartnerOut:
    """Answer a stopped partner again."""
    at = parts.now()
    return PartnerOut(**_partner(release_partner(parts.store, partner_id, actor=caller.actor, at=at), at))


@router.delete("/partners/{partner_id}", status_code=204)
def end_partner(partner_id: str, caller: Administrator, parts: ServiceParts) -> None:
    """Remove a partner: its key is refused from now on."""
    remove_partner(parts.store, partner_id, actor=caller.actor, at=parts.now())


def _partner(standing: Standing, at: datetime) -> dict[str, Any]:
    of = standing.partner
    return {
        "id": of.public_id,
        "name": of.name,
        "match": standing.match,
        "share": standing.share,
        "per_minute": of.per_minute,
        "per_day": of.per_day,
        "submits": of.submits,
        "stopped_until": of.stopped_until if of.is_stopped_at(at) else None,
        "listed": standing.listed,
        "keys": standing.keys,
        "created_at": of.created_at,
        "days": tuple(DayOut(day=each.day, **each.counts()) for each in standing.days),
    }
