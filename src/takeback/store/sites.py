"""The sites that this Takeback acts for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from takeback.errors import InputError, NotFound
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import site

_PURPOSE = "site/webhook-secret"


@dataclass(frozen=True, slots=True)
class Site:
    """One site: where its items are, and where it takes orders."""

    id: int
    public_id: str
    name: str
    base_url: str
    """Every item of the site is below this address; a link elsewhere is not ours to fetch."""
    webhook_url: str
    key_id: str
    secret: bytes = field(repr=False)
    """Shared with the site; signs each webhook."""
    reconciled_at: datetime | None


class SiteStore:
    """Reads and writes sites."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, name: str, *, base_url: str, webhook_url: str, secret: bytes, key_id: str, at: datetime) -> Site:
        """Add a site under a data key of its own; `InputError` where the name is taken."""
        if self._connection.execute(select(site.c.id).where(site.c.name == name)).first():
            raise InputError("There is a site of this name already.", advice="Choose another name.")
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(site).values(
                public_id=public_id,
                name=name,
                base_url=base_url,
                webhook_url=webhook_url,
                key_id=key_id,
                sealed_secret=seal(self._keyring.data_key(key_id), secret, _PURPOSE),
                created_at=at,
            )
        )
        return self.by_public_id(public_id)

    def by_public_id(self, public_id: str) -> Site:
        """Return one site; `NotFound` where there is none."""
        return self._one(self._connection.execute(select(site).where(site.c.public_id == public_id)).first())

    def by_id(self, site_id: int) -> Site:
        """Return one site; `NotFound` where there is none."""
        return self._one(self._connection.execute(select(site).where(site.c.id == site_id)).first())

    def all(self) -> list[Site]:
        """Return every site, oldest first."""
        return [self._one(row) for row in self._connection.execute(select(site).order_by(site.c.id))]

    def for_link(self, url: str) -> Site | None:
        """Return the site below whose address `url` lies, the most specific one; None where it is elsewhere."""
        below = [found for found in self.all() if is_below(url, found.base_url)]
        return max(below, key=lambda found: len(found.base_url), default=None)

    def set_reconciled(self, site_id: int, at: datetime) -> None:
        """Remember when the site last said which items are gone."""
        self._connection.execute(update(site).where(site.c.id == site_id).values(reconciled_at=at))

    def _one(self, row: Row[tuple[object, ...]] | None) -> Site:
        if row is None:
            raise NotFound("There is no such site.")
        secret = unseal(self._keyring.data_key(row.key_id), row.sealed_secret, _PURPOSE)
        return Site(
            row.id,
            row.public_id,
            row.name,
            row.base_url,
            row.webhook_url,
            row.key_id,
            secret,
            row.reconciled_at,
        )


def is_below(url: str, base_url: str) -> bool:
    """Whether `url` is the base address or lies below it, path segment by path segment."""
    return url == base_url or url.startswith(base_url.rstrip("/") + "/")
