"""
`/desk/openid`: in by the operator's identity provider, and out of it.

A browser leaves and comes back by pages, not by redirects: the desk's own policy lets no form lead elsewhere, and the
session's cookie (`SameSite=Strict`) goes with nothing that another site began.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from takeback.actions.openid.id_token import Claims, TokenRefused
from takeback.actions.openid.provider import CodeRefused, Provider
from takeback.assembly import Parts
from takeback.config import OFF
from takeback.errors import NotAllowed, NotFound
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Counted, FromHere, OpenDesk, Sender, give_cookie, require_token
from takeback.workflow.openid import (
    ERRAND_VALID,
    Errand,
    RoleRule,
    come_back,
    enter,
    refuse,
    send_to_bind,
    send_to_sign_in,
    unbind,
)
from takeback.workflow.passkey import Party

router = APIRouter(include_in_schema=False, route_class=DeskRoute)

ANSWER = "/desk/openid/answer"
"""Where the provider sends a browser back to: what the operator registers there, after the desk's origin."""
_MAX_PARAMETER = 4096
"""Characters of what comes back in the address: a code of Entra's has a thousand or two."""

log = logging.getLogger("takeback.service")


def provider_of(request: Request) -> Provider:
    """Return the identity provider; `NotFound` where the operator named none."""
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound(
            "This desk has no identity provider.",
            advice="Sign in with a passkey; whoever runs the service names one with the setting `openid_issuer`.",
        )
    return provider


TheProvider = Annotated[Provider, Depends(provider_of)]


@router.post("/desk/openid", dependencies=[FromHere, Counted])
async def send_away(form: SentForm, parts: ServiceParts, party: OpenDesk, provider: TheProvider) -> Response:
    """Send a browser to the provider, to sign in, or to join by an invitation."""
    invitation = first(form, "invitation").strip()
    await provider.metadata()
    errand = await asyncio.to_thread(send_to_sign_in, parts.store, invitation=invitation, at=parts.now())
    return await _sent_away(provider, party, errand)


@router.post("/desk/you/openid")
async def send_bind(
    here: Sender, form: SentForm, parts: ServiceParts, party: OpenDesk, provider: TheProvider
) -> Response:
    """Send a browser to the provider, to bind an account to whoever is signed in."""
    require_token(here, first(form, "token"))
    await provider.metadata()
    errand = await asyncio.to_thread(send_to_bind, parts.store, here.signed_in.session, at=parts.now())
    return await _sent_away(provider, party, errand)


@router.post("/desk/you/openid/unbind")
def send_unbind(here: Sender, form: SentForm, parts: ServiceParts, provider: TheProvider) -> Response:
    """Unbind the account of whoever is signed in."""
    require_token(here, first(form, "token"))
    settings = parts.settings
    only_way = settings.desk_passkeys == OFF or bool(settings.openid_role_claim)
    unbind(parts.store, here.signed_in, provider.client.issuer, only_way=only_way, at=parts.now())
    return go_to("/desk/you")


@router.get(ANSWER, dependencies=[Counted])
async def answer_page(request: Request, parts: ServiceParts, party: OpenDesk, provider: TheProvider) -> Response:
    """Take what a browser brings back from the provider, once, and let in whoever it says is there."""
    secret = request.cookies.get(_cookie_name(party), "")[:_MAX_PARAMETER]
    errand = await asyncio.to_thread(come_back, parts.store, secret, _said(request, "state"), at=parts.now())
    await provider.check_sender(_said(request, "iss"))
    code = _said(request, "code")
    if _said(request, "error") or not code:
        raise CodeRefused(f"{provider.client.name} did not let you in, or you did not go on there")
    claims = await _claims(parts, provider, party, code, Errand(secret))
    rule = RoleRule.of(parts.settings)
    entered = await asyncio.to_thread(enter, parts.store, errand, claims, rule, at=parts.now())
    answer = _onward("/desk" if entered.secret else "/desk/you", "")
    answer.delete_cookie(_cookie_name(party), path="/", secure=_is_secure(party), httponly=True, samesite="lax")
    if entered.secret:
        give_cookie(answer, party, entered.secret)
    return answer


@router.post("/desk/openid/sign-out", dependencies=[FromHere, Counted])
async def send_out(party: OpenDesk, provider: TheProvider) -> Response:
    """Send a browser to where people sign out of the provider itself (OpenID Connect RP-Initiated Logout 1.0)."""
    address = await provider.leads_out(f"{party.origin}/desk/sign-in")
    if not address:
        raise NotFound(
            f"{provider.client.name} names no page on which to sign out.", advice="Open it, and sign out there."
        )
    return _onward(address, provider.client.name)


def signed_out_page(provider: Provider) -> Response:
    """Say that the desk's session is over, and that the provider's own may not be."""
    return desk_page("signed_out.html", provider=provider.client.name)


async def _claims(parts: Parts, provider: Provider, party: Party, code: str, errand: Errand) -> Claims:
    try:
        return await provider.claims(code, errand, party.origin + ANSWER, at=parts.now())
    except TokenRefused as refused:
        log.warning("an answer of the identity provider was refused: %s", refused.message)
        await asyncio.to_thread(refuse, parts.store, refused, at=parts.now())
        raise


async def _sent_away(provider: Provider, party: Party, errand: Errand) -> Response:
    answer = _onward(await provider.leads_to(errand, party.origin + ANSWER), provider.client.name)
    answer.set_cookie(
        _cookie_name(party),
        errand.secret,
        max_age=int(ERRAND_VALID.total_seconds()),
        path="/",
        secure=_is_secure(party),
        httponly=True,
        # It has to come along when the provider sends the browser back.
        samesite="lax",
    )
    return answer


def _onward(address: str, name: str) -> Response:
    """Return a page that leads on at once; `name` is whose page it leads to, empty for the desk's own."""
    answer = desk_page("onward.html", address=address, name=name)
    # What brought it here, a code perhaps, is for nobody else.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _said(request: Request, name: str) -> str:
    """Return what came back in the address; `NotAllowed` where it came twice, or is longer than any."""
    values = request.query_params.getlist(name)
    if len(values) > 1 or any(len(each) > _MAX_PARAMETER for each in values):
        raise NotAllowed("This is no answer of the identity provider.", known=True, advice="Sign in again.")
    return values[0] if values else ""


def _cookie_name(party: Party) -> str:
    return "__Host-desk-errand" if _is_secure(party) else "desk-errand"


def _is_secure(party: Party) -> bool:
    return party.origin.startswith("https:")
