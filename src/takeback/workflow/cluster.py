"""Copies of a case that show the same, as far as their facts say: one look is enough for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from takeback.match import CopyClass
from takeback.store.copies import Copy

_SAME = (CopyClass.IDENTICAL, CopyClass.SUBSTANTIALLY_SAME)


def clusters_of(copies: Sequence[Copy]) -> list[list[Copy]]:
    """
    Return the copies in clusters, in the order in which each was first found.

    Identical ones and those that are substantially the same are one cluster for each picture that they matched. A copy
    that is only possible or altered, and a link that nothing was compared with, may show anything: each is its own.
    """
    clusters: dict[tuple[str, int], list[Copy]] = {}
    for copy in copies:
        is_same = copy.copy_class in _SAME and copy.entry_id is not None
        key = ("entry", copy.entry_id or 0) if is_same else ("copy", copy.id)
        clusters.setdefault(key, []).append(copy)
    return list(clusters.values())


def cluster_of(copy: Copy, copies: Sequence[Copy]) -> list[Copy]:
    """Return the cluster of one of the copies of a case."""
    return next(each for each in clusters_of(copies) if any(one.id == copy.id for one in each))
