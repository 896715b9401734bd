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

from takeback.fingerprint import Descriptor
from takeback.match import CopyClass
from takeback.media.miniatures import Miniatures
from takeback.registration import LocalFeatures, can_register, local_features
from takeback.workflow.query import Query
from takeback.workflow.screen import Screening


class Describer(Protocol):
    """Whatever makes copy descriptors of pictures (`takeback.fingerprint.CopyDescriptor`)."""

    model_id: str

    def embed_many(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 [n, 512] for squares uint8 [n, 288, 288, 3]."""


def look_closer(
    query: Query,
    miniatures: Miniatures | None,
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
    if miniatures is None or _is_decided(screened(query)):
        return query
    if describer is not None:
        query = replace(query, descriptors=described(miniatures, describer))
    if local and can_register():
        query = replace(query, local=features_of(miniatures))
    return query


def described(miniatures: Miniatures, describer: Describer) -> tuple[tuple[str, Descriptor], ...]:
    """Return the descriptors of the views that miniatures are of, the whole picture's first."""
    values = describer.embed_many(miniatures.squares)
    return tuple(
        (view, Descriptor.from_floats(describer.model_id, each))
        for view, each in zip(miniatures.square_views, values, strict=True)
    )


def features_of(miniatures: Miniatures) -> LocalFeatures:
    """Return the local features of the whole picture, in its own pixels."""
    return local_features(miniatures.plane, original=(miniatures.width, miniatures.height))


def _is_decided(screening: Screening) -> bool:
    strongest = screening.strongest
    return strongest is not None and strongest.copy_class is not CopyClass.POSSIBLE
