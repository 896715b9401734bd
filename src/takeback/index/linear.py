"""The readable reference: compare every query with every code."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from takeback.index.interface import Neighbors, check_keys, check_radius
from takeback.index.table import CodeTable, check_codes

BLOCK_PAIRS = 1 << 18
"""Pairs of query and code compared at a time: 8 MiB of differing bits, whatever the size of the index."""


class LinearIndex:
    """`FingerprintIndex` in plain NumPy. What `HammingIndex` must equal; use that one."""

    def __init__(self) -> None:
        self._table = CodeTable()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._table)

    @property
    def nbytes(self) -> int:
        """Bytes held for codes and keys."""
        return self._table.nbytes

    def add(self, keys: NDArray[np.uint64], codes: NDArray[np.uint8]) -> None:
        """Store `codes` uint8 [n, 32] under `keys` uint64 [n]."""
        with self._lock:
            self._table.add(keys, codes)

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every code of `keys` uint64 [n] and zero its memory."""
        with self._lock:
            self._table.remove(keys)

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a code; bool [n]."""
        check_keys(keys)
        with self._lock:
            return np.isin(keys, self._table.keys)

    def search(self, queries: NDArray[np.uint8], radius: int = 31) -> Neighbors:
        """Return every stored code at most `radius` bits from each of `queries` uint8 [q, 32]."""
        check_codes(queries, "queries")
        check_radius(radius)
        found = [_no_pairs()]
        with self._lock:
            rows = max(1, BLOCK_PAIRS // max(1, len(queries)))
            for start in range(0, len(self._table), rows):
                distances = _distances(queries, self._table.codes[start : start + rows])
                query, row = np.nonzero(distances <= radius)
                found.append((query, self._table.keys[start + row], distances[query, row]))
        query, key, distance = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((key, distance, query))
        return Neighbors(query[order], key[order], distance[order])


def _distances(queries: NDArray[np.uint8], codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the number of differing bits of every pair, int32 [q, n]."""
    differing = _words(queries)[:, np.newaxis, :] ^ _words(codes)[np.newaxis, :, :]
    return np.bitwise_count(differing).sum(axis=2, dtype=np.int32)


def _words(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(codes).view(np.uint64)


def _no_pairs() -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]:
    return np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int32)
