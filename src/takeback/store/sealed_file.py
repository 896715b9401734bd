"""
A whole file, sealed: what lies in memory in the clear, kept on disk under a key that can be destroyed.

    line 1    {"format": "takeback/sealed/1", "key": id of the data key, "frames": n}
    frames    n times: nonce, ciphertext and tag (AES-256-GCM) of 4 MiB of the file, the last of less

Each frame is bound to the purpose, the file's key, its place and whether it is the last, so that frames can
be neither moved, left out nor taken from another file. Destroying the key destroys the file.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from takeback.errors import SealBroken, StoreError
from takeback.store.journal import sync
from takeback.store.keyring import Keyring
from takeback.store.seal import NONCE_BYTES

_FORMAT: Final = "takeback/sealed/1"
_FRAME_BYTES: Final = 4 << 20
_TAG_BYTES: Final = 16
_MAX_HEADER_BYTES: Final = 512


def seal_file(source: Path, target: Path, *, key: tuple[str, bytes], purpose: str) -> None:
    """
    Write `source` sealed under the data key `key` (id, key) to `target`: whole and durable, or not at all.

    Raises `StoreError` where the disk refuses; what was at `target` is there still.
    """
    try:
        with source.open("rb") as clear:
            _seal(clear, os.fstat(clear.fileno()).st_size, target, key, purpose)
    except OSError as problem:
        raise StoreError(f"{target.name} cannot be written: {problem.strerror}.") from problem


def seal_bytes(data: bytes, target: Path, *, key: tuple[str, bytes], purpose: str) -> None:
    """Write `data` sealed to `target` as `seal_file` does a file, and never in the clear."""
    try:
        _seal(BytesIO(data), len(data), target, key, purpose)
    except OSError as problem:
        raise StoreError(f"{target.name} cannot be written: {problem.strerror}.") from problem


def unseal_file(source: Path, target: Path, keyring: Keyring, *, purpose: str) -> None:
    """
    Write what `source` holds, in the clear, to `target`, readable by its owner alone; it appears whole or not.

    Raises `SealBroken` where the file was changed or cut short, or its key was destroyed, and `StoreError`
    where it is missing or the disk refuses.
    """
    part = target.with_name(target.name + ".part")
    try:
        with source.open("rb") as sealed, _new_file(part) as clear:
            clear.writelines(_opened(sealed, source.name, keyring, purpose))
        part.replace(target)
    except OSError as problem:
        raise StoreError(f"{source.name} cannot be read or unsealed: {problem.strerror}.") from problem
    finally:
        part.unlink(missing_ok=True)


def unseal_bytes(source: Path, keyring: Keyring, *, purpose: str) -> bytes:
    """Return what `source` holds, in memory alone and only once all of it opened; raises what `unseal_file` does."""
    try:
        with source.open("rb") as sealed:
            return b"".join(_opened(sealed, source.name, keyring, purpose))
    except OSError as problem:
        raise StoreError(f"{source.name} cannot be read: {problem.strerror}.") from problem


def key_id_of(path: Path) -> str:
    """Return the id of the data key that `path` is sealed under; `SealBroken` and `StoreError` as `unseal_file`."""
    try:
        with path.open("rb") as sealed:
            return _header(sealed)[0]
    except OSError as problem:
        raise StoreError(f"{path.name} cannot be read: {problem.strerror}.") from problem


def _seal(clear: IO[bytes], size: int, target: Path, key: tuple[str, bytes], purpose: str) -> None:
    key_id, secret = key
    part = target.with_name(target.name + ".part")
    try:
        with _new_file(part) as sealed:
            frames = -(-size // _FRAME_BYTES)
            sealed.write(json.dumps({"format": _FORMAT, "key": key_id, "frames": frames}).encode() + b"\n")
            cipher = AESGCM(secret)
            for frame in range(frames):
                nonce = secrets.token_bytes(NONCE_BYTES)
                about = _about(purpose, key_id, frame, frames)
                sealed.write(nonce + cipher.encrypt(nonce, clear.read(_FRAME_BYTES), about))
            sealed.flush()
            os.fsync(sealed.fileno())
        part.replace(target)
        sync(target.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _opened(sealed: IO[bytes], name: str, keyring: Keyring, purpose: str) -> Iterator[bytes]:
    key_id, frames = _header(sealed)
    cipher = AESGCM(keyring.data_key(key_id))
    for frame in range(frames):
        framed = sealed.read(NONCE_BYTES + _FRAME_BYTES + _TAG_BYTES)
        about = _about(purpose, key_id, frame, frames)
        try:
            yield cipher.decrypt(framed[:NONCE_BYTES], framed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as problem:
            raise SealBroken(f"{name} does not open: it was changed, or cut short.") from problem
    if sealed.read(1):
        raise SealBroken(f"{name} is longer than it was written.")


def _header(sealed: IO[bytes]) -> tuple[str, int]:
    try:
        fields = json.loads(sealed.readline(_MAX_HEADER_BYTES))
        if fields["format"] == _FORMAT:
            return str(fields["key"]), int(fields["frames"])
    except (ValueError, KeyError, TypeError):
        pass
    raise SealBroken("A sealed file is of a format that this version does not know.")


def _about(purpose: str, key_id: str, frame: int, frames: int) -> bytes:
    return f"{_FORMAT}|{purpose}|{key_id}|{frame}|{frames}".encode()


def _new_file(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
