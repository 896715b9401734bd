"""Entries with features like a picture's come first; what is removed does not; what everything has does not count."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.index.codes import codes, flipped, keys
from tests.unit.registration.pictures import cornered, cropped, mirrored

from takeback.index import LocalIndex
from takeback.index.local import COMMON, VOTE_RADIUS, _is_sampled
from takeback.registration import LocalFeatures, local_features

ENTRIES = range(1, 13)


def features(some: NDArray[np.uint8], mirrored: NDArray[np.uint8] | None = None) -> LocalFeatures:
    return LocalFeatures(100, 100, np.ones((len(some), 4), np.float32), some, mirrored)


@pytest.fixture(scope="module")
def index() -> LocalIndex:
    filled = LocalIndex(threads=1)
    for seed in ENTRIES:
        filled.add(seed, local_features(cornered(seed)).codes)
    return filled


@pytest.mark.parametrize("seed", [1, 5, 12])
def test_the_entry_of_a_crop_comes_first(index: LocalIndex, seed: int) -> None:
    query = local_features(cropped(cornered(seed), 100, 80, 500, 400))
    assert index.candidates(query)[0] == seed


def test_the_entry_of_a_mirrored_picture_comes_first(index: LocalIndex) -> None:
    assert index.candidates(local_features(mirrored(cornered(7))))[0] == 7


def test_no_more_than_were_asked_for(index: LocalIndex) -> None:
    assert len(index.candidates(local_features(cornered(3)), most=2)) <= 2
    assert index.candidates(local_features(cornered(3)), most=1) == [3]


def test_a_flat_picture_has_no_candidates(index: LocalIndex) -> None:
    assert index.candidates(local_features(np.zeros((50, 50), np.uint8))) == []


def test_an_empty_index_has_no_candidates() -> None:
    assert LocalIndex().candidates(local_features(cornered(1))) == []


def test_a_removed_entry_is_no_candidate_at_once() -> None:
    index = LocalIndex(threads=1)
    index.add(1, codes(50))
    index.add(2, codes(50))
    index.remove(np.array([1, 99], np.uint64))
    assert index.candidates(features(codes(50))) == [2]
    assert index.contains(np.array([1, 2], np.uint64)).tolist() == [False, True]
    assert len(index) == 50


def test_a_sampled_entry_is_removed_from_the_sample_too() -> None:
    key = next(key for key in range(1, 1000) if _is_sampled(key))
    index = LocalIndex(threads=1)
    empty = index.nbytes
    index.add(key, codes(50))
    assert index.nbytes > empty
    index.remove(np.array([key], np.uint64))
    assert len(index) == len(index._sample) == 0


def test_one_entry_in_about_thirty_two_is_in_the_sample() -> None:
    assert 250 < sum(map(_is_sampled, range(1, 10_001))) < 375


def test_a_code_beyond_the_radius_has_no_vote() -> None:
    stored = codes(1)
    index = LocalIndex(threads=1)
    index.add(1, stored)
    assert index.candidates(features(flipped(stored[0], range(VOTE_RADIUS))[np.newaxis])) == [1]
    assert index.candidates(features(flipped(stored[0], range(VOTE_RADIUS + 1))[np.newaxis])) == []


def test_one_rare_code_weighs_more_than_one_that_others_have() -> None:
    some = codes(4)
    index = LocalIndex(threads=1)
    for key in (1, 2, 3):
        index.add(key, some[:2])
    index.add(4, some[3:])
    assert index.candidates(features(some)) == [4, 1, 2, 3]


def test_an_entry_with_many_like_one_code_has_one_vote() -> None:
    some = codes(1)
    index = LocalIndex(threads=1)
    index.add(1, some)
    index.add(2, np.repeat(some, 20, axis=0))
    assert index.candidates(features(some)) == [1, 2]


def test_a_code_that_one_entry_has_many_times_is_not_common() -> None:
    key = next(key for key in range(1, 1000) if _is_sampled(key))
    index = LocalIndex(threads=1)
    index.add(key, np.repeat(codes(1), 200, axis=0))
    assert index.candidates(features(codes(1))) == [key]


def test_the_better_mirror_sense_counts_and_not_both() -> None:
    some = codes(10)
    index = LocalIndex(threads=1)
    index.add(1, some[[0, 1, 5, 6]])
    index.add(2, some[2:5])
    assert index.candidates(features(some[:5], some[5:])) == [2, 1]


def test_what_every_entry_has_is_not_asked_for() -> None:
    stored = codes(1)
    index = LocalIndex(threads=1)
    for key in range(1, 4 * COMMON):
        index.add(key, stored)
    index.add(5000, codes(2, seed=2))
    assert index.candidates(features(stored)) == []
    assert index.candidates(features(np.concatenate([stored, codes(2, seed=2)]))) == [5000]


def test_another_shape_or_too_many_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        LocalIndex().add(1, np.zeros((2, 31), np.uint8))
    with pytest.raises(ValueError, match="most"):
        LocalIndex().add(1, np.zeros((1025, 32), np.uint8))


def test_searches_beside_additions_and_removals_find_what_stays() -> None:
    index = LocalIndex(threads=1)
    index.add(1, codes(100, seed=1))
    stop, wrong = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            found = index.candidates(features(codes(100, seed=1)))
            if found[:1] != [1]:
                wrong.append(found)

    searcher = threading.Thread(target=search)
    searcher.start()
    for seed in range(2, 60):
        index.add(seed, codes(200, seed=seed))
        index.remove(keys(1, first=seed - 1) if seed > 2 else keys(0))
    stop.set()
    searcher.join()
    assert wrong == []
    assert len(index) == 300
