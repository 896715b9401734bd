"""Step 4: which neighbours are allowed to count, and as what class of copy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from takeback.bank import Entry, Opinion, Thresholds
from takeback.fingerprint import Orientation
from takeback.registration import Alignment
from takeback.registration.transform import Box


class CopyClass(StrEnum):
    """The classes of copy, strongest first."""

    IDENTICAL = "identical"
    """The SHA-256 of the file or of its canonical pixels is equal."""
    SUBSTANTIALLY_SAME = "substantially_same"
    """A fingerprint says so within the bank's threshold, in any view and orientation."""
    POSSIBLE = "possible"
    """Near; a person decides."""
    ALTERED_COPY = "altered_copy"
    """Made of an ordinary picture, of which a part was replaced; a person decides."""

    @property
    def holds(self) -> bool:
        """Whether a copy of this class may be hidden, or refused, before a person has looked at it."""
        return self in (CopyClass.IDENTICAL, CopyClass.SUBSTANTIALLY_SAME)


class Fact(StrEnum):
    """What made a match one, strongest first."""

    FILE = "file"
    """The SHA-256 of the file."""
    PIXELS = "pixels"
    """The SHA-256 of the canonical pixels."""
    MD5 = "md5"
    """The MD5 of the file, as outside lists have it: another file can be made that shares it."""
    SHA1 = "sha1"
    """The SHA-1 of the file, likewise."""
    PDQ = "pdq"
    """A PDQ fingerprint, of the picture, a view or a crop."""
    SSCD = "sscd"
    """The learned copy descriptor."""
    LOCAL = "local"
    """Local features that lie alike in both pictures."""
    TILES = "tiles"
    """Parts of an ordinary picture that are there as they were, beside others that are not."""


_STRENGTH = {name: rank for rank, name in enumerate(CopyClass)}
_FACT_STRENGTH = {name: rank for rank, name in enumerate(Fact)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    All that was found of how like a picture and an entry, or an item, are.

    `digest` is the fact of an equal SHA-256. `distance` is in bits of 256, and `view` and `orientation` say how
    the compared picture was looked at for it; where only a descriptor or local features spoke, `view` is theirs.
    `similarity` is a cosine, -1..1. `alignment` says where the one lies in the other. `changed` are the parts of an
    altered copy that were replaced, in its pixels, the largest first.
    """

    digest: Fact | None = None
    distance: int | None = None
    view: str | None = None
    orientation: Orientation | None = None
    similarity: float | None = None
    alignment: Alignment | None = None
    refuted: bool = False
    """Local features of both were compared and do not agree: what the descriptor says is not believed alone."""
    changed: tuple[Box, ...] = ()

    @property
    def inliers(self) -> int | None:
        """Local features that agree on one transform; None where none were compared."""
        return None if self.alignment is None else self.alignment.inliers

    def joined(self, other: Evidence) -> Evidence:
        """Return the stronger of both, fact by fact."""
        digests = [each.digest for each in (self, other) if each.digest is not None]
        nearer = self if _or(self.distance, 257) <= _or(other.distance, 257) else other
        liker = self if _or(self.similarity, -2) >= _or(other.similarity, -2) else other
        placed = self if _or(self.inliers, -1) >= _or(other.inliers, -1) else other
        view = nearer.view if nearer.distance is not None else liker.view or placed.view
        return Evidence(
            min(digests, key=_FACT_STRENGTH.__getitem__, default=None),
            nearer.distance, view, nearer.orientation, liker.similarity, placed.alignment,
            self.refuted or other.refuted,
        )  # fmt: skip


def _or[T: (int, float)](value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def class_of(evidence: Evidence, thresholds: Thresholds) -> tuple[CopyClass, Fact] | None:
    """
    Return the class of copy and the fact that decides it; None for what is only a neighbour.

    1. An equal SHA-256: *identical*. An equal digest of an older kind: *substantially the same*.
    2. *Substantially the same* by PDQ, by local features, or by the descriptor. The descriptor alone is not
       believed where local features of both were compared and do not agree.
    3. *Possible* by any of the three.
    """
    if evidence.digest is not None:
        is_proof = evidence.digest in (Fact.FILE, Fact.PIXELS)
        return CopyClass.IDENTICAL if is_proof else CopyClass.SUBSTANTIALLY_SAME, evidence.digest
    for copy_class, bits, similarity, inliers in (
        (CopyClass.SUBSTANTIALLY_SAME, thresholds.same_bits, thresholds.same_similarity, thresholds.same_inliers),
        (CopyClass.POSSIBLE, thresholds.possible_bits, thresholds.possible_similarity, thresholds.possible_inliers),
    ):
        if _or(evidence.distance, 257) <= bits:
            return copy_class, Fact.PDQ
        if _or(evidence.inliers, 0) >= inliers:
            return copy_class, Fact.LOCAL
        refuted = copy_class is CopyClass.SUBSTANTIALLY_SAME and evidence.refuted
        if _or(evidence.similarity, -2) >= similarity and not refuted:
            return copy_class, Fact.SSCD
    return None


def is_blind(evidence: Evidence, thresholds: Thresholds) -> bool:
    """
    Whether the facts alone allow a copy to be confirmed without looking (design §8.4).

    An equal digest; PDQ within `blind_bits`; or two independent fingerprints that agree: PDQ, and the
    descriptor or local features, each *substantially the same*.
    """
    if evidence.digest is not None:
        return True
    distance = _or(evidence.distance, 257)
    alike = _or(evidence.similarity, -2) >= thresholds.same_similarity and not evidence.refuted
    second = alike or _or(evidence.inliers, 0) >= thresholds.same_inliers
    return distance <= thresholds.blind_bits or (distance <= thresholds.same_bits and second)


class Likeness(Protocol):
    """Whatever says how like two pictures are."""

    @property
    def copy_class(self) -> CopyClass:
        """The class of copy."""

    @property
    def fact(self) -> Fact:
        """What made it one."""

    @property
    def evidence(self) -> Evidence:
        """All that was found."""


@dataclass(frozen=True, slots=True)
class Match:
    """A neighbour that counts: which entry, what class, by which fact, and all that was found."""

    entry: Entry
    copy_class: CopyClass
    fact: Fact
    evidence: Evidence

    @property
    def blind(self) -> bool:
        """Whether the facts alone allow it to be confirmed without looking."""
        return is_blind(self.evidence, self.entry.thresholds)

    @property
    def distance(self) -> int | None:
        """Differing bits of 256; None where a digest decided, or no PDQ fingerprint is near."""
        return None if self.evidence.digest is not None else self.evidence.distance


def match_of(entry: Entry, evidence: Evidence) -> Match | None:
    """Return the match that `evidence` makes of `entry`; None for what is only a neighbour."""
    found = class_of(evidence, entry.thresholds)
    return None if found is None else Match(entry, *found, evidence)


def strength(match: Likeness) -> tuple[int, int, int]:
    """Sort key: strongest class first, then the strongest fact, then the smallest distance."""
    distance = match.evidence.distance if match.fact is Fact.PDQ else None
    return _STRENGTH[match.copy_class], _FACT_STRENGTH[match.fact], _or(distance, 0)


def silence_of(matches: Iterable[Match]) -> tuple[int, int, int] | None:
    """Return the strength up to which "never match this" silences; None where nobody says so."""
    return min((strength(match) for match in matches if match.entry.opinion is Opinion.NEGATIVE), default=None)


def settle_opinions(matches: Sequence[Match]) -> tuple[Match, ...]:
    """
    Let opinions decide which matches stand, strongest first.

    1. An entry that says "never match this" silences every match no stronger than its own; a picture
       equal to the reported file stays a match.
    2. A disputed entry, or one in quarantine, is never more than *possible*; a picture equal to the reported
       file stays what it is.
    """
    silence = silence_of(matches)
    standing = []
    for match in matches:
        if match.entry.opinion is Opinion.NEGATIVE:
            continue
        if silence is not None and strength(match) >= silence:
            continue
        doubted = match.entry.quarantined_at is not None and match.copy_class is not CopyClass.IDENTICAL
        if doubted or match.entry.opinion is Opinion.DISPUTED:
            match = replace(match, copy_class=CopyClass.POSSIBLE)
        standing.append(match)
    return tuple(sorted(standing, key=strength))
