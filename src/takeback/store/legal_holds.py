"""Legal holds: what an authority wants kept of a case, until when, and which two people had it kept."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from takeback.errors import NotFound
from takeback.store.cases import Case, CaseStore
from takeback.store.tables import legal_hold


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One legal hold; who wants what kept is apart, sealed."""

    id: int
    public_id: str
    case_id: int
    sealed: bytes | None
    """Authority and scope, under the key of `CaseStore.seal_grounds`; None once the case is erased."""
    until_at: datetime
    ordered_by: str
    ordered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None

    def stands(self, at: datetime) -> bool:
        """Whether it keeps anything: two people ordered it, and its time is not over."""
        return self.confirmed_at is not None and self.ended_at is None and at < self.until_at


class LegalHoldStore:
    """Reads and writes legal holds."""

    def __init__(self, connection: Connection, cases: CaseStore) -> None:
        self._connection = connection
        self._cases = cases

    def order(
        self, case: Case, *, authority: str, scope: str, until_at: datetime, actor: str, at: datetime
    ) -> LegalHold:
        """Write down that one person ordered a hold."""
        said = json.dumps({"authority": authority, "scope": scope})
        query = insert(legal_hold).values(
            public_id=secrets.token_hex(16),
            case_id=case.id,
            sealed=self._cases.seal_grounds(case, said),
            until_at=until_at,
            ordered_by=actor,
            ordered_at=at,
        )
        return self._one(self._connection.execute(query.returning(*legal_hold.c)).first())

    def confirm(self, found: LegalHold, *, actor: str, at: datetime) -> LegalHold:
        """Write down that another person ordered it too."""
        return self._set(found, confirmed_by=actor, confirmed_at=at)

    def end(self, found: LegalHold, *, actor: str, at: datetime) -> LegalHold:
        """Write down that it keeps nothing any more."""
        return self._set(found, ended_by=actor, ended_at=at)

    def said(self, case: Case, found: LegalHold) -> tuple[str, str]:
        """Return authority and scope, opened; both empty once they are erased."""
        if found.sealed is None:
            return "", ""
        said = json.loads(self._cases.open_grounds(case, found.sealed))
        return str(said["authority"]), str(said["scope"])

    def forget_words(self, case_id: int) -> None:
        """Delete what was written of the holds of a case; that there were some stays."""
        self._connection.execute(update(legal_hold).where(legal_hold.c.case_id == case_id).values(sealed=None))

    def by_public_id(self, case_id: int, public_id: str) -> LegalHold:
        """Return one hold of a case; `NotFound` where there is none."""
        query = select(legal_hold).where(legal_hold.c.public_id == public_id, legal_hold.c.case_id == case_id)
        return self._one(self._connection.execute(query).first())

    def of_case(self, case_id: int) -> list[LegalHold]:
        """Return the holds of a case, oldest first."""
        query = select(legal_hold).where(legal_hold.c.case_id == case_id).order_by(legal_hold.c.id)
        return [self._one(row) for row in self._connection.execute(query)]

    def over(self, at: datetime) -> list[LegalHold]:
        """Return the holds whose time is over, and of which nobody wrote that down."""
        query = select(legal_hold).where(legal_hold.c.ended_at.is_(None), legal_hold.c.until_at <= at)
        return [self._one(row) for row in self._connection.execute(query.order_by(legal_hold.c.id))]

    def _set(self, found: LegalHold, **columns: object) -> LegalHold:
        query = update(legal_hold).where(legal_hold.c.id == found.id).values(**columns)
        return self._one(self._connection.execute(query.returning(*legal_hold.c)).first())

    def _one(self, row: Row[tuple[object, ...]] | None) -> LegalHold:
        if row is None:
            raise NotFound("This case has no such legal hold.")
        return LegalHold(
            row.id, row.public_id, row.case_id, row.sealed, row.until_at, row.ordered_by, row.ordered_at,
            row.confirmed_by, row.confirmed_at, row.ended_by, row.ended_at,
        )  # fmt: skip
