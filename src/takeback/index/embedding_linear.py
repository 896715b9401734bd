"""The readable reference for learned descriptors: compare every query with every descriptor."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint.sscd import DESCRIPTOR_VALUES
from takeback.index.interface import SimilarNeighbors, check_at_least, check_descriptors, check_keys


class LinearEmbeddingIndex:
    """`DescriptorIndex` in plain NumPy. What `EmbeddingIndex` must equal; use that one."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.uint64)
        self._values = np.zeros((0, DESCRIPTOR_VALUES), np.int8)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def nbytes(self) -> int:
        """Bytes held for keys and descriptors."""
        return self._keys.nbytes + self._values.nbytes

    def add(self, keys: NDArray[np.uint64], values: NDArray[np.int8]) -> None:
        """Store `values` int8 [n, 512] under `keys` uint64 [n]."""
        check_keys(keys)
        check_descriptors(values, "values")
        if len(keys) != len(values):
            raise ValueError("keys and values must be of equal length")
        with self._lock:
            self._replace(np.concatenate([self._keys, keys]), np.concatenate([self._values, values]))

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every descriptor of `keys` uint64 [n] and zero its memory."""
        check_keys(keys)
        with self._lock:
            stay = ~np.isin(self._keys, keys)
            self._replace(self._keys[stay], self._values[stay])

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a descriptor; bool [n]."""
        check_keys(keys)
        with self._lock:
            return np.isin(keys, self._keys)

    def search(self, queries: NDArray[np.int8], at_least: float) -> SimilarNeighbors:
        """Return every descriptor whose cosine with one of `queries` int8 [q, 512] is `at_least` (-1..1) or more."""
        check_descriptors(queries, "queries")
        check_at_least(at_least)
        with self._lock:
            cosines = _cosines(queries, self._values)
            query, row = np.nonzero(cosines >= np.float32(at_least))
            key, similarity = self._keys[row], cosines[query, row]
        order = np.lexsort((key, -similarity, query))
        return SimilarNeighbors(query[order], key[order], similarity[order])

    def _replace(self, keys: NDArray[np.uint64], values: NDArray[np.int8]) -> None:
        self._values[:] = 0
        self._keys, self._values = keys, values


def _cosines(queries: NDArray[np.int8], values: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return the cosine of every pair, float32 [q, n]: whole numbers until the root, the quotient and the rounding."""
    asked, stored = queries.astype(np.float64), values.astype(np.float64)
    lengths = np.sqrt((asked**2).sum(axis=1)[:, np.newaxis] * (stored**2).sum(axis=1)[np.newaxis, :])
    cosines = np.divide(asked @ stored.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return cosines.astype(np.float32)
