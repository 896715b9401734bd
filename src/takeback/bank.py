"""What we look for, who said so, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from takeback.fingerprint.tiles import Tiles
from takeback.registration import LocalFeatures


class Opinion(StrEnum):
    """What the source of an entry says of it."""

    POSITIVE = "positive"
    """This is to be found."""
    NEGATIVE = "negative"
    """Never match this: a meme, a logo, a blank frame."""
    DISPUTED = "disputed"
    """Sources disagree; a person decides."""


class EntryState(StrEnum):
    """What an entry may do now (design §8.4)."""

    HOLDING = "holding"
    """A valid notice, undecided: a match is held, nothing is refused or removed."""
    GATED = "gated"
    """A person decided: a match is refused at upload."""
    CLOSED = "closed"
    """Decided against, or expired: never matches."""
    WITHDRAWN = "withdrawn"
    """Withdrawn by the person: never matches, its fingerprints are erased."""
    ORIGINAL = "original"
    """An ordinary picture that forgeries may be made of: nothing but an altered copy of it matters, to the desk."""


class ListKind(StrEnum):
    """What an entry's outside list is of."""

    ORDINARY = "ordinary"
    """Pictures of adults: its entries are opinions, and a person decides."""
    OF_MINORS = "of_minors"
    """What may show minors: nobody looks; the site is told to preserve and to report."""
    FORWARDED = "forwarded"
    """Notices that another instance forwards: as those that come here, they are told to nobody before a decision."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    What makes a neighbour a match, for each kind of fingerprint; docs/calibration.toml says where the defaults come
    from, and `takeback.calibration` how others are made.

    In bits of 256 for PDQ: up to `same_bits`, PDQ's published match radius, a copy is *substantially the same*,
    up to `possible_bits` it is *possible* and only a person decides, and up to `blind_bits` a confirmation may be
    made on facts alone, without looking (design §8.4). As a cosine for the copy descriptor, and as features
    that agree on one transform for local features: from there on.
    """

    same_bits: int = 31
    possible_bits: int = 46
    blind_bits: int = 10
    same_similarity: float = 0.9
    possible_similarity: float = 0.4
    same_inliers: int = 12
    possible_inliers: int = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing looked for: who said so, what it may do, and until when."""

    id: int
    public_id: str
    bank: str
    source: str
    opinion: Opinion
    state: EntryState
    expires_at: datetime | None
    case_id: int | None
    thresholds: Thresholds
    quarantined_at: datetime | None = None
    """Since when it is in quarantine: too many different uploads matched it. It may hold and refuse nothing then."""
    counts_from: datetime | None = None
    """It rests until then; None: it does not."""
    enabled_ratio: float = 1.0
    """Its bank's: in how many requests of HMA's API it matches. 0: the bank is switched off, for every door."""
    is_capped: bool = False
    """Whether its case or list may hide nothing before a person has looked: what would be held is only possible."""
    of_list: ListKind | None = None
    """Of which kind of outside list it is; None for what a notice or the operator brought."""
    under_18: bool = False
    """Whether its case is about what may show someone under 18."""

    def counts_at(self, at: datetime) -> bool:
        """Whether a neighbour of this entry may be a match at `at`."""
        may_match = self.state in (EntryState.HOLDING, EntryState.GATED) and self.enabled_ratio > 0
        return may_match and not self._rests(at) and not self._has_expired(at)

    def is_watched_at(self, at: datetime) -> bool:
        """Whether altered copies of this ordinary picture are looked for at `at`."""
        return self.state is EntryState.ORIGINAL and not self._has_expired(at)

    def _rests(self, at: datetime) -> bool:
        return self.counts_from is not None and at < self.counts_from

    def _has_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and at >= self.expires_at


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search goes so that no match of any entry is missed: bits, a cosine, features that agree."""

    bits: int
    similarity: float
    inliers: int

    @classmethod
    def of(cls, thresholds: Iterable[Thresholds]) -> Reach:
        """Return the widest of them; with none, one that reaches nothing but equal codes."""
        every = list(thresholds)
        return cls(
            bits=max((each.possible_bits for each in every), default=0),
            similarity=min((each.possible_similarity for each in every), default=1.0),
            inliers=min((each.possible_inliers for each in every), default=1_000),
        )


class Bank(Protocol):
    """The entries behind fingerprint and digest keys, as they are now."""

    def reach(self) -> Reach:
        """Return how far a search has to go to miss no entry."""

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entry of each fingerprint key that still has one."""

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        """Return the entries that any of these SHA-256 digests names."""

    def local_features(self, keys: Sequence[int]) -> Mapping[int, LocalFeatures]:
        """Return the local features behind each key that has some: they are opened only to be aligned."""

    def local_features_of(self, entry: Entry) -> Sequence[LocalFeatures]:
        """Return the local features that an entry has."""

    def tiles_of(self, entry: Entry) -> Sequence[Tiles]:
        """Return the tiles of an original."""


class MemoryBank:
    """A bank held in memory, for matching two folders without a server."""

    def __init__(self) -> None:
        self._by_key: dict[int, Entry] = {}
        self._by_digest: dict[bytes, list[Entry]] = {}
        self._local: dict[int, LocalFeatures] = {}
        self._tiles: dict[Entry, Tiles] = {}

    def reach(self) -> Reach:
        """Return how far a search has to go to miss no entry."""
        return Reach.of({entry.thresholds for entry in self._by_key.values()})

    def put(
        self,
        entry: Entry,
        *,
        keys: Sequence[int] = (),
        digests: Sequence[bytes] = (),
        local: Mapping[int, LocalFeatures] | None = None,
        tiles: Tiles | None = None,
    ) -> None:
        """
        Name `entry` by its fingerprint keys and its digests.

        `local` has the features behind some of the keys; `tiles` are an original's.
        """
        if tiles is not None:
            self._tiles[entry] = tiles
        self._by_key.update(dict.fromkeys(keys, entry))
        self._local.update(local or {})
        for digest in digests:
            self._by_digest.setdefault(digest, []).append(entry)

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entry of each known key."""
        return {key: self._by_key[key] for key in keys if key in self._by_key}

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        """Return the entries of each known digest."""
        return {digest: self._by_digest[digest] for digest in digests if digest in self._by_digest}

    def local_features(self, keys: Sequence[int]) -> Mapping[int, LocalFeatures]:
        """Return the features of each key that has some."""
        return {key: self._local[key] for key in keys if key in self._local}

    def local_features_of(self, entry: Entry) -> Sequence[LocalFeatures]:
        """Return the local features that an entry has."""
        return [features for key, features in self._local.items() if self._by_key[key] == entry]

    def tiles_of(self, entry: Entry) -> Sequence[Tiles]:
        """Return the tiles of an original."""
        return [self._tiles[entry]] if entry in self._tiles else []
