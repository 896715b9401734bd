"""
In at the desk by an identity provider: whom a browser was sent there for, and whom its answer lets in.

One secret, which the browser alone keeps, makes everything that one sign-in is known by: what comes back in the
address, what comes back in the token, and what proves to the provider that it was asked from here. Of it a digest is
kept, until it is used, once. Who somebody is says an issuer with a subject, bound to a person by an invitation or by
that person's own session; an e-mail address or a name says nothing, since another account may get it.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from takeback.actions.openid.id_token import Claims, TokenRefused
from takeback.audit.event import EventKind, Json
from takeback.config import Settings
from takeback.errors import IllegalTransition, NotAllowed
from takeback.store import Store, Transaction
from takeback.store.desk_identities import DeskIdentity, SentErrand
from takeback.store.desk_people import DeskRole, Member
from takeback.store.desk_sessions import Session
from takeback.workflow.desk_people import SignedIn, begin_session, member_of

PROVIDER = "identity-provider"
"""How the audit log names whoever says who somebody is."""
ERRAND_VALID = timedelta(minutes=10)
"""As long as a passkey's challenge: time to find a phone with a second factor."""
_SECRET_BYTES = 32
_STRONGEST_FIRST = (DeskRole.ADMINISTRATOR, DeskRole.MODERATOR, DeskRole.SECOND_READER, DeskRole.AUDITOR)


@dataclass(frozen=True, slots=True)
class Errand:
    """One sign-in, as the browser that began it knows it."""

    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        """What comes back in the address (RFC 6749, section 10.12)."""
        return self._made_for(b"state")

    @property
    def nonce(self) -> str:
        """What comes back in the token (OpenID Connect Core, section 15.5.2)."""
        return self._made_for(b"nonce")

    @property
    def verifier(self) -> str:
        """What the provider is told with the code: 43 characters (RFC 7636, section 4.1)."""
        return self._made_for(b"verifier")

    @property
    def challenge(self) -> str:
        """What it is told of that before (section 4.2)."""
        return _text(sha256(self.verifier.encode()).digest())

    def _made_for(self, use: bytes) -> str:
        return _text(hmac.digest(self.secret.encode(), b"takeback/errand/1\n" + use, sha256))


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Which values of a claim are which roles."""

    claim: str
    roles: Mapping[str, DeskRole]

    @classmethod
    def of(cls, settings: Settings) -> RoleRule | None:
        """Return the rule of the settings; None where roles are given here."""
        if not settings.openid_role_claim:
            return None
        pairs = (entry.rpartition("=") for entry in settings.openid_roles)
        return cls(settings.openid_role_claim, {value: DeskRole(role) for value, _, role in pairs})

    def role(self, claims: Claims) -> DeskRole | None:
        """Return the role that allows most of those that a person has; None where they have none."""
        told = claims.others.get(self.claim)
        values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
        given = {self.roles[each] for each in values if isinstance(each, str) and each in self.roles}
        return next((role for role in _STRONGEST_FIRST if role in given), None)


@dataclass(frozen=True, slots=True)
class Entered:
    """Who the provider's answer is; `secret` of a new session, empty where it only bound an account in one."""

    member: Member
    secret: str = field(repr=False)


def send_to_sign_in(store: Store, *, invitation: str = "", at: datetime) -> Errand:
    """Begin a sign-in, or, with the secret of an invitation, a joining; `NotFound` for no open invitation."""
    with store.write() as tx:
        invitation_id = tx.desk_people.invitation(invitation, at).id if invitation else None
        return _sent(tx, SentErrand(invitation_id, None), at)


def send_to_bind(store: Store, session: Session, *, at: datetime) -> Errand:
    """Begin to bind an account to whoever is in a session."""
    with store.write() as tx:
        return _sent(tx, SentErrand(None, session.id), at)


def come_back(store: Store, secret: str, state: str, *, at: datetime) -> SentErrand:
    """
    Return what a browser was sent for, once; `NotAllowed` where it was not, or too long ago.

    In a transaction of its own, since it is used up whatever comes of the answer.
    """
    if secret and hmac.compare_digest(state.encode(), Errand(secret).state.encode()):
        with store.write() as tx:
            errand = tx.desk_identities.take(secret, at)
        if errand is not None:
            return errand
    raise NotAllowed(
        "This sign-in was not begun in this browser, or is over.",
        known=True,
        advice="Begin it again on the desk's own page; it takes ten minutes at most, and one at a time.",
    )


def enter(store: Store, errand: SentErrand, claims: Claims, rule: RoleRule | None, *, at: datetime) -> Entered:
    """
    Let somebody in by what the provider says of them; `NotAllowed`, which is an event, where that is nobody.

    `rule` gives roles by a claim; without it they are as given here.
    """
    role = None if rule is None else rule.role(claims)
    with store.write() as tx:
        # 1. Who that is, or is to be.
        identity = tx.desk_identities.find(claims.issuer, claims.subject)
        member = _owner(tx, errand, identity, at)
        # 2. Whether the provider still gives them a role, where it is the provider's to give.
        if member is not None and (rule is None or role is not None):
            member = _with_role(tx, member, role, at)
            if errand.invitation_id is not None or errand.session_id is not None:
                identity = _bound(tx, member, claims, at)
            if errand.invitation_id is not None:
                _joined(tx, member, at)
            if errand.session_id is not None:
                return Entered(member, "")
            assert identity is not None
            tx.desk_identities.was_used(identity, at)
            return Entered(member, begin_session(tx, member, identity=identity, at=at))
        _note_refusal(tx, member, "unbound" if member is None else "role", at)
        if member is not None and identity is not None and identity.person_id == member.id:
            tx.desk_sessions.end_all(member)
    raise _nobody() if member is None else _without_role()


def refuse(store: Store, refused: TokenRefused, *, at: datetime) -> None:
    """Write down that what the provider answered did not hold."""
    with store.write() as tx:
        _note_refusal(tx, None, refused.why, at)


def bound_to(store: Store, member: Member, issuer: str) -> DeskIdentity | None:
    """Return a person's account at an issuer; None where they have none."""
    with store.read() as tx:
        return tx.desk_identities.of(member, issuer)


def unbind(store: Store, here: SignedIn, issuer: str, *, only_way: bool, at: datetime) -> None:
    """
    Unbind a person's own account, and end the sessions that began by it.

    `IllegalTransition` where it is their only way in: passkeys are not taken (`only_way`), or they have none.
    """
    with store.write() as tx:
        identity = tx.desk_identities.of(here.member, issuer)
        if identity is None:
            raise IllegalTransition("You have no account there that is bound to you.")
        if only_way or not tx.desk_people.passkeys(here.member):
            raise IllegalTransition(
                "This account is your only way in.",
                advice="Ask whoever runs the service for an invitation first, and make a passkey with it.",
            )
        tx.desk_identities.unbind(identity)
        tx.desk_sessions.end_of(identity.id)
        tx.audit.append(EventKind.DESK_IDENTITY_UNBOUND, at=at, actor=here.member.actor)


def _sent(tx: Transaction, errand: SentErrand, at: datetime) -> Errand:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    tx.desk_identities.send(secret, errand, expires_at=at + ERRAND_VALID, at=at)
    return Errand(secret)


def _owner(tx: Transaction, errand: SentErrand, identity: DeskIdentity | None, at: datetime) -> Member | None:
    """Return who came back: whom the invitation is for, who is in the session, or whose the account is."""
    if errand.invitation_id is not None:
        return tx.desk_people.by_id(tx.desk_people.invitation_by_id(errand.invitation_id, at).person_id)
    if errand.session_id is not None:
        member = member_of(tx, errand.session_id, at=at)
        if member is None:
            raise NotAllowed("You are not signed in any more.", known=True, advice="Sign in, and begin again.")
        return member
    member = None if identity is None else tx.desk_people.by_id(identity.person_id)
    return None if member is None or member.left_at is not None else member


def _with_role(tx: Transaction, member: Member, role: DeskRole | None, at: datetime) -> Member:
    if role in (None, member.role):
        return member
    assert role is not None
    tx.desk_people.change_role(member, role)
    facts: dict[str, Json] = {"person": member.public_id, "role": role.value, "before": member.role.value}
    tx.audit.append(EventKind.DESK_ROLE_CHANGED, at=at, actor=PROVIDER, facts=facts)
    return tx.desk_people.by_id(member.id)


def _bound(tx: Transaction, member: Member, claims: Claims, at: datetime) -> DeskIdentity:
    identity = tx.desk_identities.bind(member, claims.issuer, claims.subject, at)
    tx.audit.append(EventKind.DESK_IDENTITY_BOUND, at=at, actor=member.actor, facts={"issuer": claims.issuer})
    return identity


def _joined(tx: Transaction, member: Member, at: datetime) -> None:
    tx.desk_people.forget_invitations(member)
    tx.audit.append(EventKind.DESK_JOINED, at=at, actor=member.actor, facts={"role": member.role.value})


def _note_refusal(tx: Transaction, member: Member | None, why: str, at: datetime) -> None:
    actor = PROVIDER if member is None else member.actor
    tx.audit.append(EventKind.DESK_IDENTITY_REFUSED, at=at, actor=actor, facts={"why": why})


def _nobody() -> NotAllowed:
    return NotAllowed(
        "This account is not bound to anybody at the desk.",
        known=True,
        advice="Open your invitation, and go on with this account; or sign in with your passkey, and bind it behind "
        "your name.",
    )


def _without_role() -> NotAllowed:
    return NotAllowed(
        "The identity provider gives you no role at this desk.",
        known=True,
        advice="Ask whoever runs it to give you one there.",
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
