"""Say which entries of a bank a picture matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from takeback.bank import Bank, Entry
from takeback.cases.notice import ReportedPicture
from takeback.errors import LowQuality
from takeback.fingerprint import MIN_QUALITY, Fingerprints, Orientation, PdqHash, turned_codes
from takeback.index.interface import FingerprintIndex
from takeback.match import CopyClass, Match, class_of_distance, settle_opinions, strongest_per_entry


@dataclass(frozen=True, slots=True)
class Query:
    """
    What one picture is compared by: SHA-256 digests, and eight codes of 32 bytes for each frame.

    `turned` holds every orientation of the frames that are good enough to be compared; `unjudged` says
    what could not be compared, and why.
    """

    digests: tuple[tuple[str, bytes], ...]
    upright: tuple[PdqHash, ...]
    turned: tuple[tuple[Orientation, bytes], ...]
    unjudged: tuple[Unjudged, ...]


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Something that could not be compared. It is never answered with "no match"."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Screening:
    """The matches of a picture, strongest first, and what could not be judged."""

    matches: tuple[Match, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def strongest(self) -> Match | None:
        """The match that decides what happens."""
        return self.matches[0] if self.matches else None


def query_of_fingerprints(prints: Fingerprints) -> Query:
    """Compare by what the server itself computed from a picture."""
    pixels = [("pixels", frame.pixel_digest) for frame in prints.telling_frames]
    digests = [("file", prints.file_digest), *pixels]
    query = _query(digests, [frame.orientations for frame in prints.frames])
    if prints.incomplete is None:
        return query
    damaged = Unjudged(prints.incomplete, "Only the first frames of this animation could be read.")
    return replace(query, unjudged=(*query.unjudged, damaged))


def query_of_reported(pictures: Sequence[ReportedPicture]) -> Query:
    """Compare by what someone else's device computed; orientations that it left out are estimated."""
    digests = [
        (kind, value)
        for picture in pictures
        for kind, value in (("file", picture.file_digest), ("pixels", picture.pixel_digest))
        if value is not None
    ]
    frames = [picture.orientations or _estimated(picture.pdq) for picture in pictures if picture.pdq is not None]
    return _query(digests, frames)


def screen_query(query: Query, *, index: FingerprintIndex, bank: Bank, at: datetime) -> Screening:
    """
    Say which entries of `bank` match at `at`.

    Digests are always compared. What could not be compared is named in `Screening.unjudged`.
    """
    return Screening(settle_opinions(every_match(query, index=index, bank=bank, at=at)), query.unjudged)


def every_match(query: Query, *, index: FingerprintIndex, bank: Bank, at: datetime) -> tuple[Match, ...]:
    """Return the strongest match of each entry that counts at `at`, whatever its opinion."""
    # 1. Digests: an equal file, or equal canonical pixels.
    found = _by_digest(query, bank)
    # 2. Fingerprints in eight orientations; a neighbour becomes a match by its own bank's thresholds.
    found += _by_fingerprint(query, index, bank)
    # 3. Only entries that count now, and each by its strongest fact.
    return strongest_per_entry(match for match in found if match.entry.counts_at(at))


def nearest_turns(query: Query, index: FingerprintIndex, radius: int) -> Mapping[int, tuple[int, Orientation]]:
    """Return, for each key within `radius`, the smallest distance and the orientation that gave it."""
    if not query.turned:
        return {}
    codes = np.frombuffer(b"".join(code for _, code in query.turned), dtype=np.uint8).reshape(-1, 32)
    neighbors = index.search(codes, radius)
    nearest: dict[int, tuple[int, Orientation]] = {}
    for row, key, distance in zip(neighbors.query, neighbors.key, neighbors.distance, strict=True):
        held = nearest.get(int(key))
        if held is None or distance < held[0]:
            nearest[int(key)] = (int(distance), query.turned[row][0])
    return nearest


def _by_digest(query: Query, bank: Bank) -> list[Match]:
    found = bank.entries_by_digest([value for _, value in query.digests])
    # In the query's own order, the file before its pixels: of two equal facts the first is told.
    return [
        Match(entry, CopyClass.IDENTICAL, None, None, kind)
        for kind, value in query.digests
        for entry in found.get(value, ())
    ]


def _by_fingerprint(query: Query, index: FingerprintIndex, bank: Bank) -> list[Match]:
    nearest = nearest_turns(query, index, bank.radius())
    entries = bank.entries(list(nearest))
    matches = [_match(entry, *nearest[key]) for key, entry in entries.items()]
    return [match for match in matches if match is not None]


def _match(entry: Entry, distance: int, orientation: Orientation) -> Match | None:
    copy_class = class_of_distance(distance, entry.thresholds)
    return None if copy_class is None else Match(entry, copy_class, distance, orientation, "pdq")


def _query(digests: Sequence[tuple[str, bytes]], frames: Sequence[Mapping[Orientation, PdqHash]]) -> Query:
    good = [frame for frame in frames if frame[Orientation.UPRIGHT].quality >= MIN_QUALITY]
    unjudged: tuple[Unjudged, ...] = ()
    if len(good) < len(frames):
        poor = len(frames) - len(good)
        why = f"{poor} of {len(frames)} frames have too little detail for a fingerprint to say anything."
        unjudged = (Unjudged(LowQuality.code, why),)
    return Query(
        digests=tuple(dict.fromkeys(digests)),
        # What is kept of an item has to be searchable: frames without detail only where there is no other.
        upright=tuple(frame[Orientation.UPRIGHT] for frame in good or frames),
        turned=tuple((orientation, pdq.code) for frame in good for orientation, pdq in frame.items()),
        unjudged=unjudged,
    )


def _estimated(pdq: PdqHash | None) -> Mapping[Orientation, PdqHash]:
    assert pdq is not None
    return {orientation: PdqHash(code, pdq.quality) for orientation, code in turned_codes(pdq.code).items()}
