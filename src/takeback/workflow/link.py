"""A link in a notice: what it shows is fingerprinted in memory, and its copies are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState, clocks_of, law_pack
from takeback.cases.notice import ReportedPicture
from takeback.match import CopyClass
from takeback.store import Store, Transaction
from takeback.store.banks import NOTICES_BANK
from takeback.store.copies import Copy
from takeback.store.prints import KnownBy
from takeback.workflow.order import note
from takeback.workflow.query import MAX_ITEM_FRAMES, query_of_reported, spread
from takeback.workflow.replica import Replica
from takeback.workflow.reported import entry_of
from takeback.workflow.sweep import ACTOR, Sought, hold_copies, settle_case, suspect_others

RETRY_AFTER = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""When a link that could not be fetched is tried again; after the last, a person looks."""

_LOOKED_FOR = frozenset({CaseState.VALID, CaseState.WATCHING, CaseState.HELD, CaseState.REMOVED, CaseState.CONTESTED})
"""States of a case in which its pictures are looked for."""


def settle_link(
    store: Store, replica: Replica, copy: Copy, pictures: Sequence[ReportedPicture], *, at: datetime
) -> None:
    """
    Make what a link showed an entry of its case, and hold its copies; nothing where the case has ended.

    `pictures` are the frames of what was fetched, the first with all that can be taken of it.
    """
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        replica.catch_up(tx)
        _settle(tx, replica, copy, spread(pictures, MAX_ITEM_FRAMES), key, at=at)


def settle_known_item(store: Store, replica: Replica, copy: Copy, *, at: datetime) -> bool:
    """
    Do the same by what is remembered of the item, where its address shows no picture; False where nothing is.

    A person links to the page on which she saw it, and the site named that page when it checked the upload.
    """
    if copy.site_id is None or copy.site_item_id is None:
        return False
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        replica.catch_up(tx)
        item = tx.items.find(copy.site_id, copy.site_item_id)
        known = KnownBy() if item is None else tx.prints.known_by("item", item.id)
        pictures = [ReportedPicture(pdq=pdq) for _, pdq in known.prints]
        if pictures:
            descriptor = next((each for _, each in known.descriptors), None)
            pictures[0] = replace(pictures[0], descriptor=descriptor)
            _settle(tx, replica, copy, pictures, key, at=at)
    return bool(pictures)


def _settle(
    tx: Transaction, replica: Replica, copy: Copy, pictures: Sequence[ReportedPicture], key: tuple[str, bytes], *,
    at: datetime,
) -> None:  # fmt: skip
    case = tx.cases.by_id(copy.case_id)
    copy = tx.copies.set(copy.id, fetch_at=None, problem=None, copy_class=CopyClass.IDENTICAL.value, fact="link")
    if case.state not in _LOOKED_FOR:
        return
    # 1. What the link showed is looked for from now on; at the gate only if a person removed this very picture.
    bank = tx.banks.bank_by_name(NOTICES_BANK)
    state = EntryState.GATED if copy.state is CopyState.REMOVED else EntryState.HOLDING
    entry = tx.banks.add_entry(bank.id, replace(entry_of(pictures, case.id), state=state), key, at)
    tx.copies.set(copy.id, entry_id=entry.id)
    note(tx, EventKind.LINK_FETCHED, case, at=at, actor=ACTOR, facts={"copy": copy.public_id})
    # 2. Its copies, each with a clock of its own.
    deadline_at = clocks_of(at, at, [law_pack(law) for law in case.laws]).deadline_at
    sought = [Sought(query_of_reported(pictures), entry.id)]
    copies = hold_copies(tx, replica, case, sought, bank.thresholds, deadline_at=deadline_at, at=at)
    suspect_others(tx, replica, case, sought, at=at)
    settle_case(tx, case, copies)


def fail_link(store: Store, copy: Copy, problem: str, *, permanent: bool, at: datetime) -> None:
    """Try a link again later; when there is no later, leave it to a person with the reason. It stays held."""
    attempts = copy.fetch_attempts + 1
    again = not permanent and attempts <= len(RETRY_AFTER)
    with store.write() as tx:
        case = tx.cases.by_id(copy.case_id)
        fetch_at = at + RETRY_AFTER[attempts - 1] if again else None
        tx.copies.set(copy.id, fetch_at=fetch_at, fetch_attempts=attempts, problem=problem)
        if not again:
            facts: dict[str, Json] = {"copy": copy.public_id, "attempts": attempts, "problem": problem}
            note(tx, EventKind.LINK_FAILED, case, at=at, actor=ACTOR, facts=facts)
