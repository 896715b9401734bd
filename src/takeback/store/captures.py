"""Pages that were kept for a case, sealed under its data key, and those that are still to be fetched."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from takeback.store.cases import Case
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import page_capture

_PURPOSE = "case/capture"


@dataclass(frozen=True, slots=True)
class Capture:
    """One page of a case: asked for, and kept once `captured_at` is there."""

    id: int
    case_id: int
    copy_id: int
    asked_by: str
    asked_at: datetime
    attempts: int
    is_waiting: bool
    captured_at: datetime | None
    problem: str | None
    """Why it is not kept, or was not the last time."""


class CaptureStore:
    """Reads and writes captures."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def ask(self, case_id: int, copy_id: int, *, by: str, at: datetime) -> bool:
        """Have the page of a copy kept; False where it waits already."""
        waiting = (page_capture.c.copy_id == copy_id, page_capture.c.next_attempt_at.is_not(None))
        if self._connection.execute(select(page_capture.c.id).where(*waiting)).first() is not None:
            return False
        self._connection.execute(
            insert(page_capture).values(
                case_id=case_id, copy_id=copy_id, asked_by=by, asked_at=at, next_attempt_at=at, attempts=0
            )
        )
        return True

    def due(self, at: datetime, limit: int) -> list[Capture]:
        """Return what is to be fetched now, what waited longest first."""
        query = select(page_capture).where(page_capture.c.next_attempt_at <= at)
        rows = self._connection.execute(query.order_by(page_capture.c.next_attempt_at, page_capture.c.id).limit(limit))
        return [_found(row) for row in rows]

    def keep(self, found: Capture, case: Case, content: Mapping[str, object], at: datetime) -> None:
        """Keep a page."""
        data = zlib.compress(json.dumps(content, ensure_ascii=False).encode())
        sealed = seal(self._keyring.data_key(case.key_id), data, _PURPOSE)
        self._set(found, sealed=sealed, captured_at=at, next_attempt_at=None, attempts=found.attempts + 1, problem=None)

    def fail(self, found: Capture, problem: str, next_attempt_at: datetime | None) -> None:
        """Note why a page could not be kept, and when it is tried again; None for not any more."""
        self._set(found, problem=problem, next_attempt_at=next_attempt_at, attempts=found.attempts + 1)

    def of_case(self, case_id: int) -> list[Capture]:
        """Return the captures of a case, oldest first."""
        query = select(page_capture).where(page_capture.c.case_id == case_id).order_by(page_capture.c.id)
        return [_found(row) for row in self._connection.execute(query)]

    def open(self, found: Capture, case: Case) -> Mapping[str, object]:
        """Open a page that was kept."""
        query = select(page_capture.c.sealed).where(page_capture.c.id == found.id)
        sealed: bytes = self._connection.execute(query).scalar_one()
        opened = unseal(self._keyring.data_key(case.key_id), sealed, _PURPOSE)
        content: Mapping[str, object] = json.loads(zlib.decompress(opened))
        return content

    def count(self, case_id: int) -> int:
        """Return how many there are of a case, those that wait or failed too."""
        query = select(func.count()).select_from(page_capture).where(page_capture.c.case_id == case_id)
        return int(self._connection.execute(query).scalar_one())

    def erase(self, case_id: int) -> None:
        """Erase those of a case."""
        self._connection.execute(delete(page_capture).where(page_capture.c.case_id == case_id))

    def _set(self, found: Capture, **columns: object) -> None:
        self._connection.execute(update(page_capture).where(page_capture.c.id == found.id).values(**columns))


def _found(row: Row[tuple[object, ...]]) -> Capture:
    return Capture(
        row.id, row.case_id, row.copy_id, row.asked_by, row.asked_at, row.attempts, row.next_attempt_at is not None,
        row.captured_at, row.problem,
    )  # fmt: skip
