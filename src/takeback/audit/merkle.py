"""
The Merkle tree of RFC 6962 section 2.1 over SHA-256, and its right edge.

A tree over n leaves is not stored: its right edge (at most 64 hashes) is enough to add a leaf and to
know the root. Proofs of inclusion and of consistency are built elsewhere from the same hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from takeback.errors import LogBroken

HASH_BYTES = 32
"""Bytes of a tree hash: SHA-256's 256 bits."""

MAX_LEAVES = 2**63 - 1
"""Most leaves of one tree: a size fits the store's signed 64-bit integer."""

_SIZE_BYTES = 8
_LEAF_PREFIX = b"\x00"
_NODE_PREFIX = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """Return MTH({d}) = SHA-256(0x00 || `data`), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(_LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || `left` || `right`), 32 bytes (RFC 6962 section 2.1)."""
    return hashlib.sha256(_NODE_PREFIX + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """
    Return MTH(D[n]) as RFC 6962 section 2.1 defines it: the readable twin of `Frontier.root`.

    `leaf_hashes` are n values of `leaf_hash`, left to right; n = 0 gives SHA-256 of nothing.
    """
    if not leaf_hashes:
        return hashlib.sha256(b"").digest()
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    # k: the largest power of two smaller than n.
    k = 1 << ((len(leaf_hashes) - 1).bit_length() - 1)
    return node_hash(root_of(leaf_hashes[:k]), root_of(leaf_hashes[k:]))


@dataclass(frozen=True, slots=True)
class Frontier:
    """
    The right edge of a tree: enough to append a leaf and to know the root, each in O(log n).

    `hashes` holds the root of each full subtree, left to right, one for each 1 in the binary form of
    `size`. `ValueError` where the two do not agree.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_LEAVES:
            raise ValueError("the size of a tree lies between 0 and 2**63 - 1")
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each 1 in its size")
        if any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError("a tree hash has 32 bytes")

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier after `leaf`, the 32 bytes of a `leaf_hash`."""
        hashes = list(self.hashes)
        size, node = self.size, leaf
        while size & 1:
            node = node_hash(hashes.pop(), node)
            size >>= 1
        return Frontier(self.size + 1, (*hashes, node))

    def root(self) -> bytes:
        """Return the root of the whole tree, 32 bytes: `root_of` the same leaves."""
        if not self.hashes:
            return root_of(())
        *lefts, root = self.hashes
        for left in reversed(lefts):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the size as 8 bytes, big-endian, and then the hashes."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote; raises `LogBroken` on anything else, however little differs."""
        size, rest = int.from_bytes(data[:_SIZE_BYTES], "big"), data[_SIZE_BYTES:]
        whole = len(data) >= _SIZE_BYTES and len(rest) == HASH_BYTES * size.bit_count()
        if not whole or size > MAX_LEAVES:
            raise LogBroken("The stored right edge of the audit log's tree is not one.")
        return cls(size, tuple(rest[i : i + HASH_BYTES] for i in range(0, len(rest), HASH_BYTES)))
