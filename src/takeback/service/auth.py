"""Keys at the HTTP door: who asks, and whether their role may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from takeback.assembly import Parts
from takeback.errors import NotAllowed
from takeback.service.parts import parts_here, parts_of
from takeback.store.access import ApiKey, KeyRole
from takeback.store.sites import Site

ROLES = "roles"
"""Where a dependency that asks for a key says of which roles, for the description."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The key that asks, and its site where it is bound to one."""

    key: ApiKey
    site: Site | None

    @property
    def actor(self) -> str:
        """How the audit log names this caller."""
        return f"key/{self.key.public_id}"

    @property
    def sees_detail(self) -> bool:
        """
        Whether distance and entry may be told.

        Not to a site's own key: distances rebuild a fingerprint bit by bit (design §10).
        """
        return self.key.role in (KeyRole.MODERATOR, KeyRole.ADMINISTRATOR)


def require(*roles: KeyRole) -> Callable[[Request], Caller]:
    """Return a dependency that lets keys of `roles` pass; an administrator may all that a moderator may."""
    allowed = set(roles) | ({KeyRole.ADMINISTRATOR} if KeyRole.MODERATOR in roles else set())

    def check(request: Request) -> Caller:
        parts: Parts = parts_of(request)
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise NotAllowed("This address needs a key.")
        with parts.store.read() as tx:
            key = tx.access.find(text.strip())
            if key is None:
                raise NotAllowed("This key is unknown or revoked.")
            if key.role not in allowed:
                names = ", ".join(sorted(role.value for role in allowed))
                raise NotAllowed(f"This address needs a key of role {names}.", known=True)
            site = None if key.site_id is None else tx.sites.by_id(key.site_id)
        return Caller(key, site)

    setattr(check, ROLES, frozenset(role.value for role in allowed))
    return check


Uploader = Annotated[Caller, Depends(require(KeyRole.UPLOAD, KeyRole.MODERATOR))]
SiteKey = Annotated[Caller, Depends(require(KeyRole.UPLOAD))]
Moderator = Annotated[Caller, Depends(require(KeyRole.MODERATOR))]
Administrator = Annotated[Caller, Depends(require(KeyRole.ADMINISTRATOR))]
MailServer = Annotated[Caller, Depends(require(KeyRole.MAIL))]
APartner = Annotated[Caller, Depends(require(KeyRole.PARTNER))]
Reader = Annotated[Caller, Depends(require(KeyRole.AUDITOR, KeyRole.MODERATOR))]
ServiceParts = Annotated[Parts, Depends(parts_here)]
