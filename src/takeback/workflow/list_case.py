"""
What an entry of an outside list matches becomes a case that nobody sent a notice of.

A list is somebody's opinion, of a picture that nobody here has seen: anyone can put a picture on some of them. So a
match is hidden as one of a notice is, reversibly, and a person decides; and where the list is not to hold anything, it
is only shown to the desk. What the person decides counts from then on, and the list is told of it.

A case of a list has no receipt and no words; there is nobody to be heard before something is shown again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from takeback.audit.event import EventKind
from takeback.bank import Entry, EntryState, ListKind, Opinion
from takeback.cases import CaseState, CopyState, clocks_of, law_pack
from takeback.cases.law import law_packs
from takeback.exchanges.interface import Said
from takeback.fingerprint import every_turn
from takeback.index.interface import CODE_BYTES
from takeback.match import CopyClass, Evidence, Fact, class_of, is_blind
from takeback.store import Store, Transaction
from takeback.store.cases import Case, NewCase
from takeback.store.copies import Copy, Likeness
from takeback.store.exchanges import INSTANCE, ExchangeRow
from takeback.store.prints import PDQ
from takeback.workflow.alert import report_message
from takeback.workflow.cap import lift_cap
from takeback.workflow.order import note
from takeback.workflow.query import query_of_known
from takeback.workflow.replica import Replica
from takeback.workflow.sweep import Sought, find_items, hold_copies, settle_case
from takeback.workflow.withdraw import end_matching

INSTANCE_BANK = "instance-"
"""How the name of the bank begins that an instance fills."""
_DIGEST_BYTES = 32


def case_of_match(tx: Transaction, entry: Entry, *, at: datetime) -> Case | None:
    """
    Return the case of an entry that matched something; that of a list is opened with its first match.

    None for what the operator put into a bank. The case of what may show minors is as that of a notice that says so:
    nobody looks at it, contests it, or has it shown again.
    """
    if entry.case_id is not None:
        return tx.cases.by_id(entry.case_id)
    exchange = None if entry.of_list is None else tx.exchanges.of_entry(entry.id)
    return None if exchange is None else _opened(tx, exchange, entry, at)


def _opened(tx: Transaction, exchange: ExchangeRow, entry: Entry, at: datetime) -> Case:
    # The key store is apart from the database: a key of a transaction that is rolled back does no harm.
    (key,) = tx.keyring.new_data_keys()
    new = NewCase(
        laws=exchange.laws or _forwarded_under(tx, exchange, entry) or tuple(law_packs()),
        under_18=exchange.of_minors,
        received_at=at,
        missing=[],
        words={},
        # Nobody has the receipt of this case, so nothing opens it from outside.
        receipt_digest=secrets.token_bytes(_DIGEST_BYTES),
        ending_digest=secrets.token_bytes(_DIGEST_BYTES),
        request=None,
        list_id=exchange.bank_id,
        capped_at=at if is_only_shown(exchange, entry) else None,
    )
    case = tx.cases.add(new, key)
    facts = {"entry": entry.public_id, "list": exchange.name}
    note(tx, EventKind.LIST_MATCHED, case, at=at, actor=actor_of(exchange), facts=facts)
    case = tx.cases.move(tx.cases.move(case, CaseState.VALID, valid_at=at), CaseState.WATCHING)
    tx.banks.set_case(entry.id, case.id)
    return case


def is_only_shown(exchange: ExchangeRow, entry: Entry) -> bool:
    """Whether what an entry of a list matches hides nothing: the list may not hold, or somebody doubts the entry."""
    return not exchange.of_minors and not (exchange.holds and entry.opinion is Opinion.POSITIVE)


def let_entry_hold(tx: Transaction, exchange: ExchangeRow, entry_id: int, *, at: datetime) -> None:
    """Hide inside `tx` what an entry matched while it was doubted, where it is so no more and its list may hold."""
    entry = tx.banks.by_id(entry_id)
    if entry.case_id is None or is_only_shown(exchange, entry):
        return
    case = tx.cases.by_id(entry.case_id)
    for copy in tx.copies.of_case(case.id, [CopyState.POSSIBLE]):
        # While it was doubted a match at upload was written down as no more than possible, with the facts beside it.
        evidence = _evidence_of(copy.likeness)
        if copy.copy_class is CopyClass.POSSIBLE and (found := class_of(evidence, entry.thresholds)) is not None:
            blind = found[0].holds and is_blind(evidence, entry.thresholds)
            tx.copies.set(copy.id, copy_class=found[0].value, blind=blind)
    lift_cap(tx, case, actor=actor_of(exchange), at=at)


def _evidence_of(likeness: Likeness) -> Evidence:
    """Return what is known of how like a copy is, as far as lists are compared: by digests and PDQ."""
    fact = None if likeness.fact is None else Fact(likeness.fact)
    is_digest = fact is not None and fact not in (Fact.PDQ, Fact.SSCD, Fact.LOCAL)
    return Evidence(digest=fact if is_digest else None, distance=likeness.distance)


def _forwarded_under(tx: Transaction, exchange: ExchangeRow, entry: Entry) -> tuple[str, ...]:
    """Return the laws under which an entry's notice is valid where it came from, as far as they are known here."""
    instance = tx.instances.of_bank(exchange.bank_id)
    name = None if instance is None else tx.exchanges.name_of(exchange.id, entry.id)
    if instance is None or name is None:
        return ()
    found = tx.instances.received(instance.id, name.partition("/")[0])
    return () if found is None else tuple(law for law in found.laws if law in law_packs())


def actor_of(exchange: ExchangeRow) -> str:
    """Return how the log names a list, or an instance."""
    if exchange.api == INSTANCE:
        return f"instance/{exchange.name.removeprefix(INSTANCE_BANK)}"[:100]
    return f"list/{exchange.name}"[:100]


def sweep_list(store: Store, replica: Replica, exchange: ExchangeRow, *, after: int, most: int, at: datetime) -> int:
    """
    Compare what the sites store already with the next `most` entries of a list, those with an id above `after`; return
    the id of the last, `after` where there was none.

    What is found is held, or only shown to the desk where the list may not hold; an entry that ends meanwhile finds
    nothing.
    """
    with store.read() as tx:
        replica.catch_up(tx)
        if not tx.items.any():
            return max(after, tx.banks.last_id(exchange.bank_id))
        ids = tx.banks.ids_after(exchange.bank_id, after, most)
        near = _near_stored(tx, replica, ids) | tx.items.entries_with_equal_digest(ids)
    for entry_id in sorted(near):
        _hold(store, replica, entry_id, at)
    return ids[-1] if ids else after


def _near_stored(tx: Transaction, replica: Replica, entry_ids: Sequence[int]) -> set[int]:
    """Return which entries lie near something that is stored, in any orientation."""
    keys, codes = tx.prints.searchable("entry", entry_ids, [PDQ]).pdq
    if not len(keys) or not len(replica.items.pdq):
        return set()
    turned = every_turn(codes)
    neighbors = replica.items.pdq.search(turned.reshape(-1, CODE_BYTES), tx.banks.reach().bits)
    near = np.unique(keys[neighbors.query // turned.shape[1]])
    return {entry.id for entry in tx.banks.entries(near.tolist()).values()}


def _hold(store: Store, replica: Replica, entry_id: int, at: datetime) -> None:
    with store.write() as tx:
        replica.catch_up(tx)
        entry = tx.banks.by_id(entry_id)
        if not entry.counts_at(at):
            return
        query = query_of_known(tx.prints.known_by("entry", entry.id))
        keyed = frozenset(tx.prints.digests_of("entry", entry.id))
        if not find_items(query, tx, replica, entry.thresholds, keyed=keyed, at=at):
            return
        case = case_of_match(tx, entry, at=at)
        if case is None or case.state not in (CaseState.WATCHING, CaseState.HELD):
            return
        deadline_at = clocks_of(at, at, [law_pack(law) for law in case.laws]).deadline_at
        sought = [Sought(query, entry.id, keyed)]
        copies = hold_copies(tx, replica, case, sought, entry.thresholds, deadline_at=deadline_at, at=at)
        settle_case(tx, tx.cases.by_id(case.id), copies)
        if entry.of_list is ListKind.OF_MINORS and copies:
            protect_minors(tx, case, copies)
            ask_for_report(tx, entry, case, at=at)


def protect_minors(tx: Transaction, case: Case, copies: Sequence[Copy]) -> None:
    """Let every other case that has one of the same items be about what may show someone under 18, inside `tx`."""
    for copy in copies:
        if copy.site_id is None:
            continue
        for other in tx.copies.at(copy.site_id, item_id=copy.site_item_id, url=copy.url):
            if other.case_id != case.id:
                tx.cases.set_under_18(tx.cases.by_id(other.case_id))


def ask_for_report(tx: Transaction, entry: Entry, case: Case, *, at: datetime) -> None:
    """Have whoever reports for the operator told that a list of what may show minors matched, inside `tx`."""
    exchange = tx.exchanges.of_entry(entry.id)
    if exchange is not None:
        tx.alerts.put(exchange.report_to, report_message(case.public_id, exchange.name), at)


def end_entry(tx: Transaction, exchange: ExchangeRow, entry_id: int, *, at: datetime) -> list[str]:
    """
    Let an entry that its list has no more match nothing, inside `tx`; return the data keys to destroy.

    Its case, where it has one, is withdrawn as by the person herself: nothing is shown again by that, and what is
    hidden is for the desk to settle.
    """
    entry = tx.banks.by_id(entry_id)
    if entry.state is EntryState.WITHDRAWN:
        return []
    if entry.case_id is None:
        return [tx.banks.erase(entry.id)]
    _, key_ids = end_matching(tx, tx.cases.by_id(entry.case_id).public_id, actor=actor_of(exchange), at=at)
    return key_ids


def tell_list(tx: Transaction, case: Case, said: Said, *, at: datetime) -> None:
    """Have the list of a case told what a person decided; nothing where a notice began it, or an instance: it asks."""
    exchange = None if case.list_id is None else tx.exchanges.of_bank(case.list_id)
    if exchange is None or exchange.api == INSTANCE:
        return
    for entry in tx.banks.of_case(case.id):
        if entry.state is not EntryState.WITHDRAWN:
            tx.exchanges.put_word(exchange.id, entry.id, said.value, at)


def list_of(tx: Transaction, case: Case) -> str | None:
    """Return the name of the outside list that began a case; None where a notice did, empty where it is removed."""
    if case.list_id is None:
        return None
    exchange = tx.exchanges.of_bank(case.list_id)
    return "" if exchange is None else exchange.name


def instance_of(tx: Transaction, case: Case) -> str | None:
    """Return the name of the instance that forwarded the notice of a case; None where none did, or it is removed."""
    found = None if case.list_id is None else tx.instances.of_bank(case.list_id)
    return None if found is None else found.name
