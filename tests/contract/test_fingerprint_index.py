"""What every index of fingerprints promises (`index/interface.py`), asked of each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from takeback.index import FingerprintIndex, HammingIndex, LinearIndex, Neighbors

IMPLEMENTATIONS = (LinearIndex, HammingIndex)

type Row = tuple[int, int, int]  # query, distance, key


@pytest.fixture(params=IMPLEMENTATIONS)
def index(request: pytest.FixtureRequest) -> FingerprintIndex:
    made: FingerprintIndex = request.param()
    return made


def some_codes(count: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def some_keys(keys: Iterable[int]) -> NDArray[np.uint64]:
    return np.array(list(keys), np.uint64)


def flipped(code: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    return np.packbits(np.unpackbits(code) ^ (np.arange(256) < bits))


def rows(found: Neighbors) -> list[Row]:
    return list(zip(found.query.tolist(), found.distance.tolist(), found.key.tolist(), strict=True))


def every_pair(queries: Sequence[bytes], stored: Iterable[tuple[int, bytes]], radius: int) -> list[Row]:
    """Compare every query with every code, as integers: the oracle."""
    numbers = [(key, int.from_bytes(code)) for key, code in stored]
    pairs = [
        (row, (int.from_bytes(query) ^ number).bit_count(), key)
        for row, query in enumerate(queries)
        for key, number in numbers
    ]
    return sorted(pair for pair in pairs if pair[1] <= radius)


# ---- Searching ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [0, 32, 64, 96])
def test_published_needles_are_found_in_the_published_haystack_as_by_a_linear_scan(
    index: FingerprintIndex, vectors: Path, radius: int
) -> None:
    haystack, needles = (
        [bytes.fromhex(line) for line in (vectors / "pdq" / f"{name}.txt").read_text().split()]
        for name in ("haystack", "needles")
    )
    assert (len(haystack), len(needles)) == (1350, 100)
    index.add(some_keys(range(1, 1351)), np.frombuffer(b"".join(haystack), np.uint8).reshape(-1, 32))
    found = index.search(np.frombuffer(b"".join(needles), np.uint8).reshape(-1, 32), radius)
    assert rows(found) == every_pair(needles, enumerate(haystack, start=1), radius)


def test_a_code_is_found_at_its_distance_and_not_one_bit_below(index: FingerprintIndex) -> None:
    query = some_codes(1)
    for distance in range(257):
        index.add(some_keys([distance + 1]), flipped(query[0], distance)[np.newaxis])
    for radius in (0, 1, 30, 31, 32, 127, 128, 255, 256):
        assert rows(index.search(query, radius)) == [(0, bits, bits + 1) for bits in range(radius + 1)]


def test_the_radius_is_pdqs_unless_another_is_asked_for(index: FingerprintIndex) -> None:
    query = some_codes(1)
    index.add(some_keys([1, 2]), np.stack([flipped(query[0], 31), flipped(query[0], 32)]))
    assert rows(index.search(query)) == [(0, 31, 1)]


def test_neighbours_come_by_query_then_distance_then_key(index: FingerprintIndex) -> None:
    queries = some_codes(2)
    near = [flipped(queries[row], bits) for row, bits in ((1, 3), (1, 0), (0, 5), (0, 5), (0, 2))]
    index.add(some_keys([7, 9, 8, 3, 6]), np.stack(near))
    assert rows(index.search(queries)) == [(0, 2, 6), (0, 5, 3), (0, 5, 8), (1, 0, 9), (1, 3, 7)]


def test_neighbours_have_the_promised_types(index: FingerprintIndex) -> None:
    for queries in (some_codes(2), some_codes(0)):
        found = index.search(queries)
        assert found.query.dtype == np.dtype(np.int64)
        assert found.key.dtype == np.dtype(np.uint64)
        assert found.distance.dtype == np.dtype(np.int32)
        index.add(some_keys([1, 2]), some_codes(2))
    assert len(index.search(some_codes(2))) == 4


def test_an_empty_index_has_no_neighbours(index: FingerprintIndex) -> None:
    assert len(index.search(some_codes(3), 256)) == 0
    assert len(index) == 0


def test_no_queries_have_no_neighbours(index: FingerprintIndex) -> None:
    index.add(some_keys([1]), some_codes(1))
    assert len(index.search(some_codes(0), 256)) == 0


def test_a_batch_answers_as_its_queries_one_by_one(index: FingerprintIndex) -> None:
    codes = some_codes(3_000)
    index.add(some_keys(range(1, 3_001)), codes)
    queries = some_codes(400, seed=2)
    together = rows(index.search(queries, 100))
    alone = [
        (row, distance, key)
        for row in range(len(queries))
        for _, distance, key in rows(index.search(queries[row : row + 1], 100))
    ]
    assert together == alone
    assert together


def test_arrays_that_lie_apart_in_memory_are_read_rightly(index: FingerprintIndex) -> None:
    wide = some_codes(20)
    index.add(some_keys(range(20))[::2], wide[::2])
    assert rows(index.search(wide[::-1][1::2], 0)) == [(row, 0, 18 - 2 * row) for row in range(10)]


# ---- Adding and removing --------------------------------------------------------------------------------


def test_an_added_code_is_found_by_the_next_search_and_a_removed_one_is_not(index: FingerprintIndex) -> None:
    code = some_codes(1)
    index.add(some_keys([2**63 - 1]), code)
    assert rows(index.search(code)) == [(0, 0, 2**63 - 1)]
    index.remove(some_keys([2**63 - 1]))
    assert rows(index.search(code, 256)) == []


def test_a_key_may_have_several_codes_and_loses_all_of_them_at_once(index: FingerprintIndex) -> None:
    codes = some_codes(3)
    index.add(some_keys([5, 5]), codes[:2])
    index.add(some_keys([5, 6]), codes[1:])
    assert len(index) == 4
    assert rows(index.search(codes[1:2], 0)) == [(0, 0, 5), (0, 0, 5)]
    index.remove(some_keys([5]))
    assert len(index) == 1
    assert rows(index.search(codes, 0)) == [(2, 0, 6)]


def test_an_index_says_which_keys_have_a_code(index: FingerprintIndex) -> None:
    index.add(some_keys([5, 5, 9]), some_codes(3))
    assert index.contains(some_keys([9, 4, 5, 9])).tolist() == [True, False, True, True]
    index.remove(some_keys([5]))
    assert index.contains(some_keys([5, 9])).tolist() == [False, True]
    assert index.contains(some_keys([])).dtype == np.bool_


def test_removing_an_unknown_key_does_nothing(index: FingerprintIndex) -> None:
    index.add(some_keys([1]), some_codes(1))
    index.remove(some_keys([2, 3]))
    index.remove(some_keys([]))
    assert len(index) == 1


def test_memory_is_given_back_when_most_codes_are_gone(index: FingerprintIndex) -> None:
    index.add(some_keys(range(10_000)), some_codes(10_000))
    full = index.nbytes
    assert 10_000 * 40 <= full <= 10_000 * 160
    index.remove(some_keys(range(9_990)))
    assert index.nbytes < full / 50


def test_what_the_caller_does_to_its_arrays_later_does_not_matter(index: FingerprintIndex) -> None:
    keys, codes = some_keys([1]), some_codes(1)
    index.add(keys, codes)
    query = codes.copy()
    keys[:], codes[:] = 9, 0
    assert rows(index.search(query, 0)) == [(0, 0, 1)]


# ---- Refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda index: index.add(some_keys([1, 2]), some_codes(1)),
        lambda index: index.add(some_keys([1]), some_codes(1)[0]),
        lambda index: index.add(some_keys([1]), some_codes(1)[:, :31]),
        lambda index: index.add(some_keys([1]), some_codes(1).astype(np.int32)),
        lambda index: index.add(np.array([1]), some_codes(1)),
        lambda index: index.add(np.array([[1]], np.uint64), some_codes(1)),
        lambda index: index.remove(np.array([1])),
        lambda index: index.contains(np.array([1])),
        lambda index: index.search(some_codes(1)[0]),
        lambda index: index.search(some_codes(1).view(np.int8)),
        lambda index: index.search(some_codes(1), -1),
        lambda index: index.search(some_codes(1), 257),
    ],
)
def test_a_wrong_shape_dtype_or_radius_is_refused_and_changes_nothing(
    index: FingerprintIndex, call: Callable[[FingerprintIndex], object]
) -> None:
    index.add(some_keys([1]), some_codes(1))
    with pytest.raises(ValueError, match="must"):
        call(index)
    assert rows(index.search(some_codes(1), 0)) == [(0, 0, 1)]


# ---- Threads --------------------------------------------------------------------------------------------


def test_searches_see_whole_changes_while_other_threads_add_and_remove(index: FingerprintIndex) -> None:
    steady, moving = some_codes(50), some_codes(200, seed=2)
    index.add(some_keys(range(1, 51)), steady)
    expected = [(row, 0, row + 1) for row in range(50)]
    stop = threading.Event()
    wrong: list[list[Row]] = []

    def search() -> None:
        while not stop.is_set():
            found = rows(index.search(steady, 0))
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

# Few keys and few codes near each other, so that duplicates, removals of half the rows and distances on
# the edge of the radius all happen.
KEYS = st.integers(1, 6)
CODES = st.integers(0, 40).map(lambda bits: flipped(np.zeros(32, np.uint8), bits).tobytes())


class AgainstADictionary(RuleBasedStateMachine):
    """Adds, removes and searches, and holds every answer against a plain dictionary of lists."""

    make: Callable[[], FingerprintIndex]

    @initialize(filler=st.sampled_from((0, 1, 63, 64, 200)))
    def begin(self, filler: int) -> None:
        self.index = type(self).make()
        self.stored: dict[int, list[bytes]] = {}
        self.put([(100 + number, code.tobytes()) for number, code in enumerate(some_codes(filler))])

    def put(self, added: Sequence[tuple[int, bytes]]) -> None:
        codes = np.frombuffer(b"".join(code for _, code in added), np.uint8).reshape(-1, 32)
        self.index.add(some_keys(key for key, _ in added), codes)
        for key, code in added:
            self.stored.setdefault(key, []).append(code)

    @rule(added=st.lists(st.tuples(KEYS, CODES), max_size=9))
    def add(self, added: list[tuple[int, bytes]]) -> None:
        self.put(added)

    @rule(keys=st.lists(KEYS | st.integers(90, 310), max_size=4))
    def remove(self, keys: list[int]) -> None:
        self.index.remove(some_keys(keys))
        for key in keys:
            self.stored.pop(key, None)

    @rule()
    def remove_the_filler(self) -> None:
        keys = [key for key in self.stored if key >= 100]
        self.remove(keys)

    @rule(queries=st.lists(CODES, max_size=3), radius=st.sampled_from((0, 1, 10, 31, 32, 256)))
    def search(self, queries: list[bytes], radius: int) -> None:
        codes = np.frombuffer(b"".join(queries), np.uint8).reshape(-1, 32)
        assert rows(self.index.search(codes, radius)) == every_pair(queries, self.pairs(), radius)

    @rule(keys=st.lists(KEYS | st.integers(90, 310), max_size=4))
    def ask(self, keys: list[int]) -> None:
        assert self.index.contains(some_keys(keys)).tolist() == [key in self.stored for key in keys]

    @invariant()
    def the_length_is_the_number_of_codes(self) -> None:
        assert len(self.index) == len(self.pairs())

    def pairs(self) -> list[tuple[int, bytes]]:
        return [(key, code) for key, codes in self.stored.items() for code in codes]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_any_order_of_changes_gives_what_a_dictionary_gives(
    implementation: Callable[[], FingerprintIndex],
) -> None:
    machine = type("Machine", (AgainstADictionary,), {"make": staticmethod(implementation)})
    run_state_machine_as_test(machine, settings=settings(max_examples=60, stateful_step_count=20, deadline=None))
