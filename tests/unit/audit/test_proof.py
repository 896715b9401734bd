"""Proofs of inclusion and of consistency: the RFC's, another implementation's, and nothing else verifies."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from takeback.audit.merkle import leaf_hash, node_hash, root_of
from takeback.audit.proof import (
    consistency_proof,
    inclusion_proof,
    is_consistent,
    root_by_inclusion,
    tree_root,
)
from takeback.errors import ProofBroken


class Tree:
    """All full subtrees of a tree in memory, and pymerkle's tree over the same leaves."""

    def __init__(self, size: int) -> None:
        self.theirs = InmemoryTree(algorithm="sha256")
        self.levels: list[list[bytes]] = [[]]
        for index in range(size):
            self.theirs.append_entry(index.to_bytes(4, "big"))
            self.levels[0].append(leaf_hash(index.to_bytes(4, "big")))
        while len(below := self.levels[-1]) > 1:
            self.levels.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])

    def node(self, level: int, index: int) -> bytes:
        return self.levels[level][index]

    def root(self, size: int) -> bytes:
        return tree_root(self.node, size)


def pairs(most: int) -> Iterator[tuple[int, int]]:
    return ((first, second) for second in range(1, most + 1) for first in range(1, second + 1))


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(3_000)


def agree(tree: Tree, index: int, size: int) -> None:
    """Both make the same two proofs, and ours verify."""
    path = inclusion_proof(tree.node, index, size)
    assert path == tree.theirs.prove_inclusion(index + 1, size).path[1:]
    assert root_by_inclusion(tree.node(0, index), index, size, path) == tree.root(size)
    first = index + 1
    earlier, later = tree.root(first), tree.root(size)
    assert is_consistent(first, size, earlier, later, consistency_proof(tree.node, first, size))
    # pymerkle's proofs of consistency hold other hashes than the RFC's; what they prove is the same.
    tree.theirs.prove_consistency(first, size).verify(earlier, later)


def test_every_proof_of_the_small_trees_is_pymerkles(tree: Tree) -> None:
    for first, size in pairs(70):
        agree(tree, first - 1, size)


def test_the_examples_of_the_rfc(tree: Tree) -> None:
    """RFC 6962 section 2.1.3: seven leaves, d0 to d6, and the nodes as it names them."""
    a, b, c, d, e, f, j = tree.levels[0][:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741

    assert inclusion_proof(tree.node, 0, 7) == [b, h, l]
    assert inclusion_proof(tree.node, 3, 7) == [c, g, l]
    assert inclusion_proof(tree.node, 4, 7) == [f, j, k]
    assert inclusion_proof(tree.node, 6, 7) == [i, k]
    assert consistency_proof(tree.node, 3, 7) == [c, d, g, l]
    assert consistency_proof(tree.node, 4, 7) == [l]
    assert consistency_proof(tree.node, 6, 7) == [i, j, k]


@given(st.data())
def test_proofs_of_larger_trees_are_pymerkles(tree: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 3_000))
    agree(tree, data.draw(st.integers(0, size - 1)), size)


@pytest.mark.slow
def test_proofs_of_trees_of_up_to_a_million_leaves_are_pymerkles() -> None:
    tree, draw = Tree(1_000_000), random.Random(6962)
    sizes = [1_000_000, 999_999, *(2**power + step for power in range(10, 20) for step in (-1, 0, 1))]
    sizes += [draw.randint(1, 1_000_000) for _ in range(500)]
    for size in sizes:
        agree(tree, draw.randrange(size), size)
        assert tree.root(size) == tree.theirs.get_root(size)


def test_a_root_from_nodes_is_the_definitions(tree: Tree) -> None:
    for size in range(1, 40):
        assert tree.root(size) == root_of(tree.levels[0][:size])


@given(st.data())
def test_a_changed_proof_of_inclusion_gives_another_root(tree: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(tree.node, index, size)
    place = data.draw(st.integers(0, len(path) - 1))
    changed = bytearray(path[place])
    changed[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))

    path[place] = bytes(changed)

    assert root_by_inclusion(tree.node(0, index), index, size, path) != tree.root(size)


@given(st.data())
def test_another_place_or_leaf_is_not_proven(tree: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    index, other = data.draw(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)))
    path = inclusion_proof(tree.node, index, size)
    if other != index:
        assert root_by_inclusion(tree.node(0, other), index, size, path) != tree.root(size)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13])
def test_a_path_of_another_length_is_refused(tree: Tree, size: int) -> None:
    for index in range(size):
        path = inclusion_proof(tree.node, index, size)
        with pytest.raises(ProofBroken, match="longer"):
            root_by_inclusion(tree.node(0, index), index, size, [*path, bytes(32)])
        if path:
            with pytest.raises(ProofBroken, match="shorter"):
                root_by_inclusion(tree.node(0, index), index, size, path[:-1])


@pytest.mark.parametrize("path", [[b""], [bytes(31)], [bytes(33)], [bytes(32)] * 64])
def test_what_are_not_hashes_is_refused(path: list[bytes]) -> None:
    with pytest.raises(ProofBroken, match="hashes of 32 bytes"):
        root_by_inclusion(bytes(32), 0, 2**62, path)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(tree: Tree, index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        inclusion_proof(tree.node, index, size)
    with pytest.raises(ProofBroken, match="does not have"):
        root_by_inclusion(bytes(32), index, size, [])


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3), (-1, 3)])
def test_there_is_no_proof_from_an_empty_or_a_larger_tree(tree: Tree, first: int, second: int) -> None:
    with pytest.raises(ValueError, match="earlier tree"):
        consistency_proof(tree.node, first, second)


def test_whatever_is_changed_about_a_proof_of_consistency_is_found(tree: Tree) -> None:
    for first, second in pairs(20):
        proof, roots = consistency_proof(tree.node, first, second), (tree.root(first), tree.root(second))
        for place in range(len(proof)):
            changed = [*proof[:place], node_hash(proof[place], b""), *proof[place + 1 :]]
            assert not is_consistent(first, second, *roots, changed)
            assert not is_consistent(first, second, *roots, proof[:place] + proof[place + 1 :])
        assert not is_consistent(first, second, *roots, [*proof, bytes(32)])
        assert not is_consistent(first, second, bytes(32), roots[1], proof)
        assert not is_consistent(first, second, roots[0], bytes(32), proof)
        if first != second:
            assert not is_consistent(second, first, roots[1], roots[0], proof)
        if first > 1:
            assert not is_consistent(first - 1, second, *roots, proof)


def test_every_tree_grew_out_of_nothing(tree: Tree) -> None:
    assert is_consistent(0, 5, root_of(()), tree.root(5), [])
    assert not is_consistent(0, 5, root_of(()), tree.root(5), [bytes(32)])
