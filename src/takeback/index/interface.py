"""Step 3: what an index of fingerprints promises, whatever its method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint.sscd import DESCRIPTOR_VALUES

CODE_BYTES = 32
"""Bytes of one code: PDQ's 256 bits."""

MAX_RADIUS = 8 * CODE_BYTES
"""Bits: within it lies every code."""


@dataclass(frozen=True, slots=True)
class Neighbors:
    """
    Every stored code within the radius of a query, one row each, ordered by query, distance, key.

    `query` int64 [m] is the row of the query, `key` uint64 [m] the stored key, `distance` int32 [m]
    the number of differing bits.
    """

    query: NDArray[np.int64]
    key: NDArray[np.uint64]
    distance: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, slots=True)
class SimilarNeighbors:
    """
    Every stored descriptor similar enough to a query, one row each, by query, similarity (highest first), key.

    `query` int64 [m] is the row of the query, `key` uint64 [m] the stored key, `similarity` float32 [m] the
    cosine.
    """

    query: NDArray[np.int64]
    key: NDArray[np.uint64]
    similarity: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.key)


class FingerprintIndex(Protocol):
    """
    Codes by key, searched exactly by Hamming distance.

    A key is a fingerprint row's id (1 .. 2**63 - 1, never reused). Adding a key that is there adds a
    code to it; a search then reports that key once a matching code. `remove` drops all codes of a key
    and ignores unknown keys. What `add` and `remove` did is seen by the next search. Safe to use from
    several threads.
    """

    def add(self, keys: NDArray[np.uint64], codes: NDArray[np.uint8]) -> None:
        """Store `codes` uint8 [n, 32] under `keys` uint64 [n]; `ValueError` on any other shape or dtype."""

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every code of `keys` uint64 [n] and zero their memory; `ValueError` as `add`."""

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a code, bool [n]; `ValueError` as `add`."""

    def search(self, queries: NDArray[np.uint8], radius: int = 31) -> Neighbors:
        """
        Return every stored code at most `radius` (0..256) bits from each of `queries` uint8 [q, 32].

        Exact: equal to comparing every pair. `ValueError` on any other shape, dtype or radius.
        """

    def __len__(self) -> int:
        """Return how many codes are stored."""

    @property
    def nbytes(self) -> int:
        """Bytes held for codes and keys."""


class DescriptorIndex(Protocol):
    """
    Learned descriptors of one model by key, searched exactly by cosine.

    Keys, adding, removing and threads are as in `FingerprintIndex`: a key may have several descriptors,
    loses all of them at once, and what was done is seen by the next search. The cosine is that of the
    stored int8 values, rounded once to float32; that of values which are all zero is 0.
    """

    def add(self, keys: NDArray[np.uint64], values: NDArray[np.int8]) -> None:
        """Store `values` int8 [n, 512] under `keys` uint64 [n]; `ValueError` on any other shape or dtype."""

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every descriptor of `keys` uint64 [n] and zero its memory; `ValueError` as `add`."""

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a descriptor, bool [n]; `ValueError` as `add`."""

    def search(self, queries: NDArray[np.int8], at_least: float) -> SimilarNeighbors:
        """
        Return every descriptor whose cosine with one of `queries` int8 [q, 512] is `at_least` (-1..1) or more.

        Exact: equal to comparing every pair. `at_least` counts as float32, as the cosines do. `ValueError` on
        any other shape, dtype or bound.
        """

    def __len__(self) -> int:
        """Return how many descriptors are stored."""

    @property
    def nbytes(self) -> int:
        """Bytes held for descriptors and keys."""


def check_keys(keys: NDArray[np.uint64]) -> None:
    """Raise `ValueError` unless `keys` is uint64 [n]."""
    if keys.dtype != np.uint64 or keys.ndim != 1:
        raise ValueError("keys must be uint64 [n]")


def check_radius(radius: int) -> None:
    """Raise `ValueError` unless `radius` lies in 0..256."""
    if not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"radius must lie between 0 and {MAX_RADIUS} bits")


def check_descriptors(values: NDArray[np.int8], name: str) -> None:
    """Raise `ValueError` unless `values` is int8 [n, 512]; `name` is the argument's."""
    if values.dtype != np.int8 or values.ndim != 2 or values.shape[1] != DESCRIPTOR_VALUES:
        raise ValueError(f"{name} must be int8 [n, {DESCRIPTOR_VALUES}]")


def check_at_least(at_least: float) -> None:
    """Raise `ValueError` unless `at_least` lies in -1..1."""
    if not -1 <= at_least <= 1:
        raise ValueError("at_least must lie between -1 and 1")
