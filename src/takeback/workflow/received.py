"""
A notice that another instance forwards is taken in: as an opinion, of somebody whom nobody here can reach.

It fills the bank of its instance, and goes the way of an outside list's records: what it matches is held, or, where no
person has decided on it there, only shown to the desk; a person here decides; nothing is refused for it alone. Its end
there ends the matching here at once. What was done is told to whoever forwarded it, once a person here decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.cases import CopyState
from takeback.errors import IllegalTransition, RateLimited
from takeback.exchanges.interface import FetchCheckpoint, Page, Record, Signal, Standing
from takeback.store import Store, Transaction
from takeback.store.exchanges import ExchangeRow
from takeback.store.instances import Instance, ReceivedNotice
from takeback.workflow.exchange_page import take_page
from takeback.workflow.keyed_page import keyed_page

MAX_PICTURES = 64
"""Of one notice: a person reports 32, and links may bring more."""
MAX_NOTICES = 10_000
"""Of one instance that have not ended."""

UNASKED_FOR = timedelta(days=30)
"""After which a notice ends that its instance has not asked about: it asks every few minutes, and may be down long."""
ENDED_KEPT_FOR = timedelta(days=90)
"""How long it is kept that a forwarded notice has ended, so that it cannot come back by a request that came late."""
_ENDED_AT_ONCE = 100


class Decided(StrEnum):
    """What was decided of a picture where it comes from."""

    COVERED = "decided"
    """A person there found it covered by law."""
    NOT_YET = "undecided"
    """Nobody there has decided yet: it is never more than *possible* here."""


_STANDING = {Decided.COVERED: Standing.LIVE, Decided.NOT_YET: Standing.DOUBTED}


@dataclass(frozen=True, slots=True)
class ForwardedPicture:
    """One picture of a forwarded notice: `name` tells it from the others."""

    name: str
    decided: Decided
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class ForwardedNotice:
    """A notice as it is where it comes from, whole: what it names no more has ended."""

    reference: str
    laws: tuple[str, ...]
    pictures: tuple[ForwardedPicture, ...]


class Stands(StrEnum):
    """How a forwarded notice stands where it was forwarded to."""

    LOOKING = "looking"
    """It is looked for; nothing of what was found is told before a person there has decided."""
    DECIDED = "decided"
    """A person there decided about what was found."""
    ENDED = "ended"
    """It is looked for no more."""
    UNKNOWN = "unknown"
    """No such notice is there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done with a forwarded notice."""

    stands: Stands
    received_at: datetime | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    removed: int = 0
    held: int = 0
    """Hidden, and not decided yet, in a case that is."""
    kept: int = 0
    """Found, looked at, and left or shown again."""


def take_notice(store: Store, instance: Instance, notice: ForwardedNotice, *, at: datetime) -> Answer:
    """
    Take a forwarded notice in, or what it is by now; the same again changes nothing.

    `IllegalTransition` where none are taken from this instance, `RateLimited` where it has too many here.
    """
    with store.write() as tx:
        # 1. Whether it may be taken; what has ended never comes back.
        exchange = _exchange(tx, instance)
        if exchange is None or not exchange.enabled or not instance.accepts:
            raise IllegalTransition(
                "Notices of this instance are not taken here.", advice="Ask its operator to let them in."
            )
        known = tx.instances.received(instance.id, notice.reference)
        if known is not None and known.ended_at is not None:
            return _answer(tx, exchange, known)
        if known is None and tx.instances.count_received(instance.id) >= MAX_NOTICES:
            raise RateLimited(f"{MAX_NOTICES:,} notices of one instance are looked for.", retry_after_seconds=3_600)
        # 2. That it is there: before its pictures are, so that a crash in between leaves none that nobody can end.
        names = [each.name for each in notice.pictures]
        before = () if known is None else known.names
        every = [*dict.fromkeys([*before, *names])]
        tx.instances.receive(instance.id, notice.reference, notice.laws, every, at)
    # 3. Its pictures, as records of a list; those that it names no more have ended.
    records = [_record(notice.reference, each) for each in notice.pictures]
    gone = [_ended(notice.reference, name) for name in before if name not in names]
    _take(store, exchange, [*records, *gone], at)
    with store.write() as tx:
        known = tx.instances.receive(instance.id, notice.reference, notice.laws, names, at)
        return _answer(tx, exchange, known)


def end_notice(store: Store, instance: Instance, reference: str, *, at: datetime) -> Answer:
    """
    End a forwarded notice, for good: nothing matches it from the commit on, in every process a twentieth of a second
    later. One that never came is ended too, so that it cannot come later.
    """
    with store.write() as tx:
        exchange = _exchange(tx, instance)
        if exchange is None:
            return Answer(Stands.ENDED, ended_at=at)
        known = tx.instances.received(instance.id, reference)
        if known is None:
            known = tx.instances.receive(instance.id, reference, (), (), at)
    if known.ended_at is None:
        _end(store, exchange, known, at)
    with store.read() as tx:
        return _answer(tx, exchange, tx.instances.received(instance.id, reference))


def answer_of(store: Store, instance: Instance, reference: str, *, at: datetime) -> Answer:
    """Say what was done with a forwarded notice, and remember that its instance asked."""
    with store.write() as tx:
        exchange = _exchange(tx, instance)
        known = None if exchange is None else tx.instances.received(instance.id, reference)
        if exchange is None or known is None:
            return Answer(Stands.UNKNOWN)
        tx.instances.asked_about(known.id, at)
        return _answer(tx, exchange, known)


def end_unasked(store: Store, *, at: datetime) -> int:
    """
    End the notices that their instances have not asked about for long, and forget those that ended long ago; return how
    many are ended.

    An instance that is gone, or that lost what it had by a restore, can end nothing here.
    """
    ended = 0
    while True:
        with store.write() as tx:
            tx.instances.forget_ended(at - ENDED_KEPT_FOR)
            unasked = tx.instances.unasked(at - UNASKED_FOR, _ENDED_AT_ONCE)
            found = [(each, _exchange(tx, tx.instances.by_id(each.instance_id))) for each in unasked]
        for each, exchange in found:
            _end(store, exchange, each, at)
        ended += len(found)
        if len(found) < _ENDED_AT_ONCE:
            return ended


def _end(store: Store, exchange: ExchangeRow | None, known: ReceivedNotice, at: datetime) -> None:
    """Let nothing match a notice any more, and then write down that it has ended: a crash leaves it to be ended."""
    if exchange is not None and known.names:
        _take(store, exchange, [_ended(known.reference, name) for name in known.names], at)
    with store.write() as tx:
        tx.instances.end_received(known.id, at)


def _exchange(tx: Transaction, instance: Instance) -> ExchangeRow | None:
    bank_id = tx.instances.by_id(instance.id).bank_id
    return None if bank_id is None else tx.exchanges.of_bank(bank_id)


def _take(store: Store, exchange: ExchangeRow, records: Sequence[Record], at: datetime) -> None:
    after = {"fetched_at": at, "complete_at": at}
    page = Page(FetchCheckpoint(), records, is_last=True)
    take_page(store, exchange, keyed_page(store.keyring, exchange.id, page), after, at=at)


def _record(reference: str, picture: ForwardedPicture) -> Record:
    return Record(_name(reference, picture.name), _STANDING[picture.decided], picture.signals)


def _ended(reference: str, name: str) -> Record:
    return Record(_name(reference, name), Standing.ENDED)


def _name(reference: str, name: str) -> str:
    return f"{reference}/{name}"


_REMOVED = (CopyState.REMOVED, CopyState.CONTESTED)
_KEPT = (CopyState.DISMISSED, CopyState.PUT_BACK)


def _answer(tx: Transaction, exchange: ExchangeRow, known: ReceivedNotice | None) -> Answer:
    if known is None:
        return Answer(Stands.UNKNOWN)
    if known.ended_at is not None:
        return Answer(Stands.ENDED, known.received_at, ended_at=known.ended_at)
    # Nothing of what was found is told before a person has decided, picture by picture.
    records = tx.exchanges.named(exchange.id, [_name(known.reference, name) for name in known.names])
    entries = [tx.banks.by_id(each.entry_id) for each in records if each.entry_id is not None]
    cases = [tx.cases.by_id(case_id) for case_id in {each.case_id for each in entries} if case_id is not None]
    decided = [case for case in cases if case.decided_at is not None]
    if not decided:
        return Answer(Stands.LOOKING, known.received_at)
    states = [copy.state for case in decided for copy in tx.copies.of_case(case.id)]
    return Answer(
        Stands.DECIDED,
        known.received_at,
        decided_at=max(case.decided_at for case in decided if case.decided_at is not None),
        removed=sum(state in _REMOVED for state in states),
        held=states.count(CopyState.HELD),
        kept=sum(state in _KEPT for state in states),
    )
