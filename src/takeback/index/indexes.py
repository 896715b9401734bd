"""What one kind of thing is found by, entries or items: an index for each kind of fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.index.embedding import EmbeddingIndex
from takeback.index.hamming import HammingIndex
from takeback.index.local import LocalIndex


@dataclass(frozen=True, slots=True)
class Searchable:
    """
    Fingerprints in the clear, with their keys.

    `pdq` has keys uint64 [n] and codes uint8 [n, 32]; the key of a picture's crops comes once for each. By model,
    `descriptors` has keys uint64 [n] and values int8 [n, 512]. `local` has a key and codes uint8 [n, 32] for each
    picture.
    """

    pdq: tuple[NDArray[np.uint64], NDArray[np.uint8]]
    descriptors: Mapping[str, tuple[NDArray[np.uint64], NDArray[np.int8]]]
    local: Sequence[tuple[int, NDArray[np.uint8]]]

    @property
    def keys(self) -> set[int]:
        """Every key that is here."""
        arrays = [self.pdq[0], *(keys for keys, _ in self.descriptors.values())]
        return {key for keys in arrays for key in keys.tolist()} | {key for key, _ in self.local}


@dataclass(slots=True)
class Indexes:
    """
    `pdq` holds PDQ codes, of crops too; `descriptors` an index for each model; `local` the codes of local features.

    A key is a fingerprint row's id and lies in one of them only: rows are numbered over all kinds.
    """

    pdq: HammingIndex = field(default_factory=HammingIndex)
    descriptors: dict[str, EmbeddingIndex] = field(default_factory=dict)
    local: LocalIndex = field(default_factory=LocalIndex)

    def descriptors_of(self, model_id: str) -> EmbeddingIndex:
        """Return the index of one model's descriptors, a new one where there is none yet."""
        return self.descriptors.setdefault(model_id, EmbeddingIndex())

    def __len__(self) -> int:
        """Return how many fingerprints are searched, those of crops and local features one by one."""
        return sum(len(index) for index in self._all())

    def add(self, found: Searchable) -> None:
        """Add fingerprints; a key that is here already changes nothing."""
        keys, codes = found.pdq
        new = ~self.pdq.contains(keys)
        self.pdq.add(keys[new], codes[new])
        for model_id, (keys, values) in found.descriptors.items():
            index = self.descriptors_of(model_id)
            new = ~index.contains(keys)
            index.add(keys[new], values[new])
        for key, codes in found.local:
            if not self.local.contains(np.array([key], np.uint64))[0]:
                self.local.add(key, codes)

    def remove(self, keys: Sequence[int]) -> None:
        """Drop keys from whichever index holds them."""
        gone = np.array(sorted(keys), dtype=np.uint64)
        for index in self._all():
            index.remove(gone)

    def _all(self) -> tuple[HammingIndex | EmbeddingIndex | LocalIndex, ...]:
        return self.pdq, self.local, *self.descriptors.values()
