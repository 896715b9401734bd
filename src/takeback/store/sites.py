"""The sites that this Takeback acts for."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from takeback.errors import InputError, NotFound
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import site

_PURPOSE = "site/webhook-secret"
_TOKEN_PURPOSE = "site/platform-token"  # noqa: S105 (a name)
_BY_ID = select(site).where(site.c.id == bindparam("id"))
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
# Where IDNA 2003, which Python's codec writes, and IDNA 2008 name different hosts (UTS 46 section 7).
_DEVIATING = frozenset("ßς\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Site:
    """One site: where its items are, and where it takes orders."""

    id: int
    public_id: str
    name: str
    base_url: str
    """Every item of the site is below this address; a link elsewhere is not ours to fetch."""
    webhook_url: str
    """Empty where the site is asked by its platform's API instead."""
    key_id: str
    secret: bytes = field(repr=False)
    """Shared with the site; signs each webhook, and each look at a picture."""
    reconciled_at: datetime | None
    platform: str = "webhook"
    api_url: str | None = None
    """Below it the platform's API lies; None for a webhook, as `token`."""
    token: str | None = field(default=None, repr=False)
    quarantine: bool = False
    """Whether the bytes of what it removes are kept here until nobody may contest: it cannot keep them itself."""


class SiteStore:
    """Reads and writes sites."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring
        self._bases: list[tuple[int, Address]] | None = None

    def add(
        self, name: str, *, base_url: str, webhook_url: str, secret: bytes, key_id: str, at: datetime,
        platform: str = "webhook", api_url: str | None = None, token: str | None = None,
    ) -> Site:  # fmt: skip
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
                platform=platform,
                api_url=api_url,
                sealed_token=None if token is None else self._sealed_token(key_id, token),
                created_at=at,
            )
        )
        self._bases = None
        return self.by_public_id(public_id)

    def set_token(self, of: Site, token: str) -> None:
        """Give the site's platform another token; the former one is overwritten."""
        sealed = self._sealed_token(of.key_id, token)
        self._connection.execute(update(site).where(site.c.id == of.id).values(sealed_token=sealed))

    def by_public_id(self, public_id: str) -> Site:
        """Return one site; `NotFound` where there is none."""
        return self._one(self._connection.execute(select(site).where(site.c.public_id == public_id)).first())

    def by_id(self, site_id: int) -> Site:
        """Return one site; `NotFound` where there is none."""
        return self._one(self._connection.execute(_BY_ID, {"id": site_id}).first())

    def all(self) -> list[Site]:
        """Return every site, oldest first."""
        return [self._one(row) for row in self._connection.execute(select(site).order_by(site.c.id))]

    def for_link(self, url: str) -> Site | None:
        """
        Return the site below whose address `url` lies, the most specific one; None where it is elsewhere.

        http and https of one host and path are one site; where both are sites of their own, the scheme decides.
        """
        link = Address.parse(url)
        if link is None:
            return None
        below = [(site_id, base) for site_id, base in self._known_bases() if link.is_below(base)]
        if not below:
            return None
        site_id, _ = max(below, key=lambda found: (len(found[1].segments), found[1].scheme == link.scheme))
        return self.by_id(site_id)

    @staticmethod
    def address_of(site: Site, url: str) -> str:
        """
        Return a link below the site as the site itself writes it: its scheme, host and port, no fragment.

        Path and query stay as they are. Raises `InputError` where the link is not below the site.
        """
        link, base = Address.parse(url), Address.parse(site.base_url)
        if link is None or base is None or not link.is_below(base):
            raise InputError("This link is not on the site.", advice="Send an address below the site's own.")
        return f"{base.scheme}://{base.authority}{link.target}"

    def set_quarantine(self, site_id: int, on: bool) -> None:
        """Choose whether the bytes of what a site removes are kept here."""
        self._connection.execute(update(site).where(site.c.id == site_id).values(quarantine=on))

    def set_reconciled(self, site_id: int, at: datetime) -> None:
        """Remember when the site last said which items are gone."""
        self._connection.execute(update(site).where(site.c.id == site_id).values(reconciled_at=at))

    def _known_bases(self) -> list[tuple[int, Address]]:
        # Read and taken apart once for all links of a transaction, and no secret is opened for it.
        if self._bases is None:
            rows = self._connection.execute(select(site.c.id, site.c.base_url).order_by(site.c.id))
            parsed = [(row.id, Address.parse(row.base_url)) for row in rows]
            self._bases = [(site_id, base) for site_id, base in parsed if base is not None]
        return self._bases

    def _one(self, row: Row[tuple[object, ...]] | None) -> Site:
        if row is None:
            raise NotFound("There is no such site.")
        key = self._keyring.data_key(row.key_id)
        secret = unseal(key, row.sealed_secret, _PURPOSE)
        token = None if row.sealed_token is None else unseal(key, row.sealed_token, _TOKEN_PURPOSE).decode()
        return Site(
            row.id,
            row.public_id,
            row.name,
            row.base_url,
            row.webhook_url,
            row.key_id,
            secret,
            row.reconciled_at,
            row.platform,
            row.api_url,
            token,
            bool(row.quarantine),
        )

    def _sealed_token(self, key_id: str, token: str) -> bytes:
        return seal(self._keyring.data_key(key_id), token.encode(), _TOKEN_PURPOSE)


def is_below(url: str, base_url: str) -> bool:
    """Whether `url` is the base address or lies below it, path segment by path segment."""
    link, base = Address.parse(url), Address.parse(base_url)
    return link is not None and base is not None and link.is_below(base)


@dataclass(frozen=True, slots=True)
class Address:
    """An http or https address taken apart, so that two ways of writing one place are equal."""

    scheme: str
    host: str
    """Lower case, IDNA, without the root's dot; an IPv6 address without brackets."""
    port: int | None
    """None for the scheme's own."""
    segments: tuple[str, ...]
    """The path between its slashes, decoded; without the slash at its end."""
    target: str
    """Path and query as they were written."""

    @property
    def authority(self) -> str:
        """Host and port as a URL writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """
        Return the address, or None where programs could differ about the place that it names.

        That is: another scheme, no host, a user name, a backslash or control character, or a dot segment
        (RFC 3986 section 3.3) in the path, however it is encoded.
        """
        if _UNSAFE.search(url):
            return None
        try:
            parts = urlsplit(url)
            host, port = _host(parts.hostname or ""), parts.port
        except ValueError:
            return None
        if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or _has_dot_segment(parts.path):
            return None
        own_port = None if port == _DEFAULT_PORTS[parts.scheme] else port
        path = parts.path or "/"
        segments = tuple(unquote(segment) for segment in path.rstrip("/").split("/")[1:])
        return cls(parts.scheme, host, own_port, segments, f"{path}?{parts.query}" if parts.query else path)

    def is_below(self, base: Address) -> bool:
        """Whether this is the base's place or one below it; http and https are one place, each on its own port."""
        same_host = (self.host, self.port) == (base.host, base.port)
        return same_host and "?" not in base.target and self.segments[: len(base.segments)] == base.segments


def _host(written: str) -> str:
    """Return the host in its one form; raises `ValueError` where IDNA has none for it."""
    name = written.removesuffix(".")
    if ":" in name:
        return str(ip_address(name))
    return name if name.isascii() or _DEVIATING & set(name) else name.encode("idna").decode("ascii")


def _has_dot_segment(path: str) -> bool:
    # Decoded twice, since a proxy and the server behind it may each decode once. Some servers take a
    # backslash for a slash, and drop what follows a semicolon in a segment.
    decoded = unquote(unquote(path))
    return any(part.partition(";")[0] in (".", "..") for part in re.split(r"[/\\]", decoded))
