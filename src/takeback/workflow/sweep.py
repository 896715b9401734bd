"""Find what the sites already store of a reported picture, and hold it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import Reach, Thresholds
from takeback.cases import CaseState, CopyState, clocks_of, law_pack
from takeback.match import CopyClass, Evidence, Fact, class_of, is_blind, silence_of, strength
from takeback.registration import can_register
from takeback.registration.transform import Box
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy, Likeness, NewCopy
from takeback.store.items import Item
from takeback.workflow.evidence import gather, merged
from takeback.workflow.order import HOLD, copy_facts, note, order
from takeback.workflow.query import Query
from takeback.workflow.replica import Replica
from takeback.workflow.screen import every_match
from takeback.workflow.suspects import MAX_STORED_SUSPECTS, suspect_stored

ACTOR = "takeback"
SOMEWHAT_LIKE = Reach(bits=Thresholds().possible_bits, similarity=0.2, inliers=Thresholds().possible_inliers)
"""
Of what is stored: worth being fetched and compared by local features. Six in ten thousand different pictures reach the
similarity.
"""


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that a site stores and that a reported picture matches."""

    item: Item
    copy_class: CopyClass
    fact: Fact
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Sought:
    """One reported picture, and the entry that was made of it."""

    query: Query
    entry_id: int
    keyed: frozenset[bytes] = frozenset()
    """Digests of the entry as they are stored, where nothing else is left of them: of an outside list's."""


def find_items(
    query: Query, tx: Transaction, replica: Replica, thresholds: Thresholds, *, keyed: Collection[bytes] = (),
    at: datetime,
) -> list[FoundItem]:  # fmt: skip
    """
    Return every stored item that matches `query`, or has one of the digests `keyed`, each by all that was found of it.

    `replica` has been caught up in this transaction, before it changed anything.
    """
    # 1. Fingerprints. No local features are kept of items.
    near = gather(query, replica.items, Reach.of([thresholds]), lambda keys: {})
    evidence = merged(near, tx.items.by_key(list(near)))
    # 2. Digests decide over any distance.
    for item, kind in (*tx.items.by_digest([value for _, value in query.digests]), *tx.items.by_keyed(keyed)):
        equal = Evidence(digest=Fact(kind))
        evidence[item] = evidence[item].joined(equal) if item in evidence else equal
    classes = {item: class_of(each, thresholds) for item, each in evidence.items()}
    found = [FoundItem(item, *of, evidence[item]) for item, of in classes.items() if of is not None]
    # 3. What somebody said never to match is not held either.
    silence = silence_of(every_match(query, indexes=replica.entries, bank=tx.banks, at=at))
    standing = [one for one in found if silence is None or strength(one) < silence]
    return sorted(standing, key=lambda one: one.item.id)


def hold_copies(
    tx: Transaction, replica: Replica, case: Case, sought: Sequence[Sought], thresholds: Thresholds, *,
    deadline_at: datetime, at: datetime,
) -> list[Copy]:  # fmt: skip
    """
    Find what the sites store of the reported pictures, and hold what is held without a person.

    *Identical* and *substantially the same* are hidden at once, reversibly, unless the case is capped; *possible*
    stays up until a person has looked. An item that the case has already is not added twice; one that was gone begins
    anew.
    """
    # 1. Each item by the picture that it is most like.
    best: dict[int, tuple[FoundItem, int]] = {}
    for one in sought:
        for found in find_items(one.query, tx, replica, thresholds, keyed=one.keyed, at=at):
            held = best.get(found.item.id)
            if held is None or strength(found) < strength(held[0]):
                best[found.item.id] = (found, one.entry_id)
    # 2. Only what the case does not have yet.
    return hold_found(tx, case, list(best.values()), thresholds, deadline_at=deadline_at, at=at)


def hold_found(
    tx: Transaction, case: Case, found_items: Sequence[tuple[FoundItem, int]], thresholds: Thresholds, *,
    deadline_at: datetime, at: datetime,
) -> list[Copy]:  # fmt: skip
    """Make items, each with the entry that it matches, copies of a case, those that it does not have yet."""
    known = {(copy.site_id, copy.site_item_id): copy for copy in tx.copies.of_case(case.id)}
    linked = {copy.url for copy in known.values() if copy.linked}
    copies = []
    for found, entry_id in found_items:
        copy = known.get((found.item.site_id, found.item.site_item_id))
        if found.item.url in linked or (copy is not None and copy.state is not CopyState.GONE):
            continue
        new = _new_copy(case, found, entry_id, thresholds, deadline_at=deadline_at, at=at)
        copies.append(_add(tx, case, new, copy, at=at))
    return copies


def likeness_of(fact: Fact, evidence: Evidence) -> Likeness:
    """Return what is written of how like two pictures are, and where in the one the other lies."""
    if evidence.digest is not None:
        return Likeness(fact=fact.value)
    return Likeness(
        fact=fact.value,
        distance=evidence.distance,
        view=evidence.view,
        orientation=None if evidence.orientation is None else evidence.orientation.value,
        similarity=None if evidence.similarity is None else round(evidence.similarity, 3),
        inliers=evidence.inliers,
        place=None if evidence.alignment is None else evidence.alignment.as_json(),
        changed=[_rounded(box) for box in evidence.changed] or None,
    )


def suspect_others(tx: Transaction, replica: Replica, case: Case, sought: Sequence[Sought], *, at: datetime) -> None:
    """
    Have what is stored and only somewhat like a reported picture compared by its local features, where she gave some.

    Call it after `hold_copies`: what is a copy already is not looked at again.
    """
    known = {(copy.site_id, copy.site_item_id) for copy in tx.copies.of_case(case.id)}
    left = MAX_STORED_SUSPECTS
    for one in sought:
        if one.query.local is not None and can_register():
            left -= suspect_stored(tx, replica, one.query, one.entry_id, SOMEWHAT_LIKE, most=left, known=known, at=at)


def _rounded(box: Box) -> list[int]:
    """Return x, y, width and height in whole pixels."""
    left, top, right, bottom = (round(side) for side in box)
    return [left, top, right - left, bottom - top]


def refresh_deadline(tx: Transaction, case: Case) -> None:
    """
    Set the case's deadline to the first that it has: of an undecided copy, of a refused upload that is contested, of a
    hearing that waits for a second person, of bytes that cannot be kept, or of a capped case its own, since she is told
    that a person reads it by then.
    """
    due = (
        tx.copies.earliest_deadline(case.id), tx.hearings.earliest_due(case.id), tx.quarantine.earliest_due(case.id),
        tx.refused_uploads.earliest_deadline(case.id), _due_to_be_read(case),
    )  # fmt: skip
    tx.cases.set_deadline(case.id, min((each for each in due if each), default=None))


def _due_to_be_read(case: Case) -> datetime | None:
    if case.capped_at is None:
        return None
    return clocks_of(case.received_at, case.valid_at, [law_pack(law) for law in case.laws]).deadline_at


def settle_case(tx: Transaction, case: Case, copies: Iterable[Copy]) -> None:
    """Bring a case to where copies that were found later leave it: a watching one with something hidden is held."""
    if case.state is CaseState.WATCHING and any_held(copies):
        tx.cases.move(case, CaseState.HELD)
    refresh_deadline(tx, case)


def any_held(copies: Iterable[Copy]) -> bool:
    """Whether something is hidden and waits for a decision."""
    return any(copy.state is CopyState.HELD for copy in copies)


def _new_copy(
    case: Case, found: FoundItem, entry_id: int, thresholds: Thresholds, *, deadline_at: datetime, at: datetime
) -> NewCopy:
    held = found.copy_class.holds and case.capped_at is None
    return NewCopy(
        case_id=case.id,
        state=CopyState.HELD if held else CopyState.POSSIBLE,
        url=found.item.url,
        found_at=at,
        deadline_at=deadline_at,
        site_id=found.item.site_id,
        site_item_id=found.item.site_item_id,
        copy_class=found.copy_class,
        likeness=likeness_of(found.fact, found.evidence),
        blind=found.copy_class.holds and is_blind(found.evidence, thresholds),
        entry_id=entry_id,
    )


def _add(tx: Transaction, case: Case, new: NewCopy, gone: Copy | None, *, at: datetime) -> Copy:
    copy = tx.copies.add(new) if gone is None else tx.copies.reopen(gone, new)
    note(tx, EventKind.COPY_FOUND, case, at=at, actor=ACTOR, facts=copy_facts(copy))
    if copy.state is CopyState.HELD:
        note(tx, EventKind.COPY_HELD, case, at=at, actor=ACTOR, facts={"copy": copy.public_id})
        order(tx, HOLD, case, copy, why="A notice about this picture is being examined.", at=at)
    return copy
