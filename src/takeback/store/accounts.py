"""Accounts of sites, each by a keyed digest: which of their uploads were removed, and what a person did about it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from takeback.cases import CopyState
from takeback.errors import NotFound
from takeback.store.copies import Copy
from takeback.store.tables import account_measure, account_removal, copy


class Measure(StrEnum):
    """What a person did about an account."""

    WARNING = "warning"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Removal:
    """One upload of an account that is removed."""

    case_id: int
    posted_at: datetime | None
    """When it was first checked; None where that is not known."""
    removed_at: datetime


@dataclass(frozen=True, slots=True)
class NewMeasure:
    """What is kept of a measure."""

    kind: Measure
    at: datetime
    until_at: datetime | None
    decided_by: str
    sealed: bytes
    """Reason and criteria, under the site's data key."""


@dataclass(frozen=True, slots=True)
class TakenMeasure:
    """A measure that was taken."""

    public_id: str
    kind: Measure
    at: datetime
    until_at: datetime | None
    decided_by: str
    sealed: bytes
    lifted_at: datetime | None = None
    """When a person took it back; it counts no more."""
    lifted_by: str | None = None


class AccountStore:
    """Keeps removals and measures of accounts, for as long as its callers say."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_removal(self, account: bytes, removed: Copy, *, posted_at: datetime | None, at: datetime) -> None:
        """Keep that an upload of an account was removed; an item that two cases remove is one upload."""
        same = select(account_removal.c.id).join(copy, copy.c.id == account_removal.c.copy_id)
        known = same.where(copy.c.site_id == removed.site_id, copy.c.site_item_id == removed.site_item_id)
        if self._connection.execute(known).first() is None:
            values = {"site_id": removed.site_id, "account": account, "copy_id": removed.id}
            self._connection.execute(insert(account_removal).values(**values, posted_at=posted_at, removed_at=at))

    def forget_removal(self, copy_id: int) -> None:
        """Forget the removal of a copy: it is shown again."""
        self._connection.execute(delete(account_removal).where(account_removal.c.copy_id == copy_id))

    def of_item(self, found: Copy) -> bytes | None:
        """Return the account whose removal of this copy's item is kept; None where none is."""
        query = select(account_removal.c.account).join(copy, copy.c.id == account_removal.c.copy_id)
        same = query.where(copy.c.site_id == found.site_id, copy.c.site_item_id == found.site_item_id)
        account: bytes | None = self._connection.execute(same).scalar()
        return account

    def removals(self, site_id: int, account: bytes, *, since: datetime) -> list[Removal]:
        """Return the uploads of an account that are removed now, since a moment; none that is contested."""
        query = (
            select(copy.c.case_id, account_removal.c.posted_at, account_removal.c.removed_at)
            .join(copy, copy.c.id == account_removal.c.copy_id)
            .where(
                account_removal.c.site_id == site_id, account_removal.c.account == account,
                account_removal.c.removed_at >= since, copy.c.state == CopyState.REMOVED.value,
            )
            .order_by(account_removal.c.removed_at, account_removal.c.id)
        )  # fmt: skip
        return [Removal(row.case_id, row.posted_at, row.removed_at) for row in self._connection.execute(query)]

    def add_measure(self, site_id: int, account: bytes, new: NewMeasure) -> TakenMeasure:
        """Keep a measure."""
        public_id = secrets.token_hex(16)
        values = {name: getattr(new, name) for name in new.__slots__}
        row = insert(account_measure).values(public_id=public_id, site_id=site_id, account=account, **values)
        self._connection.execute(row)
        return TakenMeasure(public_id, new.kind, new.at, new.until_at, new.decided_by, new.sealed)

    def measures(self, site_id: int, account: bytes, *, since: datetime) -> list[TakenMeasure]:
        """Return the measures about an account since a moment, oldest first."""
        ours = (account_measure.c.site_id == site_id, account_measure.c.account == account)
        query = select(account_measure).where(*ours, account_measure.c.at >= since).order_by(account_measure.c.id)
        return [_taken(row) for row in self._connection.execute(query)]

    def measures_of_site(self, site_id: int, *, since: datetime) -> list[TakenMeasure]:
        """Return every measure of a site since a moment, newest first; of which accounts, nobody can tell."""
        query = select(account_measure).where(account_measure.c.site_id == site_id, account_measure.c.at >= since)
        return [_taken(row) for row in self._connection.execute(query.order_by(account_measure.c.id.desc()))]

    def measure(self, site_id: int, public_id: str) -> TakenMeasure:
        """Return one measure of a site; `NotFound` where it has none of this id."""
        one = (account_measure.c.site_id == site_id, account_measure.c.public_id == public_id)
        row = self._connection.execute(select(account_measure).where(*one)).first()
        if row is None:
            raise NotFound("This site has taken no such measure.", advice="It may be forgotten: that is after a year.")
        return _taken(row)

    def lift(self, found: TakenMeasure, *, by: str, sealed: bytes, at: datetime) -> TakenMeasure:
        """Take a measure back; `sealed` says why beside what it said before."""
        one = update(account_measure).where(account_measure.c.public_id == found.public_id)
        self._connection.execute(one.values(lifted_at=at, lifted_by=by, sealed=sealed))
        return replace(found, lifted_at=at, lifted_by=by, sealed=sealed)

    def expire(self, before: datetime) -> int:
        """Forget what is older than a moment; return how much."""
        old = ((account_removal, account_removal.c.removed_at), (account_measure, account_measure.c.at))
        return sum(self._connection.execute(delete(table).where(at < before)).rowcount for table, at in old)

    def has_expired(self, before: datetime) -> bool:
        """Whether there is anything older than a moment."""
        oldest = (func.min(account_removal.c.removed_at), func.min(account_measure.c.at))
        found = [self._connection.execute(select(each)).scalar_one() for each in oldest]
        return any(at is not None and at < before for at in found)


def _taken(row: Row[tuple[object, ...]]) -> TakenMeasure:
    return TakenMeasure(
        row.public_id, Measure(row.kind), row.at, row.until_at, row.decided_by, row.sealed,
        row.lifted_at, row.lifted_by,
    )  # fmt: skip
