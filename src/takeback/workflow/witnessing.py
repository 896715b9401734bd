"""Services that watch each other's public logs: each signs the other's heads, and none that did not grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from takeback.audit.checkpoint import LogCheckpoint, tree_size
from takeback.audit.keys import witness_signer
from takeback.audit.note import KeyType, VerifierKey
from takeback.audit.proof import consistency_proof
from takeback.audit.witness import AddCheckpoint, consider, is_signed
from takeback.errors import InputError, NotFound, ProofBroken
from takeback.store import Store
from takeback.store.witnesses import Witness
from takeback.workflow.publish import service_name, signed_head_in


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is to be sent to a witness."""

    witness: Witness
    head: LogCheckpoint
    body: str


def cosign(store: Store, name: str, text: str, *, at: datetime) -> str:
    """
    Sign the head of another's log and return the line; it is kept before this returns.

    `text` is the request as `AddCheckpoint.parse` reads it. Raises what `parse` and `consider` do.
    """
    request = AddCheckpoint.parse(text)
    origin = LogCheckpoint.parse(request.note).origin
    signer = witness_signer(store.keyring.log_key, service_name(store, name))
    with store.write() as tx:
        head = consider(request, tx.witnesses.watched(origin))
        tx.witnesses.keep(head, request.note, at)
    # What is signed is the text as it came: lines that follow the head are signed with it, and mean nothing here.
    signed_text = request.note.rpartition("\n\n")[0] + "\n"
    return signer.line(signed_text, seconds=int(at.timestamp()))


def witness_keys(store: Store) -> list[VerifierKey]:
    """Return the keys of the witnesses that are asked to sign our log."""
    with store.read() as tx:
        return [each.key for each in tx.witnesses.all()]


def to_ask(store: Store) -> list[Asked]:
    """Return a request for each witness that has not signed the newest head."""
    with store.read() as tx:
        if not tx.public_log.has_begun() or not tx.public_log.size():
            return []
        signed = signed_head_in(tx, store)
        size = signed.head.size
        return [
            Asked(
                one,
                signed.head,
                AddCheckpoint(
                    one.size,
                    consistency_proof(tx.public_log.node, one.size, size) if one.size else (),
                    signed.note,
                ).text(),
            )
            for one in tx.witnesses.all()
            if one.size < size
        ]


def take_cosignature(store: Store, asked: Asked, answer: str, *, at: datetime) -> None:
    """Keep what a witness signed; `ProofBroken` where its answer holds no signature of its key under this head."""
    text = asked.head.text()
    line = next(
        (
            line
            for line in answer.splitlines(keepends=True)
            if line.endswith("\n") and is_signed(f"{text}\n{line}", asked.witness.key)
        ),
        None,
    )
    if line is None:
        raise ProofBroken("The witness answered without its signature.", advice="Check the key of this witness.")
    with store.write() as tx:
        if tx.public_log.origin() == asked.head.origin:
            tx.public_log.cosign(asked.head.size, str(asked.witness.key), line)
            tx.witnesses.signed(asked.witness.key, asked.head.size, at)


def take_refusal(store: Store, asked: Asked, problem: str, *, told_size: str | None = None) -> None:
    """Note why a witness did not sign. `told_size` is where it says that it stands, if it said so."""
    with store.write() as tx:
        size = _believable(told_size, tx.public_log.size())
        tx.witnesses.refused(asked.witness.key, problem, size=size)


def add_witness(store: Store, key: VerifierKey, url: str) -> None:
    """Ask a witness to sign our heads from now on; `InputError` for a key that is no witness's."""
    if key.type is not KeyType.WITNESS:
        raise InputError(
            "This is the key of a log.", advice="Take the key that the other service calls its witness key."
        )
    with store.write() as tx:
        tx.witnesses.add(key, url)


def remove_witness(store: Store, key: VerifierKey) -> None:
    """Ask a witness no more; `NotFound` where it was not asked."""
    with store.write() as tx:
        if not tx.witnesses.remove(key):
            raise NotFound("This witness is not asked.", advice="`takeback log show` lists those that are.")


def watch_log(store: Store, key: VerifierKey) -> None:
    """Witness another's log from now on; `InputError` for a key that is no log's."""
    if key.type is not KeyType.LOG:
        raise InputError(
            "This is the key of a witness.", advice="Take the key that the other service calls its log key."
        )
    with store.write() as tx:
        tx.witnesses.watch(key)


def unwatch_log(store: Store, origin: str) -> None:
    """Witness a log no more; `NotFound` where it was not witnessed."""
    with store.write() as tx:
        if not tx.witnesses.unwatch(origin):
            raise NotFound("This log is not witnessed here.", advice="`takeback log show` lists those that are.")


def _believable(told: str | None, most: int) -> int | None:
    """Return the size at which a witness says that it stands, where our log ever had it."""
    try:
        size = None if told is None else tree_size(told.strip())
    except ProofBroken:
        return None
    return size if size is not None and size <= most else None
