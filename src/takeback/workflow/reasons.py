"""The reasons of what was last decided about a copy, as whoever posted it may know them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from takeback.cases import CopyState
from takeback.cases.reasons import Contest, Decided, How, Reasons
from takeback.match import CopyClass
from takeback.store.cases import Case
from takeback.store.copies import Copy

STATED = (CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED, CopyState.PUT_BACK)
"""States of a copy that somebody is owed reasons for."""


def complete_laws(case: Case) -> tuple[str, ...]:
    """Return the laws under which a notice is complete; under another the site has no duty."""
    lacking = {each["law"] for each in case.missing}
    return tuple(law for law in case.laws if law not in lacking)


def reasons_of(case: Case, copy: Copy, *, why: str | None = None) -> Reasons:
    """Return the reasons of what was last decided about a copy that is in one of the states `STATED`."""
    answer: dict[str, Any] = dict(copy.answer or {})
    return Reasons(
        decision=_decision(copy),
        at=_moment(copy),
        laws=complete_laws(case) or case.laws,
        linked=copy.linked,
        copy_class=copy.copy_class,
        why=why if why is not None else str(answer.get("reason") or (case.finding or {}).get("reason", "")),
        under_18=case.under_18,
        how=How(copy.decided_how or How.PERSON),
        elements=tuple(answer.get("elements", ())),
        agreed=bool(answer.get("agreed")),
        contest=_contest(copy),
        by_list=case.list_id is not None,
    )


def how_decided(copy: Copy, *, is_named: bool, looked_at_all: bool) -> How:
    """Return how a removal came about: a link that she named, and what was named or compared, a person decided on."""
    if copy.linked or is_named or looked_at_all:
        return How.PERSON
    return How.FOLLOWS if copy.copy_class is CopyClass.IDENTICAL else How.FACTS


def _decision(copy: Copy) -> Decided:
    if copy.state is CopyState.PUT_BACK:
        return Decided.PUT_BACK
    if copy.state is CopyState.HELD:
        return Decided.HOLD if copy.linked else Decided.AUTOMATIC_HOLD
    if copy.answer is not None:
        return Decided.UPHELD
    return Decided.AUTOMATIC_REMOVAL if copy.decided_how == How.FOLLOWS else Decided.REMOVAL


def _moment(copy: Copy) -> datetime:
    return copy.found_at if copy.state is CopyState.HELD or copy.decided_at is None else copy.decided_at


def _contest(copy: Copy) -> Contest:
    if copy.state is CopyState.CONTESTED:
        return Contest.WAITING
    return Contest.OPEN if copy.answer is None else Contest.ANSWERED
