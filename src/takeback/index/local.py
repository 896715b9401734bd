"""Which entries have local features like a picture's: the few that are worth aligning with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.index.hamming import HammingIndex
from takeback.index.interface import check_keys
from takeback.index.table import check_codes
from takeback.registration import MAX_FEATURES, LocalFeatures

VOTE_RADIUS = 23
"""Bits within which an entry's feature takes a query's vote: at 39 fewer entries are found, in five times the time."""

SAMPLE = 32
"""One entry in so many is asked first, to learn which codes are common."""

COMMON = 256
"""Entries that share a code, as estimated by the sample: above it the code says nothing, and is not asked."""


class LocalIndex:
    """
    The codes of local features by the key of their entry, many to a key; at most 165 bytes a code.

    A key is an entry's fingerprint row's id, as in `FingerprintIndex`. What `add` and `remove` did is seen by the
    next call; safe to use from several threads. `threads` as for `HammingIndex`.
    """

    def __init__(self, *, threads: int = 0) -> None:
        self._all = HammingIndex(threads=threads)
        self._sample = HammingIndex(threads=threads)

    def __len__(self) -> int:
        """Return how many codes are stored."""
        return len(self._all)

    @property
    def nbytes(self) -> int:
        """Bytes held for keys, codes and tables."""
        return self._all.nbytes + self._sample.nbytes

    def add(self, key: int, codes: NDArray[np.uint8]) -> None:
        """Store `codes` uint8 [n, 32] under `key`; `ValueError` on any other shape or dtype, or too many of them."""
        check_codes(codes, "codes")
        if len(codes) > MAX_FEATURES:
            raise ValueError(f"An entry has at most {MAX_FEATURES} local features.")
        keys = np.full(len(codes), key, np.uint64)
        if _is_sampled(key):
            self._sample.add(keys, codes)
        self._all.add(keys, codes)

    def remove(self, keys: NDArray[np.uint64]) -> None:
        """Forget every code of `keys` uint64 [n] and zero its memory; unknown keys are ignored."""
        check_keys(keys)
        self._sample.remove(keys)
        self._all.remove(keys)

    def contains(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say for each of `keys` uint64 [n] whether it has a code; bool [n]."""
        return self._all.contains(keys)

    def settle(self) -> None:
        """Wait until no merge is under way: for measurements, and before a fork."""
        self._all.settle()
        self._sample.settle()

    def candidates(self, features: LocalFeatures, most: int = 6) -> list[int]:
        """
        Return the keys of at most `most` entries that share features with a picture, most votes first.

        A feature has one vote, shared by the entries that have one like it, so that what is rare weighs more. The
        picture and, where `features.mirrored` is there, its mirrored one vote apart; an entry has the better of
        both. Equal votes are ordered by key. What thousands of entries have is not asked for: it costs the most
        and says nothing.
        """
        if len(self) == 0 or len(features) == 0:
            return []
        keys, votes = self._votes(_both_senses(features), len(features))
        return [int(key) for key in keys[np.argsort(-votes.max(axis=0), kind="stable")[:most]]]

    def _votes(self, codes: NDArray[np.uint8], count: int) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Return keys uint64 [k] and the votes for each, float64 [senses, k]; a sense has `count` codes."""
        asked = self._rare(codes)
        near = self._all.search(codes[asked], VOTE_RADIUS)
        keys, entry = np.unique(near.key, return_inverse=True)
        query, entry = _once(near.query, entry)
        weights = 1 / np.bincount(query)[query]
        sense = asked[query] // count
        senses = len(codes) // count
        votes = np.bincount(sense * len(keys) + entry, weights, minlength=senses * len(keys))
        return keys, votes.reshape(senses, len(keys))

    def _rare(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the rows of those `codes` that few enough entries of the sample have."""
        near = self._sample.search(codes, VOTE_RADIUS)
        query, _ = _once(near.query, np.unique(near.key, return_inverse=True)[1])
        return np.flatnonzero(np.bincount(query, minlength=len(codes)) <= COMMON // SAMPLE)


def _once(query: NDArray[np.int64], entry: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs without repetition: an entry that has several codes near one of the query's counts once."""
    width = int(entry.max(initial=0)) + 1
    pairs = np.unique(query * width + entry)
    return pairs // width, pairs % width


def _both_senses(features: LocalFeatures) -> NDArray[np.uint8]:
    if features.mirrored is None:
        return features.codes
    return np.concatenate([features.codes, features.mirrored])


def _is_sampled(key: int) -> bool:
    """Say whether an entry is in the sample: by its key mixed (Knuth, "The art of computer programming", 6.4)."""
    return (key * 0x9E3779B97F4A7C15 % (1 << 64) >> 32) % SAMPLE == 0
