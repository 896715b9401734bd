"""
Who may ask HMA's interface, and for what.

HMA knows no keys, and its clients send none. So whoever is on this machine, or at an address that the operator named
(`hma_peers`), may do everything: to turn the interface on is to say so. All others send a key, whose role says the
rest: distances rebuild a fingerprint bit by bit (design §10), so only a moderator's key is told one.

A request that came through a proxy, or out of a browser, is none of this machine's, whatever its address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from takeback.errors import NotAllowed
from takeback.gates.address import Network
from takeback.service.auth import require
from takeback.store.access import KeyRole

ACTOR = "hma"
"""How the audit log names who asks without a key."""
_OF_A_PROXY = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
_OF_A_BROWSER = ("origin", "sec-fetch-site")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", ""})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as the audit log names them."""

    actor: str


def _visitor(*roles: KeyRole) -> Callable[[Request], Awaitable[Visitor]]:
    with_key = require(*roles)

    async def check(request: Request) -> Visitor:
        if "authorization" in request.headers:
            return Visitor((await run_in_threadpool(with_key, request)).actor)
        if _is_trusted(request):
            return Visitor(ACTOR)
        raise NotAllowed(
            "This address is not one that is answered without a key.",
            advice="Name it in `hma_peers`, or send `Authorization: Bearer KEY`; a proxy and a browser need a key.",
        )

    return check


def _is_trusted(request: Request) -> bool:
    if any(name in request.headers for name in (*_OF_A_PROXY, *_OF_A_BROWSER)):
        return False
    if request.client is None:
        return True  # a Unix socket: whom its file lets in
    try:
        peer = ip_address(request.client.host)
    except ValueError:
        return False
    if peer.is_loopback:
        # A page whose name leads to 127.0.0.1 (DNS rebinding) still sends its own name.
        host = request.headers.get("host", "")
        return (host if host.endswith("]") else host.rpartition(":")[0] or host) in _LOCAL_NAMES
    peers: tuple[Network, ...] = request.app.state.hma_peers
    return any(peer in network for network in peers)


Hasher = Annotated[Visitor, Depends(_visitor(KeyRole.UPLOAD, KeyRole.MODERATOR))]
"""May have pictures hashed: nothing of ours is told."""
Matcher = Annotated[Visitor, Depends(_visitor(KeyRole.MODERATOR))]
"""May ask which banks know a picture, and is told numbers and distances."""
Curator = Annotated[Visitor, Depends(_visitor(KeyRole.ADMINISTRATOR))]
"""May make, fill, change and remove banks and exchanges."""
