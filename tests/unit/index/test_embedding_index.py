"""What `EmbeddingIndex` owes to the kernel: the same answers at every level, on threads, and over many pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from takeback import _native
from takeback.index import EmbeddingIndex, LinearEmbeddingIndex, SimilarNeighbors

type Values = NDArray[np.int8]


def values(count: int, seed: int) -> Values:
    return np.random.default_rng(seed).integers(-128, 128, (count, 512), dtype=np.int8)


def keys(count: int) -> NDArray[np.uint64]:
    return np.arange(1, count + 1, dtype=np.uint64)


def listed(found: SimilarNeighbors) -> list[list[float]]:
    return [found.query.tolist(), found.key.tolist(), found.similarity.tolist()]


def battery() -> list[object]:
    """Search blocks, groups of queries and their odd ends, with the widest values; return every answer."""
    stored = values(1_003, seed=1)
    stored[:50] = -128
    stored[50:60] = 127
    stored[60:70] = 0
    index = EmbeddingIndex(threads=1)
    index.add(keys(1_003), stored)
    queries = np.concatenate([stored[55:66:5], values(10, seed=2), stored[:1]])
    return [listed(index.search(queries[first:], bound)) for first in range(len(queries)) for bound in (-1, 0, 0.1, 1)]


@pytest.mark.parametrize("level", _native.LEVELS)
def test_every_level_of_this_machine_answers_as_the_one_in_use(level: str) -> None:
    code = "import json; from tests.unit.index.test_embedding_index import battery; print(json.dumps(battery()))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TAKEBACK_KERNEL": level, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == json.loads(json.dumps(battery()))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_large_index_on_any_number_of_threads_answers_as_the_readable_one(threads: int) -> None:
    stored = values(30_000, seed=1)
    index, readable = EmbeddingIndex(threads=threads), LinearEmbeddingIndex()
    gone = keys(30_000)[::3]
    for each in (index, readable):
        each.add(keys(30_000), stored)
        each.remove(gone)
    queries = values(12, seed=2)
    assert listed(index.search(queries, 0.12)) == listed(readable.search(queries, 0.12))
    assert len(index.search(queries, 0.12)) > 100
    assert len(index) == 20_000


def test_one_by_one_or_together_the_same_is_stored() -> None:
    stored = values(400, seed=1)
    together, one_by_one = EmbeddingIndex(threads=1), EmbeddingIndex(threads=1)
    together.add(keys(400), stored)
    for row in range(400):
        one_by_one.add(keys(400)[row : row + 1], stored[row : row + 1])
    assert listed(one_by_one.search(stored[:5], -1)) == listed(together.search(stored[:5], -1))
    assert one_by_one.nbytes == together.nbytes
