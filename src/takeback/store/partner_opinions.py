"""What partners say: fingerprints that they submitted, and what they found of those that they were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from takeback.bank import EntryState
from takeback.store.tables import bank, entry, partner_feedback, partner_submission


class Feedback(StrEnum):
    """What a partner says of a fingerprint that it was told, in StopNCII's words."""

    NONE = "None"
    QUALITY_UNKNOWN = "QualityUnknown"
    PENDING_REVIEW = "PendingReview"
    BLOCKED = "Blocked"
    NOT_BLOCKED = "NotBlocked"
    WITHDRAWN = "Withdrawn"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class EntryFeedback:
    """How many partners say what of one entry."""

    entry: str
    bank: str
    counts: Mapping[Feedback, int]


@dataclass(frozen=True, slots=True)
class Submission:
    """A fingerprint that a partner submitted, and nobody decided on yet."""

    entry: str
    bank: str
    at: datetime


class PartnerOpinionStore:
    """Keeps both; a partner's last word of an entry stands."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submitted(self, partner_id: int, keyed: Sequence[bytes]) -> set[bytes]:
        """Return which of these fingerprints, by their keyed digests, a partner submitted before."""
        mine = (partner_submission.c.partner_id == partner_id, partner_submission.c.keyed.in_(keyed))
        return {
            bytes(each) for each in self._connection.execute(select(partner_submission.c.keyed).where(*mine)).scalars()
        }

    def submit(self, partner_id: int, keyed: bytes, entry_id: int, at: datetime) -> None:
        """Keep that a partner submitted a fingerprint, which has become an entry."""
        row = {"partner_id": partner_id, "keyed": keyed, "entry_id": entry_id, "at": at}
        self._connection.execute(insert(partner_submission).values(**row))

    def undecided(self, most: int) -> list[Submission]:
        """Return what was submitted and waits for a person, oldest first."""
        query = (
            select(entry.c.public_id, bank.c.name, partner_submission.c.at)
            .join(entry, entry.c.id == partner_submission.c.entry_id)
            .join(bank, bank.c.id == entry.c.bank_id)
            .where(entry.c.state == EntryState.HOLDING.value, bank.c.removed_at.is_(None))
        )
        return [Submission(*row) for row in self._connection.execute(query.order_by(entry.c.id).limit(most))]

    def undecided_of(self, partner_id: int) -> list[int]:
        """Return the entries that one partner submitted and nobody decided on."""
        query = select(entry.c.id).join(partner_submission, partner_submission.c.entry_id == entry.c.id)
        mine = (partner_submission.c.partner_id == partner_id, entry.c.state == EntryState.HOLDING.value)
        return list(self._connection.execute(query.where(*mine)).scalars())

    def is_submitted(self, entry_id: int) -> bool:
        """Whether an entry was submitted by a partner."""
        query = select(partner_submission.c.entry_id).where(partner_submission.c.entry_id == entry_id)
        return self._connection.execute(query).first() is not None

    def say(self, partner_id: int, entry_id: int, value: Feedback, at: datetime) -> None:
        """Keep what a partner says of an entry, in place of what it said before."""
        mine = (partner_feedback.c.partner_id == partner_id, partner_feedback.c.entry_id == entry_id)
        said = {"value": value.value, "at": at}
        if not self._connection.execute(update(partner_feedback).where(*mine).values(**said)).rowcount:
            self._connection.execute(insert(partner_feedback).values(partner_id=partner_id, entry_id=entry_id, **said))

    def feedback(self, most: int) -> list[EntryFeedback]:
        """Return what partners say of entries that are still there, the latest word first."""
        query = (
            select(entry.c.public_id, bank.c.name, partner_feedback.c.value)
            .join(entry, entry.c.id == partner_feedback.c.entry_id)
            .join(bank, bank.c.id == entry.c.bank_id)
            .where(entry.c.state != EntryState.WITHDRAWN.value)
            .order_by(partner_feedback.c.at.desc(), entry.c.id)
        )
        found: dict[tuple[str, str], Counter[Feedback]] = {}
        for row in self._connection.execute(query):
            found.setdefault((row.public_id, row.name), Counter())[Feedback(row.value)] += 1
        return [EntryFeedback(*where, counts) for where, counts in list(found.items())[:most]]

    def drop_of(self, partner_id: int) -> None:
        """Forget what one partner said, and that what it submitted came from it."""
        for table in (partner_feedback, partner_submission):
            self._connection.execute(delete(table).where(table.c.partner_id == partner_id))
