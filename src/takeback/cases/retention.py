"""How long a case's words are kept, and then the rest of it: what the laws of the case give, from when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.cases.law import Keeps, LawPack, law_packs

INCOMPLETE_FOR = timedelta(days=90)
"""How long a notice that lacks something waits for the rest, from its receipt; ours."""


@dataclass(frozen=True, slots=True)
class Course:
    """The moments of a case that retention counts from."""

    ended_at: datetime
    """When it closed, or was last decided; the receipt of a notice that lacks something."""
    decided_at: datetime | None
    """The last decision in it, from which it can be contested; None where nothing was decided."""
    erased_at: datetime | None
    """When her words were erased."""


def keeps_of(packs: Sequence[LawPack]) -> Keeps:
    """Return the longest times that any of `packs` gives; those of every law where there is none."""
    all_keeps = [pack.keeps for pack in packs or tuple(law_packs().values())]
    return Keeps(
        max(each.notice for each in all_keeps),
        max(each.upload_record for each in all_keeps),
        max(each.compliance_record for each in all_keeps),
    )


def words_until(course: Course, keeps: Keeps, contest_for: timedelta) -> datetime:
    """Return until when her words are kept: until the case and the time for contesting are over, and a while more."""
    return max(course.ended_at, _contestable_until(course, contest_for)) + keeps.notice


def rest_until(course: Course, keeps: Keeps, contest_for: timedelta) -> datetime | None:
    """Return until when the rest of a case is kept, as long again after the erasure; None before one."""
    if course.erased_at is None:
        return None
    return max(course.erased_at, _contestable_until(course, contest_for)) + keeps.notice


def _contestable_until(course: Course, contest_for: timedelta) -> datetime:
    return course.ended_at if course.decided_at is None else course.decided_at + contest_for
