"""Indexes of 256-bit codes, asked alike: Takeback's, FAISS's flat one, FAISS as HMA sets it up, and usearch."""

from __future__ import annotations

from typing import Protocol

import faiss
import numpy as np
import usearch.index
from numpy.typing import NDArray

from takeback.index import HammingIndex

BITS = 256
CORES = 2
"""Threads for a batch."""
HMA_HASHES = 16
"""Chunks into which HMA 1.1.7 lets FAISS cut a code (`PDQMultiHashIndex` of threatexchange 1.2.17)."""
NEAREST = 64
"""How many of the nearest usearch is asked for; as many as it visits by default (`expansion_search`)."""

Codes = NDArray[np.uint8]
Pairs = NDArray[np.int64]
"""[m, 3]: query, row of what is stored, distance; sorted."""


class Rival(Protocol):
    """An index of codes whose row numbers are its keys."""

    name: str

    def ask(self, queries: Codes, radius: int) -> object:
        """Search on one thread, and return the library's own answer."""

    def ask_batch(self, queries: Codes, radius: int) -> object:
        """Search on two threads."""

    def pairs(self, queries: Codes, radius: int) -> Pairs:
        """Return every stored code within `radius` of each query that this index finds."""


class Takeback:
    """`HammingIndex` twice, since how many threads it may use is set when it is made."""

    name = "Takeback"

    def __init__(self, codes: Codes, *, batches: bool = True) -> None:
        self.index = filled(codes, threads=1)
        self.for_batches = filled(codes, threads=CORES) if batches else self.index

    def ask(self, queries: Codes, radius: int) -> object:
        """Search on one thread."""
        return self.index.search(queries, radius)

    def ask_batch(self, queries: Codes, radius: int) -> object:
        """Search on two threads."""
        return self.for_batches.search(queries, radius)

    def pairs(self, queries: Codes, radius: int) -> Pairs:
        """Return what is found; the answers on one thread and on two are compared besides."""
        one, two = self.index.search(queries, radius), self.for_batches.search(queries, radius)
        first, second = (np.column_stack([each.query, each.key.astype(np.int64), each.distance]) for each in (one, two))
        if not np.array_equal(first, second):
            raise AssertionError("one thread and two answer differently")
        return _sorted(first)


class FaissFlat:
    """`IndexBinaryFlat`: compares every code. Its `range_search` finds what is nearer than the radius."""

    name = "FAISS flat"

    def __init__(self, codes: Codes) -> None:
        self.index = faiss.IndexBinaryFlat(BITS)
        self.index.add(codes)

    def ask(self, queries: Codes, radius: int) -> object:
        """Search on one thread."""
        faiss.omp_set_num_threads(1)
        return self.index.range_search(queries, radius + 1)

    def ask_batch(self, queries: Codes, radius: int) -> object:
        """Search on two threads."""
        faiss.omp_set_num_threads(CORES)
        return self.index.range_search(queries, radius + 1)

    def pairs(self, queries: Codes, radius: int) -> Pairs:
        """Return what is found."""
        faiss.omp_set_num_threads(CORES)
        limits, distances, rows = self.index.range_search(queries, radius + 1)
        query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
        return _sorted(np.column_stack([query, rows, distances.astype(np.int64)]))


class FaissMultiHash(FaissFlat):
    """The index that HMA asks, set up as there; without its Python lists, which the query does not need."""

    name = "FAISS MultiHash (HMA)"

    def __init__(self, codes: Codes) -> None:
        self._tables = faiss.IndexBinaryMultiHash(BITS, HMA_HASHES, BITS // HMA_HASHES)
        self.index = faiss.IndexBinaryIDMap2(self._tables)
        self.index.add_with_ids(codes, np.arange(len(codes)))

    def ask(self, queries: Codes, radius: int) -> object:
        """Search on one thread."""
        self._tables.nflip = radius // HMA_HASHES
        return super().ask(queries, radius)

    def ask_batch(self, queries: Codes, radius: int) -> object:
        """Search on two threads."""
        self._tables.nflip = radius // HMA_HASHES
        return super().ask_batch(queries, radius)

    def pairs(self, queries: Codes, radius: int) -> Pairs:
        """Return what is found."""
        self._tables.nflip = radius // HMA_HASHES
        return super().pairs(queries, radius)


class Usearch:
    """The nearest 64 of usearch's graph: approximate, so its recall belongs beside its time."""

    name = "usearch"

    def __init__(self, codes: Codes) -> None:
        self.index = usearch.index.Index(ndim=BITS, metric="hamming", dtype="b1")
        self.index.add(np.arange(len(codes), dtype=np.uint64), codes, threads=CORES)

    def ask(self, queries: Codes, radius: int) -> object:
        """Search on one thread; what lies beyond `radius` is left out."""
        found = self.index.search(queries[0], NEAREST, threads=1)
        return found.keys[found.distances <= radius]

    def ask_batch(self, queries: Codes, radius: int) -> object:
        """Search on two threads."""
        found = self.index.search(queries, NEAREST, threads=CORES)
        return found.keys[found.distances <= radius]

    def pairs(self, queries: Codes, radius: int) -> Pairs:
        """Return what is found."""
        found = self.index.search(queries, NEAREST, threads=CORES)
        held = (found.distances <= radius) & (np.arange(NEAREST) < np.asarray(found.counts)[:, np.newaxis])
        query, place = np.nonzero(held)
        return _sorted(np.column_stack([query, found.keys[query, place], found.distances[query, place]]))


def filled(codes: Codes, *, threads: int) -> HammingIndex:
    """Return Takeback's index of `codes` under their row numbers."""
    index = HammingIndex(threads=threads)
    index.add(np.arange(len(codes), dtype=np.uint64), codes)
    return index


def nearer_is_strict() -> bool:
    """Say whether FAISS leaves out what lies exactly at its radius, as `radius + 1` above supposes."""
    index = faiss.IndexBinaryFlat(BITS)
    index.add(np.full((1, 32), 1, np.uint8))  # 32 bits from zero
    asked = np.zeros((1, 32), np.uint8)
    return [len(index.range_search(asked, radius)[1]) for radius in (32, 33)] == [0, 1]


def _sorted(pairs: NDArray[np.generic]) -> Pairs:
    rows = pairs.astype(np.int64)
    return rows[np.lexsort((rows[:, 1], rows[:, 2], rows[:, 0]))]
