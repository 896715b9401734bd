"""Which banks know a picture: the question of HMA's clients, who are told a number and a distance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from takeback.bank import Bank, Entry, EntryState, ListKind, Reach
from takeback.errors import LowQuality
from takeback.fingerprint.tiles import Tiles
from takeback.match import Match, settle_opinions
from takeback.registration import LocalFeatures
from takeback.store import Store
from takeback.workflow.flood import watch_for_floods
from takeback.workflow.picture import PictureQuery
from takeback.workflow.query import Query
from takeback.workflow.replica import Replica
from takeback.workflow.screen import every_match


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that knows the picture: its number, its bank, and how many of 256 bits differ (0: an equal digest)."""

    number: int
    bank: str
    distance: int


def look_up_picture(
    store: Store, replica: Replica, picture: PictureQuery, *, banks: Collection[str] | None, coin: float | None,
    at: datetime,
) -> list[Found]:  # fmt: skip
    """
    Say which banks know a picture, as `look_up`; many different pictures near one entry put it into quarantine.

    A picture that could not be judged is never answered with "no match": where its digests are not known either,
    raises what kept it from being compared (`UnreadableMedia`, `MediaTooLarge`, `LowQuality`).
    """
    matches = _matches(store, replica, picture.query, coin=coin, at=at)
    found = _told(store, matches, banks)
    if not found and picture.query.unjudged:
        raise picture.problem or LowQuality(picture.query.unjudged[0].why)
    if any(not match.blind for match in matches):
        with store.write() as tx:
            watch_for_floods(tx, matches, picture.query, at=at)
    return found


def look_up(
    store: Store, replica: Replica, query: Query, *, banks: Collection[str] | None, coin: float | None, at: datetime
) -> list[Found]:
    """
    Say which entries know what `query` describes, nearest first, and in which banks.

    1. Only *identical* and *substantially the same*, by digest or PDQ, in any orientation.
    2. Of what people reported only what a person decided: HMA's clients know no hold.
    3. `coin`, 0 to 1, leaves out banks whose ratio is below it; None takes in those that are switched off too.
    4. `banks` names those to look in; None is all.
    """
    return _told(store, _matches(store, replica, query, coin=coin, at=at), banks)


def _matches(store: Store, replica: Replica, query: Query, *, coin: float | None, at: datetime) -> list[Match]:
    with store.read() as tx:
        replica.catch_up(tx)
        bank: Bank = _Roused(tx.banks) if coin is None else tx.banks
        matches = settle_opinions(every_match(query, indexes=replica.entries, bank=bank, at=at))
    return [
        match
        for match in matches
        if match.copy_class.holds and _is_decided(match.entry) and (coin is None or match.entry.enabled_ratio >= coin)
    ]


def _told(store: Store, matches: Sequence[Match], banks: Collection[str] | None) -> list[Found]:
    told = [match for match in matches if banks is None or match.entry.bank in banks]
    entry_ids = [match.entry.id for match in told]
    with store.read() as tx:
        numbers = tx.hma_contents.numbers(entry_ids)
    if len(numbers) < len(entry_ids):
        with store.write() as tx:
            numbers = tx.hma_contents.number_all(entry_ids)
    found = [Found(numbers[match.entry.id], match.entry.bank, match.distance or 0) for match in told]
    return sorted(found, key=lambda each: (each.distance, each.number))


def _is_decided(entry: Entry) -> bool:
    if entry.of_list is ListKind.FORWARDED:
        return entry.state is EntryState.GATED
    return entry.case_id is None or entry.of_list is not None or entry.state is EntryState.GATED


class _Roused:
    """A bank whose entries match although it is switched off."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def reach(self) -> Reach:
        return self._bank.reach()

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        return {key: _roused(entry) for key, entry in self._bank.entries(keys).items()}

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        found = self._bank.entries_by_digest(digests)
        return {value: [_roused(entry) for entry in entries] for value, entries in found.items()}

    def local_features(self, keys: Sequence[int]) -> Mapping[int, LocalFeatures]:
        return self._bank.local_features(keys)

    def local_features_of(self, entry: Entry) -> Sequence[LocalFeatures]:
        return self._bank.local_features_of(entry)

    def tiles_of(self, entry: Entry) -> Sequence[Tiles]:
        return self._bank.tiles_of(entry)


def _roused(entry: Entry) -> Entry:
    return replace(entry, enabled_ratio=1.0)
