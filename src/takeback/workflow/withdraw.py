"""The person withdraws: matching stops at once, and nothing is put back."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.errors import NotAllowed, NotFound
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.journal import Journal, Withdrawal
from takeback.workflow.hearing import close_contest_hearings
from takeback.workflow.legal_hold import held_until
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.reasons import complete_laws
from takeback.workflow.refused_upload import end_contests
from takeback.workflow.sweep import refresh_deadline

JOURNAL = "journal-of-withdrawals"


def withdraw(store: Store, journal: Journal, ending: str, *, at: datetime) -> Case:
    """
    Withdraw a case by the number that ends it; withdrawing twice changes nothing.

    `NotFound` where it opens no case, `NotAllowed` where it only opens one.

    1. It is written to the journal, which a restore replays, before anything else.
    2. In one transaction the fingerprints and digests are erased and every replica is told.
    3. The data keys that sealed them are destroyed, and with them every old copy in a backup.
    """
    case = case_of_ending(store, ending)
    if case.state is CaseState.WITHDRAWN:
        return case
    journal.append(Withdrawal(case.public_id, at))
    with store.write() as tx:
        case, key_ids = end_matching(tx, case.public_id, actor=THE_PERSON, at=at)
    store.keyring.destroy(key_ids)
    return case


def case_of_receipt(store: Store, receipt: str) -> Case:
    """Return the case that a receipt, or the number that ends it, opens; `NotFound` where it opens none."""
    digest = store.keyring.receipt_digest(receipt)
    with store.read() as tx:
        return tx.cases.by_receipt(digest)


def case_of_ending(store: Store, ending: str) -> Case:
    """Return the case that a number ends; `NotFound` where it opens none, `NotAllowed` for the receipt of one."""
    digest = store.keyring.receipt_digest(ending)
    with store.read() as tx:
        return ended_by(tx, digest)


def ended_by(tx: Transaction, digest: bytes) -> Case:
    """Return the same inside `tx`, by `Keyring.receipt_digest` of the number."""
    case = tx.cases.by_receipt(digest)
    if not tx.cases.ends(case, digest):
        raise NotAllowed(
            "These words open the case, and do not end it.",
            advice="Send the number of sixteen digits that came with them.",
            known=True,
        )
    return case


def has_number(store: Store, case: Case) -> bool:
    """Whether it takes a number to end a case; else its receipt does, as in earlier releases."""
    with store.read() as tx:
        return tx.cases.has_number(case)


def end_matching(tx: Transaction, case_id: str, *, actor: str, at: datetime) -> tuple[Case, list[str]]:
    """Withdraw a case inside `tx`; return it and the data keys to destroy after the commit."""
    case = tx.cases.by_public_id(case_id)
    if case.state is CaseState.WITHDRAWN:
        return case, []
    was_waiting = case.capped_at is not None
    case = tx.cases.move(case, CaseState.WITHDRAWN, closed_at=at)
    if end_contests(tx, case) and not tx.copies.of_case(case.id, [CopyState.CONTESTED]):
        close_contest_hearings(tx, case, is_upheld=None, at=at)
        was_waiting = True
    if was_waiting:
        # Nobody has to read it, or to answer, by then any more.
        refresh_deadline(tx, case)
    key_ids = [
        tx.banks.erase(entry.id) for entry in tx.banks.of_case(case.id) if entry.state is not EntryState.WITHDRAWN
    ]
    note(tx, EventKind.WITHDRAWN, case, at=at, actor=actor, facts={"entries": len(key_ids)})
    address = tx.news.of_case(case.id)
    return case, key_ids if address is None else [*key_ids, tx.news.erase(address)]


def erase_hers(tx: Transaction, case: Case, *, actor: str, at: datetime, why: str = "asked for") -> None:
    """Erase inside `tx` all that is hers; the case's data key is to be destroyed after the commit."""
    tx.messages.erase(case)
    tx.captures.erase(case.id)
    # What it lacked goes with the rest: from now on it names only the laws that it was complete under.
    tx.cases.erase(case, at, laws=complete_laws(case) or case.laws)
    tx.copies.forget_grounds(case.id)
    tx.refused_uploads.forget_grounds(case.id)
    tx.hearings.forget_summaries(case.id)
    tx.legal_holds.forget_words(case.id)
    links = tx.copies.forget_elsewhere(case.id)
    note(tx, EventKind.ERASED, case, at=at, actor=actor, facts={"why": why, "links": links})


def finish_withdrawals(store: Store, journal: Journal, *, at: datetime) -> int:
    """
    Bring to an end what a crash, or a restore of an older backup, left of withdrawals; return how many.

    Every case that the journal names is withdrawn, and erased where it says so; every address for news that it names is
    erased; and every data key of what was erased is destroyed.
    """
    finished = 0
    written = list(journal.read())
    kept_last = {each.case_id: number for number, each in enumerate(written) if each.kept}
    _erase_addresses(store, {each.news for each in written if each.news})
    for number, withdrawal in enumerate(written):
        if withdrawal.news:
            continue
        with store.write() as tx:
            try:
                case = tx.cases.by_public_id(withdrawal.case_id)
            except NotFound:
                continue
            if case.state is not CaseState.WITHDRAWN:
                case, _ = end_matching(tx, case.public_id, actor=JOURNAL, at=at)
                finished += 1
            if withdrawal.erased and number > kept_last.get(withdrawal.case_id, -1) and case.erased_at is None:
                _erase_again(tx, case, at)
    with store.read() as tx:
        erased = [*tx.banks.withdrawn_key_ids(), *tx.cases.erased_key_ids(), *tx.news.erased_key_ids()]
    still_there = store.keyring.data_keys(erased)
    if still_there:
        store.keyring.destroy(list(still_there))
    return finished


def _erase_again(tx: Transaction, case: Case, at: datetime) -> None:
    """Erase what the journal says was erased; where a legal hold keeps it, and its key is there, when that ends."""
    if held_until(tx, case, at) is None or not tx.keyring.data_keys([case.key_id]):
        erase_hers(tx, case, actor=JOURNAL, at=at)
    elif case.erase_at is None:
        tx.cases.set_erasure(case, at)


def _erase_addresses(store: Store, ids: set[str]) -> None:
    """Erase the addresses for news that the journal names, and those whose key is gone."""
    with store.read() as tx:
        live = tx.news.live()
    there = store.keyring.data_keys([address.key_id for address in live])
    over = [address for address in live if address.public_id in ids or address.key_id not in there]
    if over:
        with store.write() as tx:
            for address in over:
                tx.news.erase(address)
