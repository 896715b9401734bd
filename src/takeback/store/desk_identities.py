"""Who of the desk is who at an identity provider, and what browsers were sent there for; of secrets only digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from takeback.errors import InputError
from takeback.store.desk_people import Member, digest_of
from takeback.store.tables import desk_errand, desk_identity


@dataclass(frozen=True, slots=True)
class DeskIdentity:
    """One account at an identity provider, and whose it is."""

    id: int
    person_id: int
    issuer: str
    subject: str
    """What the issuer calls the account, for ever; it means nothing elsewhere."""
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentErrand:
    """What a browser was sent to the provider for: an invitation, who is in a session, or, with neither, signing in."""

    invitation_id: int | None
    session_id: int | None


class DeskIdentityStore:
    """Reads and writes identities, and errands to the provider."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bind(self, member: Member, issuer: str, subject: str, at: datetime) -> DeskIdentity:
        """Say that an account is this person's; `InputError` where it is somebody's, or they have one there already."""
        if self.find(issuer, subject) is not None:
            raise InputError(
                "This account belongs to someone at the desk already.", advice="Sign in with it, or take your own."
            )
        if self.of(member, issuer) is not None:
            raise InputError(
                "You have another account there already.", advice="Unbind that one first, or ask for a new invitation."
            )
        self._connection.execute(
            insert(desk_identity).values(
                person_id=member.id, issuer=issuer, subject=subject, created_at=at, used_at=None
            )
        )
        bound = self.find(issuer, subject)
        assert bound is not None
        return bound

    def find(self, issuer: str, subject: str) -> DeskIdentity | None:
        """Return the identity that an account is; None where it is nobody's."""
        return self._one(desk_identity.c.issuer == issuer, desk_identity.c.subject == subject)

    def of(self, member: Member, issuer: str) -> DeskIdentity | None:
        """Return the account of a person at an issuer; None where they have none."""
        return self._one(desk_identity.c.person_id == member.id, desk_identity.c.issuer == issuer)

    def all_of(self, member: Member) -> list[DeskIdentity]:
        """Return the accounts of a person, at former issuers too."""
        query = select(desk_identity).where(desk_identity.c.person_id == member.id).order_by(desk_identity.c.id)
        return [_identity(row) for row in self._connection.execute(query)]

    def was_used(self, identity: DeskIdentity, at: datetime) -> None:
        """Remember that somebody signed in by it."""
        self._connection.execute(update(desk_identity).where(desk_identity.c.id == identity.id).values(used_at=at))

    def unbind(self, identity: DeskIdentity) -> None:
        """Forget one identity."""
        self._connection.execute(delete(desk_identity).where(desk_identity.c.id == identity.id))

    def forget(self, member: Member) -> None:
        """Forget every identity of a person."""
        self._connection.execute(delete(desk_identity).where(desk_identity.c.person_id == member.id))

    def send(self, secret: str, errand: SentErrand, *, expires_at: datetime, at: datetime) -> None:
        """Remember an errand by its secret; those from which nobody came back in time are forgotten."""
        self._connection.execute(delete(desk_errand).where(desk_errand.c.expires_at <= at))
        self._connection.execute(
            insert(desk_errand).values(
                digest=digest_of(secret),
                invitation_id=errand.invitation_id,
                session_id=errand.session_id,
                expires_at=expires_at,
            )
        )

    def take(self, secret: str, at: datetime) -> SentErrand | None:
        """Return an errand, once: nobody can take it a second time. None where there was none, or too long ago."""
        query = (
            delete(desk_errand)
            .where(desk_errand.c.digest == digest_of(secret), desk_errand.c.expires_at > at)
            .returning(desk_errand.c.invitation_id, desk_errand.c.session_id)
        )
        row = self._connection.execute(query).first()
        return None if row is None else SentErrand(row.invitation_id, row.session_id)

    def _one(self, *which: ColumnElement[bool]) -> DeskIdentity | None:
        row = self._connection.execute(select(desk_identity).where(*which)).first()
        return None if row is None else _identity(row)


def _identity(row: Row[tuple[object, ...]]) -> DeskIdentity:
    return DeskIdentity(row.id, row.person_id, row.issuer, row.subject, row.created_at, row.used_at)
