"""Uploads that were refused by what a person decided: one row for each entry, place and day, and its contest."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from takeback.errors import IllegalTransition, NotFound
from takeback.store.keyring import Keyring
from takeback.store.tables import refused_upload


class UploadState(StrEnum):
    """
    Where the refusal of uploads stands.

        refused ── contested ─┬─ upheld
                              └─ let        its entry refuses nothing any more
    """

    REFUSED = "refused"
    CONTESTED = "contested"
    UPHELD = "upheld"
    LET = "let"


@dataclass(frozen=True, slots=True)
class RefusedUpload:
    """What was refused at one place on one day because of one entry."""

    id: int
    public_id: str
    entry_id: int
    case_id: int | None
    """None until what the operator's own bank refused is contested."""
    place: str
    """`site/` and its public id, or `gate/` and the protocol where the gate names no site."""
    site_id: int | None
    at: datetime
    """When the first of that day was refused."""
    state: UploadState
    contested_at: datetime | None
    hearing_id: int | None
    """The hearing that it waits for, or waited for, before it may be posted again."""
    answer: Mapping[str, object] | None
    """What the second person said; None where there is no answer."""


class RefusedUploadStore:
    """Reads and writes refused uploads."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def refused(
        self, entry_id: int, case_id: int | None, place: str, *, site_id: int | None, at: datetime
    ) -> RefusedUpload:
        """Return the row of an entry, a place and the day of `at` in UTC, which the first upload of the day makes."""
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        same = (refused_upload.c.entry_id == entry_id, refused_upload.c.place == place, refused_upload.c.day == day)
        row = self._connection.execute(select(refused_upload).where(*same)).first()
        if row is not None:
            return _found(row)
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(refused_upload).values(
                public_id=public_id,
                entry_id=entry_id,
                case_id=case_id,
                place=place,
                site_id=site_id,
                day=day,
                at=at,
                state=UploadState.REFUSED.value,
                contest_digest=self._keyring.contest_digest(self._keyring.contest_code(public_id)),
            )
        )
        return _found(self._connection.execute(select(refused_upload).where(*same)).first())

    def code_of(self, found: RefusedUpload) -> str:
        """Return the secret by which whoever was refused contests it; only a keyed digest of it is stored."""
        return self._keyring.contest_code(found.public_id)

    def by_contest_code(self, code: str) -> RefusedUpload:
        """Return what a link for contesting names; `NotFound` where it names nothing."""
        digest = self._keyring.contest_digest(code)
        row = self._connection.execute(select(refused_upload).where(refused_upload.c.contest_digest == digest)).first()
        if row is None:
            raise NotFound("No upload belongs to this link.", advice="Use the whole link that the site gave you.")
        return _found(row)

    def by_id(self, upload_id: int) -> RefusedUpload:
        """Return one; `NotFound` where there is none."""
        return _found(self._connection.execute(select(refused_upload).where(refused_upload.c.id == upload_id)).first())

    def of_case(self, case_id: int, *states: UploadState) -> list[RefusedUpload]:
        """Return those of a case in some states, in all where none is named, oldest first."""
        query = select(refused_upload).where(refused_upload.c.case_id == case_id).order_by(refused_upload.c.id)
        if states:
            query = query.where(refused_upload.c.state.in_([state.value for state in states]))
        return [_found(row) for row in self._connection.execute(query)]

    def contested(self, case_id: int) -> list[RefusedUpload]:
        """Return those of a case of which a contest waits, oldest first."""
        return self.of_case(case_id, UploadState.CONTESTED)

    def case_of_entry(self, entry_id: int) -> int | None:
        """Return the newest case in which a refusal by an entry of no case was contested; None where there is none."""
        of_case = (refused_upload.c.entry_id == entry_id, refused_upload.c.case_id.is_not(None))
        query = select(func.max(refused_upload.c.case_id)).where(*of_case)
        newest: int | None = self._connection.execute(query).scalar_one()
        return newest

    def of_hearing(self, hearing_id: int) -> list[RefusedUpload]:
        """Return those that wait, or waited, for a hearing, oldest first."""
        query = select(refused_upload).where(refused_upload.c.hearing_id == hearing_id).order_by(refused_upload.c.id)
        return [_found(row) for row in self._connection.execute(query)]

    def move(self, found: RefusedUpload, after: UploadState, **columns: object) -> RefusedUpload:
        """Change the state, and other columns with it; `IllegalTransition` where another process changed it."""
        done = self._connection.execute(
            update(refused_upload)
            .where(refused_upload.c.id == found.id, refused_upload.c.state == found.state.value)
            .values(state=after.value, **columns)
        )
        if done.rowcount != 1:
            raise IllegalTransition("Someone else changed this refused upload in the same moment.")
        return self.by_id(found.id)

    def wait_for(self, found: RefusedUpload, hearing_id: int, due_at: datetime | None) -> None:
        """Let it wait for a hearing, by the clock of that."""
        self._connection.execute(
            update(refused_upload)
            .where(refused_upload.c.id == found.id)
            .values(hearing_id=hearing_id, deadline_at=due_at)
        )

    def grounds(self, case_id: int) -> list[tuple[RefusedUpload, bytes]]:
        """Return each contest of a case with its sealed grounds."""
        query = select(refused_upload).where(
            refused_upload.c.case_id == case_id, refused_upload.c.sealed_grounds.is_not(None)
        )
        return [
            (_found(row), row.sealed_grounds) for row in self._connection.execute(query.order_by(refused_upload.c.id))
        ]

    def forget_grounds(self, case_id: int) -> None:
        """Delete what was written in the contests of a case."""
        ours = refused_upload.c.case_id == case_id
        self._connection.execute(update(refused_upload).where(ours).values(sealed_grounds=None))

    def earliest_deadline(self, case_id: int) -> datetime | None:
        """Return when the first contest of a case is due."""
        contested = refused_upload.c.state == UploadState.CONTESTED.value
        query = select(func.min(refused_upload.c.deadline_at)).where(refused_upload.c.case_id == case_id, contested)
        moment: datetime | None = self._connection.execute(query).scalar_one()
        return moment

    def drop_before(self, at: datetime) -> int:
        """Delete what was refused, or contested, before a moment and waits for nobody; return how many."""
        columns = refused_upload.c
        over = (
            columns.at < at,
            columns.state != UploadState.CONTESTED.value,
            or_(columns.contested_at.is_(None), columns.contested_at < at),
        )
        return int(self._connection.execute(delete(refused_upload).where(*over)).rowcount)


def states_of(found: Sequence[RefusedUpload]) -> list[tuple[str, str]]:
    """Return which refused uploads stand where."""
    return [(each.public_id, each.state.value) for each in found]


def _found(row: Row[tuple[object, ...]] | None) -> RefusedUpload:
    if row is None:
        raise NotFound("There is no such refused upload.")
    return RefusedUpload(
        row.id, row.public_id, row.entry_id, row.case_id, row.place, row.site_id, row.at, UploadState(row.state),
        row.contested_at, row.hearing_id, row.answer,
    )  # fmt: skip
