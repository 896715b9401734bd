"""
A witness of other logs (c2sp.org/tlog-witness): it signs a head only if it grew out of the one that it signed last.

Whoever shows two parties two different logs needs a witness's signature under both, and does not get the second.
Nothing here reads a store or a network: `consider` says what to sign or why not, and the caller keeps what was signed
in the same transaction.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from takeback.audit.checkpoint import LogCheckpoint, tree_size, unbase64_hash
from takeback.audit.note import VerifierKey, signatures_of
from takeback.audit.proof import MAX_PROOF_HASHES, is_consistent
from takeback.errors import IllegalTransition, NotAllowed, NotFound, ProofBroken

MAX_REQUEST_CHARACTERS = 32_768
"""63 hashes and a note take under 20,000."""


class Conflict(IllegalTransition):
    """The log's last head here is another one; `size` is its size."""

    code = "witness-conflict"
    advice = "Send the proof from the size that the answer names."

    def __init__(self, message: str, *, size: int = 0) -> None:
        super().__init__(message)
        self.size = size


class NotConsistent(ProofBroken):
    """A head that did not grow out of the one signed before."""

    code = "not-consistent"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log asks of a witness: to sign `note`, with the proof that it grew from `old_size` entries."""

    old_size: int
    proof: Sequence[bytes]
    note: str

    def text(self) -> str:
        """Return the body of the request."""
        hashes = "".join(f"{b64encode(each).decode()}\n" for each in self.proof)
        return f"old {self.old_size}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a request; `ProofBroken` where it is none."""
        head, blank, note = text.partition("\n\n")
        first, *hashes = head.split("\n")
        if len(text) > MAX_REQUEST_CHARACTERS or not blank or not first.startswith("old "):
            raise ProofBroken("A request to a witness begins with `old` and a size.")
        if len(hashes) > MAX_PROOF_HASHES:
            raise ProofBroken(f"A proof has at most {MAX_PROOF_HASHES} hashes.")
        return cls(tree_size(first.removeprefix("old ")), [unbase64_hash(each) for each in hashes], note)


@dataclass(frozen=True, slots=True)
class WitnessedLog:
    """A log that is witnessed here, and the head that was signed last: size 0 before the first."""

    key: VerifierKey
    size: int
    root: bytes


def consider(request: AddCheckpoint, known: WitnessedLog | None) -> LogCheckpoint:
    """
    Return the head that may be signed; the caller keeps it before it answers.

    `known` is the log of the head's origin. `NotFound` where there is none, `NotAllowed` where the log did not sign,
    `Conflict` where it goes on from another size or has another root at the same size, `NotConsistent` where the head
    did not grow out of the last one.
    """
    head = LogCheckpoint.parse(request.note)
    if known is None:
        raise NotFound("This log is not witnessed here.", advice="Ask the operator to add its key.")
    if not is_signed(request.note, known.key):
        raise NotAllowed("The log did not sign this head.", known=True, advice="Sign it with the key known here.")
    if request.old_size > head.size:
        raise ProofBroken("A log does not shrink.")
    if request.old_size != known.size:
        raise Conflict(f"The last head signed here has {known.size} entries.", size=known.size)
    if known.size == head.size and known.size and known.root != head.root:
        raise Conflict("Another head of the same size was signed here.", size=known.size)
    if not is_consistent(known.size, head.size, known.root, head.root, request.proof):
        raise NotConsistent("This head did not grow out of the one that was signed here before.")
    return head


def is_signed(note: str, key: VerifierKey) -> bool:
    """Say whether a note has a signature of `key` that verifies."""
    try:
        return bool(signatures_of(note, key))
    except ProofBroken:
        return False
