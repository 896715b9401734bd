"""Check everything that is stored of both logs: the audit log, what was attested of it, and the public log."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from takeback.audit.attestation import attested, commitment_of
from takeback.audit.log import LogEntry, verify_log
from takeback.audit.merkle import Frontier
from takeback.errors import LogBroken
from takeback.store import Store, Transaction
from takeback.store.attestations import Attested
from takeback.workflow.proofs import veil_of


@dataclass(frozen=True, slots=True)
class Verified:
    """How much of each was checked."""

    entries: int
    """Of the audit log."""
    attestations: int
    periods: int
    """Entries of the public log."""


def verify(store: Store, roots: Mapping[int, bytes] | None = None) -> Verified:
    """
    Check every entry of both logs, in one consistent view, and say how many there are.

    `roots` are roots of the audit log by its size, kept elsewhere; those in the public log are checked anyway. Beside
    a running service the view is that of the moment of the call. Raises `LogBroken` as `verify_log` does, and where
    the public log or an attestation was changed.
    """
    with store.read() as tx:
        periods, known = _check_periods(tx, store.keyring.log_key, dict(roots or {}))
        counted = _Counted(tx.attestations.all())
        entries = verify_log(counted.beside(tx.audit.entries()), tx.audit.head(), store.keyring.log_key, roots=known)
        return Verified(entries, counted.finish(), periods)


def _check_periods(tx: Transaction, log_key: bytes, roots: dict[int, bytes]) -> tuple[int, dict[int, bytes]]:
    """Check the public log; return its size, and with `roots` those of the audit log that it names."""
    if not tx.public_log.has_begun():
        return 0, roots
    origin, frontier, last = tx.public_log.origin(), Frontier(), None
    for stored in tx.public_log.periods():
        number, period = frontier.size, stored.period
        # 1. It stands in its place, and not before the one before.
        if stored.number != number or (last is not None and period.until < last):
            raise _broken(number, "is missing or out of its place")
        # 2. What was attested in it is what its root was made over.
        if not hmac.compare_digest(veil_of(tx, log_key, origin, number).root(), period.attested):
            raise _broken(number, "does not fit what was attested in it")
        # 3. It names one audit log with all the others.
        if roots.setdefault(stored.audit_size, period.audit_log) != period.audit_log:
            raise _broken(number, "names another audit log of the same size")
        last, frontier = period.until, frontier.append(period.leaf())
    # 4. The subtrees from which proofs are made are those of these entries.
    if frontier.size and not hmac.compare_digest(tx.public_log.head().root, frontier.root()):
        raise LogBroken("The tree of the public log does not fit its entries.")
    return frontier.size, roots


class _Counted:
    """Attestations, checked beside the events that they are of."""

    def __init__(self, rows: Iterable[Attested]) -> None:
        self._groups = groupby(rows, key=lambda one: one.event_index)
        self._index, self._group = self._next()
        self._first = self._index
        self._count = 0

    def beside(self, entries: Iterable[LogEntry]) -> Iterator[LogEntry]:
        """Yield the entries, checking what was attested of each."""
        for entry in entries:
            yield entry
            # Checked after `verify_log` took the entry: so its event is what was written.
            self._check(entry)

    def finish(self) -> int:
        """Return how many there were; `LogBroken` where some belong to no event."""
        if self._index is not None:
            raise LogBroken("Something is attested of an entry that the audit log does not have.")
        return self._count

    def _check(self, entry: LogEntry) -> None:
        rows: Sequence[Attested] = []
        if self._index == entry.index:
            rows = self._group
            self._index, self._group = self._next()
        # What was written before anything was attested has nothing, as has what an erasure took.
        if self._first is None or entry.index < self._first:
            return
        for row in rows:
            _check_row(entry, row)
        if not entry.erased and [row.what for row in rows if row.what] != attested(entry.event()):
            raise LogBroken(
                f"What was attested of entry {entry.index} of the audit log was changed.", index=entry.index
            )
        self._count += len(rows)

    def _next(self) -> tuple[int | None, Sequence[Attested]]:
        index, group = next(self._groups, (None, iter(())))
        return index, list(group)


def _check_row(entry: LogEntry, row: Attested) -> None:
    if row.what is None or row.salt is None:
        if not entry.erased:
            raise LogBroken(f"What was attested of entry {entry.index} of the audit log is gone.", index=entry.index)
        return
    if not hmac.compare_digest(commitment_of(row.what.as_json(), row.salt), row.commitment):
        message = f"What was attested of entry {entry.index} of the audit log does not fit its commitment."
        raise LogBroken(message, index=entry.index)


def _broken(number: int, what: str) -> LogBroken:
    return LogBroken(f"Entry {number} of the public log {what}.")
