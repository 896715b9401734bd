"""`/desk/sign-in`, `/desk/join` and `/desk/sign-out`: in by a passkey, or on to the identity provider (`openid.py`)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from takeback.actions.openid.provider import Provider
from takeback.service.auth import ServiceParts
from takeback.service.desk.answer import DeskRoute, SentForm, desk_page, first, go_to
from takeback.service.desk.door import Counted, FromHere, OpenDesk, Sender, give_cookie, require_token, take_cookie
from takeback.service.desk.openid import signed_out_page
from takeback.service.pages.answer import FORGET, as_data
from takeback.workflow.desk_people import invited_person, sign_out
from takeback.workflow.passkey import ask_to_join, ask_to_sign_in, join, sign_in

router = APIRouter(include_in_schema=False, route_class=DeskRoute)


def any_provider(request: Request) -> Provider | None:
    """Return the identity provider; None where the operator named none."""
    provider: Provider | None = request.app.state.provider
    return provider


AnyProvider = Annotated[Provider | None, Depends(any_provider)]


def name_of(provider: Provider | None) -> str:
    """Return what pages call the provider; empty where there is none."""
    return "" if provider is None else provider.client.name


@router.get("/desk/sign-in", dependencies=[Counted])
def sign_in_page(parts: ServiceParts, party: OpenDesk, provider: AnyProvider) -> Response:
    """Ask for a passkey, or offer the provider."""
    options = ask_to_sign_in(parts.store, party, at=parts.now()) if party.takes_passkeys else None
    return desk_page(
        "sign_in.html", options=as_data(options), passkeys=party.takes_passkeys, provider=name_of(provider)
    )


@router.post("/desk/sign-in", dependencies=[FromHere, Counted])
def send_sign_in(form: SentForm, parts: ServiceParts, party: OpenDesk) -> Response:
    """Sign in by what the passkey answered."""
    secret = sign_in(parts.store, party, first(form, "answer"), at=parts.now())
    answer = go_to("/desk")
    give_cookie(answer, party, secret)
    return answer


@router.get("/desk/join")
def join_page(_party: OpenDesk) -> Response:
    """Take an invitation. It stands behind the `#` of the link, which no server and no log is sent."""
    return desk_page("invitation.html")


@router.post("/desk/invitation", dependencies=[FromHere, Counted])
def send_invitation(form: SentForm, parts: ServiceParts, party: OpenDesk, provider: AnyProvider) -> Response:
    """Ask an invited person for a new passkey, or offer the provider."""
    secret, now = first(form, "invitation").strip(), parts.now()
    member = invited_person(parts.store, secret, at=now)
    options = ask_to_join(parts.store, party, secret, at=now)
    return desk_page(
        "join.html",
        member=member,
        options=as_data(options),
        passkeys=party.takes_passkeys,
        provider=name_of(provider),
        invitation=secret,
    )


@router.post("/desk/join", dependencies=[FromHere, Counted])
def send_join(form: SentForm, parts: ServiceParts, party: OpenDesk) -> Response:
    """Keep the new passkey, and sign its owner in."""
    secret = join(parts.store, party, first(form, "answer"), at=parts.now())
    answer = go_to("/desk")
    give_cookie(answer, party, secret)
    return answer


@router.post("/desk/sign-out")
def send_sign_out(
    here: Sender, form: SentForm, parts: ServiceParts, party: OpenDesk, provider: AnyProvider
) -> Response:
    """End this session; whoever came by the provider is told that its own goes on."""
    require_token(here, first(form, "token"))
    sign_out(parts.store, here.signed_in, at=parts.now())
    if provider is not None and here.signed_in.session.identity_id is not None:
        answer = signed_out_page(provider)
    else:
        answer = go_to("/desk/sign-in")
    answer.headers.update(FORGET)
    take_cookie(answer, party)
    return answer
