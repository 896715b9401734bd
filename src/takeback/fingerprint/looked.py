"""Fingerprints together with the miniatures they leave room for, on their way home from a decoder."""

from __future__ import annotations

from dataclasses import dataclass

from takeback.errors import UnreadableMedia
from takeback.fingerprint.record import Fingerprints
from takeback.media.limits import MediaLimits
from takeback.media.miniatures import Miniatures
from takeback.media.sandbox import Answer


@dataclass(frozen=True, slots=True)
class Looked:
    """
    All that one look at a file gives.

    `miniatures` are of the first of `prints.telling_frames`; None where that frame has a side below
    `MIN_VIEW_SIDE`, with nothing in it to describe.
    """

    prints: Fingerprints
    miniatures: Miniatures | None

    def to_answer(self) -> Answer:
        """Return what `from_answer` reads."""
        return Answer(self.prints.to_json(), b"" if self.miniatures is None else self.miniatures.to_bytes())

    @classmethod
    def from_answer(cls, answer: Answer, *, limits: MediaLimits = MediaLimits()) -> Looked:
        """
        Read what `to_answer` wrote in a process that may be a stranger's.

        Raises `UnreadableMedia` as `Fingerprints.from_json` and `Miniatures.from_bytes` do, and where the two
        speak of different pictures.
        """
        prints = Fingerprints.from_json(answer.result, limits=limits)
        if not answer.attachment:
            return cls(prints, None)
        miniatures = Miniatures.from_bytes(answer.attachment, limits=limits)
        if not _are_of(miniatures, prints):
            raise UnreadableMedia("The decoder's miniatures are not of the picture that it read.")
        return cls(prints, miniatures)


def _are_of(miniatures: Miniatures, prints: Fingerprints) -> bool:
    frame = prints.telling_frames[0]
    if miniatures.square_views[-1] > len(frame.views):
        return False
    # A later frame may have a size of its own, which nothing else tells.
    same_size = (miniatures.width, miniatures.height) == (prints.width, prints.height)
    return same_size or frame is not prints.frames[0]
