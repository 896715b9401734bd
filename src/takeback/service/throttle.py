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


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request used: of its source, and `of_all` unless they had used up theirs."""

    name: bytes
    of_all: bool


class Throttle:
    """Counts against one limit; safe to use from several threads. `clock` gives seconds that only grow."""

    def __init__(self, limit: Limit, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._key, self._key_at = secrets.token_bytes(32), clock()
        self._of_one: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        """How much each had used, and when; it grows less with time."""
        self._of_all = (0.0, clock())

    def take(self, address: str) -> Taken | None:
        """
        Count one more from this source, if it is no more than it may do; None, and nothing counted, where it is.

        While all together have used up theirs, a source that used nothing of its own still has its first.
        """
        with self._lock:
            now = self._clock()
            name = self._name(address, now)
            used, of_all = self._used(name, now), self._used_by_all(now)
            crowded = of_all > self._limit.of_all - 1
            if used > self._limit.of_one - 1 or (crowded and used > 0):
                return None
            self._of_one.pop(name, None)
            self._of_one[name] = (used + 1, now)
            if not crowded:
                self._of_all = (of_all + 1, now)
            if len(self._of_one) > MAX_SOURCES:
                self._of_one.popitem(last=False)
            return Taken(name, of_all=not crowded)

    def give_back(self, taken: Taken) -> None:
        """Count one less: what was taken was no harm."""
        with self._lock:
            now = self._clock()
            if taken.name in self._of_one:
                self._of_one[taken.name] = (max(0.0, self._used(taken.name, now) - 1), now)
            if taken.of_all:
                self._of_all = (max(0.0, self._used_by_all(now) - 1), now)

    def _used(self, name: bytes, now: float) -> float:
        amount, since = self._of_one.get(name, (0.0, now))
        return max(0.0, amount - (now - since) * self._limit.of_one / self._limit.seconds)

    def _used_by_all(self, now: float) -> float:
        amount, since = self._of_all
        return max(0.0, amount - (now - since) * self._limit.of_all / self._limit.seconds)

    def _name(self, address: str, now: float) -> bytes:
        if now - self._key_at > DAY_SECONDS:
            self._key, self._key_at = secrets.token_bytes(32), now
            self._of_one.clear()
        return hmac.digest(self._key, network_of(address).encode(), sha256)[:16]


def network_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, the /64 of an IPv6 address, else the text itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped.exploded if found.ipv4_mapped else found.exploded[:19]
    return found.exploded
