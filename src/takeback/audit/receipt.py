"""
The proof that one side keeps: what was attested to it, and that it stood in the public log by a certain moment.

A text file (c2sp.org/tlog-proof), checked without the service, and by other programs too:

    c2sp.org/tlog-proof@v1
    extra   the attestation, its salt, its place behind the veil with 20 hashes, and the log's entry
    index   of that entry in the log, and the hashes from there to the head
    the signed head, with the signatures of its witnesses

`verify_proof` goes the whole way down; nothing in the file is believed before.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from takeback.audit.attestation import commitment_of
from takeback.audit.checkpoint import LogCheckpoint, unbase64_hash
from takeback.audit.event import Json, canonical_json, canonical_moment
from takeback.audit.merkle import leaf_hash
from takeback.audit.note import KeyType, Signature, VerifierKey, other_signers, signatures_of
from takeback.audit.period import Period
from takeback.audit.proof import root_by_inclusion
from takeback.audit.veil import VEIL_LEAVES
from takeback.errors import ProofBroken

FIRST_LINE = "c2sp.org/tlog-proof@v1"
PROOF_ENDING = ".tlog-proof"
MAX_PROOF_CHARACTERS = 65_536
"""A proof with 16 witnesses takes under 8,000."""

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Proof:
    """The parts of a proof, of which none is checked yet."""

    attestation: Mapping[str, Json]
    salt: bytes
    place: int
    veil: Sequence[bytes]
    """From the attestation's leaf up to the period's root: 20 hashes."""
    period: Period
    index: int
    """Place of the period in the public log."""
    path: Sequence[bytes]
    checkpoint: str
    """The signed note."""
    key: VerifierKey
    """By which the log signed, as the proof itself says: whoever has the key from elsewhere compares."""

    def text(self) -> str:
        """Return the file."""
        extra = canonical_json(
            {
                "attestation": self.attestation,
                "format": _FORMAT,
                "key": str(self.key),
                "period": self.period.text(),
                "place": self.place,
                "salt": _base64(self.salt),
                "veil": [_base64(each) for each in self.veil],
            }
        )
        hashes = "".join(f"{_base64(each)}\n" for each in self.path)
        return f"{FIRST_LINE}\nextra {_base64(extra)}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Read a file; `ProofBroken` where it is no proof of ours."""
        if len(text) > MAX_PROOF_CHARACTERS:
            raise ProofBroken("This is too long for a proof.")
        head, blank, checkpoint = text.replace("\r\n", "\n").partition("\n\n")
        lines = head.split("\n")
        whole = len(lines) >= 3 and lines[0] == FIRST_LINE and lines[1].startswith("extra ") and bool(blank)
        if not whole or not lines[2].startswith("index "):
            raise ProofBroken("This is no proof from a Takeback service.")
        extra = _extra(lines[1].removeprefix("extra "))
        return cls(
            attestation=_mapping(extra.get("attestation")),
            salt=unbase64_hash(_string(extra.get("salt"))),
            place=_number(extra.get("place")),
            veil=[unbase64_hash(_string(each)) for each in _list(extra.get("veil"))],
            period=Period.parse(_string(extra.get("period"))),
            index=_number(_digits(lines[2].removeprefix("index "))),
            path=[unbase64_hash(line) for line in lines[3:]],
            checkpoint=checkpoint,
            key=VerifierKey.parse(_string(extra.get("key"))),
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves."""

    attestation: Mapping[str, Json]
    period: Period
    checkpoint: LogCheckpoint
    witnesses: Sequence[Signature]
    unchecked: Sequence[str] = ()
    """Names of others who signed the head, whose keys are not known here."""


def verify_proof(proof: Proof, log: VerifierKey | None = None, witnesses: Sequence[VerifierKey] = ()) -> Proven:
    """
    Check a proof down to the signature of `log`, and say which of `witnesses` signed the same head, and who else.

    Without `log` the key is the one that the proof brings: then it proves that nothing in it was changed, and not yet
    whose it is. Raises `ProofBroken`, which says where it breaks.
    """
    log = log or proof.key
    # 1. The attestation stands in its period.
    try:
        leaf = leaf_hash(commitment_of(proof.attestation, proof.salt))
    except ValueError:
        raise ProofBroken("The attestation in this proof has no form that could have been committed to.") from None
    if root_by_inclusion(leaf, proof.place, VEIL_LEAVES, proof.veil) != proof.period.attested:
        raise ProofBroken("What this proof says was changed: it does not stand in the entry that it names.")
    # 2. It cannot have happened after the period ended.
    at = proof.attestation.get("at")
    if not isinstance(at, str) or at > canonical_moment(proof.period.until):
        raise ProofBroken("What this proof says is later than the entry that it names.")
    # 3. The period stands in the log under this head.
    checkpoint = LogCheckpoint.parse(proof.checkpoint)
    if root_by_inclusion(proof.period.leaf(), proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise ProofBroken("The entry that this proof names does not stand in the log.")
    # 4. The head is the log's.
    signed = signatures_of(proof.checkpoint, log, *witnesses)
    if log.type is not KeyType.LOG or not any(each.key == log for each in signed):
        raise ProofBroken(f"This proof is not signed by {log.name}.")
    seen = [each for each in signed if each.seconds is not None]
    return Proven(proof.attestation, proof.period, checkpoint, seen, other_signers(proof.checkpoint, log, *witnesses))


def _extra(encoded: str) -> Mapping[str, Json]:
    try:
        found = json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, RecursionError):
        found = None
    extra = _mapping(found)
    if extra.get("format") != _FORMAT:
        raise ProofBroken("This proof is of another version.", advice="Verify it with a newer Takeback.")
    return extra


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise ProofBroken("This proof lacks a part.")
    return value


def _list(value: Json) -> Sequence[Json]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ProofBroken("This proof lacks a part.")
    return value


def _string(value: Json) -> str:
    if not isinstance(value, str):
        raise ProofBroken("This proof lacks a part.")
    return value


def _number(value: Json) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ProofBroken("This proof lacks a part.")
    return value


def _digits(text: str) -> int | None:
    plain = text.isascii() and text.isdecimal() and len(text) <= 19 and (text == "0" or text[0] != "0")
    return int(text) if plain else None
