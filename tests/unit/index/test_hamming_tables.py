"""No code within the radius escapes the tables: `HammingIndex` against the readable index, where it is hardest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.index.codes import Codes, answers, codes, flipped, keys, linear

from takeback.index import HammingIndex

FILLER = 20_000
MAX_TABLE_RADIUS = 47


def pair_bits(pair: int) -> range:
    """The bits of one pair of 16-bit chunks."""
    return range(32 * pair, 32 * pair + 32)


def hard_flips(radius: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Ways to differ in exactly `radius` bits that leave the fewest pairs and chunks nearly equal."""
    # 1. As evenly over the pairs as can be, the fuller ones first, and last.
    share, rest = divmod(radius, 8)
    for order in (range(8), range(7, -1, -1)):
        counts = [(pair, share + (place < rest)) for place, pair in enumerate(order)]
        # Every way to divide it between the two chunks of a pair; in the lowest bits, which a small segment
        # drops, and in the highest.
        for most in range(share + 2):
            parts = [(pair, min(most, count), count - min(most, count)) for pair, count in counts]
            yield [bit for pair, one, two in parts for bit in (*pair_bits(pair)[:one], *pair_bits(pair)[16:][:two])]
            yield [
                bit
                for pair, one, two in parts
                for bit in (*pair_bits(pair)[:16][16 - one :], *pair_bits(pair)[32 - two :])
            ]
        yield [bit for pair, count in counts for bit in rng.permutation(pair_bits(pair))[:count].tolist()]
    # 2. Evenly over the chunks.
    yield [16 * (bit % 16) + bit // 16 for bit in range(radius)]
    yield [16 * (15 - bit % 16) + 15 - bit // 16 for bit in range(radius)]
    # 3. All in one place, and anywhere.
    yield list(range(radius))
    yield list(range(256 - radius, 256))
    for _ in range(4):
        yield rng.permutation(256)[:radius].tolist()


@pytest.fixture(scope="module")
def filler() -> Codes:
    return codes(FILLER)


@pytest.mark.parametrize("radius", range(MAX_TABLE_RADIUS + 2))
def test_a_code_at_the_radius_is_found_however_its_bits_are_spread(radius: int, filler: Codes) -> None:
    rng = np.random.default_rng(radius)
    query = codes(1, seed=99)
    near = np.stack([flipped(query[0], bits) for bits in hard_flips(radius, rng)])
    beyond = np.stack([flipped(query[0], bits) for bits in hard_flips(radius + 1, rng)])
    index = HammingIndex(threads=1)
    stored = np.concatenate([filler, near, beyond])
    index.add(keys(len(stored)), stored)
    assert answers(index, query, radius) == [(0, radius, FILLER + 1 + row) for row in range(len(near))]


@pytest.mark.parametrize("count", [1, 2_100, 5_000, 9_000, 33_000, 70_000, 150_000])
@pytest.mark.parametrize("radius", [0, 7, 23, 31, 40])
def test_segments_of_every_size_answer_as_the_readable_index(count: int, radius: int) -> None:
    stored = codes(count)
    rng = np.random.default_rng(count)
    queries = np.stack(
        [flipped(stored[rng.integers(count)], rng.permutation(256)[: rng.integers(radius + 2)]) for _ in range(40)]
    )
    index = HammingIndex(threads=1)
    index.add(keys(count), stored)
    index.settle()
    assert answers(index, queries, radius) == answers(linear(keys(count), stored), queries, radius)


def test_published_like_codes_with_128_ones_answer_as_the_readable_index() -> None:
    rng = np.random.default_rng(5)
    ones = np.zeros((30_000, 256), np.uint8)
    ones[:, :128] = 1
    stored = np.packbits(rng.permuted(ones, axis=1), axis=1)
    stored[15_000:] = [flipped(code, rng.permutation(256)[: rng.integers(40)]) for code in stored[:15_000]]
    index = HammingIndex(threads=1)
    index.add(keys(30_000), stored)
    for radius in (10, 31, 46):
        assert answers(index, stored[::300], radius) == answers(linear(keys(30_000), stored), stored[::300], radius)


def test_codes_that_lie_close_together_are_all_found_once() -> None:
    """All within 31 bits of one another: every bucket of the middle is full, and each code is in all tables."""
    rng = np.random.default_rng(7)
    middle = codes(1)[0]
    near = np.stack([flipped(middle, rng.permutation(256)[: rng.integers(16)]) for _ in range(9_000)])
    stored = np.concatenate([near, codes(30_000, seed=3)])
    index = HammingIndex(threads=1)
    index.add(keys(len(stored)), stored)
    readable = linear(keys(len(stored)), stored)
    queries = np.stack([middle, near[0], near[1], codes(1, seed=8)[0]])
    for radius in (0, 3, 12, 31):
        assert answers(index, queries, radius) == answers(readable, queries, radius)


def test_equal_codes_under_many_keys_are_all_found_and_all_removed() -> None:
    same = np.repeat(codes(1), 12_000, axis=0)
    index = HammingIndex(threads=1)
    index.add(keys(12_000), same)
    assert answers(index, same[:1], 31) == [(0, 0, key) for key in range(1, 12_001)]
    index.remove(keys(6_000))
    assert [key for *_, key in answers(index, same[:1], 0)] == list(range(6_001, 12_001))
    for key in range(12_000, 10_000, -1):
        index.remove(keys(1, first=key))
    assert [key for *_, key in answers(index, same[:1], 31)] == list(range(6_001, 10_001))


SPREAD = st.lists(st.integers(0, 255), min_size=0, max_size=50, unique=True)


@settings(max_examples=300, deadline=None)
@given(flips=st.lists(SPREAD, min_size=1, max_size=8), radius=st.integers(0, 50))
def test_any_spread_of_bits_is_found_within_the_radius_and_no_other(flips: list[list[int]], radius: int) -> None:
    index = _with_filler()
    query = codes(1, seed=99)
    near = np.stack([flipped(query[0], bits) for bits in flips])
    added = keys(len(near), first=FILLER + 1)
    index.add(added, near)
    try:
        expected = sorted((0, len(bits), FILLER + 1 + row) for row, bits in enumerate(flips) if len(bits) <= radius)
        assert answers(index, query, radius) == expected
    finally:
        index.remove(added)


_FILLED: list[HammingIndex] = []


def _with_filler() -> HammingIndex:
    """One index for all examples: what an example adds lies in its tail, and now and then is merged."""
    if not _FILLED:
        _FILLED.append(HammingIndex(threads=1))
        _FILLED[0].add(keys(FILLER), codes(FILLER))
    return _FILLED[0]
