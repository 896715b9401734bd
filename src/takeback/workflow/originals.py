"""
Ordinary pictures, and the forgeries that were made of them.

An ordinary photograph is nobody's proof of harm, and must not become a search engine for a stalker. So an original is
kept in a bank of its own and holds, refuses and counts nothing. An upload that is like one is compared with it part by
part: an unaltered copy leaves no trace, an altered one waits for a person at the desk, and whoever sent the original
hears of it only when that person has decided. It expires unless it is renewed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from takeback.altered import Kind, can_be_told, compare_tiles
from takeback.audit.event import EventKind
from takeback.bank import Bank, Entry, EntryState, Opinion, Reach
from takeback.cases.notice import ReportedPicture
from takeback.errors import IllegalTransition, LowQuality
from takeback.fingerprint import Looked, PdqHash, turned_codes
from takeback.fingerprint.tiles import Tiles
from takeback.index.indexes import Indexes
from takeback.match import CopyClass, Evidence, Fact, Match, class_of
from takeback.registration import Alignment, LocalFeatures, align
from takeback.registration.transform import Box
from takeback.store import Store, Transaction
from takeback.store.banks import NOTICES_BANK, NewEntry
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.prints import WHOLE, KnownBy
from takeback.workflow.evidence import gather, likeness_rank, merged
from takeback.workflow.order import note
from takeback.workflow.query import Query, Unjudged, known_by_of_reported, query_of_reported
from takeback.workflow.replica import Replica
from takeback.workflow.suspects import MAX_STORED_SUSPECTS, suspect_stored

WATCHED_FOR = timedelta(days=90)
"""After which an original is erased, unless it is renewed."""

SUSPECT_REACH = Reach(bits=46, similarity=0.3, inliers=6)
"""What makes an upload worth comparing part by part, lower than *possible*."""

_SIMILARITIES = ((0.2, 6e-4), (0.25, 2.5e-4))
"""
Lower ones, and the share of different pictures that reach them: of the calibration photographs 14 and 6 in 23,870
pairs. Of copies of which 40 % was replaced, 99 in 100 reach the first, 97 the second and 93 what `SUSPECT_REACH` asks.
"""
_MAX_OTHERS = 0.25
"""
Different pictures that an upload may be compared with for nothing, in the mean: where there are few originals, the
lower similarities cost less than that.
"""

MAX_SUSPECTS = 3
"""Originals that one upload is compared with, the likest first: 50 to 400 ms each."""

SOURCE = "original"

type Plane = NDArray[np.uint8]


# ---- Watching -------------------------------------------------------------------------------------------


def watch_originals(
    tx: Transaction, replica: Replica, case: Case, originals: Sequence[ReportedPicture],
    keys: Sequence[tuple[str, bytes]], *, actor: str, at: datetime,
) -> None:  # fmt: skip
    """
    Look for altered copies of each original from now on, for `WATCHED_FOR`; `keys` are as many data keys.

    Of one with too little detail nothing is kept. What the sites store already and is like one is looked at by the
    jobs: of a stored item too little is known to tell an altered copy. `replica` was caught up before the transaction
    changed anything.
    """
    told = [each for each in originals if _has_detail(each)]
    if not told:
        return
    bank = tx.banks.originals_bank(at)
    for picture, key in zip(told, keys, strict=False):
        # An equal file is an unaltered copy, so no digest is kept.
        known_by = replace(known_by_of_reported([picture]), digests=())
        new = NewEntry(SOURCE, Opinion.POSITIVE, EntryState.ORIGINAL, at + WATCHED_FOR, case.id, known_by)
        entry = tx.banks.add_entry(bank.id, new, key, at)
        query, most = query_of_reported([picture]), MAX_STORED_SUSPECTS // len(told)
        suspect_stored(tx, replica, query, entry.id, SUSPECT_REACH, most=most, at=at)
    note(tx, EventKind.ORIGINALS_WATCHED, case, at=at, actor=actor, facts={"originals": len(told)})


def unjudged_originals(originals: Sequence[ReportedPicture]) -> tuple[Unjudged, ...]:
    """Say of how many originals altered copies cannot be told; they are not kept."""
    poor = sum(not _has_detail(each) for each in originals)
    if not poor:
        return ()
    why = f"{poor} of {len(originals)} ordinary pictures have too little detail: altered copies of them cannot be told."
    return (Unjudged(LowQuality.code, why),)


def _has_detail(original: ReportedPicture) -> bool:
    return original.tiles is not None and can_be_told(original.tiles)


def renew_originals(store: Store, receipt: str, *, actor: str, at: datetime) -> Case:
    """
    Look for altered copies of the originals of a case for another `WATCHED_FOR` from now.

    `NotFound` for a receipt of no case, `IllegalTransition` where it has no original that is still watched.
    """
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        case = tx.cases.by_receipt(digest)
        watched = [entry for entry in tx.banks.originals_of(case.id) if entry.is_watched_at(at)]
        if not watched:
            raise IllegalTransition(
                "This case has no ordinary picture that is still looked for.", advice="Send a notice with it again."
            )
        for entry in watched:
            tx.banks.set_expiry(entry.id, at + WATCHED_FOR)
        note(tx, EventKind.ORIGINALS_WATCHED, case, at=at, actor=actor, facts={"originals": len(watched)})
        return case


def watched_until(tx: Transaction, case: Case, at: datetime) -> datetime | None:
    """Return until when altered copies of a case's originals are looked for; None where it has none."""
    moments = [entry.expires_at for entry in tx.banks.originals_of(case.id) if entry.is_watched_at(at)]
    return max((moment for moment in moments if moment is not None), default=None)


def erase_expired_originals(store: Store, *, actor: str, at: datetime) -> int:
    """Erase the originals that nobody renewed, and destroy their keys; return how many."""
    with store.read() as tx:
        if not tx.banks.expired_originals(at):
            return 0
    with store.write() as tx:
        expired = tx.banks.expired_originals(at)
        keys = [tx.banks.erase(entry.id) for entry in expired]
        for entry in expired:
            assert entry.case_id is not None
            note(tx, EventKind.ERASED, tx.cases.by_id(entry.case_id), at=at, actor=actor, facts={"why": "expired"})
    store.keyring.destroy(keys)
    return len(keys)


# ---- Comparing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suspect:
    """An original that an upload is like, and what is needed to tell what it is to it."""

    entry: Entry
    evidence: Evidence
    tiles: Tiles
    local: LocalFeatures | None


def suspects_of(query: Query, *, indexes: Indexes, bank: Bank, at: datetime) -> list[Suspect]:
    """Return the originals in `indexes` that are most like `query`, at most `MAX_SUSPECTS`, the likest first."""
    found = gather(query, indexes, _reach(indexes), bank.local_features)
    watched = [each for each in merged(found, bank.entries(list(found))).items() if each[0].is_watched_at(at)]
    watched.sort(key=lambda each: likeness_rank(each[1]), reverse=True)
    suspects = []
    for entry, evidence in watched[:MAX_SUSPECTS]:
        tiles = bank.tiles_of(entry)
        if tiles:
            local = next(iter(bank.local_features_of(entry)), None)
            suspects.append(Suspect(entry, evidence, tiles[0], local))
    return suspects


def altered_copies(suspects: Sequence[Suspect], query: Query, looked: Looked) -> list[Match]:
    """Compare an upload with each suspect, part by part; return those of which it is an altered copy."""
    compared = ((suspect, _compared(suspect, query, looked)) for suspect in suspects)
    return [
        Match(suspect.entry, CopyClass.ALTERED_COPY, Fact.TILES, evidence)
        for suspect, evidence in compared
        if evidence is not None
    ]


def still_watched(tx: Transaction, matches: Sequence[Match], at: datetime) -> tuple[Match, ...]:
    """Return those of `matches` whose original is watched now, in the transaction that writes of them."""
    present = ((match, tx.banks.by_id(match.entry.id)) for match in matches)
    return tuple(replace(match, entry=entry) for match, entry in present if entry.is_watched_at(at))


def _reach(indexes: Indexes) -> Reach:
    """Return how far suspects are looked for among as many originals."""
    count = sum(len(index) for index in indexes.descriptors.values())
    affordable = (similarity for similarity, share in _SIMILARITIES if share * count <= _MAX_OTHERS)
    return replace(SUSPECT_REACH, similarity=next(affordable, SUSPECT_REACH.similarity))


def _compared(suspect: Suspect, query: Query, looked: Looked) -> Evidence | None:
    """Return what was found where the upload is an altered copy; None where it is not, or nothing can be said."""
    assert looked.miniatures is not None
    alignment = suspect.evidence.alignment
    if alignment is None and suspect.local is not None and query.local is not None:
        alignment = align(query.local, suspect.local)
    plane, part = _part(looked, suspect.evidence, alignment)
    size = round(part.right - part.left), round(part.bottom - part.top)
    is_likely = class_of(suspect.evidence, suspect.entry.thresholds) is not None
    altered = compare_tiles(plane, suspect.tiles, alignment=alignment, size=size, is_likely=is_likely)
    if altered is None or altered.kind is not Kind.ALTERED_COPY:
        return None
    changed = tuple(_moved(box, part) for box in altered.changed)
    return replace(suspect.evidence, alignment=alignment, changed=changed, orientation=altered.orientation)


def _part(looked: Looked, evidence: Evidence, alignment: Alignment | None) -> tuple[Plane, Box]:
    """Return the luminance of what shows the original, and where that is in the picture: a view, or the whole."""
    miniatures = looked.miniatures
    assert miniatures is not None
    number = miniatures.square_views[-1]
    if alignment is not None or evidence.view in (None, WHOLE) or not number:
        return miniatures.plane, Box(0, 0, miniatures.width, miniatures.height)
    view = looked.prints.telling_frames[0].views[number - 1].view
    box = Box(view.left, view.top, view.left + view.width, view.top + view.height)
    by_x, by_y = miniatures.plane.shape[1] / miniatures.width, miniatures.plane.shape[0] / miniatures.height
    left, top, right, bottom = (round(side * by) for side, by in zip(box, (by_x, by_y, by_x, by_y), strict=True))
    return np.ascontiguousarray(miniatures.plane[top : max(bottom, top + 1), left : max(right, left + 1)]), box


def _moved(box: Box, part: Box) -> Box:
    return Box(box.left + part.left, box.top + part.top, box.right + part.left, box.bottom + part.top)


# ---- After a decision -----------------------------------------------------------------------------------


def gate_forgery(tx: Transaction, case: Case, copy: Copy, key: tuple[str, bytes], *, at: datetime) -> Entry | None:
    """
    Put an altered copy that a person had removed at the gate: the forged picture itself, never the original.

    Where the forged picture is so like the original that its fingerprint would refuse that too, the digests alone
    stand there. None where nothing is remembered of the item.
    """
    item = None if copy.site_id is None else tx.items.find(copy.site_id, copy.site_item_id or "")
    if item is None:
        return None
    ordinary = [
        PdqHash(code, pdq.quality)
        for entry in tx.banks.originals_of(case.id)
        for _, pdq in tx.prints.known_by("original", entry.id).prints
        for code in turned_codes(pdq.code).values()
    ]
    prints = [
        (view, pdq)
        for view, pdq in tx.prints.known_by("item", item.id).prints
        if all(pdq.distance(other) > SUSPECT_REACH.bits for other in ordinary)
    ]
    bank = tx.banks.bank_by_name(NOTICES_BANK)
    new = NewEntry(SOURCE, Opinion.POSITIVE, EntryState.GATED, case_id=case.id, known_by=KnownBy(prints=prints))
    entry = tx.banks.add_entry(bank.id, new, key, at)
    tx.prints.copy_digests(item.id, entry.id)
    tx.copies.set(copy.id, entry_id=entry.id)
    return entry
