"""Keys of the HTTP interface: made, shown once, stored as a digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from takeback.errors import NotFound
from takeback.store.tables import api_key

_SECRET_BYTES = 24
_UNREVOKED = select(api_key).where(api_key.c.digest == bindparam("digest"), api_key.c.revoked_at.is_(None))


class KeyRole(StrEnum):
    """What a key may do; each does only what its line says."""

    UPLOAD = "upload"
    """A site's own key: check uploads, say which items are gone, pass on a contest. Bound to one site."""
    MODERATOR = "moderator"
    """Read cases with distance and entry, decide."""
    ADMINISTRATOR = "administrator"
    """Sites, banks, keys; and all that a moderator may."""
    MAIL = "mail"
    """Say that a mail came back: for the mail server's pipe, which reads what anybody sends."""
    AUDITOR = "auditor"
    """Metrics, the interface's description, the state of the log."""
    PARTNER = "partner"
    """Ask whether a picture matches, and be told class and action alone. Bound to one partner."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: never the key itself."""

    public_id: str
    role: KeyRole
    site_id: int | None
    name: str
    created_at: datetime
    revoked_at: datetime | None
    partner_id: int | None = None


class AccessStore:
    """Makes, finds and revokes keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def new_key(
        self, role: KeyRole, *, name: str, site_id: int | None, at: datetime, partner_id: int | None = None
    ) -> str:
        """Make a key and return its text, which cannot be had again."""
        text = f"tb_{role.value}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        self._connection.execute(
            insert(api_key).values(
                public_id=secrets.token_hex(16),
                role=role.value,
                site_id=site_id,
                partner_id=partner_id,
                name=name,
                digest=_digest(text),
                created_at=at,
            )
        )
        return text

    def find(self, text: str) -> ApiKey | None:
        """Return the unrevoked key of this text."""
        row = self._connection.execute(_UNREVOKED, {"digest": _digest(text)}).first()
        return None if row is None else _key(row)

    def all(self) -> list[ApiKey]:
        """Return every key, oldest first."""
        return [_key(row) for row in self._connection.execute(select(api_key).order_by(api_key.c.id))]

    def of_partner(self, partner_id: int) -> list[ApiKey]:
        """Return the unrevoked keys of one partner, oldest first."""
        mine = (api_key.c.partner_id == partner_id, api_key.c.revoked_at.is_(None))
        return [_key(row) for row in self._connection.execute(select(api_key).where(*mine).order_by(api_key.c.id))]

    def revoke(self, public_id: str, at: datetime) -> None:
        """Revoke a key at once; `NotFound` where there is none that is unrevoked."""
        done = self._connection.execute(
            update(api_key)
            .where(api_key.c.public_id == public_id, api_key.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        if done.rowcount != 1:
            raise NotFound("There is no such key, or it is revoked already.")


def _digest(text: str) -> bytes:
    # The secret is 192 random bits: a plain SHA-256 cannot be searched, and a slow hash would slow each request.
    return sha256(text.encode()).digest()


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        row.public_id, KeyRole(row.role), row.site_id, row.name, row.created_at, row.revoked_at, row.partner_id
    )  # fmt: skip
