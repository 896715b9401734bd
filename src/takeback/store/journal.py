"""
The journal of withdrawals and erasures, also of addresses for mail: one line each, kept beside the backups.

`takeback restore` replays it.

A backup is older than a withdrawal that came after it; the journal is what keeps the withdrawn withdrawn, and the
erased erased. Each line is JSON with an HMAC under the journal key, so that nobody without the master key
can withdraw a case by adding a line.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from takeback.errors import SealBroken, StoreError

_ERASED, _KEPT, _NEWS = "erased", "kept", "news"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Which case was withdrawn, and when."""

    case_id: str
    at: datetime
    erased: bool = False
    """All that was hers was erased, too."""
    kept: bool = False
    """She kept what would have been erased: an erasure that was written down before did not happen."""
    news: str = ""
    """Where it is an id: nothing was withdrawn, but this address for news was erased."""


class Journal:
    """An append-only file of withdrawals."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def append(self, withdrawal: Withdrawal) -> None:
        """Write a withdrawal down, durable before this returns."""
        fields = {"case": withdrawal.case_id, "at": withdrawal.at.isoformat()}
        fields |= {"what": _ERASED} if withdrawal.erased else {"what": _KEPT} if withdrawal.kept else {}
        fields |= {"what": _NEWS, "news": withdrawal.news} if withdrawal.news else {}
        line = json.dumps({**fields, "mac": self._mac(fields)}) + "\n"
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size == 0:
                    sync(self.path.parent)  # a new file's name too has to survive a power cut
                if _is_cut_short(descriptor):
                    line = "\n" + line
                written = os.write(descriptor, line.encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as problem:
            raise StoreError(
                f"The journal of withdrawals cannot be written: {problem.strerror}.",
                advice="Free the disk or correct its permissions; the withdrawal was not accepted.",
            ) from problem
        if written != len(line):
            raise StoreError("The journal of withdrawals could not be written whole; the disk may be full.")

    def read(self) -> Iterator[Withdrawal]:
        """
        Yield every withdrawal, oldest first.

        A line that a crash cut short was never acknowledged and is passed over; a whole line with a
        wrong MAC raises `SealBroken`.
        """
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as problem:
            raise StoreError(f"The journal of withdrawals cannot be read: {problem.strerror}.") from problem
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                fields = {name: str(row[name]) for name in ("case", "at", "what", "news") if name in row}
                case_id, at = fields["case"], datetime.fromisoformat(fields["at"])
                mac = str(row["mac"])
            except (ValueError, KeyError, TypeError):
                continue
            if not hmac.compare_digest(mac, self._mac(fields)):
                raise SealBroken(f"Line {number} of the journal of withdrawals was changed, or is another key's.")
            what, news = fields.get("what"), fields.get("news", "")
            yield Withdrawal(case_id, at, erased=what == _ERASED, kept=what == _KEPT, news=news)

    def _mac(self, fields: dict[str, str]) -> str:
        body = json.dumps(fields, sort_keys=True).encode()
        return hmac.new(self._key, body, sha256).hexdigest()


def sync(path: Path) -> None:
    """Make a file, or the names in a directory, durable; `OSError` where the disk refuses."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_cut_short(descriptor: int) -> bool:
    """Whether a crash left the last line without its end, so that the next must not be glued to it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
