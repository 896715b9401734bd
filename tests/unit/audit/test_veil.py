"""The tree that does not tell how many leaves it has."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeback.audit.merkle import leaf_hash, node_hash
from takeback.audit.proof import root_by_inclusion
from takeback.audit.veil import VEIL_DEPTH, VEIL_LEAVES, Veil

KEY = bytes(range(32))

places = st.sets(st.integers(0, VEIL_LEAVES - 1), min_size=1, max_size=30)


def veil_over(chosen: set[int], key: bytes = KEY) -> Veil:
    return Veil({place: leaf_hash(place.to_bytes(4, "big")) for place in chosen}, key)


@given(places)
def test_every_leaf_is_proven_as_in_any_tree_of_rfc_6962(chosen: set[int]) -> None:
    veil = veil_over(chosen)

    for place in chosen:
        path = veil.path(place)
        assert len(path) == VEIL_DEPTH
        assert root_by_inclusion(leaf_hash(place.to_bytes(4, "big")), place, VEIL_LEAVES, path) == veil.root()


@given(places)
def test_each_node_is_that_of_its_two_halves_where_there_is_a_leaf(chosen: set[int]) -> None:
    veil = veil_over(chosen)

    for place in chosen:
        for level in range(1, VEIL_DEPTH + 1):
            index = place >> level
            halves = veil.node(level - 1, 2 * index), veil.node(level - 1, 2 * index + 1)
            assert veil.node(level, index) == node_hash(*halves)


def test_what_is_empty_looks_like_a_hash_and_like_no_other() -> None:
    veil = Veil({}, KEY)
    nodes = {veil.node(level, index) for level in range(VEIL_DEPTH) for index in range(2)}

    assert len(nodes) == 2 * VEIL_DEPTH
    assert all(len(node) == 32 for node in nodes)


def test_without_the_key_an_empty_place_is_not_told_from_a_full_one() -> None:
    """The proof of a lone entry has nothing in it that another period's, or a guess, would have too."""
    lone = Veil({5: leaf_hash(b"hers")}, KEY).path(5)
    other = Veil({5: leaf_hash(b"hers")}, KEY[::-1]).path(5)

    assert not set(lone) & set(other)
    assert len(set(lone)) == VEIL_DEPTH


def test_a_proof_is_as_long_in_a_crowd_as_alone() -> None:
    crowd = set(random.Random(1).sample(range(VEIL_LEAVES), 3_000)) | {5}

    assert len(veil_over(crowd).path(5)) == len(veil_over({5}).path(5)) == VEIL_DEPTH


@pytest.mark.parametrize("place", [-1, VEIL_LEAVES])
def test_a_place_outside_the_tree_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match="place"):
        Veil({place: bytes(32)}, KEY)
