"""A bank is renamed, switched off and on, or removed with all that is in it. Each is an event."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.errors import InputError
from takeback.store import Store
from takeback.store.banks import BankRow

_ERASED_AT_ONCE = 200
"""Entries in one transaction: far below 50 ms."""
_FORGOTTEN_AT_ONCE = 5_000
"""Records of a list, of which nothing but a row is there."""


def rename_bank(store: Store, name: str, new_name: str, *, actor: str, at: datetime) -> BankRow:
    """Give a bank another name; `InputError` where that is taken, or where notices fill the bank."""
    with store.write() as tx:
        bank = tx.banks.set_name(_own(tx.banks.bank_by_name(name)).id, new_name)
        facts: dict[str, Json] = {"bank": bank.public_id, "name": new_name}
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=facts)
        return bank


def switch_bank(store: Store, name: str, ratio: float, *, actor: str, at: datetime) -> BankRow:
    """
    Say in how many requests of HMA's API the entries of a bank match, 0 to 1.

    With 0 the bank is off, and at no door does anything match it; above, the other doors know no chance.
    """
    if not 0 <= ratio <= 1:
        raise InputError("A bank's ratio lies between 0 and 1.", advice="Send 1 for a bank that is on, 0 for off.")
    with store.write() as tx:
        bank = tx.banks.set_enabled_ratio(_own(tx.banks.bank_by_name(name)).id, ratio)
        facts: dict[str, Json] = {"bank": bank.public_id, "enabled_permille": round(1_000 * ratio)}
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=facts)
        return bank


def remove_bank(store: Store, name: str, *, actor: str, at: datetime) -> None:
    """
    Let a bank and all that is in it be gone; nothing matches it from the first commit on.

    What is in it is erased after that, some at a time; what a crash leaves is erased by the next start.
    """
    with store.write() as tx:
        bank = _own(tx.banks.bank_by_name(name))
        gone = tx.exchanges.remove(bank.id)
        tx.banks.remove_bank(bank.id, at)
        facts: dict[str, Json] = {"bank": bank.public_id, "removed": True, "entries": bank.entries}
        tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=facts)
    store.keyring.destroy(gone)
    finish_removals(store, actor=actor, at=at)


def finish_removals(store: Store, *, actor: str, at: datetime) -> int:
    """Erase what is still there of removed banks; return how many entries."""
    erased = 0
    while True:
        with store.write() as tx:
            entries = tx.banks.entries_of_removed(_ERASED_AT_ONCE)
            key_ids = [tx.banks.erase(entry.id) for entry in entries]
            for entry in entries:
                tx.audit.append(EventKind.GATE_ENTRY_CLOSED, at=at, actor=actor, facts={"entry": entry.public_id})
        if not entries:
            _forget_lists(store)
            return erased
        store.keyring.destroy(key_ids)
        erased += len(entries)


def _forget_lists(store: Store) -> None:
    """Forget what outside lists said that filled removed banks."""
    forgotten = 1
    while forgotten:
        with store.write() as tx:
            forgotten = tx.exchanges.forget_removed(_FORGOTTEN_AT_ONCE)


def _own(bank: BankRow) -> BankRow:
    if bank.is_kept_by_cases:
        raise InputError(
            f"The bank {bank.name} is filled by notices, and kept by their cases.",
            advice="Decide the cases; a bank of your own you can change as you like.",
        )
    return bank
