"""
The log: entries in a chain, leaves of one tree, under one head.

Each entry carries a keyed link, `HMAC(head key, link before || leaf || index || moment || kind)`, and the
head a keyed MAC over size, root and last link. The links name the first entry that was touched; the root
is what others can be shown: a signed C2SP checkpoint needs the head's size and root and no leaf rewritten.

`verify_log` finds, and names, whatever was done to the stored log by someone without the head key: a fact,
actor, case, moment, kind or salt changed; a commitment or link flipped or made anew, of an erased entry
too; an entry dropped, doubled, swapped, renumbered, added, or passed off as erased; a tail cut off; a head
rewritten. An entry that once stood in that place by right (of a history that a restore ended) is named by
the entry after it, whose link is another's.

It cannot find what the holder of the head key did: who reads the master key can write another log. Nor, alone, that
log and head were both put back to an earlier state, which was true once: that takes roots remembered elsewhere
(`roots`), such as those in the entries of the public log. An erased entry that a backup brings back is a true entry
again; the journal of withdrawals erases it once more.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from takeback.audit.event import Event, EventKind, Json, canonical_moment, commit
from takeback.audit.merkle import Frontier, leaf_hash
from takeback.errors import LogBroken

MIN_KEY_BYTES = 32
"""Bytes of a head key at least: the strength of HMAC-SHA256 (RFC 2104 section 3)."""

FIRST_LINK = bytes(32)
"""What stands before the first entry's link."""

_LINK_DOMAIN = b"takeback/audit-link/1\n"
_HEAD_DOMAIN = b"takeback/audit-head/1\n"
_ERASURE_DOMAIN = b"takeback/audit-erasure/1\n"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """
    An entry as it is stored.

    Live: `salt` and `actor` are there and `erasure` is not. Erased: `erasure` is the MAC that says so, and
    case, actor, facts and salt are gone; index, moment and kind stay, held by `link`. `kind` is a string
    and not yet an `EventKind`, since a stored row may say anything.
    """

    index: int
    at: datetime
    kind: str
    case_id: str | None
    actor: str | None
    facts: Mapping[str, Json] | None = field(repr=False)
    salt: bytes | None = field(repr=False)
    commitment: bytes
    link: bytes
    erasure: bytes | None = None

    @property
    def erased(self) -> bool:
        """Whether only index, moment, kind and commitment are left."""
        return self.erasure is not None

    def event(self) -> Event:
        """Return the event of a live entry; raises `LogBroken` where a part is missing or is none of ours."""
        if self.actor is None or self.facts is None:
            raise _broken(self.index, "is not whole")
        try:
            return Event(self.index, self.at, EventKind(self.kind), self.case_id, self.actor, self.facts)
        except ValueError:
            raise _broken(self.index, "holds no event") from None


@dataclass(frozen=True, slots=True)
class LogHead:
    """How many entries there are, the root of their tree, the last link, and the MAC over the three."""

    size: int
    root: bytes
    link: bytes
    mac: bytes

    @classmethod
    def over(cls, frontier: Frontier, link: bytes, head_key: bytes) -> Self:
        """Return the head of the log whose right edge is `frontier` and whose last link is `link`."""
        root = frontier.root()
        return cls(frontier.size, root, link, _mac(head_key, _HEAD_DOMAIN, _u64(frontier.size), root, link))

    def check(self, head_key: bytes) -> None:
        """Raise `LogBroken` unless this head was made with `head_key`."""
        mac = _mac(head_key, _HEAD_DOMAIN, _u64(self.size), self.root, self.link)
        if not hmac.compare_digest(self.mac, mac):
            raise LogBroken("The audit log's head was changed, or it is another key's.")


@dataclass(frozen=True, slots=True)
class LogTail:
    """What the store keeps beside the entries, so that an append reads none of them."""

    frontier: Frontier
    head: LogHead

    @classmethod
    def empty(cls, head_key: bytes) -> Self:
        """Return the tail of a log without entries."""
        return cls(Frontier(), LogHead.over(Frontier(), FIRST_LINK, head_key))


def append(tail: LogTail, event: Event, salt: bytes, head_key: bytes) -> tuple[LogTail, LogEntry]:
    """
    Return the tail after `event`, and its entry; O(log n), and both go into one transaction.

    `salt` is 32 fresh random bytes. Raises `LogBroken` where the stored tail is not what was written, so
    that a changed tail is never signed; `ValueError` where the event has no canonical form or is not the
    next one.
    """
    # 1. The head is ours.
    tail.head.check(head_key)
    # 2. The right edge is the head's: were it another, its entries would vanish under a true signature.
    if (tail.frontier.size, tail.frontier.root()) != (tail.head.size, tail.head.root):
        raise LogBroken("The audit log's right edge does not belong to its head.")
    # 3. The event is the next one.
    if event.index != tail.head.size:
        raise ValueError("the index of the next event is the size of the log")
    # 4. Commit, chain, grow the tree.
    commitment = commit(event, salt)
    link = _link(head_key, tail.head.link, commitment, event.index, event.at, event.kind)
    frontier = tail.frontier.append(leaf_hash(commitment))
    entry = LogEntry(
        event.index,
        event.at,
        event.kind.value,
        event.case_id,
        event.actor,
        event.facts,
        salt,
        commitment,
        link,
    )
    return LogTail(frontier, LogHead.over(frontier, link, head_key)), entry


def erase(entry: LogEntry, head_key: bytes) -> LogEntry:
    """
    Return `entry` without case, actor, facts and salt; the log still verifies.

    The erasure itself is an event (`EventKind.ERASED`), appended by whoever erases. Erasing twice changes
    nothing.
    """
    mac = _mac(head_key, _ERASURE_DOMAIN, _u64(entry.index), entry.commitment)
    return replace(entry, case_id=None, actor=None, facts=None, salt=None, erasure=mac)


def verify_log(
    entries: Iterable[LogEntry], head: LogHead, head_key: bytes, *, roots: Mapping[int, bytes] | None = None
) -> int:
    """
    Check every entry, in stored order, against `head`, and return how many there are.

    Reads `entries` once and keeps O(log n) of them. `roots` are those that the log had at earlier sizes. Raises
    `LogBroken`, whose `index` is the first entry that is not as written: the place of a missing one, the size that
    the head states where entries follow it, and None where no entry can be named (the head itself, or a rewriting
    with the key, which only `roots` bring to light).
    """
    roots = roots or {}
    frontier, link = Frontier(), FIRST_LINK
    _check_known(frontier, roots)
    for entry in entries:
        # 1. Each entry stands in its place, is chained to the one before, and says what was committed to.
        link = _check_entry(entry, frontier.size, link, head_key)
        frontier = frontier.append(leaf_hash(entry.commitment))
        # 2. The log grew out of every one remembered.
        _check_known(frontier, roots)
    # 3. The head is ours, and neither behind its log nor ahead of it.
    head.check(head_key)
    _check_size(frontier.size, head)
    # 4. The last entry and the tree are the head's.
    if not hmac.compare_digest(link, head.link):
        raise _broken(frontier.size - 1, "is not the one that its head was made over")
    _check_root(frontier, head.root)
    # 5. Nothing that was remembered is missing.
    most = max(roots, default=0)
    if frontier.size < most:
        message = f"The audit log and its head say {frontier.size} entries; once there were {most}."
        raise LogBroken(message, index=frontier.size)
    return frontier.size


def _check_entry(entry: LogEntry, index: int, link: bytes, head_key: bytes) -> bytes:
    """Return the link of `entry`; raises `LogBroken` with `index`, the place where it stands."""
    if entry.index != index:
        raise _broken(index, "is missing or out of its place")
    try:
        expected = _link(head_key, link, entry.commitment, index, entry.at, entry.kind)
    except ValueError:
        raise _broken(index, "holds no event") from None
    if not hmac.compare_digest(entry.link, expected):
        raise _broken(index, "is not the one that was written there")
    if entry.erasure is not None:
        _check_erased(entry, entry.erasure, head_key)
    else:
        _check_live(entry)
    return expected


def _check_live(entry: LogEntry) -> None:
    if entry.salt is None:
        raise _broken(entry.index, "has lost its salt")
    try:
        commitment = commit(entry.event(), entry.salt)
    except ValueError:
        raise _broken(entry.index, "holds no event") from None
    if not hmac.compare_digest(entry.commitment, commitment):
        raise _broken(entry.index, "was changed after it was written")


def _check_erased(entry: LogEntry, erasure: bytes, head_key: bytes) -> None:
    mac = _mac(head_key, _ERASURE_DOMAIN, _u64(entry.index), entry.commitment)
    if not hmac.compare_digest(erasure, mac):
        raise _broken(entry.index, "was not erased by Takeback")
    if (entry.case_id, entry.actor, entry.facts, entry.salt) != (None, None, None, None):
        raise _broken(entry.index, "is erased and yet says something")


def _check_size(size: int, head: LogHead) -> None:
    if size < head.size:
        raise LogBroken(f"The audit log ends after {size} entries; its head says {head.size}.", index=size)
    if size > head.size:
        raise LogBroken(f"The audit log has {size} entries; its head says {head.size}.", index=head.size)


def _check_root(frontier: Frontier, root: bytes) -> None:
    if not hmac.compare_digest(frontier.root(), root):
        raise LogBroken(f"The first {frontier.size} entries of the audit log are not those of the head it had.")


def _check_known(frontier: Frontier, roots: Mapping[int, bytes]) -> None:
    if (root := roots.get(frontier.size)) is not None:
        _check_root(frontier, root)


def _broken(index: int, what: str) -> LogBroken:
    return LogBroken(f"Entry {index} of the audit log {what}.", index=index)


def _link(head_key: bytes, before: bytes, commitment: bytes, index: int, at: datetime, kind: str) -> bytes:
    # Parts of fixed length (the commitment as its leaf, since a stored one may have any), and one of free
    # length last: no two entries share these bytes.
    header = canonical_moment(at).encode() + kind.encode()
    return _mac(head_key, _LINK_DOMAIN, before, leaf_hash(commitment), _u64(index), header)


def _mac(key: bytes, *parts: bytes) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError("a key of the audit log has at least 32 bytes")
    return hmac.digest(key, b"".join(parts), hashlib.sha256)


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")
