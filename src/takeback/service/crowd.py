"""
Who comes too often: a notice, or a wrong receipt, more from one source than a person sends, needs a little work first.

Nobody is locked out: whoever does the work goes on at once, and whoever cannot waits. A right receipt costs nothing and
is counted nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Depends, Header, Request

from takeback.config import Settings
from takeback.errors import NotFound, TooMany
from takeback.service.parts import parts_of
from takeback.service.throttle import Limit, Throttle, network_of
from takeback.service.work import WORK_HEADER, WorkDesk
from takeback.store import Keyring
from takeback.workflow.cap import Source

HOUR_SECONDS = 3600.0
SOURCES_AT_ONCE = 30
"""All together may send as many notices without work as so many sources."""

WRONG_RECEIPTS = Limit(of_one=10, of_all=60, seconds=600.0)
"""Ten slips of the pen in ten minutes are a person's; 77 bits are safe from far more."""

_THE_REST = "elsewhere"
"""The source of all whose address the operator's own proxy does not tell."""

ADDRESSES = Limit(of_one=6, of_all=60, seconds=HOUR_SECONDS)
"""Each is sent a question, and may be somebody's who did not ask for it."""


class Crowd:
    """What one process knows of the crowd before its doors. `clock` gives seconds that only grow."""

    def __init__(self, settings: Settings, keyring: Keyring, clock: Callable[[], float] = time.monotonic) -> None:
        most = settings.notices_per_hour
        self._notices = Throttle(Limit(most, most * SOURCES_AT_ONCE, HOUR_SECONDS), clock) if most else None
        self._wrong = Throttle(WRONG_RECEIPTS, clock)
        self._guesses = Throttle(WRONG_RECEIPTS, clock)
        self._addresses = Throttle(ADDRESSES, clock)
        self._codes = Throttle(WRONG_RECEIPTS, clock)
        self._work = WorkDesk(keyring.keyed_receipt("work"), clock)

    def admit_notice(self, visitor: Visitor) -> None:
        """Count a notice; `TooMany` where it needs work that was not done."""
        if self._notices is not None and self._notices.take(visitor.address) is None:
            self._ask_for_work(visitor)

    @contextmanager
    def trying_a_receipt(self, visitor: Visitor) -> Iterator[None]:
        """
        Count a receipt that opens nothing (`NotFound`); `TooMany`, before it is tried, where it needs work.

        It is counted before it is tried and given back if it was right, so that many at once are no way round.
        """
        with self._trying(self._wrong, visitor):
            yield

    @contextmanager
    def trying_a_code(self, visitor: Visitor) -> Iterator[None]:
        """Count a code for contesting that opens nothing, as `trying_a_receipt` does."""
        with self._trying(self._codes, visitor):
            yield

    @contextmanager
    def _trying(self, wrong_ones: Throttle, visitor: Visitor) -> Iterator[None]:
        taken = wrong_ones.take(visitor.address)
        if taken is None:
            self._ask_for_work(visitor)
        wrong = False
        try:
            yield
        except NotFound:
            wrong = True
            raise
        finally:
            if taken is not None and not wrong:
                wrong_ones.give_back(taken)

    @contextmanager
    def choosing_a_phrase(self, visitor: Visitor) -> Iterator[None]:
        """Count what may be a guess at somebody's phrase, whatever comes of it; `TooMany` as for a receipt."""
        if self._guesses.take(visitor.address) is None:
            self._ask_for_work(visitor)
        yield

    @contextmanager
    def giving_an_address(self, visitor: Visitor) -> Iterator[None]:
        """Count an address for news, whatever comes of it; `TooMany` as for a receipt."""
        if self._addresses.take(visitor.address) is None:
            self._ask_for_work(visitor)
        yield

    def _ask_for_work(self, visitor: Visitor) -> None:
        if not self._work.accepts(visitor.work):
            raise TooMany("More of this came in at once than people send.", challenge=self._work.challenge())


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from, and the work that was done for it."""

    address: str
    work: str
    crowd: Crowd
    network: str | None = None
    """What counts as one source, where that is known; None where it is not."""

    def source(self, places: int) -> Source | None:
        """Return where a notice comes from, of which `places` may hide something before a person has looked."""
        return None if self.network is None else Source(self.network, places)


def visitor_of(
    request: Request, work: Annotated[str, Header(alias=WORK_HEADER, max_length=500, include_in_schema=False)] = ""
) -> Visitor:
    """Return who asks; the address stays in memory, and nameless (`takeback.service.throttle`)."""
    header = parts_of(request).settings.client_address_header
    # The last one is what the operator's own proxy wrote, in a line of its own or not; those before came from outside.
    told = ",".join(request.headers.getlist(header)).rpartition(",")[2].strip() if header else ""
    address = told or (request.client.host if request.client else "")
    crowd: Crowd = request.app.state.crowd
    return Visitor(address, work, crowd, _network(address, behind_proxy=bool(header)))


def _network(address: str, *, behind_proxy: bool) -> str | None:
    """
    Return the source of a notice.

    Where the operator's own proxy tells addresses apart, each is one, also those of a network at home. What it does not
    tell, or tells as this machine's own (an onion service), is one crowd, or a flood would come that way. Where it
    tells none, everybody has the proxy's, and to count them as one would be to hide nothing for anyone: an address
    that leads to nobody has no source.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return _THE_REST if behind_proxy else None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    plain = mapped or found
    if not behind_proxy:
        return network_of(address) if plain.is_global else None
    return _THE_REST if plain.is_loopback or plain.is_unspecified else network_of(address)


AnyVisitor = Annotated[Visitor, Depends(visitor_of)]
