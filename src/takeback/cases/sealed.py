"""
Her words under a seal that the service cannot open: an age file to people of the desk.

Beside it stand in clear which fields are filled, which is all that the law's test needs, and the SHA-256 of what is
inside. The inside begins with a salt, so that its digest tells nothing of her words, and is known again: whoever seals
it to other people later cannot change it.

The format is that of age (age-encryption.org/v1) with X25519 recipients; `age --decrypt` opens it too.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pyrage
from pyrage import x25519

from takeback.errors import InputError, MalformedHash, SealBroken

LEAST_DESK_KEYS = 2
"""People to whom her words are sealed: one of them may be away, leave, or lose a key."""
MAX_DESK_KEYS = 50
MAX_SEALED_BYTES = 128 * 1024
"""Of an age file; the longest words that a notice takes are well below."""

_VERSION = b"age-encryption.org/v1\n"
_RECIPIENT = re.compile(rb"^-> X25519 ", re.MULTILINE)
_HEADER_END = b"\n--- "
_SALT_BYTES = 16
_PADDED_TO = 1024
"""The length of the file tells how much she wrote only in steps of this many bytes."""


@dataclass(frozen=True, slots=True)
class DeskKey:
    """The public key of one person of the desk."""

    id: str
    recipient: str
    """As age writes it: `age1…`, 62 characters."""


@dataclass(frozen=True, slots=True)
class SealedWords:
    """Her words, sealed; what of them can be read without a key stands beside them."""

    age: bytes
    given: frozenset[str]
    """The fields that are filled in, by the names of `takeback.cases.notice.SEALED_FIELDS`."""
    digest: bytes
    """SHA-256 of what is inside."""
    desk_keys: tuple[str, ...]
    """The ids of the desk's keys, one of each person to whom it is sealed."""

    def as_json(self) -> dict[str, object]:
        """Return it as it is stored and travels."""
        return {
            "age": base64.b64encode(self.age).decode(),
            "given": sorted(self.given),
            "sha256": self.digest.hex(),
            "desk_keys": list(self.desk_keys),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SealedWords:
        """Return what `as_json` made; `MalformedHash` where its bytes are not written so."""
        try:
            age, digest = base64.b64decode(value["age"], validate=True), bytes.fromhex(value["sha256"])
        except ValueError as problem:
            raise MalformedHash("Sealed words are an age file in base64, and 64 hexadecimal digits.") from problem
        return cls(age, frozenset(value["given"]), digest, tuple(value["desk_keys"]))


def seal_words(words: Mapping[str, object], given: Collection[str], keys: Sequence[DeskKey]) -> SealedWords:
    """Seal words to every one of `keys`."""
    inside = json.dumps({"salt": secrets.token_hex(_SALT_BYTES), **words}, ensure_ascii=False).encode()
    inside += b" " * (-len(inside) % _PADDED_TO)
    return _sealed(inside, given, keys)


def seal_again(sealed: SealedWords, identities: Sequence[str], keys: Sequence[DeskKey]) -> SealedWords:
    """Open words with one of `identities`, and seal the very same to other people; raises what `open_words` does."""
    return _sealed(inside_of(sealed, identities), sealed.given, keys)


def open_words(sealed: SealedWords, identities: Sequence[str]) -> dict[str, object]:
    """
    Open words with one of `identities` (`AGE-SECRET-KEY-1…`).

    `InputError` where none of them fits, or none is an identity, `SealBroken` where what is inside is not what its
    digest says.
    """
    try:
        words = json.loads(inside_of(sealed, identities))
    except ValueError as problem:
        raise SealBroken("What is inside the seal is not what a notice holds.", advice=_TELL) from problem
    if not isinstance(words, dict):
        raise SealBroken("What is inside the seal is not what a notice holds.", advice=_TELL)
    words.pop("salt", None)
    return words


def require_sealed(sealed: SealedWords, fields: Collection[str]) -> None:
    """Raise `InputError` where this cannot be words sealed to as many people as it says; what is inside is not seen."""
    header, end, _ = sealed.age.partition(_HEADER_END)
    if not sealed.age.startswith(_VERSION) or not end or len(sealed.age) > MAX_SEALED_BYTES:
        raise InputError(
            f"Sealed words are an age file of at most {MAX_SEALED_BYTES:,} bytes.",
            advice="Seal them in age's binary format (age-encryption.org/v1).",
        )
    people = len(set(sealed.desk_keys))
    if people < LEAST_DESK_KEYS or len(_RECIPIENT.findall(header)) != people or people != len(sealed.desk_keys):
        raise InputError(
            f"Words are sealed to at least {LEAST_DESK_KEYS} people of the desk, each once.",
            advice="Seal them to every key of `GET /api/v1/notices/desk-keys`, and name the keys in `desk_keys`.",
        )
    if unknown := sealed.given - set(fields):
        raise InputError(f"`given` names no field {sorted(unknown)[0]!r}.", advice=f"It takes: {', '.join(fields)}.")
    if len(sealed.digest) != sha256().digest_size:
        raise MalformedHash("A SHA-256 digest has 64 hexadecimal digits.")


def read_recipient(text: str) -> str:
    """Return a public key in the one form in which it is written; `InputError` where it is none."""
    try:
        return str(x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError as problem:
        raise InputError(
            "This is no public key of age.",
            advice="It begins with age1 and has 62 characters; `age-keygen -y` shows it.",
        ) from problem


def new_identity() -> tuple[str, str]:
    """Make a key: the identity, which its owner alone keeps, and the public key."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def identities_in(text: str) -> list[str]:
    """Return the identities in a file as `age-keygen` writes it; `InputError` where there is none."""
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise InputError("There is no identity in this file.", advice="It holds a line AGE-SECRET-KEY-1….")
    return found


_TELL = "Keep the case as it is: the page that sealed it was another, or it was changed afterwards."


def _sealed(inside: bytes, given: Collection[str], keys: Sequence[DeskKey]) -> SealedWords:
    age = pyrage.encrypt(inside, [x25519.Recipient.from_str(key.recipient) for key in keys])
    return SealedWords(bytes(age), frozenset(given), sha256(inside).digest(), tuple(key.id for key in keys))


def inside_of(sealed: SealedWords, identities: Sequence[str]) -> bytes:
    """Return the very bytes that were sealed, of which the digest is known; raises what `open_words` does."""
    if not identities:
        raise InputError("This is sealed to the people of the desk.", advice="Name your key with --identity.")
    try:
        opened = [x25519.Identity.from_str(identity) for identity in identities]
    except pyrage.IdentityError as problem:
        raise InputError("This is no identity of age.", advice="It begins with AGE-SECRET-KEY-1.") from problem
    try:
        inside = bytes(pyrage.decrypt(sealed.age, opened))
    except pyrage.DecryptError as problem:
        raise InputError(
            "These words do not open with this identity.",
            advice="Another person of the desk may open them; `takeback case show` names the keys.",
        ) from problem
    if sha256(inside).digest() != sealed.digest:
        raise SealBroken("What is inside the seal is not what was received.", advice=_TELL)
    return inside
