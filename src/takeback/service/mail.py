"""`/api/v1/mail`: what the operator's mail server says of mail that it could not deliver."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from takeback.service.auth import MailServer, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.workflow.news import mail_came_back

router = APIRouter(prefix="/api/v1/mail", tags=["mail"], route_class=StrictRoute)

_TAG = 100


class BounceIn(Strict):
    """A mail that came back."""

    tag: str = Field(max_length=_TAG, description="What stood between the + and the @ of the address it came back to.")


class BounceOut(Strict):
    """Whether it was a mail of this service, about which something is kept."""

    known: bool


@router.post("/bounces")
def take_bounce(body: BounceIn, caller: MailServer, parts: ServiceParts) -> BounceOut:
    """Take in that a mail could not be delivered: its address gets no more. No case is closed by it."""
    return BounceOut(known=mail_came_back(parts.store, body.tag.lower(), actor=caller.actor, at=parts.now()))
