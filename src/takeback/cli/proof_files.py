"""Proofs as files: one each, named by what it proves and when that happened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from takeback.audit.receipt import PROOF_ENDING, Proof
from takeback.errors import InputError


def proof_name(proof: Proof) -> str:
    """Return a file's name for a proof: `20261126T180203_123456Z-notice_received-1f2e3d4c.tlog-proof`."""
    at, kind = str(proof.attestation.get("at", "")), str(proof.attestation.get("kind", ""))
    moment = "".join(unit for unit in at.replace(".", "_") if unit.isalnum() or unit == "_")
    # The salt tells two events of one moment apart, and says nothing.
    plain_kind = "".join(unit for unit in kind if unit.isalpha() or unit == "_")
    return f"{moment}-{plain_kind}-{proof.salt[:4].hex()}{PROOF_ENDING}"


def write_proofs(folder: Path, texts: Sequence[str]) -> list[Path]:
    """Write each proof into `folder`, readable by its owner alone; return where. `InputError` where it cannot be."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for text in texts:
            path = folder / proof_name(Proof.parse(text))
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            written.append(path)
    except OSError as problem:
        raise InputError(f"{folder} cannot be written: {problem.strerror}.", advice="Name another folder.") from problem
    return written
