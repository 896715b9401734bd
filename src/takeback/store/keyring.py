"""
Keys: the master key outside the data, data keys wrapped under it, and what they seal.

    master key ── HKDF ─┬─ wrapping key     wraps the data keys in `keys.db`
    (0600 file or       ├─ digest key       HMAC of digests, so that they can be looked up
     credential)        ├─ log key          authenticates the head of the audit log
                        ├─ receipt key      HMAC of receipts and of repeated requests
                        └─ journal key      authenticates the journal of withdrawals

A data key belongs to one entry, one case or one site. `keys.db` is apart from the database and its
backups: destroying a data key erases what it sealed in every old page and every old backup at once.
Sealing is AES-256-GCM with a random 96-bit nonce; the purpose is authenticated with it, so that a
sealed value cannot be moved to another column.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from takeback.errors import BadSetting, SealBroken, StoreError

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D § 8.2.2
_FORMAT = b"\x01"
_CHUNK_KEYS = 500
_CHECK_ID = "master-key-check"


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
    def read(cls, path: Path) -> MasterKey:
        """Read a key file; `BadSetting` where it is missing, open to others, or not a key."""
        try:
            mode = path.stat().st_mode
            text = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise BadSetting(
                f"The master key file {path} cannot be read.",
                advice="Name it with --master-key-file, or restore it: the data cannot be opened without it.",
            ) from problem
        if stat.S_IMODE(mode) & 0o077:
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

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
        info = b"takeback/1/" + purpose.encode()
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._secret)


def seal(key: bytes, value: bytes, purpose: str) -> bytes:
    """Seal `value` under a 32-byte key for one purpose."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, value, purpose.encode())


def unseal(key: bytes, sealed: bytes, purpose: str) -> bytes:
    """Open what `seal` sealed; `SealBroken` where it was changed, or another key or purpose sealed it."""
    if sealed[:1] != _FORMAT:
        raise SealBroken("A sealed value is of a format that this version does not know.")
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, purpose.encode())
    except (InvalidTag, ValueError) as problem:
        raise SealBroken("A sealed value does not open.") from problem


class Keyring:
    """
    The master key's derived keys, and the data keys in `keys.db`.

    Safe to use from several threads and processes: `keys.db` is SQLite in WAL mode.
    """

    def __init__(self, master: MasterKey, path: Path) -> None:
        self._wrapping = master.derive("wrap")
        self._digest = master.derive("digest")
        self._receipt = master.derive("receipt")
        self.log_key = master.derive("log")
        self.journal_key = master.derive("journal")
        self.path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            path.chmod(0o600)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._connection.execute("pragma secure_delete = on")
            self._connection.execute(
                "create table if not exists data_key (id text primary key, wrapped blob not null) without rowid"
            )
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(f"The key store {path} cannot be opened: {problem}.") from problem
        self._check_master()

    def _check_master(self) -> None:
        """Raise `SealBroken` where another master key made this key store; mark a new one as ours."""
        with self._writing() as connection:
            row = connection.execute("select wrapped from data_key where id = ?", (_CHECK_ID,)).fetchone()
            if row is None:
                if connection.execute("select 1 from data_key limit 1").fetchone():
                    raise SealBroken("The key store lacks the mark that says which master key it belongs to.")
                mark = (_CHECK_ID, seal(self._wrapping, _CHECK_ID.encode(), _CHECK_ID))
                connection.execute("insert into data_key (id, wrapped) values (?, ?)", mark)
                return
        try:
            unseal(self._wrapping, row[0], _CHECK_ID)
        except SealBroken as problem:
            self.close()
            raise SealBroken("This master key does not belong to this data directory.") from problem

    def close(self) -> None:
        """Close the key store."""
        with self._lock:
            self._connection.close()

    def keyed_digest(self, digest: bytes) -> bytes:
        """Return the HMAC under which a SHA-256 digest is stored and looked up."""
        return hmac.digest(self._digest, digest, sha256)

    def keyed_receipt(self, text: str) -> bytes:
        """Return the HMAC under which a secret that is random enough is stored and looked up."""
        return hmac.digest(self._receipt, text.encode(), sha256)

    def new_data_keys(self, count: int = 1) -> list[tuple[str, bytes]]:
        """Make data keys, durable before this returns: pairs of id and 32-byte key."""
        made = [(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)) for _ in range(count)]
        rows = [(key_id, seal(self._wrapping, key, f"data-key/{key_id}")) for key_id, key in made]
        with self._writing() as connection:
            connection.executemany("insert into data_key (id, wrapped) values (?, ?)", rows)
        return made

    def data_key(self, key_id: str) -> bytes:
        """Return one data key; `SealBroken` where it was destroyed or is another master key's."""
        found = self.data_keys([key_id])
        if key_id not in found:
            raise SealBroken("The key of a sealed value is gone: it was erased.")
        return found[key_id]

    def data_keys(self, key_ids: Collection[str]) -> Mapping[str, bytes]:
        """Return those data keys that still exist."""
        wanted = list(dict.fromkeys(key_ids))
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), _CHUNK_KEYS):
            part = wanted[start : start + _CHUNK_KEYS]
            marks = ",".join("?" * len(part))
            with self._reading() as connection:
                rows = connection.execute(
                    f"select id, wrapped from data_key where id in ({marks})",  # noqa: S608 (only question marks)
                    part,
                ).fetchall()
            found.update((key_id, unseal(self._wrapping, wrapped, f"data-key/{key_id}")) for key_id, wrapped in rows)
        return found

    def destroy(self, key_ids: Collection[str]) -> None:
        """Destroy data keys for good, and the pages and the write-ahead log that held them."""
        with self._writing() as connection:
            connection.executemany("delete from data_key where id = ?", [(key_id,) for key_id in key_ids])
        with self._reading() as connection:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def _reading(self) -> _Guard:
        return _Guard(self._lock, self._connection, begin=False)

    def _writing(self) -> _Guard:
        return _Guard(self._lock, self._connection, begin=True)


class _Guard:
    """One use of the connection under its lock, with database errors translated."""

    def __init__(self, lock: threading.Lock, connection: sqlite3.Connection, *, begin: bool) -> None:
        self._lock = lock
        self._connection = connection
        self._begin = begin

    def __enter__(self) -> sqlite3.Connection:
        self._lock.acquire()
        try:
            if self._begin:
                self._connection.execute("begin immediate")
        except sqlite3.Error as problem:
            self._lock.release()
            raise StoreError(f"The key store cannot be written: {problem}.") from problem
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        try:
            if self._begin:
                self._connection.execute("commit" if kind is None else "rollback")
        except sqlite3.Error as failed:
            raise StoreError(f"The key store cannot be written: {failed}.") from failed
        finally:
            self._lock.release()
        if isinstance(problem, sqlite3.Error):
            raise StoreError(f"The key store failed: {problem}.") from problem
