"""How many pictures a person of the desk looks at within a day, at which not, and who else can."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.cases.look import LookKind
from takeback.errors import InputError
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.desk_people import Member
from takeback.workflow.desk_people import READERS, has_role

DAY = timedelta(hours=24)
"""Whatever the zone, and whenever a shift begins: the last 24 hours count."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a person looked within the last 24 hours, and how often they may."""

    used: int
    limit: int

    @property
    def left(self) -> int:
        """How many looks are left."""
        return max(0, self.limit - self.used)


def budget_of(tx: Transaction, member: Member, per_day: int, at: datetime) -> Budget:
    """Return the budget of a person; `per_day` is the house's, and their own may only be lower."""
    limit = per_day if member.looks_a_day is None else min(per_day, member.looks_a_day)
    return Budget(tx.looks.count(member, since=at - DAY), limit)


def who_else_looks(
    tx: Transaction, case: Case, kind: LookKind, member: Member, per_day: int, at: datetime
) -> list[Member]:
    """Return who else of the desk can look at something of a kind now; why others cannot is nobody's business."""
    recused = tx.recusals.of_case(case.id)
    return [
        each
        for each in tx.desk_people.present()
        if each.id != member.id
        and has_role(each, *READERS)
        and each.actor not in recused
        and kind not in each.looks_away_from
        and budget_of(tx, each, per_day, at).left
    ]


def choose_looks(
    store: Store, member: Member, *, a_day: int | None, away_from: Collection[LookKind], per_day: int
) -> None:
    """
    Keep how often a person looks within a day (None: as often as the house allows), and at what not.

    It is theirs alone and no event: nobody has to explain it. `InputError` for more than the house allows.
    """
    if a_day is not None and not 0 <= a_day <= per_day:
        raise InputError(
            f"Your own number is at most the house's, {per_day}.", advice="Choose a lower one, or leave it empty."
        )
    with store.write() as tx:
        tx.desk_people.choose_looks(member, a_day, away_from)
