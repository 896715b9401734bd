"""What we look for, who said so, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """
    Hamming distances of 256-bit PDQ codes at which a neighbour is a match.

    `same_bits` is PDQ's published match radius; up to it a copy is *substantially the same*. Up to
    `possible_bits` it is *possible* and only a person decides. `blind_bits` is the distance up to which
    a confirmation may be made on facts alone, without looking (design §8.4).
    """

    same_bits: int = 31
    possible_bits: int = 40
    blind_bits: int = 10


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

    def counts_at(self, at: datetime) -> bool:
        """Whether a neighbour of this entry may be a match at `at`."""
        if self.state not in (EntryState.HOLDING, EntryState.GATED):
            return False
        return self.expires_at is None or at < self.expires_at


class Bank(Protocol):
    """The entries behind fingerprint and digest keys, as they are now."""

    def radius(self) -> int:
        """Return the widest distance at which any entry is a match."""

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entry of each fingerprint key that still has one."""

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        """Return the entries that any of these SHA-256 digests names."""


class MemoryBank:
    """A bank held in memory, for matching two folders without a server."""

    def __init__(self) -> None:
        self._by_key: dict[int, Entry] = {}
        self._by_digest: dict[bytes, list[Entry]] = {}

    def radius(self) -> int:
        """Return the widest distance at which any entry is a match."""
        return max((entry.thresholds.possible_bits for entry in self._by_key.values()), default=0)

    def put(self, entry: Entry, *, keys: Sequence[int] = (), digests: Sequence[bytes] = ()) -> None:
        """Name `entry` by its fingerprint keys and its digests."""
        self._by_key.update(dict.fromkeys(keys, entry))
        for digest in digests:
            self._by_digest.setdefault(digest, []).append(entry)

    def entries(self, keys: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entry of each known key."""
        return {key: self._by_key[key] for key in keys if key in self._by_key}

    def entries_by_digest(self, digests: Sequence[bytes]) -> Mapping[bytes, Sequence[Entry]]:
        """Return the entries of each known digest."""
        return {digest: self._by_digest[digest] for digest in digests if digest in self._by_digest}
