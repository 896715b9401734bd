"""The index of learned descriptors that Takeback runs on: exact, by comparing every one; `native/core/embedding`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.index.interface import SimilarNeighbors, check_keys


class EmbeddingIndex:
    """
    `DescriptorIndex` in the kernel: at most 660 bytes a descriptor from a thousand on.

    A search reads every descriptor, whatever `at_least`; there is no sketch, and no size from which on it is
    approximate. One core of an EPYC with AVX-512 takes 0.1 ms for a query among 10,000, 3 ms among 100,000
    and 29 ms among 1,000,000 (6 ms each in a batch; `benchmarks.embeddings`): less than the 38 ms in which
    the full model describes the picture that is asked about.

    `threads` is how many work on one large search; 0 takes every core. Safe to use from several threads:
    a change waits for at most eight queries' share of a search. One index is of one model; whoever fills
    it sees to that.
    """

    def __init__(self, *, threads: int = 0) -> None:
        self._kernel = _native.EmbeddingIndex(threads)

    def __len__(self) -> int:
        return self._kernel.size

    @property
    def nbytes(self) -> int:
        """Bytes held for keys and descriptors, room for more included."""
        return self._kernel.nbytes

    def add(self, keys: NDArray[np.uint64], values: NDArray[np.int8]) -> None:
        """Store `values` int8 [n, 512] under `keys` uint64 [n]."""
        check_keys(keys)
        self._kernel.add(np.ascontiguousarray(keys), np.ascontiguousarray(values))

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every descriptor of `keys` uint64 [n] and zero its memory."""
        check_keys(keys)
        self._kernel.remove(np.ascontiguousarray(keys))

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a descriptor; bool [n]."""
        check_keys(keys)
        return self._kernel.contains(np.ascontiguousarray(keys)).view(np.bool_)

    def search(self, queries: NDArray[np.int8], at_least: float) -> SimilarNeighbors:
        """Return every descriptor whose cosine with one of `queries` int8 [q, 512] is `at_least` (-1..1) or more."""
        # The kernel checks shape, dtype and range.
        return SimilarNeighbors(*self._kernel.search(np.ascontiguousarray(queries), at_least))
