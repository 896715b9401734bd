"""Witnesses of a log as tests need them: one that signs the newest head, and one that signs another."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.note import KeyType, Signer, VerifierKey
from takeback.store import Store
from takeback.workflow.publish import signed_head
from takeback.workflow.witnessing import add_witness


def cosigned(store: Store, name: str, *, at: datetime, asked: bool = True) -> VerifierKey:
    """Let the witness `name` sign the newest head; where it is not `asked`, the service does not know its key."""
    signer = Signer(name, KeyType.WITNESS, name.encode().ljust(32, b"."))
    head = signed_head(store).head
    line = signer.line(head.text(), seconds=int(at.timestamp()))
    if asked:
        add_witness(store, signer.key, "https://other.example/w")
    with store.write() as tx:
        tx.public_log.cosign(head.size, str(signer.key), line)
    return signer.key


def with_another_signature(note: str, name: str) -> str:
    """Return a text in which the line of the witness `name` does not fit: its last letters are others."""
    lines = note.splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith(f"\u2014 {name} "))
    lines[place] = lines[place][:-12] + ("A" if lines[place][-12] != "A" else "B") + lines[place][-11:]
    return "".join(lines)
