"""Say which entries of a bank a picture matches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from takeback.bank import Bank, Entry
from takeback.index.indexes import Indexes
from takeback.match import Evidence, Fact, Match, class_of, match_of, settle_opinions, strength
from takeback.registration import align
from takeback.workflow.evidence import gather, merged
from takeback.workflow.query import Query, Unjudged


@dataclass(frozen=True, slots=True)
class Screening:
    """The matches of a picture, strongest first, and what could not be judged."""

    matches: tuple[Match, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def strongest(self) -> Match | None:
        """The match that decides what happens."""
        return self.matches[0] if self.matches else None


def screen_query(query: Query, *, indexes: Indexes, bank: Bank, at: datetime) -> Screening:
    """
    Say which entries of `bank` match at `at`.

    Digests are always compared. What could not be compared is named in `Screening.unjudged`.
    """
    return Screening(settle_opinions(every_match(query, indexes=indexes, bank=bank, at=at)), query.unjudged)


def every_match(query: Query, *, indexes: Indexes, bank: Bank, at: datetime) -> tuple[Match, ...]:
    """Return the match of each entry that counts at `at`, whatever its opinion, strongest first."""
    # 1. Digests: an equal file, or equal canonical pixels.
    evidence = _by_digest(query, bank)
    # 2. Fingerprints: everything near enough for the widest bank, joined entry by entry.
    found = gather(query, indexes, bank.reach(), bank.local_features) if query.is_searched else {}
    for entry, near in merged(found, bank.entries(list(found))).items():
        evidence[entry] = evidence[entry].joined(near) if entry in evidence else near
    # 3. Only entries that count now; what the descriptor alone says is tried against local features, if there are any.
    evidence = {entry: _tried(query, bank, entry, each) for entry, each in evidence.items() if entry.counts_at(at)}
    # 4. Each by its own bank's thresholds.
    matches = (match_of(entry, each) for entry, each in evidence.items())
    return tuple(sorted((match for match in matches if match is not None), key=strength))


def _tried(query: Query, bank: Bank, entry: Entry, evidence: Evidence) -> Evidence:
    found = class_of(evidence, entry.thresholds)
    if query.local is None or found is None or found[1] is not Fact.SSCD:
        return evidence
    alignments = [align(query.local, features) for features in bank.local_features_of(entry)]
    if not alignments:
        return evidence
    placed = max((each for each in alignments if each is not None), key=lambda each: each.inliers, default=None)
    agrees = placed is not None and placed.inliers >= entry.thresholds.possible_inliers
    return replace(evidence, alignment=placed if agrees else None, refuted=not agrees)


def _by_digest(query: Query, bank: Bank) -> dict[Entry, Evidence]:
    entries = bank.entries_by_digest([value for _, value in query.digests])
    found: dict[Entry, Evidence] = {}
    for kind, value in query.digests:
        for entry in entries.get(value, ()):
            evidence = Evidence(digest=Fact(kind))
            found[entry] = found[entry].joined(evidence) if entry in found else evidence
    return found
