"""
The public log grows: every few minutes one entry over what was attested since, and the head is signed.

An entry is made whether something happened or not, so that the size of the log tells nothing. After a restore the log
begins anew under another name: what was signed before cannot be signed differently under the same one.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.checkpoint import LogCheckpoint
from takeback.audit.keys import bundle_signer, default_name, log_signer, veil_key, witness_signer
from takeback.audit.merkle import leaf_hash
from takeback.audit.note import Signer, VerifierKey
from takeback.audit.period import Period
from takeback.audit.proof import consistency_proof
from takeback.audit.veil import MAX_VEILED, VEIL_LEAVES, Veil
from takeback.errors import InputError
from takeback.store import Store, Transaction
from takeback.store.attestations import Attested

_EPOCH_BYTES = 4


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head of the public log, and the note that says so: signed here, and by those witnesses that did."""

    head: LogCheckpoint
    note: str


def service_name(store: Store, name: str) -> str:
    """Return how this service is called as a log and a witness: `name`, or what stands for its key."""
    return name or default_name(store.keyring.log_key)


def publish(store: Store, name: str, *, at: datetime) -> int:
    """
    Add an entry to the public log and return its number; begins the log where there is none.

    `name` is the operator's for this service, empty for its key's. The veil is made before the transaction: it takes
    longer than a transaction may.
    """
    _begin(store, name, at)
    with store.read() as tx:
        origin, number = tx.public_log.origin(), tx.public_log.size()
        waiting = tx.attestations.waiting(MAX_VEILED)
    places = _places(waiting)
    leaves = {places[one.id]: leaf_hash(one.commitment) for one in waiting}
    attested = Veil(leaves, veil_key(store.keyring.log_key, origin, number)).root()
    with store.write() as tx:
        if (tx.public_log.origin(), tx.public_log.size()) != (origin, number):
            return tx.public_log.size() - 1  # another process was quicker; what waits goes into the next entry
        audit, last = tx.audit.head(), tx.public_log.last()
        tx.attestations.place(number, places)
        until = max([at, *(one.what.at for one in waiting if one.what), *([last.period.until] if last else [])])
        return tx.public_log.append(Period(until, attested, audit.root), audit.size)


def is_due(store: Store, every: timedelta, *, at: datetime) -> bool:
    """Whether the next entry is due."""
    with store.read() as tx:
        last = tx.public_log.last()
    # A clock that was set back makes no entry wait for longer than a period.
    return last is None or not timedelta(0) <= at - last.period.until < every


def begin_anew(store: Store, name: str, *, at: datetime) -> None:
    """Let a public log that has begun begin anew, under another name; what was attested is placed again."""
    with store.write() as tx:
        if tx.public_log.has_begun():
            tx.attestations.unplace()
            tx.witnesses.forget_sizes()
            tx.public_log.begin(_new_origin(service_name(store, name)), at)


def signed_head(store: Store, size: int | None = None) -> SignedHead:
    """Return the head, or that of an earlier `size`; `NotFound` where there is none."""
    with store.read() as tx:
        return signed_head_in(tx, store, size)


def signed_head_in(tx: Transaction, store: Store, size: int | None = None) -> SignedHead:
    """Return what `signed_head` does, of one view of the store."""
    head = tx.public_log.head(size)
    note = head.signed(log_signer(store.keyring.log_key, head.origin))
    return SignedHead(head, note + "".join(tx.public_log.cosignatures(head.size).values()))


def proving_head(tx: Transaction, store: Store) -> SignedHead:
    """Return the head that proofs are given under: the newest that a witness signed, else the newest."""
    return signed_head_in(tx, store, tx.public_log.cosigned_size())


def log_signer_of(tx: Transaction, store: Store) -> Signer:
    """Return what signs the heads of the public log; `NotFound` before it has begun."""
    return log_signer(store.keyring.log_key, tx.public_log.origin())


def log_key(store: Store) -> VerifierKey:
    """Return the key by which the heads of the public log are checked; `NotFound` before it has begun."""
    with store.read() as tx:
        return log_signer_of(tx, store).key


def witness_key(store: Store, name: str) -> VerifierKey:
    """Return the key by which this service's signatures as a witness are checked."""
    return witness_signer(store.keyring.log_key, service_name(store, name)).key


def bundle_key(store: Store, name: str) -> VerifierKey:
    """Return the key by which this service's evidence bundles are checked."""
    return bundle_signer(store.keyring.log_key, service_name(store, name)).key


def consistency(store: Store, first: int, second: int) -> Sequence[bytes]:
    """Return the proof that the head of size `second` grew out of that of size `first`."""
    with store.read() as tx:
        size = tx.public_log.size()
        if not 0 < first <= second <= size:
            raise InputError("There is no such proof.", advice=f"Sizes go from 1 to {size}, the earlier one first.")
        return consistency_proof(tx.public_log.node, first, second)


def _begin(store: Store, name: str, at: datetime) -> None:
    with store.read() as tx:
        if tx.public_log.has_begun():
            return
    with store.write() as tx:
        if not tx.public_log.has_begun():
            tx.public_log.begin(_new_origin(service_name(store, name)), at)


def _new_origin(name: str) -> str:
    return f"{name}/{secrets.token_hex(_EPOCH_BYTES)}"


def _places(waiting: Sequence[Attested]) -> dict[int, int]:
    """Return a place for each, by id: where it stands says nothing of when it came."""
    places = random.SystemRandom().sample(range(VEIL_LEAVES), len(waiting))
    return {one.id: place for one, place in zip(waiting, places, strict=True)}
