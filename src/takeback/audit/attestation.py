"""
What the service attests to one side of a case: what happened, and when.

The audit log tells everything, in its own order; none of that can be shown, since the order alone tells of others. An
attestation says the part of an event that one side may know, without its place, under a salt of its own. It is made
in the event's own transaction, so there is none without the other.

    the person      her notice, what it lacked, the decision, each copy's removal and put-back, what a second person
                    said of refused uploads, messages, the end
    the uploader    the hold of their picture, its removal, their contest, its put-back

Before a decision nothing tells whether or how many copies there are: a hold, and what is objected to it, is attested to
the account whose picture it is, and to her only the decision. That it came late is no event of hers either, since only
what was found has a deadline: the moments of her notice and of the decision prove it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from takeback.audit.event import SALT_BYTES, Event, EventKind, Json, canonical_json, canonical_moment

_FORMAT = 1


class Side(StrEnum):
    """To whom something is attested."""

    PERSON = "person"
    UPLOADER = "uploader"


@dataclass(frozen=True, slots=True)
class Attestation:
    """
    What one side is told of one event.

    `about` is the public id of the case (the person) or of the copy (the uploader); `facts` are some of the event's.
    `case_id`, by which it is erased, is in no proof: an uploader is not told which of their items belong together.
    """

    side: Side
    case_id: str
    about: str
    at: datetime
    kind: EventKind
    facts: Mapping[str, Json]

    def as_json(self) -> dict[str, Json]:
        """Return the object that stands in a proof, and that a commitment covers in its canonical form."""
        return {
            "about": self.about,
            "at": canonical_moment(self.at),
            "facts": dict(self.facts),
            "format": _FORMAT,
            "kind": self.kind.value,
            "side": self.side.value,
        }


def commitment_of(attestation: Mapping[str, Json], salt: bytes) -> bytes:
    """Return HMAC-SHA256(`salt`, canonical JSON), 32 bytes; `ValueError` where there is no such form."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hmac.digest(salt, canonical_json(attestation), hashlib.sha256)


_TO_THE_PERSON: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.NOTICE_RECEIVED: ("laws", "links", "pictures", "originals", "under_18", "words_sha256"),
    EventKind.NOTICE_INCOMPLETE: ("missing",),
    EventKind.NOTICE_VALID: ("laws",),
    EventKind.NOTICE_EXTENDED: ("links", "pictures", "originals"),
    EventKind.MESSAGE_TO_DESK: (),
    EventKind.MESSAGE_TO_PERSON: (),
    EventKind.DECIDED_REMOVED: ("appears_covered", "reason"),
    EventKind.DECIDED_REFUSED: ("appears_covered", "reason"),
    EventKind.COPY_REMOVED: ("copy", "class"),
    EventKind.COPY_PUT_BACK: ("copy", "class"),
    EventKind.CONTESTED: ("copy",),
    EventKind.UPLOAD_CONTESTED: (),
    EventKind.UPLOAD_REFUSAL_UPHELD: ("reason",),
    EventKind.UPLOAD_LET: ("reason",),
    EventKind.HEARING_OPENED: (),
    EventKind.HEARING_ANSWERED: ("agrees",),
    EventKind.REFUSAL_UPHELD: ("reason",),
    EventKind.REFUSAL_OVERTURNED: ("reason",),
    EventKind.WITHDRAWN: (),
    EventKind.ERASURE_ASKED: (),
    EventKind.ERASURE_CANCELLED: (),
    EventKind.ERASED: ("why",),
}
_TO_THE_UPLOADER: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.COPY_HELD: ("class",),
    EventKind.UPLOAD_HELD: ("class",),
    EventKind.COPY_REMOVED: ("class",),
    EventKind.CONTESTED: (),
    EventKind.COPY_PUT_BACK: (),
}


def attested(event: Event) -> list[Attestation]:
    """Return what of an event is attested, and to whom."""
    if event.case_id is None:
        return []
    made = []
    if event.kind in _TO_THE_PERSON and not event.facts.get("before_decision"):
        made.append(_of(event, Side.PERSON, event.case_id, _TO_THE_PERSON[event.kind]))
    copy = event.facts.get("copy")
    if event.kind in _TO_THE_UPLOADER and isinstance(copy, str):
        made.append(_of(event, Side.UPLOADER, copy, _TO_THE_UPLOADER[event.kind]))
    return made


def _of(event: Event, side: Side, about: str, names: tuple[str, ...]) -> Attestation:
    facts = {name: event.facts[name] for name in names if name in event.facts}
    return Attestation(side, event.case_id or "", about, event.at, event.kind, facts)
