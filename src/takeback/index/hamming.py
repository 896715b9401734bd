"""The index that Takeback runs on: exact, by tables that touch one code in a hundred; `native/core/index`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import SnapshotCorrupt, StoreError
from takeback.index.interface import Neighbors, check_keys
from takeback.index.table import check_codes


class HammingIndex:
    """
    `FingerprintIndex` in the kernel: at most 160 bytes a code.

    Up to a radius of 47 by sixteen tables of 16-bit chunks, which no code within it can escape (multi-index
    hashing; `native/core/index/plan.hpp` has the argument); beyond, by comparing every code. Additions and
    removals are seen by the next search; merging is done aside, and no search waits for it.

    `threads` is how many work on one batch of queries or on one large build; 0 takes every core. One index
    holds up to 2**32 - 1 codes. Safe to use from several threads. Do not fork while a merge is under way.
    """

    def __init__(self, *, threads: int = 0) -> None:
        self._kernel = _native.HammingIndex(threads)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, threads: int = 0) -> Self:
        """
        Return the index that `save` wrote to `path`; every byte is checked, and nothing is copied.

        The file is mapped and stays shared: processes that open one file share its memory, and what one of
        them removes is erased in the file, which still opens afterwards. What is added is each process's own.
        Raises `SnapshotCorrupt` for a file that is cut short, changed, foreign or of another version, and
        `StoreError` where it cannot be read and written.
        """
        index = cls.__new__(cls)
        with _file_errors(path):
            index._kernel = _native.HammingIndex.open(os.fspath(path), threads)
        return index

    def save(self, path: str | os.PathLike[str], *, seq: int = 0) -> None:
        """
        Write a snapshot of the present state that carries `seq`, readable by its owner alone.

        It replaces what is at `path` whole or not at all. Additions, removals and searches go on meanwhile.
        The codes in it lie open: write it to memory (tmpfs), or seal it. Raises `StoreError`.
        """
        with _file_errors(path):
            self._kernel.save(os.fspath(path), seq)

    def __len__(self) -> int:
        return self._kernel.size

    @property
    def seq(self) -> int:
        """The number that the opened snapshot carries; 0 without one."""
        return self._kernel.seq

    @property
    def nbytes(self) -> int:
        """Bytes held for keys, codes and tables now; during a merge, for what is being made besides."""
        return self._kernel.nbytes

    def add(self, keys: NDArray[np.uint64], codes: NDArray[np.uint8]) -> None:
        """Store `codes` uint8 [n, 32] under `keys` uint64 [n]."""
        check_keys(keys)
        check_codes(codes, "codes")
        self._kernel.add(np.ascontiguousarray(keys), np.ascontiguousarray(codes))

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every code of `keys` uint64 [n] and zero its memory, in a shared snapshot too."""
        check_keys(keys)
        self._kernel.remove(np.ascontiguousarray(keys))

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a code; bool [n]."""
        check_keys(keys)
        return self._kernel.contains(np.ascontiguousarray(keys)).view(np.bool_)

    def search(self, queries: NDArray[np.uint8], radius: int = 31) -> Neighbors:
        """Return every stored code at most `radius` bits from each of `queries` uint8 [q, 32]."""
        # The kernel checks shape, dtype and radius: doing it here too would cost a tenth of a search.
        if not queries.flags.c_contiguous:
            queries = np.ascontiguousarray(queries)
        return Neighbors(*self._kernel.search(queries, radius))

    def settle(self) -> None:
        """Wait until no merge is under way: for measurements, and before a fork."""
        self._kernel.settle()


@contextmanager
def _file_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    name = Path(path).name
    try:
        yield
    except _native.CorruptSnapshot as problem:
        raise SnapshotCorrupt(f"The snapshot {name} cannot be used: {problem}.") from None
    except OSError as problem:
        raise StoreError(
            f"The snapshot {name} cannot be read or written: {problem.strerror}.",
            advice="Check the room and the permissions where the snapshots lie (the setting runtime_dir).",
        ) from problem
