"""
Which internet addresses are public.

A name is not trusted to lead where it seems to: what counts is the address that it resolves to. Public is
what IANA's special-purpose registries (RFC 6890) leave: neither loopback nor private, link-local (with the
cloud's 169.254.169.254), shared (100.64.0.0/10), multicast, reserved or for documentation, nor an IPv6
address that stands for an IPv4 one that is.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_REFUSED_V4 = (
    # IETF protocol assignments: two of them (192.0.0.9 and .10) count as global and are answered by the
    # local gateway (RFC 7723, RFC 8155).
    IPv4Network("192.0.0.0/24"),
    # Relays of 6to4, deprecated (RFC 7526).
    IPv4Network("192.88.99.0/24"),
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as DNS64 writes them on networks without IPv4; the last 32 bits (RFC 6052 section 2.1)."""

_GLOBAL_V6 = IPv6Network("2000::/3")
"""The one block from which IANA gives out global unicast addresses."""

_REFUSED_V6 = (
    # IETF protocol assignments, with Teredo (RFC 4380): tunnels that end at any IPv4 address.
    IPv6Network("2001::/23"),
    # 6to4 (RFC 3056), deprecated: likewise.
    IPv6Network("2002::/16"),
    # Documentation (RFC 9637), not yet known to every Python that we run on.
    IPv6Network("3fff::/20"),
)
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa", ".lan")


def is_public(address: str) -> bool:
    """Return whether `address`, an IPv4 or IPv6 address in digits, is public; anything else is not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    # 1. An IPv6 address that stands for an IPv4 one is judged as that one.
    if isinstance(ip, IPv6Address):
        ip = _embedded_v4(ip) or ip
    # 2. Neither registry nor protocol keeps it for another use.
    if isinstance(ip, IPv4Address):
        refused = ip.is_multicast or ip.is_reserved or any(ip in each for each in _REFUSED_V4)
        return ip.is_global and not refused
    refused = ip.scope_id is not None or any(ip in each for each in _REFUSED_V6)
    return ip.is_global and ip in _GLOBAL_V6 and not refused


def is_written_private(host: str) -> bool:
    """
    Return whether `host`, as it is written, says that it is not public; nothing is looked up.

    True for `localhost` and other names of local networks, and for an address in any form that a system's
    resolver takes (`127.1`, `0x7f000001`). A name that only resolves to a private address is not seen.
    """
    host = host.removesuffix(".")
    if host == "localhost" or host.endswith(_LOCAL_SUFFIXES):
        return True
    try:
        return not is_public(str(ip_address(host)))
    except ValueError:
        pass
    try:
        return not is_public(str(IPv4Address(socket.inet_aton(host))))
    except (OSError, ValueError):
        return False


def _embedded_v4(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
