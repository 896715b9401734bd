"""
How much has come from one source lately, and from all together: in memory alone, and nameless.

A source is the address that a request comes from (of IPv6 its /64), under a key that this process draws anew each day:
what is kept here names nobody, is written nowhere, and is gone with the process. Where a proxy stands before the
service, all come from one source, and share what one may do without work.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

MAX_SOURCES = 50_000
"""Sources that are remembered at once, under 200 bytes each; the one that was quiet longest goes first."""

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What one source, and all together, may do: so many at once, and again as many over `seconds`."""

    of_one: int
    of_all: int
    seconds: float


class Throttle:
    """Counts against one limit; safe to use from several threads. `clock` gives seconds that only grow."""

    def __init__(self, limit: Limit, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._key, self._key_at = secrets.token_bytes(32), clock()
        self._of_one: OrderedDict[bytes, _Used] = OrderedDict()
        self._of_all = _Used(0.0, clock())

    def is_over(self, address: str) -> bool:
        """Whether one more is more than this source may do, or all together may."""
        with self._lock:
            now = self._clock()
            one = self._of_one.get(self._name(address, now), _Used(0.0, now))
            return (
                one.at(now, self._limit.of_one / self._limit.seconds) > self._limit.of_one - 1
                or self._of_all.at(now, self._limit.of_all / self._limit.seconds) > self._limit.of_all - 1
            )

    def count(self, address: str) -> None:
        """One more from this source."""
        with self._lock:
            now = self._clock()
            name = self._name(address, now)
            one = self._of_one.pop(name, _Used(0.0, now))
            self._of_one[name] = one.with_one_more(now, self._limit.of_one / self._limit.seconds)
            self._of_all = self._of_all.with_one_more(now, self._limit.of_all / self._limit.seconds)
            if len(self._of_one) > MAX_SOURCES:
                self._of_one.popitem(last=False)

    def _name(self, address: str, now: float) -> bytes:
        if now - self._key_at > DAY_SECONDS:
            self._key, self._key_at = secrets.token_bytes(32), now
            self._of_one.clear()
        return hmac.digest(self._key, network_of(address).encode(), sha256)[:16]


@dataclass(frozen=True, slots=True)
class _Used:
    """How much was used at `since`; it grows less with time."""

    amount: float
    since: float

    def at(self, now: float, freed_a_second: float) -> float:
        return max(0.0, self.amount - (now - self.since) * freed_a_second)

    def with_one_more(self, now: float, freed_a_second: float) -> _Used:
        return _Used(self.at(now, freed_a_second) + 1, now)


def network_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, the /64 of an IPv6 address, else the text itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped.exploded if found.ipv4_mapped else found.exploded[:19]
    return found.exploded
