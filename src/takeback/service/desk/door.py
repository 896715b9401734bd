"""Who stands before the desk: the cookie, the form's token, and where a request comes from."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request, Response

from takeback.config import ON
from takeback.errors import NotAllowed, NotFound, TooMany
from takeback.service.crowd import AnyVisitor
from takeback.service.parts import parts_of
from takeback.service.throttle import Limit, Throttle
from takeback.store.desk_people import DeskRole, Member
from takeback.workflow.desk_people import READERS, SESSION_LONGEST, SignedIn, has_role, require_role, session_of
from takeback.workflow.passkey import Party

ATTEMPTS = Limit(of_one=60, of_all=600, seconds=600.0)
"""Of pages that ask who is there, and of answers: a whole desk behind one address signs in with fewer."""
_MAX_SECRET = 200


class SignInNeeded(NotAllowed):
    """Nobody is signed in, or no longer."""

    def __init__(self) -> None:
        super().__init__("You are not signed in.", advice="Sign in again.")


@dataclass(frozen=True, slots=True)
class Here:
    """The person who asks, and what their forms carry."""

    signed_in: SignedIn
    secret: str

    @property
    def member(self) -> Member:
        """Who it is."""
        return self.signed_in.member

    @property
    def token(self) -> str:
        """What a form of this session carries: of the cookie's secret, and no way back to it."""
        return hmac.digest(self.secret.encode(), b"form", sha256).hex()

    @property
    def decides(self) -> bool:
        """Whether this person decides cases."""
        return has_role(self.member, DeskRole.MODERATOR)

    @property
    def administers(self) -> bool:
        """Whether this person switches lists off and on, and ends partners."""
        return has_role(self.member, DeskRole.ADMINISTRATOR)

    @property
    def reads(self) -> bool:
        """Whether this person opens what she wrote, looks at pictures, answers contests and reads refusals again."""
        return has_role(self.member, *READERS)


class Attempts:
    """Counts what comes from people who are not signed in. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._throttle = Throttle(ATTEMPTS, clock)

    def count(self, address: str) -> None:
        """Count one; `TooMany` where it is more than people need."""
        if self._throttle.take(address) is None:
            raise TooMany("More came from here at once than people at a desk send.")


def party_of(request: Request) -> Party:
    """Return where the desk is; `NotFound` where the operator opened none."""
    settings = parts_of(request).settings
    origin = settings.desk_origin
    if not origin:
        raise NotFound(
            "The desk in the browser is closed.",
            advice="Whoever runs the service opens it with the setting `desk_origin`.",
        )
    roles_from = settings.openid_issuer if settings.openid_role_claim else ""
    return Party(origin, roles_from, settings.desk_passkeys == ON)


def count_attempt(request: Request, visitor: AnyVisitor) -> None:
    """Count a request of somebody who is not signed in."""
    attempts: Attempts = request.app.state.attempts
    attempts.count(visitor.address)


def require_same_origin(request: Request) -> None:
    """Raise `NotAllowed` for a form that another page sent (Fetch, section 3.2, and Fetch Metadata)."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if request.headers.get("origin") != party_of(request).origin or site != "same-origin":
        raise NotAllowed("This form was sent by another page.", known=True, advice="Open the desk, and send it there.")


def here_of(request: Request) -> Here:
    """Return who is signed in; `SignInNeeded` where nobody is."""
    party = party_of(request)
    secret = request.cookies.get(cookie_name(party), "")[:_MAX_SECRET]
    parts = parts_of(request)
    found = session_of(parts.store, secret, at=parts.now()) if secret else None
    if found is None:
        raise SignInNeeded
    return Here(found, secret)


def sender_of(request: Request) -> Here:
    """Return who sent a form of ours."""
    require_same_origin(request)
    return here_of(request)


def require_token(here: Here, token: str) -> None:
    """Raise `NotAllowed` for a form that does not carry what this session's forms carry."""
    if not hmac.compare_digest(token.encode(), here.token.encode()):
        raise NotAllowed(
            "This form is of an earlier time that you were signed in.",
            known=True,
            advice="Look at the page again, and send its form anew; what you wrote is still here.",
        )


def require_form(here: Here, token: str, *roles: DeskRole) -> None:
    """Raise `NotAllowed` for a form of somebody of other roles, or of another session."""
    require_role(here.member, *roles)
    require_token(here, token)


def cookie_name(party: Party) -> str:
    """Return the cookie's name: over https one that no other host can set (RFC 6265bis, section 4.1.3.2)."""
    return "__Host-desk" if party.origin.startswith("https:") else "desk"


def give_cookie(answer: Response, party: Party, secret: str) -> None:
    """Let a browser keep the secret of a session, out of scripts' reach."""
    secure = party.origin.startswith("https:")
    answer.set_cookie(
        cookie_name(party),
        secret,
        max_age=int(SESSION_LONGEST.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take_cookie(answer: Response, party: Party) -> None:
    """Have a browser forget it."""
    secure = party.origin.startswith("https:")
    answer.delete_cookie(cookie_name(party), path="/", secure=secure, httponly=True, samesite="strict")


OpenDesk = Annotated[Party, Depends(party_of)]
Signed = Annotated[Here, Depends(here_of)]
Sender = Annotated[Here, Depends(sender_of)]
FromHere = Depends(require_same_origin)
Counted = Depends(count_attempt)
