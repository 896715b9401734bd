"""
Look closer, where the fingerprints of a picture decided nothing: each step costs more than the one before.

    digests 0 ms → PDQ of views 2 ms → copy descriptor 41 ms a view → local features 60 ms

The later steps work on the miniatures that the decoder sent home, outside any transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint import Descriptor, Looked
from takeback.match import CopyClass
from takeback.media.miniatures import MAX_SQUARES
from takeback.registration import LocalFeatures, can_register, local_features
from takeback.store.prints import WHOLE
from takeback.workflow.query import Query
from takeback.workflow.screen import Screening


class Describer(Protocol):
    """Whatever makes copy descriptors of pictures (`takeback.fingerprint.CopyDescriptor`)."""

    model_id: str

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
    if looked is None or looked.miniatures is None or _is_decided(screened(query)):
        return query
    if describer is not None:
        query = replace(query, descriptors=described(looked, describer))
    if local and can_register():
        query = replace(query, local=features_of(looked))
    return query


def described(looked: Looked, describer: Describer, most: int = MAX_SQUARES) -> tuple[tuple[str, Descriptor], ...]:
    """Return the descriptors of at most `most` views, the whole picture's first; `looked` has miniatures."""
    assert looked.miniatures is not None
    views = [WHOLE, *(each.view.kind.value for each in looked.prints.telling_frames[0].views)]
    numbers = looked.miniatures.square_views[:most]
    values = describer.embed_many(looked.miniatures.squares[:most])
    return tuple(
        (views[number], Descriptor.from_floats(describer.model_id, each))
        for number, each in zip(numbers, values, strict=True)
    )


def features_of(looked: Looked) -> LocalFeatures:
    """Return the local features of the whole picture, in its own pixels; `looked` has miniatures."""
    assert looked.miniatures is not None
    return local_features(looked.miniatures.plane, original=(looked.miniatures.width, looked.miniatures.height))


def _is_decided(screening: Screening) -> bool:
    strongest = screening.strongest
    return strongest is not None and strongest.copy_class is not CopyClass.POSSIBLE
