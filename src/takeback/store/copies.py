"""The copies of each case: where each is, what class it is of, and where it stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from takeback.cases import CopyState, move_copy
from takeback.cases.case import UNDECIDED_COPIES
from takeback.errors import IllegalTransition, NotFound
from takeback.match import CopyClass
from takeback.store.keyring import Keyring
from takeback.store.tables import copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """
    By what a copy was found.

    `fact` decided; `distance` is in bits of 256; `view` and `orientation` say how the copy was looked at for it;
    `similarity` is the descriptor's, a cosine; `inliers` are local features that agree on the transform `place`.
    `changed` are the parts of an altered copy that were replaced: x, y, width and height in its pixels.
    """

    fact: str | None = None
    distance: int | None = None
    view: str | None = None
    orientation: str | None = None
    similarity: float | None = None
    inliers: int | None = None
    place: Mapping[str, float] | None = None
    changed: Sequence[Sequence[int]] | None = None


_LIKENESS = [each.name for each in fields(Likeness)]


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a case: a link she gave, or an item that was found."""

    id: int
    public_id: str
    case_id: int
    site_id: int | None
    site_item_id: str | None
    url: str
    """Empty where it is sealed."""
    sealed_url: bytes | None
    """Of a link to another site, which nobody but her needs: `CaseStore.open_link` opens it."""
    linked: bool
    """She named this one herself."""
    state: CopyState
    copy_class: CopyClass | None
    likeness: Likeness
    blind: bool
    """The facts alone allow it to be confirmed without looking."""
    found_at: datetime
    decided_at: datetime | None
    deadline_at: datetime | None
    problem: str | None
    fetch_attempts: int
    entry_id: int | None
    """The entry that it matched, or that was made of it."""
    decided_by: str | None
    decided_how: str | None
    """Whether a person decided it by itself, by its facts alone, or it followed from an identical copy."""
    contested_at: datetime | None
    answer: Mapping[str, object] | None
    """What the person said who answered its contest, or who read a refusal again; None where there is no answer."""
    is_contestable: bool
    """There is a link by which whoever posted it contests it."""
    hearing_id: int | None
    """The hearing that it waits for, before it may be shown again."""


@dataclass(frozen=True, slots=True)
class NewCopy:
    """What a copy begins with."""

    case_id: int
    state: CopyState
    url: str
    found_at: datetime
    deadline_at: datetime
    sealed_url: bytes | None = None
    linked: bool = False
    site_id: int | None = None
    site_item_id: str | None = None
    copy_class: CopyClass | None = None
    likeness: Likeness = field(default_factory=Likeness)
    blind: bool = False
    problem: str | None = None
    fetch_at: datetime | None = None
    entry_id: int | None = None


class CopyStore:
    """Reads and writes copies; every change of state passes `move_copy`."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, new: NewCopy) -> Copy:
        """Add a copy."""
        values = {name: getattr(new, name) for name in new.__slots__ if name != "likeness"} | asdict(new.likeness)
        values["state"] = new.state.value
        values["copy_class"] = None if new.copy_class is None else new.copy_class.value
        copy_id = self._connection.execute(
            insert(copy).values(public_id=secrets.token_hex(16), fetch_attempts=0, **values).returning(copy.c.id)
        ).scalar_one()
        return self.by_id(copy_id)

    def move(self, found: Copy, after: CopyState, **columns: object) -> Copy:
        """
        Change the state of a copy, and other columns with it.

        Compare-and-set: `IllegalTransition` where `after` may not follow, or another process moved it.
        """
        move_copy(found.state, after)
        done = self._connection.execute(
            update(copy)
            .where(copy.c.id == found.id, copy.c.state == found.state.value)
            .values(state=after.value, **columns)
        )
        if done.rowcount != 1:
            raise IllegalTransition("Someone else changed this copy in the same moment.")
        return self.by_id(found.id)

    def reopen(self, found: Copy, new: NewCopy) -> Copy:
        """Begin anew with a copy that was gone and came again: new facts, and a clock of its own."""
        facts = {name: getattr(new, name) for name in ("url", "blind", "entry_id")} | asdict(new.likeness)
        copy_class = None if new.copy_class is None else new.copy_class.value
        return self.move(
            found, new.state, copy_class=copy_class, found_at=new.found_at, deadline_at=new.deadline_at,
            decided_at=None, decided_by=None, decided_how=None, problem=None, hearing_id=None,
            contested_at=None, answer=None, **facts,
        )  # fmt: skip

    def set(self, copy_id: int, **columns: object) -> Copy:
        """Set columns other than the state."""
        self._connection.execute(update(copy).where(copy.c.id == copy_id).values(**columns))
        return self.by_id(copy_id)

    def by_id(self, copy_id: int) -> Copy:
        """Return one copy; `NotFound` where there is none."""
        return _found(self._connection.execute(select(copy).where(copy.c.id == copy_id)).first())

    def by_public_id(self, public_id: str) -> Copy:
        """Return one copy; `NotFound` where there is none."""
        return _found(self._connection.execute(select(copy).where(copy.c.public_id == public_id)).first())

    def by_contest_code(self, code: str) -> Copy:
        """Return the copy that a link for contesting names; `NotFound` where it names none."""
        digest = self._keyring.contest_digest(code)
        row = self._connection.execute(select(copy).where(copy.c.contest_digest == digest)).first()
        if row is None:
            raise NotFound("No picture belongs to this link.", advice="Use the whole link that the site gave you.")
        return _found(row)

    def let_contest(self, found: Copy) -> None:
        """Let the link of a copy open its contest from now on; only a keyed digest of it is stored."""
        if not found.is_contestable:
            digest = self._keyring.contest_digest(self._keyring.contest_code(found.public_id))
            self.set(found.id, contest_digest=digest)

    def of_hearing(self, hearing_id: int) -> list[Copy]:
        """Return the copies that wait for a hearing, oldest first."""
        rows = self._connection.execute(select(copy).where(copy.c.hearing_id == hearing_id).order_by(copy.c.id))
        return [_found(row) for row in rows]

    def of_case(self, case_id: int, states: Sequence[CopyState] = ()) -> list[Copy]:
        """Return the copies of a case, oldest first."""
        query = select(copy).where(copy.c.case_id == case_id)
        if states:
            query = query.where(copy.c.state.in_([state.value for state in states]))
        return [_found(row) for row in self._connection.execute(query.order_by(copy.c.id))]

    def forget_elsewhere(self, case_id: int) -> int:
        """Delete the links of a case to other sites; return how many there were."""
        done = self._connection.execute(
            delete(copy).where(copy.c.case_id == case_id, copy.c.state == CopyState.ELSEWHERE.value)
        )
        return int(done.rowcount)

    def links_in_clear(self) -> list[Copy]:
        """Return the links to other sites that an earlier release kept unsealed."""
        rows = self._connection.execute(
            select(copy).where(copy.c.state == CopyState.ELSEWHERE.value, copy.c.url != "").order_by(copy.c.id)
        )
        return [_found(row) for row in rows]

    def forget_grounds(self, case_id: int) -> None:
        """Delete what was written in the contests of a case."""
        self._connection.execute(update(copy).where(copy.c.case_id == case_id).values(sealed_grounds=None))

    def of_item(self, site_id: int, site_item_id: str) -> list[Copy]:
        """Return the copies, of any case, that are this item of a site."""
        rows = self._connection.execute(
            select(copy).where(copy.c.site_id == site_id, copy.c.site_item_id == site_item_id)
        )
        return [_found(row) for row in rows]

    def at(self, site_id: int, *, item_id: str | None, url: str) -> list[Copy]:
        """Return the copies, of any case, that are this item of a site, named by its id or by its address."""
        same = copy.c.url == url
        if item_id is not None:
            same = or_(same, copy.c.site_item_id == item_id)
        return [_found(row) for row in self._connection.execute(select(copy).where(copy.c.site_id == site_id, same))]

    def contests(self, case_id: int) -> list[tuple[str, bytes]]:
        """Return the public id and the sealed grounds of each contested copy of a case."""
        rows = self._connection.execute(
            select(copy.c.public_id, copy.c.sealed_grounds).where(
                copy.c.case_id == case_id, copy.c.sealed_grounds.is_not(None)
            )
        )
        return [(row.public_id, row.sealed_grounds) for row in rows]

    def to_fetch(self, at: datetime, limit: int) -> list[Copy]:
        """Return the links that are due to be looked at."""
        rows = self._connection.execute(
            select(copy).where(copy.c.fetch_at <= at).order_by(copy.c.fetch_at).limit(limit)
        )
        return [_found(row) for row in rows]

    def restricted_since(self, at: datetime) -> list[Copy]:
        """Return what was removed, or shown again after it was hidden, on a site of the operator since a moment."""
        states = [state.value for state in (CopyState.REMOVED, CopyState.CONTESTED, CopyState.PUT_BACK)]
        query = select(copy).where(copy.c.state.in_(states), copy.c.site_id.is_not(None), copy.c.decided_at >= at)
        return [_found(row) for row in self._connection.execute(query.order_by(copy.c.id))]

    def earliest_deadline(self, case_id: int) -> datetime | None:
        """Return when the first undecided copy of a case is due."""
        states = [state.value for state in UNDECIDED_COPIES]
        moment: datetime | None = self._connection.execute(
            select(func.min(copy.c.deadline_at)).where(copy.c.case_id == case_id, copy.c.state.in_(states))
        ).scalar_one()
        return moment

    def count_by_state(self) -> Mapping[CopyState, int]:
        """Return how many copies stand in each state."""
        rows = self._connection.execute(select(copy.c.state, func.count()).group_by(copy.c.state))
        return {CopyState(row[0]): int(row[1]) for row in rows}


def _found(row: Row[tuple[object, ...]] | None) -> Copy:
    if row is None:
        raise NotFound("There is no such copy.")
    return Copy(
        row.id, row.public_id, row.case_id, row.site_id, row.site_item_id, row.url, row.sealed_url, row.linked,
        CopyState(row.state),
        None if row.copy_class is None else CopyClass(row.copy_class),
        Likeness(**{name: getattr(row, name) for name in _LIKENESS}),
        row.blind, row.found_at, row.decided_at, row.deadline_at, row.problem,
        row.fetch_attempts, row.entry_id, row.decided_by, row.decided_how, row.contested_at, row.answer,
        row.contest_digest is not None, row.hearing_id,
    )  # fmt: skip
