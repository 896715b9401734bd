"""Who posted what was removed, as far as the site said so: sealed, and opened by two people together."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, insert, select, update

from takeback.errors import NotFound
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import record_request, upload_record

_PURPOSE = "upload-record"


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """One removed copy's record; what it says is apart, sealed under a key that goes when its time is over."""

    id: int
    public_id: str
    case_id: int
    key_id: str
    sealed: bytes | None
    made_at: datetime
    expires_at: datetime
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """One person's request to have the records of a case opened."""

    id: int
    public_id: str
    case_id: int
    reason: str
    asked_by: str
    asked_at: datetime
    opened_by: str | None
    opened_at: datetime | None


class UploadRecordStore:
    """Reads and writes upload records, and the requests to open them."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(
        self, case_id: int, said: Mapping[str, object], key: tuple[str, bytes], *, at: datetime, expires_at: datetime
    ) -> None:
        """Seal what is known of an upload, under a key (id, key) that other records of the same moment may share."""
        self._connection.execute(
            insert(upload_record).values(
                public_id=secrets.token_hex(16),
                case_id=case_id,
                key_id=key[0],
                sealed=seal(key[1], json.dumps(said).encode(), _PURPOSE),
                made_at=at,
                expires_at=expires_at,
            )
        )

    def opened(self, found: UploadRecord) -> Mapping[str, object]:
        """Open one record; every caller logs it as an event. Nothing is left of one that was erased."""
        if found.sealed is None:
            return {}
        said: Mapping[str, object] = json.loads(unseal(self._keyring.data_key(found.key_id), found.sealed, _PURPOSE))
        return said

    def of_case(self, case_id: int) -> list[UploadRecord]:
        """Return the records of a case, oldest first; erased ones too."""
        query = select(upload_record).where(upload_record.c.case_id == case_id).order_by(upload_record.c.id)
        return [_record(row) for row in self._connection.execute(query)]

    def cases_with_expired(self, at: datetime) -> list[int]:
        """Return the cases of which a record's time is over."""
        query = select(upload_record.c.case_id).where(
            upload_record.c.expires_at <= at, upload_record.c.erased_at.is_(None)
        )
        return [int(row.case_id) for row in self._connection.execute(query.distinct())]

    def erase_expired(self, case_id: int, at: datetime) -> int:
        """Erase the records of a case whose time is over; return how many. Their keys go after the commit."""
        done = self._connection.execute(
            update(upload_record)
            .where(
                upload_record.c.case_id == case_id,
                upload_record.c.expires_at <= at,
                upload_record.c.erased_at.is_(None),
            )
            .values(sealed=None, erased_at=at)
        )
        return int(done.rowcount)

    def last_expiry(self, case_id: int) -> datetime | None:
        """Return when the last record of a case expires; None where nothing is left of any."""
        query = select(func.max(upload_record.c.expires_at)).where(
            upload_record.c.case_id == case_id, upload_record.c.erased_at.is_(None)
        )
        moment: datetime | None = self._connection.execute(query).scalar_one()
        return moment

    def erased_key_ids(self) -> list[str]:
        """Return the data keys of erased records: whichever still exist are to be destroyed."""
        query = select(upload_record.c.key_id).where(upload_record.c.erased_at.is_not(None)).distinct()
        return [row.key_id for row in self._connection.execute(query)]

    # Requests

    def ask(self, case_id: int, reason: str, *, actor: str, at: datetime) -> RecordRequest:
        """Write down that one person wants the records of a case opened."""
        query = insert(record_request).values(
            public_id=secrets.token_hex(16), case_id=case_id, reason=reason, asked_by=actor, asked_at=at
        )
        return _request(self._connection.execute(query.returning(*record_request.c)).first())

    def request(self, case_id: int, public_id: str) -> RecordRequest:
        """Return one request of a case; `NotFound` where there is none."""
        query = select(record_request).where(
            record_request.c.public_id == public_id, record_request.c.case_id == case_id
        )
        return _request(self._connection.execute(query).first())

    def requests(self, case_id: int) -> list[RecordRequest]:
        """Return the requests of a case, oldest first."""
        query = select(record_request).where(record_request.c.case_id == case_id).order_by(record_request.c.id)
        return [_request(row) for row in self._connection.execute(query)]

    def grant(self, found: RecordRequest, *, actor: str, at: datetime) -> None:
        """Write down that another person opened them."""
        query = update(record_request).where(record_request.c.id == found.id)
        self._connection.execute(query.values(opened_by=actor, opened_at=at))


def _record(row: Row[tuple[object, ...]]) -> UploadRecord:
    return UploadRecord(
        row.id, row.public_id, row.case_id, row.key_id, row.sealed, row.made_at, row.expires_at, row.erased_at
    )


def _request(row: Row[tuple[object, ...]] | None) -> RecordRequest:
    if row is None:
        raise NotFound("Nobody asked for the upload records of this case under this id.")
    return RecordRequest(
        row.id, row.public_id, row.case_id, row.reason, row.asked_by, row.asked_at, row.opened_by, row.opened_at
    )
