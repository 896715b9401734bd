"""From bytes to what they are compared by, through the sandboxed decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.fingerprint import Fingerprints, Looked, file_digest
from takeback.workflow.screen import Query, Unjudged, query_of_fingerprints


class Decoder(Protocol):
    """Whatever turns bytes into fingerprints without trusting them."""

    def fingerprints(self, data: bytes) -> Fingerprints:
        """Return the fingerprints; `UnreadableMedia`, `MediaTooLarge` or `Overloaded`."""

    def looked_at(self, data: bytes) -> Looked:
        """Return the fingerprints and miniatures, for what is compared by more than fingerprints; errors alike."""


@dataclass(frozen=True, slots=True)
class PictureQuery:
    """What a picture is compared by, and the error that kept its pixels from it."""

    query: Query
    problem: InputError | None


def query_of_picture(decoder: Decoder, data: bytes) -> PictureQuery:
    """
    Return what the picture in `data` is compared by.

    The digest of the file is always there: a file that cannot be decoded may still be the reported one.
    """
    try:
        prints = decoder.fingerprints(data)
        return PictureQuery(query_of_fingerprints(prints), _incomplete(prints))
    except (UnreadableMedia, MediaTooLarge) as problem:
        unjudged = Unjudged(problem.code, problem.message)
        return PictureQuery(Query((("file", file_digest(data)),), (), (), (unjudged,)), problem)


def _incomplete(prints: Fingerprints) -> InputError | None:
    """Return the error of an animation of which some frames were never seen: anything may be in them."""
    if prints.incomplete is None:
        return None
    if prints.incomplete == MediaTooLarge.code:
        return MediaTooLarge("This animation has more frames than are looked at.", advice="Send a shorter one.")
    return UnreadableMedia("This animation is damaged after its first frames.")
