"""
How many undecided cases of one source may hide something at a time: beyond, a person looks before anything is hidden.

A flood of false notices that look valid would else hide any number of pictures until somebody decides. Nobody is shut
out by it, since behind one address may be a university: a capped case is received, valid and on its clocks, what it is
about is looked for, and it stands first in the queue. Only what would be held is *possible*, until a person lets it
hold, decides, or a place of its source is free.

A case takes a place whether or not something was found: what she is told of the cap would else tell what was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.order import HOLD, THE_PERSON, note, order
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.standing import require_seen
from takeback.workflow.sweep import refresh_deadline

SOURCE_KEPT_FOR = timedelta(days=7)
"""
From when a notice is valid: then its place is free, and nothing says any more where it came from. A case may watch for
years, and a withdrawn one settle nothing.
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a notice comes from, and how many cases of one source may hide something."""

    network: str
    places: int


def take_place(tx: Transaction, case: Case, source: Source | None, *, at: datetime) -> Case:
    """
    Give a case that has become valid a place of its source, or cap it where none is free.

    What may show someone under 18 is hidden at once, whoever says so, and so is what comes from no `source`.
    """
    if source is None or source.places == 0 or case.under_18:
        return case
    digest = tx.keyring.source_digest(source.network)
    is_full = tx.cases.places_taken(digest) >= source.places
    if is_full:
        note(tx, EventKind.HOLD_CAPPED, case, at=at, actor=THE_PERSON)
    return tx.cases.place(case, digest, at if is_full else None)


def let_hold(store: Store, case_id: str, *, actor: str, seen: str | None = None, at: datetime) -> Case:
    """
    Let a capped case hold what it is about, as any other: what a person at the desk does who has read it.

    `IllegalTransition` where the case is not capped, has changed since it was `seen`, or `actor` keeps out of it.
    """
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_seen(tx, case, seen)
        require_unbiased(tx, case, actor)
        if case.capped_at is None:
            raise IllegalTransition("This case is not capped.", advice="What it is about is hidden already, if found.")
        return lift_cap(tx, case, actor=actor, at=at)


def lift_cap(tx: Transaction, case: Case, *, actor: str, at: datetime, keeps_place: bool = False) -> Case:
    """
    Hide inside `tx` what a capped case would have hidden, each copy with an order; nothing where it is not capped.

    It takes no place where a person lets it: they answer for it.
    """
    if case.capped_at is None:
        return case
    case = tx.cases.uncap(case, keeps_place=keeps_place)
    note(tx, EventKind.HOLD_LET, case, at=at, actor=actor)
    waiting = [copy for copy in tx.copies.of_case(case.id, [CopyState.POSSIBLE]) if would_be_held(copy)]
    for copy in waiting:
        copy = tx.copies.move(copy, CopyState.HELD)
        note(tx, EventKind.COPY_HELD, case, at=at, actor=actor, facts={"copy": copy.public_id})
        order(tx, HOLD, case, copy, why="A notice about this picture is being examined.", at=at)
    if waiting and case.state is CaseState.WATCHING:
        case = tx.cases.move(case, CaseState.HELD)
    refresh_deadline(tx, case)
    return tx.cases.by_id(case.id)


def fill_places(store: Store, places: int, *, actor: str, at: datetime) -> int:
    """Let the oldest capped case of each source hold where a place is free; return how many. 0 `places` is no bound."""
    with store.read() as tx:
        capped = tx.cases.capped()
        free = {digest: places - tx.cases.places_taken(digest) for _, digest in capped}
    filled = 0
    for case, digest in capped:
        if (places == 0 or free[digest] > 0) and _fill(store, case, digest, places, actor, at):
            free[digest] -= 1
            filled += 1
    return filled


def forget_sources(store: Store, *, at: datetime) -> int:
    """Erase where notices came from whose time is over, and with it their places; return how many."""
    with store.write() as tx:
        return tx.cases.forget_sources(at - SOURCE_KEPT_FOR)


def _fill(store: Store, case: Case, digest: bytes, places: int, actor: str, at: datetime) -> bool:
    with store.write() as tx:
        now = tx.cases.by_id(case.id)
        is_full = places > 0 and tx.cases.places_taken(digest) >= places
        if now.capped_at is None or is_full:
            return False
        lift_cap(tx, now, actor=actor, at=at, keeps_place=True)
    return True


def would_be_held(copy: Copy) -> bool:
    """Whether a copy of a capped case would be hidden if it were not."""
    return copy.linked or (copy.copy_class is not None and copy.copy_class.holds)
