"""What a site stores is compared, where too little was kept of it; its picture is in memory only."""

from __future__ import annotations

from datetime import datetime

from takeback.bank import Entry
from takeback.cases import clocks_of, law_pack
from takeback.store import Store, Transaction
from takeback.store.items import Item
from takeback.store.suspicions import Suspicion
from takeback.workflow.check import altered_among
from takeback.workflow.closer import Describer, look_closest
from takeback.workflow.originals import still_watched
from takeback.workflow.picture import Decoder
from takeback.workflow.query import Query, query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.screen import screen_query
from takeback.workflow.sweep import FoundItem, hold_found, settle_case
from takeback.workflow.upload import Action, Upload, tell_cases


def look_at_suspect(
    store: Store, replica: Replica, decoder: Decoder, describer: Describer | None, data: bytes, suspicion: Suspicion, *,
    at: datetime,
) -> None:  # fmt: skip
    """
    Compare an item, whose picture is `data`, with the entry that it is like, and forget that it was suspected.

    A copy is held, or waits for a person, as one that was found at once; an altered copy of an original waits for a
    person; of anything else there is no trace. Raises `UnreadableMedia`, `MediaTooLarge` and `Overloaded` as decoding
    does.
    """
    looked = decoder.looked_at(data)
    query = look_closest(query_of_fingerprints(looked.prints), looked, describer=describer)
    altered = altered_among(store, replica, query, looked, at=at)
    with store.write() as tx:
        replica.catch_up(tx)
        item = tx.items.find(suspicion.item.site_id, suspicion.item.site_item_id)
        entry = tx.banks.by_id(suspicion.entry_id)
        tx.suspicions.drop(suspicion)
        if item is None:
            return
        if entry.counts_at(at):
            _hold(tx, replica, query, item, entry, at)
        else:
            upload = Upload(tx.sites.by_id(item.site_id), item.site_item_id, item.url)
            tell_cases(tx, still_watched(tx, altered, at), Action.ALLOW, upload, at)


def _hold(tx: Transaction, replica: Replica, query: Query, item: Item, entry: Entry, at: datetime) -> None:
    screening = screen_query(query, indexes=replica.entries, bank=tx.banks, at=at)
    match = next((match for match in screening.matches if match.entry.id == entry.id), None)
    if match is None or entry.case_id is None:
        return
    case = tx.cases.by_id(entry.case_id)
    found = FoundItem(item, match.copy_class, match.fact, match.evidence)
    deadline_at = clocks_of(at, at, [law_pack(law) for law in case.laws]).deadline_at
    copies = hold_found(tx, case, [(found, entry.id)], entry.thresholds, deadline_at=deadline_at, at=at)
    settle_case(tx, case, copies)
