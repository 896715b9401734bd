"""
How kept bytes end: once nobody can be given them back any more, the key is destroyed, and then the file.

They are needed while an adult's removal can be contested, is contested, or was put back a day ago at most. Her erasure
ends that at once, and so does a notice by which the item may show someone under 18; her withdrawal alone does not,
since it puts nothing back and takes no contest away. A legal hold suspends the end, as it does any erasure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from takeback.audit.event import EventKind
from takeback.cases import CopyState
from takeback.store import Store, Transaction
from takeback.store.copies import Copy
from takeback.store.outbox import DeliveryState
from takeback.store.quarantine import Kept, KeptState
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.workflow.legal_hold import held_until
from takeback.workflow.order import PUT_BACK
from takeback.workflow.quarantine import note_bytes, waive

GIVEN_FOR = timedelta(hours=24)
"""How long the site can fetch them after it took the order to put them back: it may take an order and do it later."""


def end_quarantine(store: Store, folder: QuarantineFolder, contest_for: timedelta, *, actor: str, at: datetime) -> int:
    """
    End what is kept and not needed any more; return how many items.

    1. It is written down, and what the file holds is forgotten.
    2. The keys are destroyed: from now on nothing opens the files, nor a copy of them in any backup.
    3. The files are deleted. What a crash leaves of 2 and 3, or a restore brings back, the next round does.
    """
    with store.read() as tx:
        found = [each for each in tx.quarantine.all_live() if not is_needed(tx, each, contest_for, at)]
    for each in found:
        with store.write() as tx:
            now = tx.quarantine.by_id(each.id)
            if now.over_at is None and not is_needed(tx, now, contest_for, at):
                _end(tx, now, actor, at)
    _destroy(store, folder)
    return len(found)


def is_needed(tx: Transaction, kept: Kept, contest_for: timedelta, at: datetime) -> bool:
    """Whether somebody may still be given the bytes back, or an authority wants them kept."""
    same = _copies_of(tx, kept)
    cases = {case.id: case for case in (tx.cases.by_id(copy.case_id) for copy in same)}
    if any(held_until(tx, case, at) is not None for case in cases.values()):
        return True
    if any(case.under_18 for case in cases.values()):
        return False
    live = [copy for copy in same if cases[copy.case_id].erased_at is None]
    return any(_needs(tx, copy, kept, contest_for, at) for copy in live)


def _copies_of(tx: Transaction, kept: Kept) -> list[Copy]:
    copy = tx.copies.by_id(kept.copy_id)
    assert copy.site_id is not None  # only what is on a site is kept
    return tx.copies.at(copy.site_id, item_id=copy.site_item_id, url=copy.url)


def _needs(tx: Transaction, copy: Copy, kept: Kept, contest_for: timedelta, at: datetime) -> bool:
    if copy.state in (CopyState.CONTESTED, CopyState.HELD):
        return True
    decided_at = copy.decided_at or at
    if copy.state is CopyState.REMOVED:
        return at < decided_at + contest_for
    if copy.state is CopyState.PUT_BACK:
        order = tx.outbox.last_of_item(kept.item_key, PUT_BACK)
        if order is None or order.state is not DeliveryState.DELIVERED or order.delivered_at is None:
            return at < decided_at + contest_for
        return at < order.delivered_at + GIVEN_FOR
    return False


def _end(tx: Transaction, kept: Kept, actor: str, at: datetime) -> None:
    if kept.state in (KeptState.WAITING, KeptState.ASKED):
        waive(tx, kept, actor=actor, why="nobody can be given them back", at=at)
    was_kept = kept.state is KeptState.KEPT
    tx.quarantine.end(kept, at)
    if was_kept:
        note_bytes(tx, EventKind.BYTES_ERASED, kept, {"bytes": kept.size}, actor=actor, at=at)


def _destroy(store: Store, folder: QuarantineFolder) -> None:
    # Names before files: one that is asked for meanwhile has its name in the database before it has a file.
    names = folder.names()
    with store.read() as tx:
        key_ids, live = tx.quarantine.ended_key_ids(), tx.quarantine.names.live()
    left = store.keyring.data_keys(key_ids)
    if left:
        store.keyring.destroy(list(left), in_snapshots=False)
    folder.erase(*(name for name in names if name.removesuffix(".part") not in live))
