"""Where an outgoing request goes, read strictly from its URL, and which private hosts it may go to."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self
from urllib.parse import SplitResult, quote, urlsplit

from takeback.errors import BadSetting, DeliveryError

MAX_URL_CHARACTERS = 8_192
"""What common servers take as one request line (nginx `large_client_header_buffers`)."""

MAX_HOST_CHARACTERS = 253
"""Longest name of a host (RFC 1035 section 2.3.4, without the final root)."""

DEFAULT_PORTS = {"http": 80, "https": 443}

_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# Where IDNA 2003, which Python's codec writes, and IDNA 2008 name different hosts (UTS 46 section 7).
_DEVIATING = frozenset("ßς\u200c\u200d")
_PATH_SAFE = "/%:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart: `host` in lower case without brackets, `target` the path with its query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The `Host` header: the host, in brackets if IPv6, and the port unless it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Self:
        """
        Read an absolute http or https URL; the fragment is dropped, letters beyond ASCII are encoded.

        Raises `DeliveryError(permanent=True)` on another scheme, a user name or password, a port out of
        1..65535, a host that is no name or address, white space, a backslash, or more than 8,192
        characters. The message never quotes the URL.
        """
        if len(url) > MAX_URL_CHARACTERS or _UNSAFE.search(url):
            raise _malformed("is too long, or has a space or a backslash in it")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _malformed("is not one") from None
        if parts.scheme not in DEFAULT_PORTS:
            raise _malformed("does not begin with https:// or http://")
        if "@" in parts.netloc:
            raise _malformed("has a user name or password in it")
        port = DEFAULT_PORTS[parts.scheme] if port is None else port
        if not 1 <= port <= 65_535:
            raise _malformed("names a port that does not exist")
        host = _host(parts.hostname or "")
        if (":" in host) != ("[" in parts.netloc):
            raise _malformed("has no host that we can name")
        return cls(parts.scheme, host, port, _target(parts))


@dataclass(frozen=True, slots=True)
class PrivateHosts:
    """
    The hosts that may be reached although their addresses are private, and over plain http.

    Each is allowed by its exact name, on one port (`host:port`) or on all (`host`). Empty allows nothing.
    """

    names: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, entries: Collection[str]) -> Self:
        """Read the setting's entries; raises `BadSetting` on one that is neither `host` nor `host:port`."""
        return cls(frozenset(_entry(each) for each in entries))

    def allow(self, host: str, port: int) -> bool:
        """Return whether `host`, exactly as written in a URL, may be reached on `port`."""
        return (host, port) in self.names or (host, None) in self.names


def _host(written: str) -> str:
    """Return the host in its one form; raises `DeliveryError` where it is neither name nor address."""
    if not 1 <= len(written) <= MAX_HOST_CHARACTERS or _DEVIATING & set(written):
        raise _malformed("has no host that we can name")
    address = _address(written)
    if address is not None:
        return address
    try:
        name = written if written.isascii() else written.encode("idna").decode("ascii")
    except UnicodeError:
        raise _malformed("has no host that we can name") from None
    if not _NAME.fullmatch(name):
        raise _malformed("has no host that we can name")
    return name


def _address(written: str) -> str | None:
    try:
        ip: IPv4Address | IPv6Address = ip_address(written)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address) and ip.scope_id is not None:
        return None
    return str(ip)


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    return f"{path}?{quote(parts.query, safe=_QUERY_SAFE)}" if parts.query else path


def _entry(entry: str) -> tuple[str, int | None]:
    address = _address(entry)
    if address is not None:
        return address, None
    try:
        parts = urlsplit(f"//{entry}")
        host, port = _host(parts.hostname or ""), parts.port
    except (ValueError, DeliveryError):
        raise _bad_entry(entry) from None
    if "@" in entry or parts.netloc != entry or port == 0 or entry.endswith(":"):
        raise _bad_entry(entry)
    return host, port


def _bad_entry(entry: str) -> BadSetting:
    return BadSetting(
        f"`allowed_private_hosts` holds {entry!r}, which is neither a host nor host:port.",
        advice="Write the host as in the URL, without https:// and path, for example `forum.internal:8080`.",
    )


def _malformed(what: str) -> DeliveryError:
    return DeliveryError(f"The address of the other system {what}.", permanent=True, advice="Correct the address.")
