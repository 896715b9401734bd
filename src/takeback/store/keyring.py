"""
Keys: what the master key wraps in `keys.db`, and what each of those keys is for.

    master key ── HKDF ── wrapping key ── wraps, in `keys.db`, random keys:
    (0600 file or                         ├─ digest    HMAC of digests, so that they can be looked up
     credential)                          ├─ receipt   HMAC of receipts and of repeated requests
                                          ├─ log       authenticates the audit log
                                          ├─ journal   authenticates the journal of withdrawals
                                          ├─ one for each entry, case, site and address: seals what is stored of it
                                          └─ snapshot  one for each snapshot of the indexes: seals it

`keys.db` is apart from the database and its backups: destroying a data key erases what it sealed in every
old page and every old backup at once. A snapshot holds what many keys seal, so its own key goes with any of
them. Since everything hangs on wrapped keys, a new master key wraps them
anew (`rewrap`) and not one sealed value or log entry is rewritten.

A key store that was just made is new until `Store.open` has seen that its database is new too and binds
it: keys made beside a database that holds data would open nothing in it, and nothing in it would match.
"""

from __future__ import annotations

import base64
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from takeback.cases.receipt import RECEIPT_WORK, RECOVERY_WORK, Work, stretched, stretched_recovery
from takeback.errors import SealBroken, StoreError
from takeback.store.seal import KEY_BYTES, MasterKey, Seal, seal_all, unseal_all

_CHUNK_KEYS = 500
_LARGE_LOT = 50
_LOT_BYTES = 8
"""Of an id's 16: what the keys that were made together have in common."""
_SNAPSHOT = "snapshot/"
_HOUSE_KEYS = ("house/digest", "house/receipt", "house/log", "house/journal")
_NEW = 1
"""SQLite's `user_version` of a key store that no database is bound to yet; 0 afterwards."""


class Keyring:
    """
    The keys in `keys.db`, opened with one master key.

    Safe to use from several threads and processes: `keys.db` is SQLite in WAL mode. `receipt_work` and
    `recovery_work` are what a guess costs; only tests take less, and no setting does. Raises `StoreError`
    where the file cannot be opened, `SealBroken` where another master key made it.
    """

    def __init__(
        self, master: MasterKey, path: Path, *, receipt_work: Work = RECEIPT_WORK, recovery_work: Work = RECOVERY_WORK
    ) -> None:
        self._receipt_work = receipt_work
        self._recovery_work = recovery_work
        self._wrapping = Seal(master.wrapping_key())
        self._lock = threading.Lock()
        self._stretching = threading.Lock()
        self.path = path
        self._connection = _connect(path)
        try:
            house = self._house_keys()
        except (SealBroken, StoreError):
            self.close()
            raise
        # Copied for each message: twice as fast as to set the key up again.
        self._digest = HMAC(house["house/digest"], SHA256())
        self._receipt = HMAC(house["house/receipt"], SHA256())
        self.log_key = house["house/log"]
        self.journal_key = house["house/journal"]

    def _house_keys(self) -> Mapping[str, bytes]:
        """Return the keys of the house, made when the key store is new."""
        with self._writing() as connection:
            if not connection.execute("select 1 from data_key limit 1").fetchone():
                made = [(key_id, secrets.token_bytes(KEY_BYTES)) for key_id in _HOUSE_KEYS]
                connection.executemany(_INSERT, [(key_id, self._wrap(key_id, key)) for key_id, key in made])
                connection.execute(f"pragma user_version = {_NEW}")
        try:
            house = self.data_keys(_HOUSE_KEYS)
        except SealBroken as problem:
            raise SealBroken("This master key does not belong to this data directory.") from problem
        if len(house) != len(_HOUSE_KEYS):
            raise SealBroken("The key store is not whole: a key that everything hangs on is missing.")
        return house

    @property
    def is_new(self) -> bool:
        """Whether these keys were made, by any process, and no database is bound to them yet."""
        with self._reading() as connection:
            return bool(connection.execute("pragma user_version").fetchone()[0] == _NEW)

    def bind(self) -> None:
        """Let the keys be those of a database from now on."""
        with self._writing() as connection:
            connection.execute("pragma user_version = 0")

    def discard(self) -> None:
        """Close the key store and remove its files; only for one that is new and must not be bound."""
        self.close()
        try:
            for ending in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        except OSError as problem:
            raise StoreError(f"The key store {self.path} cannot be removed: {problem.strerror}.") from problem

    def rewrap(self, master: MasterKey) -> int:
        """
        Wrap every key under a new master key, all of them or none; return how many.

        Every process that holds the former master key has to be stopped before, and started with the new.
        """
        wrapping = Seal(master.wrapping_key())
        with self._writing() as connection:
            rows = connection.execute("select id, wrapped from data_key").fetchall()
            opened = [(key_id, self._wrapping.unseal(wrapped, _purpose(key_id))) for key_id, wrapped in rows]
            anew = [(wrapping.seal(key, _purpose(key_id)), key_id) for key_id, key in opened]
            connection.executemany("update data_key set wrapped = ? where id = ?", anew)
        self._wrapping = wrapping
        self._truncate_log()
        return len(rows)

    def close(self) -> None:
        """Close the key store."""
        with self._lock:
            self._connection.close()

    def keyed_digest(self, digest: bytes) -> bytes:
        """Return the HMAC under which a SHA-256 digest is stored and looked up."""
        return _keyed(self._digest, digest)

    def keyed_receipt(self, text: str) -> bytes:
        """Return the HMAC under which a secret that is random enough is stored and looked up."""
        return _keyed(self._receipt, text.encode())

    def receipt_digest(self, receipt: str) -> bytes:
        """
        Return what a receipt is stored and looked up by; takes 25 ms, so it is called outside transactions.

        One at a time in each process: it takes 19 MiB.
        """
        with self._stretching:
            salt = self.keyed_receipt("salt-of-receipts")[:16]
            return self.keyed_receipt(stretched(receipt, salt, self._receipt_work).hex())

    def recovery_digest(self, name: str, phrase: str) -> bytes:
        """Return what a name and a phrase of hers are stored and looked up by; takes 250 ms and 64 MiB."""
        with self._stretching:
            salt = self.keyed_receipt("salt-of-recovery")[:16]
            return self.keyed_receipt(stretched_recovery(name, phrase, salt, self._recovery_work).hex())

    def contest_code(self, copy_id: str) -> str:
        """
        Return the secret by which whoever posted a copy contests it: 128 bits, as 26 letters and digits.

        It is made anew each time that it is told, and stored nowhere.
        """
        return base64.b32encode(self.keyed_receipt(f"contest/{copy_id}")[:16]).decode().rstrip("=").lower()

    def account_digest(self, site_id: str, account: str) -> bytes:
        """Return what an account of a site is stored and looked up by: the same name at another site is another one."""
        return self.keyed_receipt(f"account/{site_id}/{account}")

    def source_digest(self, network: str) -> bytes:
        """
        Return by what the network that a notice came from is told from another one, while its case is undecided.

        Under a key for this alone. There are few addresses: whoever has the keys can try all of them.
        """
        return self.keyed_receipt(f"source-of-notices/{network}")[:16]

    def partner_digest(self, partner_id: int, of: str) -> bytes:
        """
        Return by what something that one partner is about is found again: an entry's id, or a fingerprint's digits.

        The same thing is another one for another partner.
        """
        return self.keyed_receipt(f"partner/{partner_id}/{of}")[:16]

    def statement_id(self, copy_id: str) -> str:
        """
        Return by what a statement about a copy is known in the DSA's database: 128 bits in hexadecimal.

        The same at each export, so that none is taken in twice; without the key it leads back to nothing.
        """
        return self.keyed_receipt(f"dsa-statement/{copy_id}")[:16].hex()

    def contest_digest(self, code: str) -> bytes:
        """Return what a code for contesting is stored and looked up by; also where only its link was pasted."""
        bare = "".join(code.rpartition("#")[2].split()).lower()
        return self.keyed_receipt(f"contest-code/{bare}")

    def record_digest(self, exchange_id: int, text: str) -> bytes:
        """Return the HMAC under which the name of an outside list's record, or what is in it, is kept."""
        return self.keyed_receipt(f"exchange/{exchange_id}/{text}")[:16]

    def new_data_keys(self, count: int = 1) -> list[tuple[str, bytes]]:
        """
        Make data keys, durable before this returns: pairs of id and 32-byte key.

        The ids of one lot begin alike, so that a large one lies together in the file and is read in one go.
        """
        lot, ids, keys = secrets.token_hex(_LOT_BYTES), os.urandom(_LOT_BYTES * count), os.urandom(KEY_BYTES * count)
        made = [
            (lot + ids[_LOT_BYTES * n : _LOT_BYTES * (n + 1)].hex(), keys[KEY_BYTES * n : KEY_BYTES * (n + 1)])
            for n in range(count)
        ]
        wrapped = seal_all([(self._wrapping, key, _purpose(key_id).encode()) for key_id, key in made])
        rows = [(key_id, value) for (key_id, _), value in zip(made, wrapped, strict=True)]
        with self._writing() as connection:
            connection.executemany(_INSERT, rows)
        return made

    def new_snapshot_key(self) -> tuple[str, bytes]:
        """
        Make the key of a snapshot of the indexes, id and key, durable before this returns.

        Call it before reading what the snapshot will hold: whatever is erased from then on takes the key along.
        """
        key_id, key = _SNAPSHOT + secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
        with self._writing() as connection:
            connection.execute(_INSERT, (key_id, self._wrap(key_id, key)))
        return key_id, key

    def keep_only_snapshot(self, key_id: str) -> bool:
        """Destroy the keys of every other snapshot; return whether this one's is still there."""
        with self._writing() as connection:
            others = "id like ? || '%' and id <> ?"
            connection.execute(f"delete from data_key where {others}", (_SNAPSHOT, key_id))  # noqa: S608 (no value)
        return key_id in self.data_keys([key_id])

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
            rows = self._wrapped(wanted[start : start + _CHUNK_KEYS])
            keys = unseal_all((self._wrapping, wrapped, _purpose(key_id).encode()) for key_id, wrapped in rows)
            found.update(zip((key_id for key_id, _ in rows), keys, strict=True))
        return found

    def _wrapped(self, wanted: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return what is in the file of some keys: of one large lot in one go, as they lie."""
        first, last = min(wanted), max(wanted)
        with self._reading() as connection:
            if len(wanted) >= _LARGE_LOT and first[: 2 * _LOT_BYTES] == last[: 2 * _LOT_BYTES]:
                asked, between = set(wanted), "select id, wrapped from data_key where id between ? and ?"
                return [row for row in connection.execute(between, (first, last)) if row[0] in asked]
            marks = ",".join("?" * len(wanted))
            among = f"select id, wrapped from data_key where id in ({marks})"  # noqa: S608 (only question marks)
            return connection.execute(among, wanted).fetchall()

    def destroy(self, key_ids: Collection[str], *, in_snapshots: bool = True) -> None:
        """
        Destroy data keys for good, and the pages and the write-ahead log that held them.

        With them go the keys of all snapshots, unless nothing of what these sealed is in any: a snapshot holds in one
        piece what they sealed one by one.
        """
        with self._writing() as connection:
            connection.executemany("delete from data_key where id = ?", [(key_id,) for key_id in key_ids])
            if in_snapshots:
                connection.execute("delete from data_key where id like ? || '%'", (_SNAPSHOT,))
        self._truncate_log()

    def _truncate_log(self) -> None:
        with self._reading() as connection:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def _wrap(self, key_id: str, key: bytes) -> bytes:
        return self._wrapping.seal(key, _purpose(key_id))

    def _reading(self) -> _Guard:
        return _Guard(self._lock, self._connection, begin=False)

    def _writing(self) -> _Guard:
        return _Guard(self._lock, self._connection, begin=True)


_INSERT = "insert into data_key (id, wrapped) values (?, ?)"


def _keyed(empty: HMAC, message: bytes) -> bytes:
    made = empty.copy()
    made.update(message)
    return made.finalize()


def _purpose(key_id: str) -> str:
    return f"data-key/{key_id}"


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma secure_delete = on")
        connection.execute(
            "create table if not exists data_key (id text primary key, wrapped blob not null) without rowid"
        )
    except (sqlite3.Error, OSError) as problem:
        raise StoreError(f"The key store {path} cannot be opened: {problem}.") from problem
    return connection


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
