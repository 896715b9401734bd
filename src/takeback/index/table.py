"""Keys and codes side by side in memory, growing and shrinking: what the readable index stands on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.index.interface import CODE_BYTES, check_keys

FIRST_CAPACITY = 64
"""Rows that the first addition makes room for; each further growth at least doubles."""


class CodeTable:
    """
    Rows of (key, code), in no promised order, contiguous from the first row on.

    Not safe to use from several threads: the index that owns it holds a lock. Memory that a row has
    left, by removal or growth, is zeroed: a code is personal data, and a removal is a withdrawal.
    """

    def __init__(self) -> None:
        self._size = 0
        self._keys = np.zeros(0, np.uint64)
        self._codes = np.zeros((0, CODE_BYTES), np.uint8)

    def __len__(self) -> int:
        return self._size

    @property
    def keys(self) -> NDArray[np.uint64]:
        """A view of the keys, uint64 [n]."""
        return self._keys[: self._size]

    @property
    def codes(self) -> NDArray[np.uint8]:
        """A view of the codes, uint8 [n, 32], C-contiguous."""
        return self._codes[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes held, spare rows included."""
        return self._keys.nbytes + self._codes.nbytes

    def add(self, keys: NDArray[np.uint64], codes: NDArray[np.uint8]) -> None:
        """Append rows; amortised constant time a row. `ValueError` on a wrong shape or dtype."""
        check_keys(keys)
        check_codes(codes, "codes")
        if len(keys) != len(codes):
            raise ValueError("keys and codes must be of equal length")
        size = self._size + len(keys)
        if size > len(self._keys):
            self._move_to(max(size, 2 * self._size, FIRST_CAPACITY))
        self._keys[self._size : size] = keys
        self._codes[self._size : size] = codes
        self._size = size

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Drop every row of `keys`, unknown ones ignored. `ValueError` on a wrong shape or dtype."""
        check_keys(keys)
        gone = np.flatnonzero(np.isin(self.keys, keys))
        size = self._size - len(gone)
        # 1. The rows that stay but lie behind the new end move into the gaps before it.
        gaps = gone[gone < size]
        tail = np.arange(size, self._size)
        movers = tail[~np.isin(tail, gone[gone >= size])]
        self._keys[gaps] = self._keys[movers]
        self._codes[gaps] = self._codes[movers]
        # 2. What they leave is wiped.
        self._keys[size : self._size] = 0
        self._codes[size : self._size] = 0
        self._size = size
        # 3. Memory is given back once three quarters of it stand empty.
        if len(self._keys) > FIRST_CAPACITY and 4 * size < len(self._keys):
            self._move_to(max(2 * size, FIRST_CAPACITY))

    def _move_to(self, capacity: int) -> None:
        keys = np.zeros(capacity, np.uint64)
        codes = np.zeros((capacity, CODE_BYTES), np.uint8)
        keys[: self._size] = self.keys
        codes[: self._size] = self.codes
        self._keys[:] = 0
        self._codes[:] = 0
        self._keys, self._codes = keys, codes


def check_codes(codes: NDArray[np.uint8], name: str) -> None:
    """Raise `ValueError` unless `codes` is uint8 [n, 32]; `name` is the argument's."""
    if codes.dtype != np.uint8 or codes.ndim != 2 or codes.shape[1] != CODE_BYTES:
        raise ValueError(f"{name} must be uint8 [n, {CODE_BYTES}]")
