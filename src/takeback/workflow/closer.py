"""
Look closer, where the fingerprints of a picture decided nothing: each step costs more than the one before.

    digests 0 ms → PDQ of views 2 ms → copy descriptor 41 ms a view → local features 60 ms

The later steps work on the miniatures that the decoder sent home, outside any transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint import MIN_QUALITY, Descriptor, Looked
from takeback.media.miniatures import MAX_SQUARES
from takeback.registration import LocalFeatures, can_register, local_features
from takeback.store.prints import WHOLE
from takeback.workflow.query import Query
from takeback.workflow.screen import Screening


class Describer(Protocol):
    """Whatever makes copy descriptors of pictures (`takeback.fingerprint.CopyDescriptor`)."""

    @property
    def model_id(self) -> str:
        """The model's name: descriptors of different ones are never compared."""

    def embed_many(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [n, 512] for squares uint8 [n, 288, 288, 3]."""


def look_closer(
    query: Query,
    looked: Looked | None,
    screened: Callable[[Query], Screening],
    *,
    describer: Describer | None,
    local: bool,
) -> Query:
    """
    Return `query` with whatever more it takes to say what the picture is a copy of.

    1. What digests or PDQ say is *identical* or *substantially the same* needs no more.
    2. Otherwise the descriptor; what is stored keeps it, so that a later notice finds an edited copy.
    3. Local features, where some entry has them (`local`): they decide what the descriptor did not, and try what
       it alone says.

    `screened` screens a query, `describer` is None where the extra `copies` is not installed.
    """
    if looked is None or _is_decided(screened(query)):
        return query
    return look_closest(query, looked, describer=describer, local=local)


def look_closest(query: Query, looked: Looked, *, describer: Describer | None, local: bool = True) -> Query:
    """Return `query` with all that can be taken of the picture, whatever the cheaper steps say."""
    if looked.miniatures is None:
        return query
    if describer is not None:
        query = replace(query, descriptors=described(looked, describer))
    if local and can_register():
        query = replace(query, local=features_of(looked))
    return query


def described(looked: Looked, describer: Describer, most: int = MAX_SQUARES) -> tuple[tuple[str, Descriptor], ...]:
    """Return the descriptors of at most `most` views with detail, the whole's first; `looked` has miniatures."""
    assert looked.miniatures is not None
    frame = looked.prints.telling_frames[0]
    views = [WHOLE, *(each.view.kind.value for each in frame.views)]
    # Any two pictures without detail look alike to the model, so such a whole is left out; its views all have some.
    telling = [
        (row, number)
        for row, number in enumerate(looked.miniatures.square_views)
        if number > 0 or frame.quality >= MIN_QUALITY
    ][:most]
    values = describer.embed_many(looked.miniatures.squares[[row for row, _ in telling]])
    return tuple(
        (views[number], Descriptor.from_floats(describer.model_id, each))
        for (_, number), each in zip(telling, values, strict=True)
    )


def features_of(looked: Looked) -> LocalFeatures:
    """Return the local features of the whole picture, in its own pixels; `looked` has miniatures."""
    assert looked.miniatures is not None
    return local_features(looked.miniatures.plane, original=(looked.miniatures.width, looked.miniatures.height))


def _is_decided(screening: Screening) -> bool:
    strongest = screening.strongest
    return strongest is not None and strongest.copy_class.holds


class LateDescriber:
    """
    Loads the model when the first picture is to be described, by `load`.

    The model takes 120 MB in each process; one that describes a picture now and then does without until it does.
    """

    def __init__(self, load: Callable[[], Describer]) -> None:
        self._load = load

    @cached_property
    def _loaded(self) -> Describer:
        return self._load()

    @property
    def model_id(self) -> str:
        """The model's name."""
        return self._loaded.model_id

    def embed_many(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [n, 512] for squares uint8 [n, 288, 288, 3]."""
        return self._loaded.embed_many(squares)
