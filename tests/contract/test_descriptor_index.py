"""What every index of learned descriptors promises (`index/interface.py`), asked of each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from takeback.index import DescriptorIndex, EmbeddingIndex, LinearEmbeddingIndex, SimilarNeighbors

IMPLEMENTATIONS = (LinearEmbeddingIndex, EmbeddingIndex)

type Row = tuple[int, float, int]  # query, similarity, key
type Values = NDArray[np.int8]


@pytest.fixture(params=IMPLEMENTATIONS)
def index(request: pytest.FixtureRequest) -> DescriptorIndex:
    made: DescriptorIndex = request.param()
    return made


def some_values(count: int, seed: int = 1) -> Values:
    return np.random.default_rng(seed).integers(-128, 128, (count, 512), dtype=np.int8)


def some_keys(keys: Iterable[int]) -> NDArray[np.uint64]:
    return np.array(list(keys), np.uint64)


def ones(count: int) -> Values:
    """Return int8 [1, 512]: `count` ones, then zeros. Two of them have the cosine sqrt(fewer / more)."""
    return (np.arange(512) < count).astype(np.int8)[np.newaxis]


def rows(found: SimilarNeighbors) -> list[Row]:
    return list(zip(found.query.tolist(), found.similarity.tolist(), found.key.tolist(), strict=True))


def every_pair(queries: Sequence[bytes], stored: Iterable[tuple[int, bytes]], at_least: float) -> list[Row]:
    """Compare every query with every descriptor, in whole numbers: the oracle."""
    kept = [(key, np.frombuffer(values, np.int8).astype(int)) for key, values in stored]
    found = []
    for row, query in enumerate(np.frombuffer(each, np.int8).astype(int) for each in queries):
        for key, values in kept:
            lengths = np.sqrt(float((query @ query) * (values @ values)))
            similarity = float(np.float32(query @ values / lengths)) if lengths else 0.0
            if similarity >= np.float32(at_least):
                found.append((row, similarity, key))
    return sorted(found, key=lambda pair: (pair[0], -pair[1], pair[2]))


# ---- Searching ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_least", [-1.0, -0.02, 0.0, 0.03, 0.1, 0.9, 1.0])
def test_every_descriptor_that_is_similar_enough_is_found_and_no_other(index: DescriptorIndex, at_least: float) -> None:
    stored = some_values(700)
    stored[300:] //= 3
    stored[650] = 0
    queries = np.concatenate([some_values(5, seed=2), stored[:6], np.full((1, 512), -128, np.int8)])
    index.add(some_keys(range(1, 701)), stored)
    expected = every_pair([each.tobytes() for each in queries], enumerate(map(np.ndarray.tobytes, stored), 1), at_least)
    assert rows(index.search(queries, at_least)) == expected


def test_the_bound_itself_is_similar_enough(index: DescriptorIndex) -> None:
    index.add(some_keys([1, 2]), np.concatenate([ones(64), ones(63)]))
    assert rows(index.search(ones(256), 0.5)) == [(0, 0.5, 1)]


def test_a_descriptor_is_wholly_similar_to_itself_whatever_its_length(index: DescriptorIndex) -> None:
    index.add(some_keys([1]), ones(100))
    assert rows(index.search(ones(100) * np.int8(127), 1.0)) == [(0, 1.0, 1)]
    assert rows(index.search(ones(100) * np.int8(-1), -1.0)) == [(0, -1.0, 1)]


def test_neighbours_come_by_query_then_similarity_then_key(index: DescriptorIndex) -> None:
    index.add(some_keys([7, 9, 8, 3]), np.concatenate([ones(400), ones(512), ones(100), ones(400)]))
    found = index.search(np.concatenate([ones(100), ones(512)]), 0.4)
    assert [(query, key) for query, _, key in rows(found)] == [
        *((0, 8), (0, 3), (0, 7), (0, 9)),
        *((1, 9), (1, 3), (1, 7), (1, 8)),
    ]


def test_neighbours_have_the_promised_types(index: DescriptorIndex) -> None:
    for queries in (some_values(2), some_values(0)):
        found = index.search(queries, 0.5)
        assert found.query.dtype == np.dtype(np.int64)
        assert found.key.dtype == np.dtype(np.uint64)
        assert found.similarity.dtype == np.dtype(np.float32)
        index.add(some_keys([1, 2]), some_values(2))
    assert len(index.search(some_values(2), 0.5)) == 4


def test_an_empty_index_and_an_empty_batch_have_no_neighbours(index: DescriptorIndex) -> None:
    assert len(index.search(some_values(3), -1)) == 0
    assert len(index) == 0
    index.add(some_keys([1]), some_values(1))
    assert len(index.search(some_values(0), -1)) == 0


def test_a_batch_answers_as_its_queries_one_by_one(index: DescriptorIndex) -> None:
    index.add(some_keys(range(1, 1_501)), some_values(1_500))
    queries = some_values(37, seed=2)
    together = rows(index.search(queries, 0.05))
    alone = [
        (row, similarity, key)
        for row in range(len(queries))
        for _, similarity, key in rows(index.search(queries[row : row + 1], 0.05))
    ]
    assert together == alone
    assert together


def test_arrays_that_lie_apart_in_memory_are_read_rightly(index: DescriptorIndex) -> None:
    wide = some_values(20)
    index.add(some_keys(range(20))[::2], wide[::2])
    assert rows(index.search(wide[::-1][1::2], 0.9)) == [(row, 1.0, 18 - 2 * row) for row in range(10)]


# ---- Adding and removing --------------------------------------------------------------------------------


def test_an_added_descriptor_is_found_by_the_next_search_and_a_removed_one_is_not(index: DescriptorIndex) -> None:
    values = some_values(1)
    index.add(some_keys([2**63 - 1]), values)
    assert rows(index.search(values, 0.99)) == [(0, 1.0, 2**63 - 1)]
    index.remove(some_keys([2**63 - 1]))
    assert rows(index.search(values, -1)) == []


def test_a_key_may_have_several_descriptors_and_loses_all_of_them_at_once(index: DescriptorIndex) -> None:
    values = some_values(3)
    index.add(some_keys([5, 5]), values[:2])
    index.add(some_keys([5, 6]), values[1:])
    assert len(index) == 4
    assert rows(index.search(values[1:2], 0.9)) == [(0, 1.0, 5), (0, 1.0, 5)]
    index.remove(some_keys([5]))
    assert len(index) == 1
    assert rows(index.search(values, 0.9)) == [(2, 1.0, 6)]


def test_an_index_says_which_keys_have_a_descriptor(index: DescriptorIndex) -> None:
    index.add(some_keys([5, 5, 9]), some_values(3))
    assert index.contains(some_keys([9, 4, 5, 9])).tolist() == [True, False, True, True]
    index.remove(some_keys([5]))
    assert index.contains(some_keys([5, 9])).tolist() == [False, True]
    assert index.contains(some_keys([])).dtype == np.bool_


def test_removing_an_unknown_key_does_nothing(index: DescriptorIndex) -> None:
    index.add(some_keys([1]), some_values(1))
    index.remove(some_keys([2, 3]))
    index.remove(some_keys([]))
    assert len(index) == 1


def test_memory_is_bounded_and_given_back_when_most_descriptors_are_gone(index: DescriptorIndex) -> None:
    index.add(some_keys(range(9_000)), some_values(9_000))
    full = index.nbytes
    assert 9_000 * 520 <= full <= 9_000 * 660
    index.remove(some_keys(range(8_990)))
    assert index.nbytes < full / 50


def test_what_the_caller_does_to_its_arrays_later_does_not_matter(index: DescriptorIndex) -> None:
    keys, values = some_keys([1]), some_values(1)
    index.add(keys, values)
    query = values.copy()
    keys[:], values[:] = 9, 0
    assert rows(index.search(query, 0.99)) == [(0, 1.0, 1)]


# ---- Refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda index: index.add(some_keys([1, 2]), some_values(1)),
        lambda index: index.add(some_keys([1]), some_values(1)[0]),
        lambda index: index.add(some_keys([1]), some_values(1)[:, :511]),
        lambda index: index.add(some_keys([1]), some_values(1).view(np.uint8)),
        lambda index: index.add(np.array([1]), some_values(1)),
        lambda index: index.add(np.array([[1]], np.uint64), some_values(1)),
        lambda index: index.remove(np.array([1])),
        lambda index: index.contains(np.array([1])),
        lambda index: index.search(some_values(1)[0], 0.5),
        lambda index: index.search(some_values(1).astype(np.float32), 0.5),
        lambda index: index.search(some_values(1), -1.01),
        lambda index: index.search(some_values(1), 1.01),
        lambda index: index.search(some_values(1), float("nan")),
    ],
)
def test_a_wrong_shape_dtype_or_bound_is_refused_and_changes_nothing(
    index: DescriptorIndex, call: Callable[[DescriptorIndex], object]
) -> None:
    index.add(some_keys([1]), some_values(1))
    with pytest.raises(ValueError, match="must"):
        call(index)
    assert rows(index.search(some_values(1), 0.99)) == [(0, 1.0, 1)]


# ---- Threads --------------------------------------------------------------------------------------------


def test_searches_see_whole_changes_while_other_threads_add_and_remove(index: DescriptorIndex) -> None:
    steady, moving = some_values(50), some_values(200, seed=2)
    index.add(some_keys(range(1, 51)), steady)
    expected = [(row, 1.0, row + 1) for row in range(50)]
    stop = threading.Event()
    wrong: list[list[Row]] = []

    def search() -> None:
        while not stop.is_set():
            found = rows(index.search(steady, 0.9))
            if found != expected:
                wrong.append(found)

    def change(first: int) -> None:
        keys = some_keys(range(1_000 + first, 1_000 + first + 100))
        for _ in range(60):
            index.add(keys, moving[first : first + 100])
            index.remove(keys)

    searchers = [threading.Thread(target=search) for _ in range(2)]
    changers = [threading.Thread(target=change, args=(first,)) for first in (0, 100)]
    for thread in searchers + changers:
        thread.start()
    for thread in changers:
        thread.join()
    stop.set()
    for thread in searchers:
        thread.join()
    assert not wrong
    assert len(index) == 50


# ---- Any order of changes -------------------------------------------------------------------------------

# Few keys, and few descriptors whose cosines lie on the bounds that are asked for.
KEYS = st.integers(1, 6)
VALUES = st.sampled_from([(sign * ones(count)).astype(np.int8).tobytes() for count in (0, 64, 256) for sign in (1, -1)])


class AgainstADictionary(RuleBasedStateMachine):
    """Adds, removes and searches, and holds every answer against a plain dictionary of lists."""

    make: Callable[[], DescriptorIndex]

    @initialize(filler=st.sampled_from((0, 1, 63, 64, 65, 200)))
    def begin(self, filler: int) -> None:
        self.index = type(self).make()
        self.stored: dict[int, list[bytes]] = {}
        self.put([(100 + number, values.tobytes()) for number, values in enumerate(some_values(filler))])

    def put(self, added: Sequence[tuple[int, bytes]]) -> None:
        values = np.frombuffer(b"".join(each for _, each in added), np.int8).reshape(-1, 512)
        self.index.add(some_keys(key for key, _ in added), values)
        for key, each in added:
            self.stored.setdefault(key, []).append(each)

    @rule(added=st.lists(st.tuples(KEYS, VALUES), max_size=9))
    def add(self, added: list[tuple[int, bytes]]) -> None:
        self.put(added)

    @rule(keys=st.lists(KEYS | st.integers(90, 310), max_size=4))
    def remove(self, keys: list[int]) -> None:
        self.index.remove(some_keys(keys))
        for key in keys:
            self.stored.pop(key, None)

    @rule()
    def remove_the_filler(self) -> None:
        self.remove([key for key in self.stored if key >= 100])

    @rule(queries=st.lists(VALUES, max_size=3), at_least=st.sampled_from((-1, -0.5, 0, 0.5, 0.7, 1)))
    def search(self, queries: list[bytes], at_least: float) -> None:
        values = np.frombuffer(b"".join(queries), np.int8).reshape(-1, 512)
        assert rows(self.index.search(values, at_least)) == every_pair(queries, self.pairs(), at_least)

    @rule(keys=st.lists(KEYS | st.integers(90, 310), max_size=4))
    def ask(self, keys: list[int]) -> None:
        assert self.index.contains(some_keys(keys)).tolist() == [key in self.stored for key in keys]

    @invariant()
    def the_length_is_the_number_of_descriptors(self) -> None:
        assert len(self.index) == len(self.pairs())

    def pairs(self) -> list[tuple[int, bytes]]:
        return [(key, values) for key, each in self.stored.items() for values in each]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_any_order_of_changes_gives_what_a_dictionary_gives(implementation: Callable[[], DescriptorIndex]) -> None:
    machine = type("Machine", (AgainstADictionary,), {"make": staticmethod(implementation)})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=20, deadline=None))
