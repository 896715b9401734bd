"""Gather what speaks for a picture being a copy: by PDQ, by descriptor, by local features, key by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from takeback.bank import Reach
from takeback.index.indexes import Indexes
from takeback.index.interface import CODE_BYTES
from takeback.match import Evidence
from takeback.registration import LocalFeatures, align
from takeback.workflow.query import Query

MAX_CANDIDATES = 6
"""Entries whose local features are opened and aligned with those of one picture; 3 ms each."""

type OpenFeatures = Callable[[Sequence[int]], Mapping[int, LocalFeatures]]
"""From keys to the local features behind them."""


def gather(query: Query, indexes: Indexes, reach: Reach, open_features: OpenFeatures) -> dict[int, Evidence]:
    """Return, for each key that is near enough for any bank, what was found of it."""
    found: dict[int, Evidence] = {}
    for part in (
        _by_pdq(query, indexes, reach),
        _by_descriptor(query, indexes, reach),
        _by_local_features(query, indexes, reach, open_features),
    ):
        for key, evidence in part.items():
            found[key] = found[key].joined(evidence) if key in found else evidence
    return found


def merged[K](found: Mapping[int, Evidence], owners: Mapping[int, K]) -> dict[K, Evidence]:
    """Join the evidence of all keys of each owner; a key without one is left out."""
    joined: dict[K, Evidence] = {}
    for key, owner in owners.items():
        evidence = found[key]
        joined[owner] = joined[owner].joined(evidence) if owner in joined else evidence
    return joined


def likeness_rank(evidence: Evidence) -> tuple[int, float, int]:
    """Sort key, the likest last: by local features, then the descriptor, then PDQ."""
    distance = 256 if evidence.distance is None else evidence.distance
    return evidence.inliers or 0, evidence.similarity or 0.0, -distance


def _by_pdq(query: Query, indexes: Indexes, reach: Reach) -> dict[int, Evidence]:
    if not query.looks:
        return {}
    codes = np.frombuffer(b"".join(look.code for look in query.looks), dtype=np.uint8).reshape(-1, CODE_BYTES)
    neighbors = indexes.pdq.search(codes, reach.bits)
    # Nearest first, so that the first of each key stays; of equals the earlier look, the whole picture's.
    order = np.lexsort((neighbors.query, neighbors.distance))
    found: dict[int, Evidence] = {}
    for row in order:
        key = int(neighbors.key[row])
        if key not in found:
            look = query.looks[neighbors.query[row]]
            found[key] = Evidence(distance=int(neighbors.distance[row]), view=look.view, orientation=look.orientation)
    return found


def _by_descriptor(query: Query, indexes: Indexes, reach: Reach) -> dict[int, Evidence]:
    found: dict[int, Evidence] = {}
    for view, descriptor in query.descriptors:
        index = indexes.descriptors.get(descriptor.model_id)
        if index is None:
            continue
        near = index.search(descriptor.array().reshape(1, -1), reach.similarity)
        for key, similarity in zip(near.key.tolist(), near.similarity.tolist(), strict=True):
            evidence = Evidence(view=view, similarity=similarity)
            found[key] = found[key].joined(evidence) if key in found else evidence
    return found


def _by_local_features(
    query: Query, indexes: Indexes, reach: Reach, open_features: OpenFeatures
) -> dict[int, Evidence]:
    if query.local is None or not len(indexes.local):
        return {}
    candidates = indexes.local.candidates(query.local, MAX_CANDIDATES)
    found: dict[int, Evidence] = {}
    for key, features in open_features(candidates).items():
        alignment = align(query.local, features)
        if alignment is not None and alignment.inliers >= reach.inliers:
            found[key] = Evidence(view="local", alignment=alignment)
    return found
