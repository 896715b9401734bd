"""Codes with a known distance, and what the readable index says of them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from takeback.index import FingerprintIndex, LinearIndex, Neighbors

type Codes = NDArray[np.uint8]
type Keys = NDArray[np.uint64]


def keys(count: int, first: int = 1) -> Keys:
    return np.arange(first, first + count, dtype=np.uint64)


def codes(count: int, seed: int = 1) -> Codes:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def settled_codes(count: int) -> Codes:
    """Codes that will be the same in ten years, whatever NumPy's generators do."""
    return np.frombuffer(b"".join(sha256(str(number).encode()).digest() for number in range(count)), np.uint8).reshape(
        -1, 32
    )


def flipped(code: Codes, bits: Sequence[int] | NDArray[np.int64]) -> Codes:
    """Return `code` uint8 [32] with some of its 256 bits flipped."""
    ones = np.unpackbits(code, bitorder="little")
    ones[list(bits)] ^= 1
    return np.packbits(ones, bitorder="little")


def answers(index: FingerprintIndex, queries: Codes, radius: int) -> list[tuple[int, int, int]]:
    """Return the rows of a search as query, distance, key."""
    return rows(index.search(queries, radius))


def rows(found: Neighbors) -> list[tuple[int, int, int]]:
    return list(zip(found.query.tolist(), found.distance.tolist(), found.key.tolist(), strict=True))


def linear(stored: Keys, stored_codes: Codes) -> LinearIndex:
    """Return the readable index of the same rows."""
    index = LinearIndex()
    index.add(stored, stored_codes)
    return index
