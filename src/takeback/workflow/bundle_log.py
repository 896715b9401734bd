"""What of the public log stands in an evidence bundle: proofs, keys, and the head that they stand under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from takeback.audit.receipt import PROOF_ENDING
from takeback.store import Store, Transaction
from takeback.store.attestations import Attested
from takeback.workflow.bundle_record import Files, as_file
from takeback.workflow.proofs import proven_in
from takeback.workflow.publish import bundle_key, log_signer_of, proving_head, witness_key


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
    return LogPart(files, by_event, len(attested) - len(proven), keys["log"])


def _keys(tx: Transaction, store: Store, name: str) -> dict[str, str | None]:
    log = str(log_signer_of(tx, store).key) if tx.public_log.has_begun() else None
    return {"log": log, "bundle": str(bundle_key(store, name)), "witness": str(witness_key(store, name))}
