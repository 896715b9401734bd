"""The people who sign in at the desk, their invitations and their passkeys; of secrets only digests."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from takeback.cases.look import LookKind
from takeback.errors import InputError, NotFound
from takeback.store.tables import desk_invitation, desk_key, desk_passkey, desk_person

_SECRET_BYTES = 24
_HANDLE_BYTES = 32
"""Of what a passkey knows its owner by: random, since it leaves the house (Web Authentication, section 14.6.1)."""


class DeskRole(StrEnum):
    """What a person of the desk may do."""

    MODERATOR = "moderator"
    """Read cases, decide them, and write to her."""
    SECOND_READER = "second_reader"
    """Read cases, and answer what was contested, which whoever decided may not."""
    ADMINISTRATOR = "administrator"
    """All that a moderator may."""
    AUDITOR = "auditor"
    """Read cases and what was done; change nothing."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person who signs in at the desk."""

    id: int
    public_id: str
    name: str
    role: DeskRole
    handle: bytes
    """What their passkeys know them by; it names nobody."""
    desk_key: str | None
    """The public id of the key that words are sealed to for them, where they have one."""
    created_at: datetime
    left_at: datetime | None
    looks_a_day: int | None
    """How often this person looks at pictures within a day, where they chose fewer than the house."""
    looks_away_from: tuple[LookKind, ...]
    """What they chose not to look at."""

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"desk/{self.public_id}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in that is open once, and for a while."""

    id: int
    person_id: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as stored: its public part alone."""

    id: int
    person_id: int
    credential_id: bytes
    public_key: bytes
    sign_count: int
    """How often it said that it had signed; 0 for passkeys that do not count."""
    created_at: datetime
    used_at: datetime | None


class DeskPeopleStore:
    """Reads and writes people, invitations and passkeys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, role: DeskRole, at: datetime) -> Member:
        """Add a person; `InputError` where someone of that name is at the desk."""
        if any(member.name == name for member in self.present()):
            raise InputError(f"{name} is at the desk already.", advice="Choose another name.")
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(desk_person).values(
                public_id=public_id,
                name=name,
                role=role.value,
                handle=secrets.token_bytes(_HANDLE_BYTES),
                created_at=at,
            )
        )
        return next(member for member in self.all() if member.public_id == public_id)

    def all(self) -> list[Member]:
        """Return everybody, oldest first, those who left too."""
        return [_member(row) for row in self._connection.execute(_MEMBERS.order_by(desk_person.c.id))]

    def present(self) -> list[Member]:
        """Return those who are at the desk, oldest first."""
        return [member for member in self.all() if member.left_at is None]

    def named(self, name_or_id: str) -> Member:
        """Return whoever is at the desk under a name or a public id; `NotFound` where nobody is."""
        query = _MEMBERS.where(
            desk_person.c.left_at.is_(None),
            or_(desk_person.c.name == name_or_id, desk_person.c.public_id == name_or_id),
        )
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound(f"Nobody at the desk is called {name_or_id}.", advice="`takeback desk people` lists them.")
        return _member(row)

    def by_id(self, person_id: int) -> Member:
        """Return one person; `NotFound` where there is none."""
        row = self._connection.execute(_MEMBERS.where(desk_person.c.id == person_id)).first()
        if row is None:
            raise NotFound("There is no such person at the desk.")
        return _member(row)

    def tie_key(self, member: Member, desk_key_id: str) -> None:
        """Say which key of the desk is this person's; `NotFound` where there is none that is in use."""
        query = select(desk_key.c.id).where(desk_key.c.public_id == desk_key_id, desk_key.c.retired_at.is_(None))
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound(
                "There is no such key of the desk, or it is retired.", advice="`takeback desk list` shows them."
            )
        self._set(member, desk_key_id=row.id)

    def leave(self, member: Member, at: datetime) -> None:
        """Mark a person as gone, without passkeys and invitations."""
        self._set(member, left_at=at)
        self.forget_passkeys(member)
        self.forget_invitations(member)

    def invite(self, member: Member, expires_at: datetime) -> str:
        """Make an invitation in place of earlier ones, and return its secret, which cannot be had again."""
        self.forget_invitations(member)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._connection.execute(
            insert(desk_invitation).values(person_id=member.id, digest=digest_of(secret), expires_at=expires_at)
        )
        return secret

    def invitation(self, secret: str, at: datetime) -> Invitation:
        """Return the invitation that a secret opens; `NotFound` where it opens none, or none any more."""
        return self._invitation(desk_invitation.c.digest == digest_of(secret), at)

    def invitation_by_id(self, invitation_id: int, at: datetime) -> Invitation:
        """Return an invitation that is still open; `NotFound` where it is not."""
        return self._invitation(desk_invitation.c.id == invitation_id, at)

    def _invitation(self, which: object, at: datetime) -> Invitation:
        query = select(desk_invitation).where(which, desk_invitation.c.expires_at > at)  # type: ignore[arg-type]
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound(
                "This invitation was used, or is too old.", advice="Ask whoever runs the service for another one."
            )
        return Invitation(row.id, row.person_id, row.expires_at)

    def invited(self, member: Member, at: datetime) -> bool:
        """Whether an invitation of this person is open."""
        query = select(desk_invitation.c.id).where(
            desk_invitation.c.person_id == member.id, desk_invitation.c.expires_at > at
        )
        return self._connection.execute(query).first() is not None

    def forget_invitations(self, member: Member) -> None:
        """Close every invitation of a person."""
        self._connection.execute(delete(desk_invitation).where(desk_invitation.c.person_id == member.id))

    def add_passkey(
        self, member: Member, credential_id: bytes, public_key: bytes, *, sign_count: int, at: datetime
    ) -> None:
        """Add a passkey; `InputError` where it is there already."""
        if self.passkey(credential_id) is not None:
            raise InputError("This passkey is in use already.", advice="Sign in with it, or make another one.")
        self._connection.execute(
            insert(desk_passkey).values(
                person_id=member.id,
                credential_id=credential_id,
                public_key=public_key,
                sign_count=sign_count,
                created_at=at,
            )
        )

    def passkey(self, credential_id: bytes) -> Passkey | None:
        """Return a passkey by what its device calls it; None where it is not known."""
        query = select(desk_passkey).where(desk_passkey.c.credential_id == credential_id)
        row = self._connection.execute(query).first()
        return None if row is None else _passkey(row)

    def passkeys(self, member: Member) -> list[Passkey]:
        """Return the passkeys of a person, oldest first."""
        query = select(desk_passkey).where(desk_passkey.c.person_id == member.id).order_by(desk_passkey.c.id)
        return [_passkey(row) for row in self._connection.execute(query)]

    def was_used(self, passkey: Passkey, sign_count: int, at: datetime) -> None:
        """Remember that a passkey signed."""
        self._connection.execute(
            update(desk_passkey).where(desk_passkey.c.id == passkey.id).values(sign_count=sign_count, used_at=at)
        )

    def forget_passkeys(self, member: Member) -> None:
        """Delete every passkey of a person."""
        self._connection.execute(delete(desk_passkey).where(desk_passkey.c.person_id == member.id))

    def change_role(self, member: Member, role: DeskRole) -> None:
        """Give a person another role, from their next page on."""
        self._set(member, role=role.value)

    def choose_looks(self, member: Member, a_day: int | None, away_from: Collection[LookKind]) -> None:
        """Keep how often this person looks at pictures, and at what not."""
        kinds = sorted(kind.value for kind in away_from)
        self._set(member, looks_a_day=a_day, looks_away_from=kinds)

    def _set(self, member: Member, **columns: object) -> None:
        self._connection.execute(update(desk_person).where(desk_person.c.id == member.id).values(**columns))


_MEMBERS = select(desk_person, desk_key.c.public_id.label("key")).outerjoin(
    desk_key, desk_person.c.desk_key_id == desk_key.c.id
)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret of the desk: of 192 random bits, which a plain SHA-256 does not give away."""
    return sha256(secret.encode()).digest()


def _member(row: Row[tuple[object, ...]]) -> Member:
    away = tuple(LookKind(each) for each in row.looks_away_from or ())
    return Member(
        row.id, row.public_id, row.name, DeskRole(row.role), row.handle, row.key, row.created_at, row.left_at,
        row.looks_a_day, away,
    )  # fmt: skip


def _passkey(row: Row[tuple[object, ...]]) -> Passkey:
    return Passkey(
        row.id, row.person_id, row.credential_id, row.public_key, row.sign_count, row.created_at, row.used_at
    )
