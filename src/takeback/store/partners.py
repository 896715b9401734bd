"""Small sites that hold no list and ask here: which there are, and how much each asked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, Select, delete, insert, select, true, update

from takeback.errors import InputError, NotFound
from takeback.store.tables import bank, partner, partner_bank, partner_day, partner_near


class Use(StrEnum):
    """What a partner may do with a bank."""

    MATCH = "match"
    """Ask whether a picture matches it."""
    SHARE = "share"
    """Be given the fingerprints in it."""


COUNTERS = ("asked", "matched", "refused", "listed", "submitted", "feedback")
"""What is counted of a partner's day, in this order."""


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner: how much it may ask, and since when, or until when, it may not."""

    id: int
    public_id: str
    name: str
    per_minute: int
    per_day: int
    submits: bool
    """Whether it may submit fingerprints, into a bank of its own."""
    bank_id: int | None
    """That bank; None before the first of them."""
    minute_at: datetime | None
    """When the minute began that `minute_asked` is of."""
    minute_asked: int
    stopped_until: datetime | None
    """Nothing is answered until then: its questions lay too close around an entry."""
    created_at: datetime

    def is_stopped_at(self, at: datetime) -> bool:
        """Whether nothing is answered at `at`."""
        return self.stopped_until is not None and at < self.stopped_until


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """How much a partner did on one day, in UTC."""

    partner_id: int
    day: str
    asked: int = 0
    matched: int = 0
    refused: int = 0
    """Questions that were not answered: too many of them, or too close around an entry."""
    listed: int = 0
    """Records of shared banks that it was given."""
    submitted: int = 0
    feedback: int = 0

    def counts(self) -> Mapping[str, int]:
        """Return the numbers by their names."""
        return {name: getattr(self, name) for name in COUNTERS}


class PartnerStore:
    """Reads and writes partners, and counts what they do."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, *, per_minute: int, per_day: int, submits: bool, at: datetime) -> Partner:
        """Add a partner that may match against no bank yet; `InputError` where the name is taken."""
        if self._connection.execute(select(partner.c.id).where(partner.c.name == name)).first():
            raise InputError("There is a partner of this name already.", advice="Choose another name.")
        public_id = secrets.token_hex(16)
        row = {"public_id": public_id, "name": name, "per_minute": per_minute, "per_day": per_day, "submits": submits}
        self._connection.execute(insert(partner).values(**row, minute_asked=0, list_seq=0, created_at=at))
        return self.by_public_id(public_id)

    def by_id(self, partner_id: int) -> Partner:
        """Return one partner; `NotFound` where there is none, or none any more."""
        return _one(self._connection.execute(_present().where(partner.c.id == partner_id)).first())

    def by_public_id(self, public_id: str) -> Partner:
        """Return one partner; `NotFound` where there is none, or none any more."""
        return _one(self._connection.execute(_present().where(partner.c.public_id == public_id)).first())

    def all(self) -> list[Partner]:
        """Return every partner, oldest first."""
        return [_partner(row) for row in self._connection.execute(_present().order_by(partner.c.id))]

    def remove(self, partner_id: int, at: datetime) -> None:
        """Let a partner be gone: its name is free, its banks and what it asked around are forgotten."""
        for table in (partner_bank, partner_near):
            self._connection.execute(delete(table).where(table.c.partner_id == partner_id))
        self._set(partner_id, name=partner.c.public_id, removed_at=at, stopped_until=None)

    def set_bank(self, partner_id: int, bank_id: int) -> None:
        """Say into which bank goes what a partner submits."""
        self._set(partner_id, bank_id=bank_id)

    def stop(self, partner_id: int, until: datetime | None) -> None:
        """Answer nothing to a partner until a moment; None: answer again, and forget what it asked around."""
        self._set(partner_id, stopped_until=until)
        self._connection.execute(delete(partner_near).where(partner_near.c.partner_id == partner_id))

    # Banks

    def banks(self, partner_id: int, use: Use) -> list[str]:
        """Return the names of the banks that a partner may use so, in order."""
        query = select(bank.c.name).join(partner_bank, partner_bank.c.bank_id == bank.c.id)
        mine = (partner_bank.c.partner_id == partner_id, partner_bank.c.use == use.value, bank.c.removed_at.is_(None))
        return list(self._connection.execute(query.where(*mine).order_by(bank.c.name)).scalars())

    def set_banks(self, partner_id: int, use: Use, bank_ids: Sequence[int]) -> None:
        """Let a partner use these banks so, and no other."""
        mine = (partner_bank.c.partner_id == partner_id, partner_bank.c.use == use.value)
        self._connection.execute(delete(partner_bank).where(*mine))
        rows = [{"partner_id": partner_id, "bank_id": each, "use": use.value} for each in dict.fromkeys(bank_ids)]
        if rows:
            self._connection.execute(insert(partner_bank), rows)

    # What it did

    def begin_minute(self, partner_id: int, at: datetime) -> None:
        """Count from nothing again: a minute begins."""
        self._set(partner_id, minute_at=at, minute_asked=0)

    def count_minute(self, partner_id: int) -> None:
        """Count one question of this minute."""
        self._set(partner_id, minute_asked=partner.c.minute_asked + 1)

    def day(self, partner_id: int, at: datetime) -> PartnerDay:
        """Return what a partner did on the day of `at`."""
        query = select(partner_day).where(partner_day.c.partner_id == partner_id, partner_day.c.day == day_of(at))
        row = self._connection.execute(query).first()
        return PartnerDay(partner_id, day_of(at)) if row is None else _day(row)

    def days(self, partner_id: int, most: int) -> list[PartnerDay]:
        """Return the latest days on which a partner did anything, newest first."""
        query = select(partner_day).where(partner_day.c.partner_id == partner_id).order_by(partner_day.c.day.desc())
        return [_day(row) for row in self._connection.execute(query.limit(most))]

    def count(self, partner_id: int, at: datetime, **counts: int) -> None:
        """Add to the numbers of the day of `at`."""
        mine = (partner_day.c.partner_id == partner_id, partner_day.c.day == day_of(at))
        more = {name: partner_day.c[name] + times for name, times in counts.items()}
        if self._connection.execute(update(partner_day).where(*mine).values(**more, changed_at=at)).rowcount:
            return
        row = dict.fromkeys(COUNTERS, 0) | counts
        self._connection.execute(
            insert(partner_day).values(partner_id=partner_id, day=day_of(at), changed_at=at, **row)
        )

    def untold(self, told_before: datetime) -> list[PartnerDay]:
        """Return of each partner the oldest day that the log was not told of as it is; none if it was told lately."""
        lately = select(partner_day.c.partner_id).where(partner_day.c.told_at > told_before)
        changed = partner_day.c.told_at.is_(None) | (partner_day.c.told_at < partner_day.c.changed_at)
        query = select(partner_day).where(changed, partner_day.c.partner_id.not_in(lately))
        found: dict[int, PartnerDay] = {}
        for row in self._connection.execute(query.order_by(partner_day.c.day)):
            found.setdefault(row.partner_id, _day(row))
        return list(found.values())

    def told(self, day: PartnerDay, at: datetime) -> None:
        """Keep that the log was told of a day as it stands."""
        mine = (partner_day.c.partner_id == day.partner_id, partner_day.c.day == day.day)
        self._connection.execute(update(partner_day).where(*mine).values(told_at=at))

    def public_id(self, partner_id: int) -> str:
        """Return the id of a partner, also of one that is gone."""
        return str(self._connection.execute(select(partner.c.public_id).where(partner.c.id == partner_id)).scalar_one())

    def drop_days(self, before: str) -> int:
        """Forget the numbers of days before one; return of how many."""
        return int(self._connection.execute(delete(partner_day).where(partner_day.c.day < before)).rowcount)

    def count_near(self, partner_id: int, keyed: bytes, *, at: datetime, since: datetime) -> int:
        """
        Count one question around something that `keyed` stands for; return how many there were, this one too.

        What began before `since` is forgotten, of this partner.
        """
        self.drop_near(since, partner_id)
        mine = (partner_near.c.partner_id == partner_id, partner_near.c.keyed == keyed)
        one_more = update(partner_near).where(*mine).values(asked=partner_near.c.asked + 1)
        asked = self._connection.execute(one_more.returning(partner_near.c.asked)).scalar_one_or_none()
        if asked is None:
            self._connection.execute(
                insert(partner_near).values(partner_id=partner_id, keyed=keyed, asked=1, since_at=at)
            )
        return 1 if asked is None else int(asked)

    def drop_near(self, before: datetime, partner_id: int | None = None) -> int:
        """Forget what partners, or one of them, asked around before a moment; return how much."""
        mine = true() if partner_id is None else partner_near.c.partner_id == partner_id
        return int(
            self._connection.execute(delete(partner_near).where(mine, partner_near.c.since_at < before)).rowcount
        )

    def _set(self, partner_id: int, **columns: object) -> None:
        self._connection.execute(update(partner).where(partner.c.id == partner_id).values(**columns))


def day_of(at: datetime) -> str:
    """Return the day of a moment in UTC: `2026-11-27`."""
    return f"{at:%Y-%m-%d}"


def _present() -> Select[tuple[object, ...]]:
    return select(partner).where(partner.c.removed_at.is_(None))


def _one(row: Row[tuple[object, ...]] | None) -> Partner:
    if row is None:
        raise NotFound("There is no such partner.")
    return _partner(row)


def _partner(row: Row[tuple[object, ...]]) -> Partner:
    return Partner(
        row.id, row.public_id, row.name, row.per_minute, row.per_day, bool(row.submits), row.bank_id, row.minute_at,
        row.minute_asked, row.stopped_until, row.created_at,
    )  # fmt: skip


def _day(row: Row[tuple[object, ...]]) -> PartnerDay:
    return PartnerDay(row.partner_id, row.day, *(getattr(row, name) for name in COUNTERS))
