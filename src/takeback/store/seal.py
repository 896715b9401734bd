"""
Sealing: the master key outside the data, and AEAD for everything inside it.

AES-256-GCM with a random 96-bit nonce; the purpose is authenticated with the value, so that a sealed value
cannot be moved to another column. One data key seals a handful of values, far below the 2**32 that random
nonces allow (NIST SP 800-38D § 8.3).
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from takeback.errors import BadSetting, SealBroken

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D § 8.2.2
_FORMAT = b"\x01"
_BODY = 1 + NONCE_BYTES


class MasterKey:
    """The one secret that everything stored hangs on; held only in memory and in its own file."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise BadSetting("The master key must be exactly 32 bytes, written as 64 hexadecimal digits.")
        self._secret = secret

    @classmethod
    def generate(cls) -> MasterKey:
        """Make a new one from the system's randomness."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, path: Path, *, credential: bool = False) -> MasterKey:
        """
        Read a key file; `BadSetting` where it is missing, open to others, or not a key.

        systemd hands a `credential` over readable by a group that an access list narrows to the service.
        """
        try:
            mode = path.stat().st_mode
            text = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadSetting(
                f"The master key file {path} cannot be read.",
                advice="Name it with --master-key-file, or restore it: the data cannot be opened without it.",
            ) from problem
        if stat.S_IMODE(mode) & (0o037 if credential else 0o077):
            raise BadSetting(f"The master key file {path} can be read by others.", advice=f"Run `chmod 600 {path}`.")
        try:
            return cls(bytes.fromhex(text))
        except ValueError as problem:
            raise BadSetting(f"The file {path} does not hold a master key.") from problem

    def write(self, path: Path) -> None:
        """Write a new 0600 key file, never over an old one."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as problem:
            raise BadSetting(f"The master key file {path} cannot be made: {problem.strerror}.") from problem
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(self._secret.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def wrapping_key(self) -> bytes:
        """Return the 32-byte key that wraps the keys in `keys.db` (HKDF-SHA256, RFC 5869): its only use."""
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=b"takeback/1/wrap").derive(
            self._secret
        )


class Seal:
    """One 32-byte key, ready to seal and open many values."""

    __slots__ = ("cipher",)

    def __init__(self, key: bytes) -> None:
        self.cipher = AESGCM(key)

    def seal(self, value: bytes, purpose: str) -> bytes:
        """Seal `value` for one purpose."""
        return seal_all([(self, value, purpose.encode())])[0]

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Open what was sealed; `SealBroken` where it was changed, or another key or purpose sealed it."""
        return unseal_all([(self, sealed, purpose.encode())])[0]


def seal(key: bytes, value: bytes, purpose: str) -> bytes:
    """Seal `value` under a 32-byte key for one purpose."""
    return Seal(key).seal(value, purpose)


def seal_all(values: Sequence[tuple[Seal, bytes, bytes]]) -> list[bytes]:
    """Seal many values, each by a seal and for a purpose of its own, which is given as bytes; a microsecond each."""
    drawn = os.urandom(NONCE_BYTES * len(values))
    nonces = (drawn[at : at + NONCE_BYTES] for at in range(0, len(drawn), NONCE_BYTES))
    return [
        _FORMAT + nonce + sealing.cipher.encrypt(nonce, value, purpose)
        for nonce, (sealing, value, purpose) in zip(nonces, values, strict=True)
    ]


def unseal_all(sealed: Iterable[tuple[Seal, bytes, bytes]]) -> list[bytes]:
    """Open many sealed values as `Seal.unseal` does; it raises at the first that does not open."""
    opened = []
    for sealing, value, purpose in sealed:
        if value[:1] != _FORMAT:
            raise SealBroken("A sealed value is of a format that this version does not know.")
        try:
            opened.append(sealing.cipher.decrypt(value[1:_BODY], value[_BODY:], purpose))
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("A sealed value does not open.") from problem
    return opened


def unseal(key: bytes, sealed: bytes, purpose: str) -> bytes:
    """Open what `seal` sealed; `SealBroken` where it was changed, or another key or purpose sealed it."""
    return Seal(key).unseal(sealed, purpose)
