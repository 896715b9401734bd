"""
Signed notes (c2sp.org/signed-note): text, and below it a line for each key that signed it.

Two kinds of Ed25519 signature: a log's own (0x01), over the text; and a witness's (0x04), which says when it saw the
text (c2sp.org/tlog-cosignature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from takeback.errors import InputError, ProofBroken

MAX_NOTE_CHARACTERS = 16_384
"""A checkpoint with 16 witnesses takes under 3,000."""

_KEY_BYTES = 32
_ID_BYTES = 4
_TIME_BYTES = 8
_DASH = "\u2014"


class KeyType(IntEnum):
    """What a signature is made over; the byte is the format's."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A name and an Ed25519 public key of 32 bytes: who is believed."""

    name: str
    type: KeyType
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(unit.isspace() or ord(unit) < 32 for unit in self.name):
            raise InputError(
                "The name of a key has no spaces and no +.", advice="Use a name like notes.example.org/log."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+id+base64`, the form in which such keys are passed on; `InputError` on anything else."""
        name, _, rest = text.strip().partition("+")
        id_text, _, encoded = rest.partition("+")
        material = _unbase64(encoded)
        kinds = {each.value for each in KeyType}
        if material is None or len(material) != 1 + _KEY_BYTES or material[0] not in kinds:
            raise InputError("This is no key of a log or witness.", advice="It reads name+eight digits+base64.")
        key = cls(name, KeyType(material[0]), material[1:])
        if key.id.hex() != id_text:
            raise InputError("The digits of this key do not fit its name.", advice="Copy it again, whole.")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:_ID_BYTES]

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        """Whether a bare signature over `message` is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note; `seconds` since 1970 where a witness signed."""

    key: VerifierKey
    seconds: int | None = None


class Signer:
    """The private half of a key, from a seed of 32 bytes."""

    def __init__(self, name: str, key_type: KeyType, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = VerifierKey(name, key_type, public)

    def sign(self, message: bytes) -> bytes:
        """Return the bare signature over `message`, of 64 bytes: for a key that signs no notes."""
        return self._private.sign(message)

    def line(self, text: str, *, seconds: int | None = None) -> str:
        """Return the signature line over `text`, which ends in a newline; `seconds` for a witness, and only for one."""
        made = self._private.sign(_message(self.key.type, text, seconds))
        stamp = b"" if seconds is None else seconds.to_bytes(_TIME_BYTES, "big")
        return f"{_DASH} {self.key.name} {base64.b64encode(self.key.id + stamp + made).decode()}\n"


def split_note(note: str) -> tuple[str, list[str]]:
    """Return the text of a note and its signature lines; `ProofBroken` where it is no note."""
    text, blank, signatures = note.rpartition("\n\n")
    lines = signatures.splitlines(keepends=True)
    whole = len(note) <= MAX_NOTE_CHARACTERS and blank and lines and all(line.startswith(f"{_DASH} ") for line in lines)
    if not whole or not note.endswith("\n") or any(ord(unit) < 32 and unit != "\n" for unit in note):
        raise ProofBroken("This is no signed note.")
    return text + "\n", lines


def signatures_of(note: str, *keys: VerifierKey) -> list[Signature]:
    """
    Return which of `keys` signed a note, in the order of its lines.

    Other lines are passed over, as the format asks. Raises `ProofBroken` where a line names one of the keys and does
    not verify.
    """
    text, lines = split_note(note)
    found = []
    for line in lines:
        name, _, encoded = line[len(_DASH) + 1 :].rstrip("\n").partition(" ")
        material = _unbase64(encoded)
        key = next((one for one in keys if material and (one.name, one.id) == (name, material[:_ID_BYTES])), None)
        if key is not None and material is not None:
            found.append(_verified(key, text, material[_ID_BYTES:]))
    return found


def other_signers(note: str, *keys: VerifierKey) -> list[str]:
    """Return the names on the lines of a note that none of `keys` made: what they say is not checked here."""
    ids = {(key.name, key.id) for key in keys}
    found = []
    for line in split_note(note)[1]:
        name, _, encoded = line[len(_DASH) + 1 :].rstrip("\n").partition(" ")
        if (name, (_unbase64(encoded) or b"")[:_ID_BYTES]) not in ids:
            found.append(name)
    return found


def _verified(key: VerifierKey, text: str, signature: bytes) -> Signature:
    seconds = None
    if key.type is KeyType.WITNESS:
        seconds, signature = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, _message(key.type, text, seconds))
    except (InvalidSignature, ValueError):
        raise ProofBroken(f"The signature of {key.name} does not fit.") from None
    return Signature(key, seconds)


def _message(key_type: KeyType, text: str, seconds: int | None) -> bytes:
    if (key_type is KeyType.WITNESS) is not (seconds is not None):
        raise ValueError("a witness says when it signed, and a log does not")
    stamp = "" if seconds is None else f"cosignature/v1\ntime {seconds}\n"
    return (stamp + text).encode()


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
