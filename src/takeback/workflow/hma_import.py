"""
Banks and exchanges of HMA's are moved here; nothing twice, and what is left behind is named with its reason.

What the operator put into HMA counts as decided, as it does here. What an exchange brought is somebody else's opinion,
and HMA keeps it when it was withdrawn: it stays behind, and comes again from where it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from takeback.bank import EntryState, Opinion, Thresholds
from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError, MalformedHash, NotFound
from takeback.fingerprint import PdqHash
from takeback.store import Store, Transaction
from takeback.store.banks import NewEntry
from takeback.store.exchanges import NewExchange
from takeback.store.hma_contents import Origin, Told
from takeback.store.hma_database import HmaDatabase, TheirContent, TheirExchange
from takeback.workflow.banks import switch_bank
from takeback.workflow.contents import OFF, ON
from takeback.workflow.exchanges import APIS, add_exchange
from takeback.workflow.register import add_bank, decided_entry, note_entries

_AT_ONCE = 100
"""Contents in one transaction: below 50 ms."""
_NUMBERS_NAMED = 20
"""Numbers that a report gives of what is left behind for one reason."""
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
NEVER_MOVED: Mapping[str, str] = {
    "stop_ncii": "HMA keeps what was withdrawn at StopNCII, and does not say which: it has to be fetched anew",
    "ncmec": "a list of child abuse never counts as your own decision: it has to be fetched anew",
}
"""Kinds of exchanges of which no content is moved, whatever is asked for."""


@dataclass(slots=True)
class Left:
    """What is left behind for one reason: how many, and the first numbers."""

    count: int = 0
    numbers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Moved:
    """What a move did; `left` by reason, `renumbered` from HMA's number to ours where that was taken."""

    banks_made: list[str] = field(default_factory=list)
    banks_there: list[str] = field(default_factory=list)
    exchanges_made: list[str] = field(default_factory=list)
    exchanges_there: list[str] = field(default_factory=list)
    exchanges_left: dict[str, str] = field(default_factory=dict)
    contents: int = 0
    moved_before: int = 0
    left: dict[str, Left] = field(default_factory=dict)
    signals_left: dict[str, int] = field(default_factory=dict)
    """Signals of contents that were moved by their PDQ, by type: they are not compared here."""
    renumbered: dict[int, int] = field(default_factory=dict)

    def leave(self, why: str, number: int) -> None:
        """Count one that stays behind."""
        left = self.left.setdefault(why, Left())
        left.count += 1
        if len(left.numbers) < _NUMBERS_NAMED:
            left.numbers.append(number)


def move_from_hma(
    store: Store, source: HmaDatabase, *, decided: Collection[str] = (), step: Callable[[], None], actor: str,
    now: Callable[[], datetime],
) -> Moved:  # fmt: skip
    """
    Move what is in `source`, some at a time; interrupted, it goes on when it is called again.

    `decided` names exchanges whose contents the operator takes for decided by themselves; of those in `NEVER_MOVED`
    nothing is. `step` is called for each content. Raises `InputError` for a name in `decided` that is no exchange's.
    """
    moved = Moved()
    exchanges = {exchange.name: exchange for exchange in source.exchanges()}
    _require_known(decided, exchanges)
    # 1. Exchanges, each with the bank that it fills; then the other banks.
    for exchange in exchanges.values():
        _move_exchange(store, exchange, moved, actor=actor, at=now())
    filled_by = {bank.name: exchanges.get(bank.exchange or "") for bank in source.banks()}
    for bank in source.banks():
        _move_bank(store, bank.name, bank.enabled_ratio, moved, actor=actor, at=now())
    # 2. Contents.
    origin = source.origin()
    for some in batched(source.contents(), _AT_ONCE):
        with store.read() as tx:
            before = tx.hma_contents.moved(origin, [content.number for content in some])
        new = list(_taken(some, before, filled_by, frozenset(decided), moved, at=now()))
        _add(store, origin, new, moved, actor=actor, at=now())
        for _ in some:
            step()
    return moved


def _require_known(decided: Collection[str], exchanges: Mapping[str, TheirExchange]) -> None:
    for name in decided:
        if name not in exchanges:
            raise InputError(f"HMA has no exchange of the name {name}.", advice="Check the name; case matters.")
        if exchanges[name].api in NEVER_MOVED:
            raise InputError(f"What {name} brought is not moved: {NEVER_MOVED[exchanges[name].api]}.")


def _move_exchange(store: Store, exchange: TheirExchange, moved: Moved, *, actor: str, at: datetime) -> None:
    with store.read() as tx:
        try:
            tx.exchanges.by_name(exchange.name)
        except NotFound:
            pass
        else:
            moved.exchanges_there.append(exchange.name)
            return
        if _has_bank(tx, exchange.name):
            moved.exchanges_left[exchange.name] = "there is a bank of this name already"
            return
    if exchange.api not in APIS:
        moved.exchanges_left[exchange.name] = f"exchanges of the kind {exchange.api} are not known here"
        return
    known = {each.name for each in APIS[exchange.api].config}
    config = {key: value for key, value in exchange.config.items() if key in known and value is not None}
    try:
        _add_exchange(store, exchange, config, exchange.credentials, actor=actor, at=at)
    except InputError as problem:
        # Its credentials, or its settings: an exchange without the former is moved, and asks for them.
        try:
            _add_exchange(store, exchange, config, None, actor=actor, at=at)
            moved.exchanges_left[exchange.name] = f"its credentials were not moved: {problem.message}"
        except InputError as other:
            moved.exchanges_left[exchange.name] = other.message
            return
    moved.exchanges_made.append(exchange.name)


def _add_exchange(
    store: Store, exchange: TheirExchange, config: Mapping[str, Any], credentials: Mapping[str, Any] | None, *,
    actor: str, at: datetime,
) -> None:  # fmt: skip
    new = NewExchange(exchange.api, config, exchange.enabled)
    add_exchange(store, exchange.name, new, credentials, actor=actor, at=at)


def _move_bank(store: Store, name: str, ratio: float, moved: Moved, *, actor: str, at: datetime) -> None:
    if name in moved.exchanges_made:
        if ratio != 1:
            switch_bank(store, name, ratio, actor=actor, at=at)
        return
    with store.read() as tx:
        if _has_bank(tx, name):
            moved.banks_there.append(name)
            return
    if not _NAME.fullmatch(name):
        return  # its contents are left, with this reason
    add_bank(store, name, Thresholds(), actor=actor, at=at)
    if ratio != 1:
        switch_bank(store, name, ratio, actor=actor, at=at)
    moved.banks_made.append(name)


def _has_bank(tx: Transaction, name: str) -> bool:
    try:
        tx.banks.bank_by_name(name)
    except NotFound:
        return False
    return True


def _taken(
    contents: Sequence[TheirContent], before: Collection[int], filled_by: Mapping[str, TheirExchange | None],
    decided: Collection[str], moved: Moved, *, at: datetime,
) -> Iterator[tuple[TheirContent, NewEntry]]:  # fmt: skip
    """Yield what is moved, as entries; what is not is counted with its reason."""
    for content in contents:
        exchange = filled_by.get(content.bank) if content.is_exchanged else None
        if content.number in before:
            moved.moved_before += 1
        elif (why := _hindrance(content, exchange, decided)) is not None:
            moved.leave(why, content.number)
        else:
            try:
                pdq = PdqHash.from_hex(content.signals["pdq"].strip())
            except MalformedHash as problem:
                moved.leave(f"its PDQ is none: {problem.message}", content.number)
                continue
            for name in content.signals.keys() - {"pdq"}:
                moved.signals_left[name] = moved.signals_left.get(name, 0) + 1
            yield content, _entry(content, pdq, at=at)


def _hindrance(content: TheirContent, exchange: TheirExchange | None, decided: Collection[str]) -> str | None:
    if not _NAME.fullmatch(content.bank):
        return "the name of its bank is longer than names are here, or not in HMA's spelling"
    if content.is_exchanged:
        if exchange is None:
            return "an exchange brought it that is not there any more"
        if exchange.api in NEVER_MOVED:
            return NEVER_MOVED[exchange.api]
        if exchange.name not in decided:
            return f"the exchange {exchange.name} brought it, and you did not decide it (--decided {exchange.name})"
    if not content.signals:
        return "it has no signal"
    if "pdq" not in content.signals:
        return f"signals of type {', '.join(sorted(content.signals))} are not compared here"
    return None


def _entry(content: TheirContent, pdq: PdqHash, *, at: datetime) -> NewEntry:
    new = decided_entry([ReportedPicture(pdq=pdq)], opinion=Opinion.POSITIVE, source="hma")
    if content.disable_until == OFF:
        return replace(new, state=EntryState.CLOSED)
    if content.disable_until == ON or content.disable_until <= at.timestamp():
        return new
    return replace(new, counts_from=datetime.fromtimestamp(content.disable_until, UTC))


def _add(
    store: Store, origin: str, new: Sequence[tuple[TheirContent, NewEntry]], moved: Moved, *, actor: str, at: datetime
) -> None:
    if not new:
        return
    keys = store.keyring.new_data_keys(len(new))
    with store.write() as tx:
        banks = {name: tx.banks.bank_by_name(name) for name in {content.bank for content, _ in new}}
        for (content, entry), key in zip(new, keys, strict=True):
            added = tx.banks.add_entry(banks[content.bank].id, replace(entry, added_by=actor), key, at)
            told = Told(content.note, content.metadata, content.original_uri)
            number = tx.hma_contents.add(added.id, key, told, Origin(origin, content.number))
            moved.contents += 1
            if number != content.number:
                moved.renumbered[content.number] = number
        for name, bank in banks.items():
            count = sum(content.bank == name for content, _ in new)
            note_entries(tx, bank, entries=count, opinion=Opinion.POSITIVE, source="hma", actor=actor, at=at)
