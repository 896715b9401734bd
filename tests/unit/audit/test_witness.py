"""What a witness signs, and what not."""

from __future__ import annotations

import pytest
from tests.unit.audit.test_proof import Tree

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.merkle import node_hash
from takeback.audit.note import KeyType, Signer
from takeback.audit.proof import consistency_proof
from takeback.audit.witness import AddCheckpoint, Conflict, NotConsistent, WitnessedLog, consider
from takeback.errors import NotAllowed, NotFound, ProofBroken

LOG = Signer("other.example/log", KeyType.LOG, bytes(range(32)))
TREE = Tree(40)


def head(size: int) -> LogCheckpoint:
    return LogCheckpoint(LOG.key.name, size, TREE.root(size))


def known(size: int) -> WitnessedLog:
    return WitnessedLog(LOG.key, size, TREE.root(size) if size else b"")


def request(old: int, new: int) -> AddCheckpoint:
    proof = consistency_proof(TREE.node, old, new) if old else []
    return AddCheckpoint(old, proof, head(new).signed(LOG))


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 7), (1, 2), (3, 7), (8, 9), (13, 40), (7, 7)])
def test_a_head_that_grew_is_signed(old: int, new: int) -> None:
    assert consider(AddCheckpoint.parse(request(old, new).text()), known(old)) == head(new)


def test_a_log_that_is_not_known_is_not_signed() -> None:
    with pytest.raises(NotFound, match="not witnessed"):
        consider(request(0, 7), None)


def test_a_head_that_the_log_did_not_sign_is_not_signed() -> None:
    stranger = Signer(LOG.key.name, KeyType.LOG, bytes(32))
    asked = AddCheckpoint(0, [], head(7).signed(stranger))
    with pytest.raises(NotAllowed, match="did not sign"):
        consider(asked, known(0))


def test_a_log_does_not_shrink() -> None:
    with pytest.raises(ProofBroken, match="does not shrink"):
        consider(AddCheckpoint(9, [], head(7).signed(LOG)), known(9))


@pytest.mark.parametrize("old", [0, 2, 4])
def test_who_goes_on_from_elsewhere_is_told_from_where(old: int) -> None:
    with pytest.raises(Conflict) as found:
        consider(request(old, 7), known(3))
    assert found.value.size == 3


def test_a_second_history_is_not_signed() -> None:
    """The attack that a witness is there for: two parties are shown two logs."""
    other = Tree(40)
    other.levels[0][5] = bytes(32)
    for level in range(1, len(other.levels)):
        below = other.levels[level - 1]
        other.levels[level] = [node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)]
    forked = LogCheckpoint(LOG.key.name, 20, other.root(20)).signed(LOG)

    with pytest.raises(NotConsistent):
        consider(AddCheckpoint(7, consistency_proof(other.node, 7, 20), forked), known(7))
    same_size = LogCheckpoint(LOG.key.name, 7, other.root(7)).signed(LOG)
    with pytest.raises(Conflict):
        consider(AddCheckpoint(7, [], same_size), known(7))


def test_a_proof_beside_an_empty_log_is_refused() -> None:
    with pytest.raises(NotConsistent):
        consider(AddCheckpoint(0, [bytes(32)], head(7).signed(LOG)), known(0))


@pytest.mark.parametrize(
    "text",
    [
        "", "old 0", "old\n\nnote", "old 07\n\nnote", "old -1\n\nnote", "new 0\n\nnote", "old 3\nAAAA\n\nnote",
        "old 3\n" + "A" * 43 + "=\n" * 1 + ("A" * 43 + "=\n") * 63 + "\nnote", "x" * 40_000,
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(ProofBroken):
        AddCheckpoint.parse(text)
