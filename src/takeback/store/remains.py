"""What is left of a case in the end: one record that leads to nobody, and not one row besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from takeback.store.cases import Case
from takeback.store.tables import (
    alert,
    case,
    compliance_record,
    coop_report,
    coop_word,
    copy,
    entry,
    forwarded_digest,
    forwarding,
    hearing,
    hma_content,
    legal_hold,
    look,
    message,
    news_address,
    outbox,
    page_capture,
    quarantine,
    record_request,
    recusal,
    refused_upload,
    sighting,
    suspicion,
    upload_record,
)

_OF_CASE = (
    message, news_address, hearing, recusal, alert, legal_hold, upload_record, record_request, page_capture,
    refused_upload, copy, entry,
)  # fmt: skip
"""Tables whose rows belong to a case, those that point to others first."""


@dataclass(frozen=True, slots=True)
class ComplianceRecord:
    """That there was a notice, and what became of it."""

    laws: tuple[str, ...]
    received_at: datetime
    valid_at: datetime | None
    decided_at: datetime | None
    outcome: str
    """`removed`, `refused`, `put_back`, or `undecided` where she ended it before."""
    removed_at: datetime | None
    """The first removal."""
    copies: Mapping[str, Mapping[str, int]]
    """How many copies of each class there were, by state; `link` is the class of a link that she named."""
    expires_at: datetime


class RemainsStore:
    """Reads and writes compliance records, and deletes the cases that they stand for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, record: ComplianceRecord) -> None:
        """Keep a record."""
        self._connection.execute(insert(compliance_record).values(**{**asdict(record), "laws": list(record.laws)}))

    def all(self) -> list[ComplianceRecord]:
        """Return every record that is kept, by receipt."""
        query = select(compliance_record).order_by(compliance_record.c.received_at, compliance_record.c.id)
        return [_record(row) for row in self._connection.execute(query)]

    def drop_expired(self, at: datetime) -> int:
        """Delete the records whose time is over; return how many."""
        done = self._connection.execute(delete(compliance_record).where(compliance_record.c.expires_at <= at))
        return int(done.rowcount)

    def key_ids(self, found: Case) -> list[str]:
        """Return the data keys of what belongs to a case, beside its own."""
        keys: list[str] = []
        for table in (entry, news_address, upload_record, quarantine):
            keys += self._connection.execute(select(table.c.key_id).where(table.c.case_id == found.id)).scalars()
        return [key_id for key_id in keys if key_id]

    def delete_case(self, found: Case) -> None:
        """Delete every row of a case. Its keys are destroyed, and its part of the log is erased, before."""
        copies = select(copy.c.id).where(copy.c.case_id == found.id)
        entries = select(entry.c.id).where(entry.c.case_id == found.id)
        self._connection.execute(delete(quarantine).where(quarantine.c.case_id == found.id))
        reports = select(coop_report.c.id).where(coop_report.c.case_id == found.id)
        self._connection.execute(delete(coop_word).where(coop_word.c.report_id.in_(reports)))
        for table in (outbox, look, coop_report):
            self._connection.execute(delete(table).where(table.c.copy_id.in_(copies)))
        for table in (hma_content, sighting, suspicion, forwarded_digest):
            self._connection.execute(delete(table).where(table.c.entry_id.in_(entries)))
        # What another instance has not confirmed to have ended is asked for on, without anything of the case.
        self._connection.execute(update(forwarding).where(forwarding.c.case_id == found.id).values(case_id=None))
        for table in _OF_CASE:
            self._connection.execute(delete(table).where(table.c.case_id == found.id))
        self._connection.execute(delete(case).where(case.c.id == found.id))


def _record(row: Row[tuple[object, ...]]) -> ComplianceRecord:
    return ComplianceRecord(
        tuple(row.laws), row.received_at, row.valid_at, row.decided_at, row.outcome, row.removed_at, row.copies,
        row.expires_at,
    )  # fmt: skip
