"""`/api/v1/sites`, `/api/v1/keys`, `/api/v1/deliveries`: what an administrator sets up and watches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field, StrictBool

from takeback.actions.platforms.known import can_of
from takeback.service.auth import Administrator, Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.store.access import ApiKey, KeyRole
from takeback.store.outbox import Delivery, DeliveryState
from takeback.store.sites import Site
from takeback.workflow.redeliver import redeliver
from takeback.workflow.register import (
    MAX_TOKEN_CHARACTERS,
    NewPlatform,
    add_site,
    new_key,
    revoke_key,
    set_quarantine,
    set_token,
)

router = APIRouter(prefix="/api/v1", tags=["set-up"], route_class=StrictRoute)


class SiteIn(Strict):
    """A new site."""

    name: str = Field(min_length=1, max_length=200)
    base_url: str = Field(max_length=2_000, description="Every item of the site is below this address.")
    webhook_url: str | None = Field(default=None, max_length=2_000, description="Takes the signed orders.")
    platform: str | None = Field(
        default=None, max_length=20, description="Software that is asked by its own API instead."
    )
    api_url: str | None = Field(default=None, max_length=2_000, description="Below it the platform's API lies.")
    token: str | None = Field(
        default=None, max_length=MAX_TOKEN_CHARACTERS, description="For that API; never shown again."
    )
    quarantine: StrictBool = Field(False, description="The site cannot keep what it removes: its bytes are kept here.")


class QuarantineIn(Strict):
    """Whether the bytes of what a site removes are kept here."""

    on: StrictBool


class TokenIn(Strict):
    """Another token for a platform's API."""

    token: str = Field(min_length=1, max_length=MAX_TOKEN_CHARACTERS)


class CanOut(Strict):
    """What a site can be asked for."""

    hold: bool
    lift: bool
    put_back: bool
    reconcile: bool
    limits: list[str]


class SiteOut(Strict):
    """A site."""

    id: str
    name: str
    base_url: str
    webhook_url: str | None
    quarantine: bool
    """Whether the bytes of what it removes are kept here, sealed, until nobody may contest."""
    platform: str
    api_url: str | None
    can: CanOut
    reconciled_at: datetime | None


class NewSiteOut(SiteOut):
    """A new site with what it has to know, shown once."""

    webhook_secret: str
    upload_key: str


class KeyIn(Strict):
    """A new key; an upload key names its site."""

    role: KeyRole
    name: str = Field(min_length=1, max_length=200)
    site: str | None = None


class KeyOut(Strict):
    """A key, never its text."""

    id: str
    role: KeyRole
    name: str
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(Strict):
    """A new key's text, shown once."""

    key: str


class DeliveryOut(Strict):
    """An order that a site has not taken."""

    id: str
    kind: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    problem: str | None


@router.get("/sites")
def list_sites(_caller: Moderator, parts: ServiceParts) -> list[SiteOut]:
    """List the sites, with what each can be asked for."""
    with parts.store.read() as tx:
        return [SiteOut(**_site(site)) for site in tx.sites.all()]


@router.post("/sites", status_code=201)
def new_site(body: SiteIn, caller: Administrator, parts: ServiceParts) -> NewSiteOut:
    """Add a site; its webhook secret and upload key are shown once."""
    platform = None
    if body.platform is not None:
        platform = NewPlatform(body.platform, body.api_url or "", body.token or "")
    made = add_site(
        parts.store, body.name, base_url=body.base_url, webhook_url=body.webhook_url, platform=platform,
        quarantine=body.quarantine, actor=caller.actor, at=parts.now(),
    )  # fmt: skip
    return NewSiteOut(**_site(made.site), webhook_secret=made.webhook_secret, upload_key=made.upload_key)


@router.put("/sites/{site_id}/token", status_code=204)
def new_token(site_id: str, body: TokenIn, caller: Administrator, parts: ServiceParts) -> None:
    """Give a site's platform another token; failed orders can then be tried again."""
    with parts.store.read() as tx:
        site = tx.sites.by_public_id(site_id)
    set_token(parts.store, site, body.token, actor=caller.actor, at=parts.now())


@router.put("/sites/{site_id}/quarantine")
def choose_quarantine(site_id: str, body: QuarantineIn, caller: Administrator, parts: ServiceParts) -> SiteOut:
    """Choose whether the bytes of what a site removes are kept here, from the next removal on."""
    return SiteOut(**_site(set_quarantine(parts.store, site_id, body.on, actor=caller.actor, at=parts.now())))


@router.get("/keys")
def list_keys(_caller: Administrator, parts: ServiceParts) -> list[KeyOut]:
    """List the keys, never their text."""
    with parts.store.read() as tx:
        return [_key(key) for key in tx.access.all()]


@router.post("/keys", status_code=201)
def make_key(body: KeyIn, caller: Administrator, parts: ServiceParts) -> NewKeyOut:
    """Make a key; its text is shown once."""
    site = None
    if body.site is not None:
        with parts.store.read() as tx:
            site = tx.sites.by_public_id(body.site)
    text = new_key(parts.store, body.role, name=body.name, site=site, actor=caller.actor, at=parts.now())
    return NewKeyOut(key=text)


@router.delete("/keys/{key_id}", status_code=204)
def end_key(key_id: str, caller: Administrator, parts: ServiceParts) -> None:
    """Revoke a key."""
    revoke_key(parts.store, key_id, actor=caller.actor, at=parts.now())


@router.get("/deliveries")
def list_deliveries(
    _caller: Moderator, parts: ServiceParts, state: DeliveryState = DeliveryState.FAILED
) -> list[DeliveryOut]:
    """List orders by state, newest first; the failed ones need a person."""
    with parts.store.read() as tx:
        return [_delivery(one) for one in tx.outbox.by_state(state)]


@router.post("/deliveries/{delivery_id}/retry", status_code=202)
def retry_delivery(delivery_id: str, caller: Moderator, parts: ServiceParts) -> DeliveryOut:
    """Try a failed order again, where no newer one stands for the same item."""
    return _delivery(redeliver(parts.store, delivery_id, actor=caller.actor, at=parts.now()))


def _site(site: Site) -> dict[str, Any]:
    can = can_of(site.platform)
    return {
        "id": site.public_id,
        "name": site.name,
        "base_url": site.base_url,
        "webhook_url": site.webhook_url or None,
        "quarantine": site.quarantine,
        "platform": site.platform,
        "api_url": site.api_url,
        "can": CanOut(
            hold=can.hold, lift=can.lift, put_back=can.put_back, reconcile=can.reconcile, limits=list(can.limits)
        ),
        "reconciled_at": site.reconciled_at,
    }


def _key(key: ApiKey) -> KeyOut:
    return KeyOut(id=key.public_id, role=key.role, name=key.name, created_at=key.created_at, revoked_at=key.revoked_at)


def _delivery(one: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=one.public_id,
        kind=one.kind,
        state=one.state.value,
        attempts=one.attempts,
        created_at=one.created_at,
        next_attempt_at=one.next_attempt_at,
        problem=one.problem,
    )
