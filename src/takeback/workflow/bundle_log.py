"""What of the public log stands in an evidence bundle: proofs, keys, and the head that they stand under."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from takeback.audit.proof import inclusion_proof
from takeback.audit.receipt import PROOF_ENDING
from takeback.store import Store, Transaction
from takeback.store.attestations import Attested
from takeback.workflow.bundle_record import Files, as_file
from takeback.workflow.proofs import proven_in
from takeback.workflow.publish import bundle_key, log_signer_of, proving_head, signed_head_in, witness_key

MAX_TIMESTAMPS = 50
"""In one bundle."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """Files of the log; those of the proofs by the index of the event that each proves; how many wait for an entry."""

    files: Files
    by_event: dict[int, list[str]]
    waiting: int
    key: str | None
    """Of the log; None before it has begun."""


def log_part(tx: Transaction, store: Store, name: str, attested: Sequence[Attested]) -> LogPart:
    """Return what proves `attested`; `name` is the operator's for this service."""
    files: Files = {}
    by_event: dict[int, list[str]] = {}
    proven = proven_in(tx, store, attested)
    for number, (one, proof) in enumerate(proven, start=1):
        path = f"proofs/{number:04}-{proof.attestation['kind']}{PROOF_ENDING}"
        files[path] = proof.text().encode()
        by_event.setdefault(one.event_index, []).append(path)
    keys = _keys(tx, store, name)
    files["log/keys.json"] = as_file(keys)
    if tx.public_log.has_begun() and tx.public_log.size():
        files["log/checkpoint"] = proving_head(tx, store).note.encode()
        files |= _timestamps(tx, store, [proof.index for _, proof in proven])
    return LogPart(files, by_event, len(attested) - len(proven), keys["log"])


def _timestamps(tx: Transaction, store: Store, numbers: Sequence[int]) -> Files:
    """Return, of each authority, the first stamps above the entries `numbers`, with the path from each entry to it."""
    files: Files = {}
    origin, numbers = tx.public_log.origin(), sorted(set(numbers))
    chosen = {(one.authority, one.size): one for number in numbers for one in tx.timestamps.above(origin, number)}
    for place, one in enumerate(list(chosen.values())[:MAX_TIMESTAMPS], start=1):
        below = [number for number in numbers if number < one.size]
        paths = {number: inclusion_proof(tx.public_log.node, number, one.size) for number in below}
        name = f"log/timestamps/{place:03}"
        files[f"{name}.tsr"] = one.token
        files[f"{name}.json"] = as_file(
            {
                "authority": one.authority,
                "at": one.at,
                "checkpoint": signed_head_in(tx, store, one.size).note,
                "inclusion": {str(number): [_base64(each) for each in path] for number, path in paths.items()},
            }
        )
    return files


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _keys(tx: Transaction, store: Store, name: str) -> dict[str, str | None]:
    log = str(log_signer_of(tx, store).key) if tx.public_log.has_begun() else None
    return {"log": log, "bundle": str(bundle_key(store, name)), "witness": str(witness_key(store, name))}
