"""
A tree that does not tell how many leaves it has.

What is proved to one side must say nothing about the others. In an ordinary log the place of an entry tells how many
lie before it: whoever sends two notices around a third one learns how many copies that one found, before anyone
decided. So the attestations of one period stand at random places of a full tree of 2**20 leaves, and the root of every
subtree without one is drawn by HMAC under a key of the period: nobody without the key tells it from a hash. Each
proof has 20 hashes, whatever else happened. The idea of blinding what is empty is CONIKS's (Melara et al., USENIX
Security 2015, section 3.1). To a verifier it is a tree of RFC 6962 like any other.
"""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Mapping

from takeback.audit.merkle import node_hash
from takeback.audit.proof import inclusion_proof, tree_root

VEIL_DEPTH = 20
VEIL_LEAVES = 1 << VEIL_DEPTH

MAX_VEILED = 1 << 12
"""Attestations of one period at most, so that placing them is one short transaction; the rest waits for the next."""

_DOMAIN = b"takeback/veil/1\n"


class Veil:
    """
    A full tree over leaf hashes at their places, 0 to 2**20 - 1, blinded elsewhere under `key` (32 bytes or more).

    `ValueError` where a place is out of range.
    """

    def __init__(self, leaves: Mapping[int, bytes], key: bytes) -> None:
        self._leaves = dict(leaves)
        self._places = sorted(leaves)
        if self._places and not 0 <= self._places[0] <= self._places[-1] < VEIL_LEAVES:
            raise ValueError("a place lies between 0 and 2**20 - 1")
        self._key = key
        self._known: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the subtree of `1 << level` leaves that begins with leaf `index << level`."""
        if self._is_empty(index << level, (index + 1) << level):
            return hmac.digest(self._key, _DOMAIN + bytes([level]) + index.to_bytes(8, "big"), hashlib.sha256)
        if level == 0:
            return self._leaves[index]
        found = self._known.get((level, index))
        if found is None:
            found = node_hash(self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1))
            self._known[level, index] = found
        return found

    def root(self) -> bytes:
        """Return the root of the whole tree, 32 bytes."""
        return tree_root(self.node, VEIL_LEAVES)

    def path(self, place: int) -> list[bytes]:
        """Return the 20 hashes that prove the leaf at `place`."""
        return inclusion_proof(self.node, place, VEIL_LEAVES)

    def _is_empty(self, start: int, end: int) -> bool:
        nearest = bisect_left(self._places, start)
        return nearest == len(self._places) or self._places[nearest] >= end
