"""What one picture is compared by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from takeback.cases.notice import ReportedPicture
from takeback.errors import LowQuality
from takeback.fingerprint import (
    MIN_QUALITY,
    Descriptor,
    Fingerprints,
    FrameFingerprint,
    Orientation,
    PdqHash,
    RoutedFingerprint,
    turned_codes,
)
from takeback.registration import LocalFeatures
from takeback.store.prints import WHOLE, KnownBy

CROP = "crop"
"""The view that a reporting device took of its picture; see `takeback.fingerprint.pdq_crops`."""
REDUCED = "reduced"
"""The view that other programs' lists are made of: all of it, by `takeback.fingerprint.Route.NEAREST_512`."""
MAX_ITEM_FRAMES = 4
"""Fingerprints of frames kept of one item: of a still one."""
MAX_ITEM_VIEWS = 4
"""
Fingerprints of parts kept beside them: a collage of four has as many. Of descriptors one is kept, of local features
none (design §10).
"""
MAX_ITEM_PRINTS = 1 + MAX_ITEM_VIEWS
"""Both together; an animation's frames take the place of parts."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a picture: which view of it, how turned, and the PDQ code of 32 bytes that it has then."""

    view: str
    orientation: Orientation
    code: bytes


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Something that could not be compared. It is never answered with "no match"."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Query:
    """
    What one picture is compared by: SHA-256 digests, looks, descriptors of views, local features.

    `looks` holds every orientation of the frames, and of their views, that are good enough to be compared; `prints`
    is what is kept of them, upright; `unjudged` says what could not be compared, and why. Descriptors and local
    features are there only where they were asked for: see `takeback.workflow.closer`.
    """

    digests: tuple[tuple[str, bytes], ...] = ()
    prints: tuple[tuple[str, PdqHash], ...] = ()
    looks: tuple[Look, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    descriptors: tuple[tuple[str, Descriptor], ...] = ()
    local: LocalFeatures | None = None

    @property
    def is_searched(self) -> bool:
        """Whether an index is asked at all: not for digests alone."""
        return bool(self.looks or self.descriptors or self.local is not None)

    def with_sums(self, sums: Sequence[tuple[str, bytes]]) -> Query:
        """Return the same, compared by older digests of its file too (`takeback.fingerprint.sums_of_lists`)."""
        return replace(self, digests=(*self.digests, *sums)) if sums else self

    def kept(self) -> KnownBy:
        """Return what is kept of an item that a site stores, so that a notice that comes later finds it."""
        return KnownBy(
            prints=self._kept_prints(),
            descriptors=self._kept_descriptor(),
            digests=self.digests,
        )

    def _kept_prints(self) -> list[tuple[str, PdqHash]]:
        """Return frames, spread over an animation, and after them the likeliest views."""
        frames = spread([each for each in self.prints if each[0] == WHOLE], MAX_ITEM_FRAMES)
        views = [each for each in self.prints if each[0] != WHOLE]
        return [*frames, *views[: MAX_ITEM_PRINTS - len(frames)]]

    def _kept_descriptor(self) -> list[tuple[str, Descriptor]]:
        """
        Return one descriptor for all views: their mean.

        It lies near a picture that is like any of them: of 1,760 edited copies it found 1,579 at a cosine of 0.4, that
        of the whole alone 1,549, of the likeliest part alone 1,315, and no more was wrong.
        """
        if not self.descriptors:
            return []
        mean = np.sum([each.floats() for _, each in self.descriptors], axis=0)
        return [(WHOLE, Descriptor.from_floats(self.descriptors[0][1].model_id, mean / np.linalg.norm(mean)))]


def query_of_fingerprints(prints: Fingerprints) -> Query:
    """Compare by what the server itself computed from a picture."""
    pixels = [("pixels", frame.pixel_digest) for frame in prints.telling_frames]
    digests = [("file", prints.file_digest), *pixels]
    reduced = [] if prints.reduced is None else [(REDUCED, prints.reduced)]
    views = [*reduced, *_views(prints.telling_frames)]
    query = _query(digests, [(WHOLE, frame.orientations) for frame in prints.frames], views)
    if prints.incomplete is None:
        return query
    damaged = Unjudged(prints.incomplete, "Only the first frames of this animation could be read.")
    return replace(query, unjudged=(*query.unjudged, damaged))


def query_of_glance(glance: RoutedFingerprint, digest: bytes) -> Query:
    """Compare by the fingerprint of the first frame alone, and the SHA-256 `digest` of the file."""
    return _query([("file", digest)], [(WHOLE, glance.orientations)], [])


def query_of_reported(pictures: Sequence[ReportedPicture]) -> Query:
    """Compare by what someone else's device computed; orientations that it left out are estimated."""
    digests = [
        (kind, value)
        for picture in pictures
        for kind, value in (("file", picture.file_digest), ("pixels", picture.pixel_digest))
        if value is not None
    ]
    frames = [
        (WHOLE, picture.orientations or _estimated(picture.pdq)) for picture in pictures if picture.pdq is not None
    ]
    # Of a picture with too little detail nothing is compared but its digests, whatever else was given of it.
    telling = _telling(pictures)
    crops = [(CROP, _estimated(crop)) for picture in telling for crop in picture.crops]
    query = _query(digests, frames, crops)
    return replace(
        query,
        descriptors=tuple((WHOLE, each.descriptor) for each in telling if each.descriptor is not None),
        local=next((picture.local for picture in telling if picture.local is not None), None),
    )


def known_by_of_reported(pictures: Sequence[ReportedPicture]) -> KnownBy:
    """Return what an entry is known by: one reported picture, or the frames of one animation."""
    query, telling = query_of_reported(pictures), _telling(pictures)
    return KnownBy(
        prints=[(WHOLE, picture.pdq) for picture in pictures if picture.pdq is not None],
        nearest_512=[picture.nearest_512 for picture in telling if picture.nearest_512 is not None],
        crops=[crop for picture in telling for crop in picture.crops],
        descriptors=query.descriptors,
        local=[picture.local for picture in telling if picture.local is not None],
        tiles=[picture.tiles for picture in telling if picture.tiles is not None],
        digests=query.digests,
    )


def query_of_known(known_by: KnownBy) -> Query:
    """Compare by what is remembered of an item."""
    looks = [(view, _estimated(pdq)) for view, pdq in known_by.prints]
    return replace(_query([], looks, []), descriptors=tuple(known_by.descriptors))


def spread[T](values: Sequence[T], most: int) -> list[T]:
    """Return at most `most` of `values`, evenly spread over them."""
    if len(values) <= most:
        return list(values)
    return [values[index * len(values) // most] for index in range(most)]


type _Turned = tuple[str, Mapping[Orientation, PdqHash]]


def _views(frames: Iterable[FrameFingerprint]) -> list[_Turned]:
    return [(each.view.kind.value, each.orientations) for frame in frames for each in frame.views]


def _query(digests: Sequence[tuple[str, bytes]], frames: Sequence[_Turned], views: Sequence[_Turned]) -> Query:
    good = [frame for frame in frames if _quality(frame) >= MIN_QUALITY]
    telling = [*good, *(view for view in views if _quality(view) >= MIN_QUALITY)]
    unjudged: tuple[Unjudged, ...] = ()
    if len(good) < len(frames):
        poor = len(frames) - len(good)
        why = f"{poor} of {len(frames)} frames have too little detail for a fingerprint to say anything."
        unjudged = (Unjudged(LowQuality.code, why),)
    return Query(
        digests=tuple(dict.fromkeys(digests)),
        # What is kept of an item has to be searchable: frames without detail only where there is no other.
        prints=tuple((view, turned[Orientation.UPRIGHT]) for view, turned in telling or frames),
        looks=tuple(
            Look(view, orientation, pdq.code) for view, turned in telling for orientation, pdq in turned.items()
        ),
        unjudged=unjudged,
    )


def _telling(pictures: Sequence[ReportedPicture]) -> list[ReportedPicture]:
    return [picture for picture in pictures if picture.pdq is not None and picture.pdq.quality >= MIN_QUALITY]


def _quality(turned: _Turned) -> int:
    return turned[1][Orientation.UPRIGHT].quality


def _estimated(pdq: PdqHash) -> Mapping[Orientation, PdqHash]:
    return {orientation: PdqHash(code, pdq.quality) for orientation, code in turned_codes(pdq.code).items()}
