"""
The signed head of a public log (c2sp.org/tlog-checkpoint), which anyone may keep.

Not a `FetchCheckpoint`, which says how far an exchange was read.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self

from takeback.audit.merkle import HASH_BYTES, MAX_LEAVES
from takeback.audit.note import Signer, split_note
from takeback.errors import ProofBroken


@dataclass(frozen=True, slots=True)
class LogCheckpoint:
    """How many entries the log `origin` has, and the root of their tree, 32 bytes."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> str:
        """Return the note that `signer` signed."""
        text = self.text()
        return f"{text}\n{signer.line(text)}"

    @classmethod
    def parse(cls, note: str) -> Self:
        """Read the head out of a note, whoever signed it; `ProofBroken` where there is none. Lines may follow it."""
        text, _ = split_note(note)
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0]:
            raise ProofBroken("This is no checkpoint of a log.")
        return cls(lines[0], tree_size(lines[1]), unbase64_hash(lines[2]))


def unbase64_hash(text: str) -> bytes:
    """Return the 32 bytes that `text` stands for; `ProofBroken` on anything else."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES or base64.b64encode(found).decode() != text:
        raise ProofBroken("A hash has 32 bytes, in base64.")
    return found


def tree_size(text: str) -> int:
    """Return the size that `text` stands for; `ProofBroken` on anything else."""
    # Digits of other scripts, signs, leading zeroes and endless numbers are none.
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and (text == "0" or text[0] != "0")):
        raise ProofBroken("The size of a log is a number without leading zeroes.")
    size = int(text)
    if size > MAX_LEAVES:
        raise ProofBroken("A log has fewer entries than this checkpoint says.")
    return size
