"""Step 4: which neighbours are allowed to count, and as what class of copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from takeback.bank import Entry, Opinion, Thresholds
from takeback.fingerprint import Orientation


class CopyClass(StrEnum):
    """The classes of copy, strongest first."""

    IDENTICAL = "identical"
    """The SHA-256 of the file or of its canonical pixels is equal."""
    SUBSTANTIALLY_SAME = "substantially_same"
    """Within the bank's threshold, in any orientation."""
    POSSIBLE = "possible"
    """Near; a person decides."""


_STRENGTH = {name: rank for rank, name in enumerate(CopyClass)}


class Likeness(Protocol):
    """Whatever says how like two pictures are."""

    @property
    def copy_class(self) -> CopyClass:
        """The class of copy."""

    @property
    def distance(self) -> int | None:
        """Differing bits of 256; None where a digest decided."""


@dataclass(frozen=True, slots=True)
class Match:
    """A neighbour that counts: which entry, what class, and by which fact."""

    entry: Entry
    copy_class: CopyClass
    distance: int | None
    """Differing bits of 256; None where a digest decided."""
    orientation: Orientation | None
    """How the compared picture was turned to match; None where a digest decided."""
    fact: str
    """`file`, `pixels` (a digest) or `pdq` (a fingerprint)."""

    @property
    def blind(self) -> bool:
        """Whether the facts alone allow it to be confirmed without looking (design §8.4)."""
        if self.copy_class is CopyClass.IDENTICAL:
            return True
        return self.distance is not None and self.distance <= self.entry.thresholds.blind_bits


def class_of_distance(distance: int, thresholds: Thresholds) -> CopyClass | None:
    """Return the class of copy at `distance` bits, or None where it is only a neighbour."""
    if distance <= thresholds.same_bits:
        return CopyClass.SUBSTANTIALLY_SAME
    if distance <= thresholds.possible_bits:
        return CopyClass.POSSIBLE
    return None


def strength(match: Likeness) -> tuple[int, int]:
    """Sort key: strongest class first, then the smallest distance."""
    return _STRENGTH[match.copy_class], -1 if match.distance is None else match.distance


def strongest_per_entry(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Keep the strongest match of each entry, strongest first."""
    best: dict[int, Match] = {}
    for match in matches:
        held = best.get(match.entry.id)
        if held is None or strength(match) < strength(held):
            best[match.entry.id] = match
    return tuple(sorted(best.values(), key=strength))


def silence_of(matches: Iterable[Match]) -> tuple[int, int] | None:
    """Return the strength up to which "never match this" silences; None where nobody says so."""
    return min((strength(match) for match in matches if match.entry.opinion is Opinion.NEGATIVE), default=None)


def settle_opinions(matches: Sequence[Match]) -> tuple[Match, ...]:
    """
    Let opinions decide which matches stand, strongest first.

    1. An entry that says "never match this" silences every match no stronger than its own; a picture
       equal to the reported file stays a match.
    2. A disputed entry is never more than *possible*.
    """
    silence = silence_of(matches)
    standing = []
    for match in matches:
        if match.entry.opinion is Opinion.NEGATIVE:
            continue
        if silence is not None and strength(match) >= silence:
            continue
        if match.entry.opinion is Opinion.DISPUTED:
            match = Match(match.entry, CopyClass.POSSIBLE, match.distance, match.orientation, match.fact)
        standing.append(match)
    return tuple(sorted(standing, key=strength))
