"""Looks of the people of the desk at pictures: who, at which copy, why, and what they found; never what was shown."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.cases.look import Found, LookReason
from takeback.errors import NotFound
from takeback.store.desk_people import Member, digest_of
from takeback.store.desk_sessions import Session
from takeback.store.tables import copy, desk_person, look

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Look:
    """One look of one person at one copy."""

    id: int
    public_id: str
    copy_id: int
    person_id: int
    name: str
    """Who looked, as the desk calls them."""
    actor: str
    """And as the audit log names them."""
    reason: LookReason
    at: datetime
    cleared_at: datetime | None
    """When they saw it clearer; None where they saw it blurred alone."""
    found: Found | None


class LookStore:
    """Reads and writes looks; they go with their case alone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, copy_id: int, member: Member, session: Session, reason: LookReason, *, expires_at: datetime, at: datetime
    ) -> tuple[Look, str]:
        """Write a look down; return it with the token that shows it clearer once, of which only a digest is kept."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        query = insert(look).values(
            public_id=secrets.token_hex(16),
            copy_id=copy_id,
            person_id=member.id,
            session_id=session.id,
            reason=reason.value,
            at=at,
            token=digest_of(token),
            expires_at=expires_at,
        )
        look_id = self._connection.execute(query.returning(look.c.id)).scalar_one()
        return _found(self._connection.execute(_LOOKS.where(look.c.id == look_id)).first()), token

    def open(self, public_id: str, token: str, session: Session, at: datetime) -> Look:
        """Return the look that a token shows clearer, in the session that it was given to; `NotFound` else."""
        query = _LOOKS.where(
            look.c.public_id == public_id,
            look.c.token == digest_of(token),
            look.c.session_id == session.id,
            look.c.expires_at > at,
        )
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound(
                "This look is over: it shows the picture clearer once, within two minutes.",
                advice="Look again, if you must; that is another look.",
            )
        return _found(row)

    def clear(self, found: Look, at: datetime) -> None:
        """Use the token up."""
        self._connection.execute(update(look).where(look.c.id == found.id).values(token=None, cleared_at=at))

    def note(self, found: Look, what: Found) -> None:
        """Write down what was found."""
        self._connection.execute(update(look).where(look.c.id == found.id).values(found=what.value))

    def by_public_id(self, public_id: str) -> Look:
        """Return one look; `NotFound` where there is none."""
        return _found(self._connection.execute(_LOOKS.where(look.c.public_id == public_id)).first())

    def of_case(self, case_id: int) -> list[Look]:
        """Return the looks at the copies of a case, oldest first."""
        copies = select(copy.c.id).where(copy.c.case_id == case_id)
        rows = self._connection.execute(_LOOKS.where(look.c.copy_id.in_(copies)).order_by(look.c.id))
        return [_found(row) for row in rows]

    def of_copies(self, copy_ids: Collection[int]) -> list[Look]:
        """Return the looks at some copies, oldest first."""
        rows = self._connection.execute(_LOOKS.where(look.c.copy_id.in_(list(copy_ids))).order_by(look.c.id))
        return [_found(row) for row in rows]

    def count(self, member: Member, *, since: datetime) -> int:
        """Return how often a person looked since a moment."""
        query = select(func.count()).select_from(look).where(look.c.person_id == member.id, look.c.at > since)
        return int(self._connection.execute(query).scalar_one())


_LOOKS = select(look, desk_person.c.name, desk_person.c.public_id.label("person")).join(
    desk_person, desk_person.c.id == look.c.person_id
)


def _found(row: Row[tuple[object, ...]] | None) -> Look:
    if row is None:
        raise NotFound("There is no such look.")
    return Look(
        row.id, row.public_id, row.copy_id, row.person_id, row.name, f"desk/{row.person}", LookReason(row.reason),
        row.at, row.cleared_at, None if row.found is None else Found(row.found),
    )  # fmt: skip
