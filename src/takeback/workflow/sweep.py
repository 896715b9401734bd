"""Find what the sites already store of a reported picture, and hold it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import Thresholds
from takeback.cases import CopyState
from takeback.match import CopyClass, class_of_distance
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy, NewCopy
from takeback.store.items import Item
from takeback.workflow.order import HOLD, copy_facts, note, order
from takeback.workflow.replica import Replica
from takeback.workflow.screen import Query, nearest_turns

ACTOR = "takeback"


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that a site stores and that a reported picture matches."""

    item: Item
    copy_class: CopyClass
    distance: int | None
    orientation: str | None
    fact: str


def find_items(query: Query, tx: Transaction, replica: Replica, thresholds: Thresholds) -> list[FoundItem]:
    """Return every stored item that matches `query`, each by its strongest fact."""
    replica.catch_up(tx)
    found: dict[int, FoundItem] = {}
    # 1. Fingerprints, nearest first.
    nearest = nearest_turns(query, replica.items, thresholds.possible_bits)
    for key, item in tx.items.by_key(list(nearest)).items():
        distance, orientation = nearest[key]
        copy_class = class_of_distance(distance, thresholds)
        held = found.get(item.id)
        if copy_class is None or (held is not None and held.distance is not None and held.distance <= distance):
            continue
        found[item.id] = FoundItem(item, copy_class, distance, orientation.value, "pdq")
    # 2. Digests decide over any distance.
    for item, kind in tx.items.by_digest([value for _, value in query.digests]):
        found[item.id] = FoundItem(item, CopyClass.IDENTICAL, None, None, kind)
    return sorted(found.values(), key=lambda one: one.item.id)


def hold_found(
    tx: Transaction,
    case: Case,
    found: Sequence[FoundItem],
    thresholds: Thresholds,
    *,
    deadline_at: datetime,
    at: datetime,
) -> list[Copy]:
    """
    Make copies of what was found and hold those that are held without a person.

    *Identical* and *substantially the same* are hidden at once, reversibly; *possible* stays up until a
    person has looked. An item that the case has already is not added twice.
    """
    known = {(copy.site_id, copy.site_item_id): copy for copy in tx.copies.of_case(case.id)}
    copies = []
    for one in found:
        copy = known.get((one.item.site_id, one.item.site_item_id))
        if copy is not None:
            continue
        copies.append(_add(tx, case, one, thresholds, deadline_at=deadline_at, at=at))
    return copies


def refresh_deadline(tx: Transaction, case: Case) -> None:
    """Set the case's deadline to that of its first undecided copy."""
    tx.cases.set_deadline(case.id, tx.copies.earliest_deadline(case.id))


def any_held(copies: Iterable[Copy]) -> bool:
    """Whether something is hidden and waits for a decision."""
    return any(copy.state is CopyState.HELD for copy in copies)


def _add(
    tx: Transaction,
    case: Case,
    one: FoundItem,
    thresholds: Thresholds,
    *,
    deadline_at: datetime,
    at: datetime,
) -> Copy:
    held = one.copy_class is not CopyClass.POSSIBLE
    blind = one.distance is None or one.distance <= thresholds.blind_bits
    copy = tx.copies.add(
        NewCopy(
            case_id=case.id,
            state=CopyState.HELD if held else CopyState.POSSIBLE,
            url=one.item.url,
            found_at=at,
            deadline_at=deadline_at,
            site_id=one.item.site_id,
            site_item_id=one.item.site_item_id,
            copy_class=one.copy_class,
            distance=one.distance,
            orientation=one.orientation,
            fact=one.fact,
            blind=held and blind,
        )
    )
    note(tx, EventKind.COPY_FOUND, case, at=at, actor=ACTOR, facts=copy_facts(copy))
    if held:
        note(tx, EventKind.COPY_HELD, case, at=at, actor=ACTOR, facts={"copy": copy.public_id})
        order(tx, HOLD, case, copy, why="A notice about this picture is being examined.", at=at)
    return copy
