"""
Who is at the desk: invited on the server, in by a passkey or an identity, signed in for a while, gone at once.

An invitation is also the way back for someone whose passkeys are lost. No password is kept anywhere, and of the
secrets that are, invitations and sessions, only digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.errors import InputError, NotAllowed
from takeback.store import Store, Transaction
from takeback.store.desk_identities import DeskIdentity
from takeback.store.desk_people import DeskRole, Member
from takeback.store.desk_sessions import Session

INVITATION_VALID = timedelta(hours=24)
SESSION_IDLE = timedelta(minutes=30)
"""After so long without a page asked for, a session is over (NIST SP 800-63B, section 5.2 of AAL2, allows an hour)."""
SESSION_LONGEST = timedelta(hours=12)
"""A session is over after a shift, whatever was done in it."""
_SEEN_EVERY = timedelta(minutes=1)
"""How exactly the moment of the last page is kept: not each of them is worth a write."""
_MAX_NAME = 100
READERS = (DeskRole.MODERATOR, DeskRole.SECOND_READER)
"""Who opens what she wrote, looks at pictures, answers contests and reads refusals again."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Who is invited, and by which secret; it is shown once."""

    member: Member
    secret: str
    expires_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who is signed in."""

    member: Member
    session: Session


def invite(
    store: Store, name: str, role: DeskRole | None, *, desk_key: str = "", lost: bool = False, actor: str, at: datetime
) -> Invited:
    """
    Invite a person, or let one who is at the desk make another passkey.

    `lost` ends the passkeys, identities and sessions that they have. `InputError` for a new person without a role, and
    for another role than a person has; `NotFound` where `desk_key` is no key in use.
    """
    name = name.strip()
    if not 0 < len(name) <= _MAX_NAME:
        raise InputError(f"The name of a person has 1 to {_MAX_NAME} characters.")
    with store.write() as tx:
        before = next((each for each in tx.desk_people.present() if each.name == name), None)
        member = _add(tx, name, role, at) if before is None else _same(before, role)
        if desk_key:
            tx.desk_people.tie_key(member, desk_key)
        if lost:
            tx.desk_people.forget_passkeys(member)
            tx.desk_identities.forget(member)
            tx.desk_sessions.end_all(member)
        expires_at = at + INVITATION_VALID
        secret = tx.desk_people.invite(member, expires_at)
        facts: dict[str, Json] = {"person": member.public_id, "role": member.role.value, "lost": lost}
        tx.audit.append(EventKind.DESK_INVITED, at=at, actor=actor, facts=facts)
        return Invited(tx.desk_people.by_id(member.id), secret, expires_at, before is None)


def leave(store: Store, name_or_id: str, *, actor: str, at: datetime) -> Member:
    """
    End a person's passkeys, identities, invitations and sessions at once; return who it was.

    A key that words are sealed to stays as it is: words may open with nothing else. `NotFound` for nobody.
    """
    with store.write() as tx:
        member = tx.desk_people.named(name_or_id)
        tx.desk_people.leave(member, at)
        tx.desk_identities.forget(member)
        tx.desk_sessions.end_all(member)
        tx.audit.append(EventKind.DESK_LEFT, at=at, actor=actor, facts={"person": member.public_id})
        return member


def invited_person(store: Store, secret: str, *, at: datetime) -> Member:
    """Return whom an invitation is for; `NotFound` where it is used or too old."""
    with store.read() as tx:
        return tx.desk_people.by_id(tx.desk_people.invitation(secret, at).person_id)


def session_of(store: Store, secret: str, *, at: datetime) -> SignedIn | None:
    """Return who is signed in by the secret of a session; None where nobody is, or no longer."""
    with store.read() as tx:
        session = tx.desk_sessions.find(secret)
        if session is None or _is_over(session, at):
            return None
        member = tx.desk_people.by_id(session.person_id)
    if member.left_at is not None:
        return None
    if at - session.seen_at >= _SEEN_EVERY:
        with store.write() as tx:
            tx.desk_sessions.seen(session, at)
    return SignedIn(member, session)


def member_of(tx: Transaction, session_id: int, *, at: datetime) -> Member | None:
    """Return who is in a session; None where it is over, or they left."""
    session = tx.desk_sessions.by_id(session_id)
    if session is None or _is_over(session, at):
        return None
    member = tx.desk_people.by_id(session.person_id)
    return None if member.left_at is not None else member


def begin_session(tx: Transaction, member: Member, *, identity: DeskIdentity | None = None, at: datetime) -> str:
    """
    Begin a session in the transaction that knows who it is, and return its secret; those that are over go.

    `identity` is by which they came; None for a passkey.
    """
    tx.desk_sessions.end_older(began_before=at - SESSION_LONGEST, seen_before=at - SESSION_IDLE)
    facts: dict[str, Json] = {"role": member.role.value, "by": "passkey" if identity is None else "openid"}
    tx.audit.append(EventKind.DESK_SIGNED_IN, at=at, actor=member.actor, facts=facts)
    return tx.desk_sessions.begin(member, at, identity_id=None if identity is None else identity.id)


def sign_out(store: Store, here: SignedIn, *, at: datetime) -> None:
    """End this session."""
    with store.write() as tx:
        tx.desk_sessions.end(here.session)
        tx.audit.append(EventKind.DESK_SIGNED_OUT, at=at, actor=here.member.actor)


def has_role(member: Member, *roles: DeskRole) -> bool:
    """Whether a person has one of `roles`; an administrator may all that a moderator may."""
    return member.role in roles or (member.role is DeskRole.ADMINISTRATOR and DeskRole.MODERATOR in roles)


def require_role(member: Member, *roles: DeskRole) -> None:
    """Raise `NotAllowed` for a person of another role (`has_role`)."""
    if not has_role(member, *roles):
        raise NotAllowed(
            "Your role at the desk does not do this.",
            known=True,
            advice="Ask a moderator, or whoever runs the service for another role.",
        )


def _is_over(session: Session, at: datetime) -> bool:
    return at - session.seen_at >= SESSION_IDLE or at - session.began_at >= SESSION_LONGEST


def _add(tx: Transaction, name: str, role: DeskRole | None, at: datetime) -> Member:
    if role is None:
        raise InputError(f"Nobody at the desk is called {name} yet.", advice="Say with --role what they do.")
    return tx.desk_people.add(name, role, at)


def _same(member: Member, role: DeskRole | None) -> Member:
    if role not in (None, member.role):
        raise InputError(
            f"{member.name} is at the desk as {member.role}.",
            advice="Let them leave first (`takeback desk leave`), then invite them in the new role.",
        )
    return member
