"""From bytes to what they are compared by, through the sandboxed decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from takeback.altered import can_be_told
from takeback.cases.notice import Level, ReportedPicture
from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.fingerprint import Fingerprints, FrameFingerprint, Looked, file_digest, pdq_crops
from takeback.fingerprint.decoder import Glance
from takeback.fingerprint.tiles import tiles_of
from takeback.media.preview import Preview
from takeback.registration import can_register
from takeback.workflow.closer import Describer, described, features_of
from takeback.workflow.query import Query, Unjudged, query_of_fingerprints, query_of_glance


class Decoder(Protocol):
    """Whatever turns bytes into fingerprints without trusting them."""

    def fingerprints(self, data: bytes) -> Fingerprints:
        """Return the fingerprints; `UnreadableMedia`, `MediaTooLarge` or `Overloaded`."""

    def looked_at(self, data: bytes) -> Looked:
        """Return the fingerprints with miniatures; raises the same."""

    def glanced_at(self, data: bytes, *, miniatures: bool, reduced: bool = False) -> AbstractContextManager[Glance]:
        """Yield the first frame's fingerprint before the rest is taken; raises the same."""

    def preview(self, data: bytes, *, blurred: bool) -> Preview:
        """Return what a person at the desk is shown of it; raises the same."""


@dataclass(frozen=True, slots=True)
class PictureQuery:
    """What a picture is compared by, the error that kept its pixels from it, and what a closer look needs."""

    query: Query
    problem: InputError | None
    looked: Looked | None = None

    @property
    def is_glance(self) -> bool:
        """Whether the fingerprint of the first frame was enough, and nothing else was taken."""
        return self.looked is None and self.problem is None


def look_at(
    decoder: Decoder, data: bytes, *, closer: bool = False, sums: Sequence[tuple[str, bytes]] = (),
    enough: Callable[[Query], bool] = lambda _: False,
) -> PictureQuery:  # fmt: skip
    """
    Return what the picture in `data` is compared by, and what a closer look needs, where one may follow.

    With `sums`, its older digests, it is also compared as outside lists name it. `enough` is asked of the first frame's
    fingerprint alone; where it is, nothing else is taken. The digest of the file is always there: a file that cannot be
    decoded may still be the reported one.
    """
    try:
        with decoder.glanced_at(data, miniatures=closer, reduced=bool(sums)) as glance:
            query = query_of_glance(glance.first, file_digest(data)).with_sums(sums)
            if enough(query):
                return PictureQuery(query, None)
            looked = glance.look()
        return PictureQuery(query_of_fingerprints(looked.prints).with_sums(sums), _incomplete(looked.prints), looked)
    except (UnreadableMedia, MediaTooLarge) as problem:
        unjudged = Unjudged(problem.code, problem.message)
        return PictureQuery(Query((("file", file_digest(data)), *sums), unjudged=(unjudged,)), problem)


def reported_of(looked: Looked, level: Level, describer: Describer | None) -> list[ReportedPicture]:
    """
    Return what whoever has the picture gives of it at `level`: one for each telling frame.

    Of a frame with too little detail only the digests are given. Descriptor and local features are of the first
    frame; a level above what is installed here gives what there is.
    """
    frames = looked.prints.telling_frames
    pictures = [_reported(looked.prints, frame) for frame in frames]
    if looked.miniatures is None or not _is_telling(frames[0]):
        return pictures
    first = replace(pictures[0], crops=pdq_crops(looked.miniatures.plane))
    if level is not Level.FINGERPRINT and describer is not None:
        first = replace(first, descriptor=described(looked, describer, most=1)[0][1])
    if level is Level.FEATURES and can_register():
        first = replace(first, local=features_of(looked))
    return [first, *pictures[1:]]


def original_of(looked: Looked, level: Level, describer: Describer | None) -> ReportedPicture | None:
    """
    Return what its owner gives of an ordinary picture at `level`; None of one with too little detail
    (`takeback.altered.can_be_told`).

    No digest: an equal file is an unaltered copy, and nobody's business.
    """
    first = reported_of(looked, level, describer)[0]
    if looked.miniatures is None or first.pdq is None:
        return None
    tiles = tiles_of(looked.miniatures.plane)
    return replace(first, file_digest=None, pixel_digest=None, tiles=tiles) if can_be_told(tiles) else None


def _reported(prints: Fingerprints, frame: FrameFingerprint) -> ReportedPicture:
    digests = ReportedPicture(file_digest=prints.file_digest, pixel_digest=frame.pixel_digest)
    if not _is_telling(frame):
        return digests
    return replace(digests, pdq=frame.upright, orientations=frame.orientations)


def _is_telling(frame: FrameFingerprint) -> bool:
    return all(pdq.is_telling for pdq in frame.orientations.values())


def _incomplete(prints: Fingerprints) -> InputError | None:
    """Return the error of an animation of which some frames were never seen: anything may be in them."""
    if prints.incomplete is None:
        return None
    if prints.incomplete == MediaTooLarge.code:
        return MediaTooLarge("This animation has more frames than are looked at.", advice="Send a shorter one.")
    return UnreadableMedia("This animation is damaged after its first frames.")
