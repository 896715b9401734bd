"""The keys of the public log, all from the key of the audit log: nothing more to keep, to back up or to lose."""

from __future__ import annotations

import hashlib
import hmac

from takeback.audit.note import KeyType, Signer

_LOG = b"takeback/log-signing-key/1\n"
_WITNESS = b"takeback/witness-signing-key/1\n"
_BUNDLE = b"takeback/bundle-signing-key/1\n"
_INSTANCE = b"takeback/instance-signing-key/1\n"
_VEIL = b"takeback/veil-key/1\n"


def log_signer(log_key: bytes, origin: str) -> Signer:
    """Return what signs the heads of the log `origin`; `log_key` is the audit log's, of 32 random bytes."""
    return Signer(origin, KeyType.LOG, _derived(log_key, _LOG))


def witness_signer(log_key: bytes, name: str) -> Signer:
    """Return what signs the heads of other logs, under another key than the log's own (c2sp.org/tlog-cosignature)."""
    return Signer(name, KeyType.WITNESS, _derived(log_key, _WITNESS))


def bundle_signer(log_key: bytes, name: str) -> Signer:
    """Return what signs evidence bundles: a key that signs nothing else, so that no bundle can pass for a head."""
    return Signer(f"{name}/bundles", KeyType.LOG, _derived(log_key, _BUNDLE))


def instance_signer(log_key: bytes, name: str) -> Signer:
    """Return what signs what other instances are sent, and what they are answered: a key that signs nothing else."""
    return Signer(f"{name}/instance", KeyType.LOG, _derived(log_key, _INSTANCE))


def veil_key(log_key: bytes, origin: str, number: int) -> bytes:
    """Return the key of one period's veil; a log that begins anew under another name has others."""
    return _derived(log_key, _VEIL + f"{number}\n{origin}".encode())


def default_name(log_key: bytes) -> str:
    """Return the name of a service that its operator did not name: a part of the hash of its key."""
    public = log_signer(log_key, "takeback").key.public
    return f"takeback-{hashlib.sha256(public).hexdigest()[:16]}"


def _derived(log_key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(log_key, purpose, hashlib.sha256)
