"""
Proofs over the tree of RFC 6962: that a leaf is in it, and that it grew out of an earlier one.

They are made from *nodes*: a function that gives the root of the full subtree over the leaves
`index << level` to `(index + 1) << level`. Where the nodes lie (in a table, in memory, or nowhere, as those of
the veil) is the caller's matter; a proof asks for O(log n) of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from takeback.audit.merkle import HASH_BYTES, node_hash
from takeback.errors import ProofBroken

type Nodes = Callable[[int, int], bytes]
"""`nodes(level, index)`: the root, 32 bytes, of a full subtree of `1 << level` leaves."""

MAX_PROOF_HASHES = 63
"""Hashes that a proof has at most: a tree of less than 2**63 leaves is so deep."""


def tree_root(nodes: Nodes, size: int) -> bytes:
    """Return MTH(D[size]), 32 bytes, for `size` of at least 1."""
    return _range_root(nodes, 0, size)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """
    Return PATH(index, D[size]) of RFC 6962 section 2.1.1: the sibling of the leaf first.

    `ValueError` where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(nodes, middle, end))
            end = middle
        else:
            path.append(_range_root(nodes, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(nodes: Nodes, first: int, second: int) -> list[bytes]:
    """
    Return PROOF(first, D[second]) of RFC 6962 section 2.1.2; empty where the sizes are equal.

    `ValueError` unless 0 < `first` <= `second`.
    """
    if not 0 < first <= second:
        raise ValueError("an earlier tree has at least one leaf and no more than the later one")
    proof: list[bytes] = []
    start, end, known = 0, second, True
    # `known`: the earlier tree is this whole range, and its reader has that root.
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_range_root(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_root(nodes, start, middle))
            start, known = middle, False
    if not known:
        proof.append(_range_root(nodes, start, end))
    return proof[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """
    Return the root of the tree of `size` leaves in which `leaf`, a leaf hash, stands at `index`.

    RFC 9162 section 2.1.3.2. Raises `ProofBroken` where `path` has not the length that such a tree asks for.
    """
    if not 0 <= index < size:
        raise ProofBroken("The proof names a leaf that its tree does not have.")
    place, last, node = index, size - 1, leaf
    for sibling in _hashes(path):
        if last == 0:
            raise ProofBroken("The proof is longer than its tree is deep.")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofBroken("The proof is shorter than its tree is deep.")
    return node


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """
    Say whether the tree of `second` leaves begins with the tree of `first` leaves (RFC 9162 section 2.1.4.2).

    An empty earlier tree is the beginning of every tree, and its proof is empty.
    """
    if first > second or first < 0 or any(len(each) != HASH_BYTES for each in proof):
        return False
    if first in (0, second):
        return not proof and (first == 0 or first_root == second_root)
    hashes = list(proof)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        return False
    return _consistent_roots(first - 1, second - 1, hashes) == (first_root, second_root)


def _consistent_roots(place: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = hashes[0]
    for node in hashes[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            earlier, later = node_hash(node, earlier), node_hash(node, later)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            later = node_hash(later, node)
        place, last = place >> 1, last >> 1
    return None if last else (earlier, later)


def _range_root(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the root over the leaves from `start` to before `end`: a range that the definition comes across."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_root(nodes, start, middle), _range_root(nodes, middle, end))


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _hashes(path: Sequence[bytes]) -> Sequence[bytes]:
    if len(path) > MAX_PROOF_HASHES or any(len(each) != HASH_BYTES for each in path):
        raise ProofBroken("The proof holds something else than hashes of 32 bytes.")
    return path
