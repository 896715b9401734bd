"""
Someone at the desk looks at a picture: seldom, for a reason, and written down before anything is shown.

The picture is fetched from its site into memory each time, decoded in the sandbox, and forgotten; a person gets a small
grey preview of it, blurred first. Each look is an event with who looked, at which copy and why, and counts against
their budget. It is seen clearer once, by a token of that look and that session, and that is an event too. One look is
enough for copies that show the same (`takeback.workflow.cluster`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.cases import CopyState
from takeback.cases.look import Found, LookReason, kind_of
from takeback.errors import IllegalTransition, NotAllowed
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.desk_people import Member
from takeback.store.looks import Look
from takeback.workflow.budget import budget_of
from takeback.workflow.cluster import cluster_of
from takeback.workflow.desk_people import READERS, SignedIn, require_role
from takeback.workflow.order import note
from takeback.workflow.recusal import require_unbiased

CLEAR_WITHIN = timedelta(minutes=2)
"""How long after a look began it can be seen clearer."""
LOOKABLE = (CopyState.POSSIBLE, CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED)
"""States of a copy that there may be a reason to look at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to look at, and why."""

    case_id: str
    copy_id: str
    reason: LookReason
    again: bool = False
    """They know that someone looked at such a copy already."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A look that was written down, and what shows it clearer once."""

    look: Look
    token: str


def copy_to_look_at(store: Store, asked: Asked, who: SignedIn, *, per_day: int, at: datetime) -> Copy:
    """
    Return the copy that may be fetched for someone to look at; nothing is written down yet.

    `IllegalTransition` for what may show someone under 18, what is erased, for whoever keeps out of the case or does
    not look at such things, where the copy does not lie at its site, and where someone looked at the like already;
    `NotAllowed` for another role, and where the budget is spent.
    """
    with store.read() as tx:
        return _require(tx, asked, who.member, per_day, at)[1]


def begin_look(store: Store, asked: Asked, who: SignedIn, *, per_day: int, at: datetime) -> Begun:
    """Write a look down, before it is shown; raises what `copy_to_look_at` does."""
    with store.write() as tx:
        case, copy = _require(tx, asked, who.member, per_day, at)
        look, token = tx.looks.add(copy.id, who.member, who.session, asked.reason, expires_at=at + CLEAR_WITHIN, at=at)
        _note(tx, case, copy, look, who.member, "blurred", at)
        return Begun(look, token)


def look_to_clear(store: Store, case_id: str, look_id: str, token: str, who: SignedIn, *, at: datetime) -> Copy:
    """Return the copy of a look that may be seen clearer; `NotFound` where the token is another look's or session's."""
    with store.read() as tx:
        return _require_open(tx, case_id, look_id, token, who, at)[1]


def clear_look(store: Store, case_id: str, look_id: str, token: str, who: SignedIn, *, at: datetime) -> Look:
    """Use the token of a look up, and write it down, before it is shown clearer; raises what `look_to_clear` does."""
    with store.write() as tx:
        case, copy, look = _require_open(tx, case_id, look_id, token, who, at)
        tx.looks.clear(look, at)
        _note(tx, case, copy, look, who.member, "clear", at)
        return look


def note_finding(store: Store, case_id: str, look_id: str, found: Found, who: SignedIn, *, at: datetime) -> None:
    """Write down what somebody found who looked; it decides nothing. `NotAllowed` for the look of somebody else."""
    with store.write() as tx:
        case, look = tx.cases.by_public_id(case_id), tx.looks.by_public_id(look_id)
        copy = tx.copies.by_id(look.copy_id)
        require_unbiased(tx, case, who.member.actor)
        if look.person_id != who.member.id or copy.case_id != case.id:
            raise NotAllowed("Somebody else looked.", known=True, advice="Write down what you found yourself.")
        tx.looks.note(look, found)
        facts: dict[str, Json] = {"copy": copy.public_id, "found": found.value}
        note(tx, EventKind.FINDING_NOTED, case, at=at, actor=who.member.actor, facts=facts)


def require_may_be_seen(case: Case) -> None:
    """Raise `IllegalTransition` for a case whose pictures nobody looks at."""
    if case.under_18:
        raise IllegalTransition(
            "Nobody looks at what may show someone under 18.",
            advice="It stays hidden. Report and preserve it as your law asks, without looking.",
        )
    if case.erased_at is not None:
        raise IllegalTransition("All that was hers is erased: nobody looks any more.")


def lies_at_its_site(tx: Transaction, copy: Copy) -> bool:
    """Whether a copy's address may be fetched: a site's key can name any."""
    site = tx.sites.for_link(copy.url) if copy.url else None
    return site is not None and site.id == copy.site_id and copy.state in LOOKABLE


def looks_before(looks: Sequence[Look], cluster: Sequence[Copy], reason: LookReason) -> list[Look]:
    """Return the looks that make another one at the same needless: for a second person only a second person's."""
    ids = {copy.id for copy in cluster}
    return [each for each in looks if each.copy_id in ids and each.reason.is_second is reason.is_second]


def _require(tx: Transaction, asked: Asked, member: Member, per_day: int, at: datetime) -> tuple[Case, Copy]:
    # 1. Who, and whether anyone.
    require_role(member, *READERS)
    case, copy = tx.cases.by_public_id(asked.case_id), tx.copies.by_public_id(asked.copy_id)
    require_may_be_seen(case)
    require_unbiased(tx, case, member.actor)
    # 2. What: a copy of this case, where its site has it.
    if copy.case_id != case.id or not lies_at_its_site(tx, copy):
        raise IllegalTransition("This copy cannot be looked at from here.", advice="Look how it stands at its site.")
    # 3. What this person chose, for their own sake.
    if kind_of(copy.copy_class) in member.looks_away_from:
        raise IllegalTransition("You chose not to look at such pictures.", advice="Hand it to somebody else.")
    if not budget_of(tx, member, per_day, at).left:
        raise NotAllowed(
            "Your looks for these 24 hours are used up.", known=True, advice="Hand it to somebody else, and rest."
        )
    # 4. One look is enough for copies that show the same.
    cluster = cluster_of(copy, tx.copies.of_case(case.id))
    if not asked.again and looks_before(tx.looks.of_copies([each.id for each in cluster]), cluster, asked.reason):
        raise IllegalTransition(
            "Somebody looked at a copy that shows the same.", advice="Read what they found; look again if you must."
        )
    return case, copy


def _require_open(
    tx: Transaction, case_id: str, look_id: str, token: str, who: SignedIn, at: datetime
) -> tuple[Case, Copy, Look]:
    case, look = tx.cases.by_public_id(case_id), tx.looks.open(look_id, token, who.session, at)
    copy = tx.copies.by_id(look.copy_id)
    require_may_be_seen(case)
    require_unbiased(tx, case, who.member.actor)
    if copy.case_id != case.id or not lies_at_its_site(tx, copy):
        raise IllegalTransition("This copy cannot be looked at from here.", advice="Look how it stands at its site.")
    return case, copy, look


def _note(tx: Transaction, case: Case, copy: Copy, look: Look, member: Member, how: str, at: datetime) -> None:
    facts: dict[str, Json] = {"copy": copy.public_id, "reason": look.reason.value, "how": how}
    note(tx, EventKind.PICTURE_VIEWED, case, at=at, actor=member.actor, facts=facts)
