"""
Content, as HMA calls it: what the operator puts into a bank by number, rests for a time, writes a note to, takes out.

It is an entry like any other, and counts as decided; so it refuses uploads at every door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState, Opinion
from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.hma_contents import HmaContent, Told
from takeback.workflow.register import (
    decided_entry,
    note_entries,
    remove_entry,
    require_not_originals,
    require_of_no_case,
)

MAX_NOTE_CHARACTERS = 255
"""As many as HMA takes."""
_LONGEST_REST = timedelta(days=5 * 365)
"""As long as HMA takes."""
OFF, ON = 0, 1
"""HMA's numbers for content that matches never, and always; any other is the second of the epoch that ends its rest."""


@dataclass(frozen=True, slots=True)
class Content:
    """An entry with its number, what is told of it, and HMA's word for whether it matches (`OFF`, `ON`, a moment)."""

    number: int
    entry: Entry
    told: Told

    @property
    def disabled_until(self) -> int:
        """0: it matches never; 1: always; else from that second of the epoch on."""
        if self.entry.state not in (EntryState.GATED, EntryState.HOLDING):
            return OFF
        return ON if self.entry.counts_from is None else int(self.entry.counts_from.timestamp())


def add_content(
    store: Store, bank_name: str, frames: Sequence[ReportedPicture], told: Told, *, source: str, actor: str,
    at: datetime,
) -> Content:  # fmt: skip
    """
    Put one picture, or the frames of one animation, into a bank; the next look finds it.

    What the operator enters counts as decided (`GATED`). Raises `NotFound` where there is no such bank.
    """
    require_not_originals(bank_name)
    _require_short(told.note)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        bank = tx.banks.bank_by_name(bank_name)
        new = decided_entry(frames, opinion=Opinion.POSITIVE, source=source, actor=actor)
        entry = tx.banks.add_entry(bank.id, new, key, at)
        number = tx.hma_contents.add(entry.id, key, told)
        note_entries(tx, bank, entries=1, opinion=Opinion.POSITIVE, source=source, actor=actor, at=at)
    return Content(number, entry, told)


def content_of(store: Store, bank_name: str, number: int) -> Content:
    """Return what has a number in a bank; `NotFound` where that bank has nothing of it, whatever another has."""
    with store.read() as tx:
        return _content(tx, bank_name, number)


def rest_content(store: Store, bank_name: str, number: int, until: int, *, actor: str, at: datetime) -> Content:
    """Let content match never (`OFF`), always (`ON`), or from a second of the epoch on."""
    state, counts_from = EntryState.GATED, None
    if until == OFF:
        state = EntryState.CLOSED
    elif until != ON:
        counts_from = _moment(until, at)
    with store.write() as tx:
        content = _content(tx, bank_name, number)
        require_of_no_case(content.entry)
        tx.banks.set_counts_from(content.entry.id, counts_from)
        tx.banks.set_state(content.entry.id, state)
        kind = EventKind.GATE_ENTRY_CLOSED if state is EntryState.CLOSED else EventKind.GATE_ENTRY_OPENED
        facts: dict[str, Json] = {"entry": content.entry.public_id}
        if counts_from is not None:
            facts["from"] = counts_from.isoformat()
        tx.audit.append(kind, at=at, actor=actor, facts=facts)
        return replace(content, entry=tx.banks.by_id(content.entry.id))


def write_note(store: Store, bank_name: str, number: int, note: str | None) -> Content:
    """Keep another note beside content, or none."""
    _require_short(note)
    with store.write() as tx:
        content = _content(tx, bank_name, number)
        told = replace(content.told, note=note)
        tx.hma_contents.tell(number, told, tx.banks.data_key(content.entry.id))
        return replace(content, told=told)


def remove_content(store: Store, bank_name: str, number: int, *, actor: str, at: datetime) -> bool:
    """Erase content from a bank; return whether that bank had it."""
    try:
        content = content_of(store, bank_name, number)
    except NotFound:
        return False
    remove_entry(store, content.entry.public_id, actor=actor, at=at)
    return True


def _content(tx: Transaction, bank_name: str, number: int) -> Content:
    bank = tx.banks.bank_by_name(bank_name)
    found: HmaContent = tx.hma_contents.by_number(number)
    entry = tx.banks.by_id(found.entry_id)
    if entry.bank != bank.name or entry.state is EntryState.WITHDRAWN:
        raise NotFound(f"The bank {bank.name} has no content of this number.")
    return Content(number, entry, found.told)


def _moment(until: int, at: datetime) -> datetime:
    if until < 0:
        raise InputError("disable_until_ts is 0 (never matches), 1 (matches), or a second of the epoch.")
    if until > (at + _LONGEST_REST).timestamp():
        raise InputError("disable_until_ts lies at most five years ahead.", advice="Send 0 to switch it off.")
    return datetime.fromtimestamp(until, UTC)


def _require_short(note: str | None) -> None:
    if note is not None and len(note) > MAX_NOTE_CHARACTERS:
        raise InputError(f"A note has at most {MAX_NOTE_CHARACTERS} characters.")
