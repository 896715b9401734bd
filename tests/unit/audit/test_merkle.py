"""The tree of RFC 6962, against the published roots and another implementation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from takeback.audit.merkle import Frontier, leaf_hash, node_hash, root_of
from takeback.errors import LogBroken

# Certificate Transparency's reference inputs and the root after 0..8 of them (transparency-dev/merkle,
# testonly/constants.go).
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def _grown(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf_hash(leaf))
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_published_for_certificate_transparency(size: int) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]

    assert root_of([leaf_hash(leaf) for leaf in leaves]).hex() == ROOTS[size]
    assert _grown(leaves).root().hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_the_frontier_has_the_root_that_the_definition_gives(leaves: list[bytes]) -> None:
    frontier = _grown(leaves)

    assert frontier.size == len(leaves)
    assert frontier.root() == root_of([leaf_hash(leaf) for leaf in leaves])


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70))
def test_the_root_is_the_one_that_pymerkle_computes(leaves: list[bytes]) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)

    assert _grown(leaves).root() == tree.get_root()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_frontier_survives_being_written_and_read(leaves: list[bytes]) -> None:
    frontier = _grown(leaves)

    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(7),
        bytes(9),
        (1).to_bytes(8, "big"),
        (1).to_bytes(8, "big") + bytes(31),
        (1).to_bytes(8, "big") + bytes(33),
        (2).to_bytes(8, "big") + bytes(64),
        (2**63).to_bytes(8, "big") + bytes(32),
    ],
)
def test_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(LogBroken, match="right edge"):
        Frontier.from_bytes(data)


@pytest.mark.parametrize(("size", "hashes"), [(-1, ()), (1, ()), (2, (bytes(32), bytes(32))), (1, (bytes(31),))])
def test_a_frontier_that_contradicts_itself_cannot_be_made(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match=r"size of a tree|one hash for each|32 bytes"):
        Frontier(size, hashes)


def test_a_leaf_cannot_pass_for_an_inner_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")

    assert leaf_hash(left + right) != node_hash(left, right)
