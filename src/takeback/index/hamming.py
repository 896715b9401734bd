"""The index that Takeback runs on: exact, every code compared by the kernel."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.index.interface import Neighbors, check_radius, sorted_neighbors
from takeback.index.table import CodeTable, check_codes


class HammingIndex:
    """
    `FingerprintIndex` by a linear scan in the kernel: 40 bytes a code, exact at every radius.

    A query takes about 0.4 ms at 100,000 codes on one core. One search, addition or removal at a time;
    the interpreter is free during a search.
    """

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

    def search(self, queries: NDArray[np.uint8], radius: int = 31) -> Neighbors:
        """Return every stored code at most `radius` bits from each of `queries` uint8 [q, 32]."""
        check_codes(queries, "queries")
        check_radius(radius)
        queries = np.ascontiguousarray(queries)
        query, key, distance = [], [], []
        with self._lock:
            for row, code in enumerate(queries):
                positions, distances = _native.hamming_within(code, self._table.codes, radius)
                query.append(np.full(len(positions), row, np.int64))
                key.append(self._table.keys[positions])
                distance.append(distances)
        if not query:
            return Neighbors(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int32))
        return sorted_neighbors(np.concatenate(query), np.concatenate(key), np.concatenate(distance))
