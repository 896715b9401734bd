"""Who is signed in at the desk, and what passkeys are asked to sign; of secrets only digests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from takeback.store.desk_people import Member, digest_of
from takeback.store.tables import desk_challenge, desk_session

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """One person signed in on one device."""

    id: int
    person_id: int
    began_at: datetime
    seen_at: datetime
    identity_id: int | None
    """By which identity of theirs it began; None for a passkey."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a passkey was asked to sign, and for which invitation; None for signing in."""

    invitation_id: int | None


class DeskSessionStore:
    """Reads and writes sessions and challenges."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, member: Member, at: datetime, *, identity_id: int | None = None) -> str:
        """Begin a session and return its secret, which cannot be had again."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._connection.execute(
            insert(desk_session).values(
                person_id=member.id, digest=digest_of(secret), began_at=at, seen_at=at, identity_id=identity_id
            )
        )
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session that a secret opens, however old."""
        return self._one(desk_session.c.digest == digest_of(secret))

    def by_id(self, session_id: int) -> Session | None:
        """Return a session, however old; None where it was ended."""
        return self._one(desk_session.c.id == session_id)

    def seen(self, session: Session, at: datetime) -> None:
        """Remember that a session was used."""
        self._connection.execute(update(desk_session).where(desk_session.c.id == session.id).values(seen_at=at))

    def end(self, session: Session) -> None:
        """End a session."""
        self._connection.execute(delete(desk_session).where(desk_session.c.id == session.id))

    def end_of(self, identity_id: int) -> None:
        """End every session that began by an identity."""
        self._connection.execute(delete(desk_session).where(desk_session.c.identity_id == identity_id))

    def end_all(self, member: Member) -> int:
        """End every session of a person; return how many there were."""
        done = self._connection.execute(delete(desk_session).where(desk_session.c.person_id == member.id))
        return int(done.rowcount)

    def end_older(self, *, began_before: datetime, seen_before: datetime) -> None:
        """End the sessions that are over by their age."""
        over = or_(desk_session.c.began_at <= began_before, desk_session.c.seen_at <= seen_before)
        self._connection.execute(delete(desk_session).where(over))

    def ask(self, challenge: bytes, *, invitation_id: int | None, expires_at: datetime, at: datetime) -> None:
        """Remember what a passkey is asked to sign; what nobody answered in time is forgotten."""
        self._connection.execute(delete(desk_challenge).where(desk_challenge.c.expires_at <= at))
        self._connection.execute(
            insert(desk_challenge).values(
                digest=sha256(challenge).digest(), invitation_id=invitation_id, expires_at=expires_at
            )
        )

    def take(self, challenge: bytes, at: datetime) -> Challenge | None:
        """Return what was asked, once: nobody can take it a second time. None where it was not, or too long ago."""
        query = (
            delete(desk_challenge)
            .where(desk_challenge.c.digest == sha256(challenge).digest(), desk_challenge.c.expires_at > at)
            .returning(desk_challenge.c.invitation_id)
        )
        row = self._connection.execute(query).first()
        return None if row is None else Challenge(row.invitation_id)

    def _one(self, which: ColumnElement[bool]) -> Session | None:
        row = self._connection.execute(select(desk_session).where(which)).first()
        return None if row is None else Session(row.id, row.person_id, row.began_at, row.seen_at, row.identity_id)
