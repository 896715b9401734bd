"""
`/api/v1/instances`: which other instances notices are forwarded to and taken from; `/api/v1/forwarded`: their own door.

Who asks there is known by a signature alone (`takeback.actions.message_signature`); answers are signed as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from takeback.actions.message_signature import SignedRequest, key_id_of, sign_answer
from takeback.errors import MalformedHash, MediaTooLarge
from takeback.exchanges.interface import Algorithm, Signal, signal_of
from takeback.fingerprint import Route
from takeback.service.auth import Administrator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import HEX_DIGITS, Strict
from takeback.store.instances import Instance
from takeback.workflow.instances import (
    InstanceStanding,
    NamedInstance,
    add_instance,
    change_instance,
    instance_standing,
    instances,
    let_in,
    own_signer,
    remove_instance,
)
from takeback.workflow.received import (
    MAX_PICTURES,
    Answer,
    Decided,
    ForwardedNotice,
    ForwardedPicture,
    Stands,
    answer_of,
    end_notice,
    take_notice,
)

router = APIRouter(prefix="/api/v1", tags=["instances"], route_class=StrictRoute)

MAX_MESSAGE_BYTES = 64 * 1024
"""64 pictures with four fingerprints and two digests each take less than 40 KiB."""
_MAX_LAWS = 16
_MAX_PRINTS = 4
_CHARACTERS_READ = 4 * HEX_DIGITS
_REFERENCE = r"^[0-9a-f]{32}$"

type _Hex = Annotated[str, Field(max_length=_CHARACTERS_READ)]


class OwnOut(Strict):
    """How this instance is known to others: give both to their operators."""

    name: str
    key: str
    """Its public key, as `takeback instance add --key` takes it."""


class InstanceIn(Strict):
    """Another instance, by the key that its operator gave you."""

    name: str = Field(min_length=1, max_length=60)
    url: str = Field(min_length=1, max_length=2_000)
    key: str = Field(min_length=1, max_length=400)
    sends: bool = Field(False, description="People may have their notices forwarded to it.")
    accepts: bool = Field(False, description="Notices that it forwards are taken.")
    holds: bool = Field(True, description="What it forwards is hidden before a person here has looked.")


class InstanceChange(Strict):
    """What is to be otherwise; what is left out stays."""

    sends: bool | None = None
    accepts: bool | None = None
    holds: bool | None = None


class InstanceOut(Strict):
    """Another instance, and how it stands."""

    id: str
    name: str
    url: str
    key: str
    sends: bool
    accepts: bool
    holds: bool
    looked_for_there: int
    """Notices of ours that it has confirmed to look for."""
    waiting: int
    """Words of ours that it did not take."""
    looked_for_here: int
    """Notices of its that are looked for here."""
    problem: str | None
    """Why it did not answer the last time."""
    next_at: datetime | None
    created_at: datetime


class ForwardedPictureIn(Strict):
    """One picture: at least a fingerprint or a digest."""

    name: str = Field(pattern=r"^[0-9a-f]{16}$", max_length=16, description="Tells it from the others of the notice.")
    standing: Decided = Field(description="Whether a person there has found it covered.")
    pdq: list[_Hex] = Field(default_factory=list, max_length=_MAX_PRINTS, description="PDQ; of an animation, frames.")
    nearest_512: list[_Hex] = Field(default_factory=list, max_length=_MAX_PRINTS)
    sha256: _Hex | None = None
    pixels: _Hex | None = Field(None, description="SHA-256 of the canonical pixels.")

    def picture(self) -> ForwardedPicture:
        """Return it in the program's own terms; `MalformedHash` where something is none, or nothing is there."""
        given = [
            *((Algorithm.PDQ, each, Route.PIXELS) for each in self.pdq),
            *((Algorithm.PDQ, each, Route.NEAREST_512) for each in self.nearest_512),
            *((Algorithm.SHA256, each, Route.PIXELS) for each in (self.sha256,) if each is not None),
            *((Algorithm.PIXELS, each, Route.PIXELS) for each in (self.pixels,) if each is not None),
        ]
        signals = [signal for one in given if (signal := signal_of(*one)) is not None]
        if len(signals) < len(given) or not signals:
            raise MalformedHash("A forwarded picture has a fingerprint or a digest, and each is one.")
        return ForwardedPicture(self.name, self.standing, _distinct(signals))


class ForwardedIn(Strict):
    """A notice that another instance forwards, whole: what it names no more has ended."""

    reference: str = Field(pattern=_REFERENCE, max_length=32, description="How that instance knows it, towards us.")
    laws: list[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$", max_length=40)]] = Field(max_length=_MAX_LAWS)
    received_on: date = Field(description="The day on which it came there.")
    pictures: list[ForwardedPictureIn] = Field(min_length=1, max_length=MAX_PICTURES)

    def notice(self) -> ForwardedNotice:
        """Return it in the program's own terms."""
        return ForwardedNotice(self.reference, tuple(self.laws), tuple(each.picture() for each in self.pictures))


class ReferenceIn(Strict):
    """Which forwarded notice."""

    reference: str = Field(pattern=_REFERENCE, max_length=32)


class ForwardedOut(Strict):
    """What was done with a forwarded notice; the numbers are there once a person here has decided."""

    stands: Stands
    received_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None
    removed: int
    held: int
    kept: int


@dataclass(frozen=True, slots=True)
class Peer:
    """The instance that asks, and what its answer is signed with."""

    instance: Instance
    nonce: str


def peer_of(request: Request, parts: ServiceParts) -> Peer:
    """Return which instance signed a request; `NotAllowed` where none did that is allow-listed."""
    # `StrictRoute` has read the body, within its own bounds.
    body: bytes = request._body
    if len(body) > MAX_MESSAGE_BYTES:
        raise MediaTooLarge(f"The body is larger than {MAX_MESSAGE_BYTES} bytes.", advice="Send fewer pictures.")
    # Starlette joins no headers of one name: two of them are none that was signed.
    names = [name for name, _ in request.headers.items()]
    headers = {name: value for name, value in request.headers.items() if names.count(name) == 1}
    signed_request = SignedRequest(request.method, request.url.path, headers, body)
    own = own_signer(parts.store, parts.settings.log_name).key
    instance, signed = let_in(parts.store, signed_request, own=own, at=parts.now())
    return Peer(instance, signed.nonce)


APeer = Annotated[Peer, Depends(peer_of)]


@router.get("/instance")
def read_own(parts: ServiceParts) -> OwnOut:
    """Say how this instance is known to others. Operators compare the key by a way of their own."""
    key = own_signer(parts.store, parts.settings.log_name).key
    return OwnOut(name=key.name.rpartition("/")[0], key=str(key))


@router.post("/forwarded", response_model=ForwardedOut)
def take(body: ForwardedIn, peer: APeer, parts: ServiceParts) -> Response:
    """Take a notice that another instance forwards, or what it is by now; the answer is signed."""
    return _signed(parts, peer, take_notice(parts.store, peer.instance, body.notice(), at=parts.now()))


@router.post("/forwarded/answer", response_model=ForwardedOut)
def tell(body: ReferenceIn, peer: APeer, parts: ServiceParts) -> Response:
    """Say what was done with a forwarded notice."""
    return _signed(parts, peer, answer_of(parts.store, peer.instance, body.reference, at=parts.now()))


@router.post("/forwarded/withdrawal", response_model=ForwardedOut)
def end(body: ReferenceIn, peer: APeer, parts: ServiceParts) -> Response:
    """End the matching of a forwarded notice at once, and confirm it."""
    return _signed(parts, peer, end_notice(parts.store, peer.instance, body.reference, at=parts.now()))


@router.get("/instances")
def list_instances(_caller: Administrator, parts: ServiceParts) -> list[InstanceOut]:
    """List the other instances that are named here, and how they stand."""
    return [_out(each) for each in instances(parts.store)]


@router.post("/instances", status_code=201)
def new_instance(body: InstanceIn, caller: Administrator, parts: ServiceParts) -> InstanceOut:
    """Name another instance. Nothing goes there and nothing is taken that is not said here."""
    own = own_signer(parts.store, parts.settings.log_name).key
    named = NamedInstance(**body.model_dump())
    return _out(add_instance(parts.store, named, own=own, actor=caller.actor, at=parts.now()))


@router.get("/instances/{instance_id}")
def read_instance(instance_id: str, _caller: Administrator, parts: ServiceParts) -> InstanceOut:
    """Show one instance."""
    return _out(instance_standing(parts.store, instance_id))


@router.patch("/instances/{instance_id}")
def set_instance(
    instance_id: str, body: InstanceChange, caller: Administrator, parts: ServiceParts
) -> InstanceOut:  # fmt: skip
    """Send notices there from now on, or take them from there, or not."""
    changed = change_instance(
        parts.store, instance_id, sends=body.sends, accepts=body.accepts, holds=body.holds, actor=caller.actor,
        at=parts.now(),
    )  # fmt: skip
    return _out(changed)


@router.delete("/instances/{instance_id}", status_code=204)
def end_instance(instance_id: str, caller: Administrator, parts: ServiceParts) -> None:
    """Remove an instance: what it forwarded matches nothing from now on, and what was forwarded there is ended."""
    remove_instance(parts.store, instance_id, actor=caller.actor, at=parts.now())


def _distinct(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    return tuple(dict.fromkeys(signals))


def _signed(parts: ServiceParts, peer: Peer, answer: Answer) -> Response:
    out = ForwardedOut(
        stands=answer.stands, received_at=answer.received_at, decided_at=answer.decided_at, ended_at=answer.ended_at,
        removed=answer.removed, held=answer.held, kept=answer.kept,
    )  # fmt: skip
    body = out.model_dump_json().encode()
    signer = own_signer(parts.store, parts.settings.log_name)
    headers = sign_answer(
        signer, 200, body, to=key_id_of(peer.instance.key), answers=peer.nonce, nonce=secrets.token_hex(16),
        at=parts.now(),
    )  # fmt: skip
    return Response(body, media_type="application/json", headers=headers)


def _out(standing: InstanceStanding) -> InstanceOut:
    of = standing.instance
    return InstanceOut(
        id=of.public_id, name=of.name, url=of.url, key=str(of.key), sends=of.sends, accepts=of.accepts,
        holds=standing.holds, looked_for_there=standing.looked_for_there, waiting=standing.waiting,
        looked_for_here=standing.looked_for_here, problem=of.problem, next_at=of.next_at, created_at=of.created_at,
    )  # fmt: skip
