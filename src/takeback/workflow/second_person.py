"""What of a case waits for another person than the one who decided, and who of the desk that can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from takeback.cases import CopyState
from takeback.errors import IllegalTransition
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.desk_people import DeskRole, Member
from takeback.store.hearings import About
from takeback.store.refused_uploads import RefusedUpload
from takeback.workflow.contest import contested_for
from takeback.workflow.desk_people import READERS, has_role
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.second_reading import refusals_for, require_new_reader


class Step(StrEnum):
    """What waits for a second person."""

    HEAR = "hear"
    """A contest, of copies or of refused uploads, that she was told nothing of yet."""
    ANSWER = "answer"
    """A contest; until she was heard it can be upheld, and nothing be shown again."""
    REREAD = "reread"
    """A refusal that somebody else has to read again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that waits, as it stands for one person."""

    step: Step
    opens_at: datetime | None
    """Until when she can still say something; None where that is over, or has not begun."""
    why_not: IllegalTransition | None
    """Why this person does not do it; None where they may."""
    others: Sequence[Member]
    """Who else of the desk may."""


def turns_of(tx: Transaction, case: Case, member: Member, at: datetime) -> list[Turn]:
    """Return what waits in a case for a second person, as it stands for `member`."""
    turns = []
    copies, uploads = tx.copies.of_case(case.id, [CopyState.CONTESTED]), tx.refused_uploads.contested(case.id)
    if is_untold(case, copies, uploads):
        turns.append(_turn(tx, case, member, Step.HEAR, None))
    if copies or uploads:
        turns.append(_turn(tx, case, member, Step.ANSWER, _still_hers(tx, case, About.CONTEST, at)))
    if tx.hearings.open_of_case(case.id, About.REFUSAL):
        turns.append(_turn(tx, case, member, Step.REREAD, _still_hers(tx, case, About.REFUSAL, at)))
    return turns


def is_untold(case: Case, copies: Sequence[Copy], uploads: Sequence[RefusedUpload]) -> bool:
    """Say whether she was told nothing yet of something that is contested; where nobody gave notice, nobody is told."""
    hearings = [copy.hearing_id for copy in copies] + [upload.hearing_id for upload in uploads]
    return case.has_notice and None in hearings


def deciders_left(tx: Transaction, case: Case) -> list[Member]:
    """Return who of the desk may still decide a case: they keep out of it no more than they refused it before."""
    deciders = [each for each in tx.desk_people.present() if has_role(each, DeskRole.MODERATOR)]
    return [each for each in deciders if why_not_decide(tx, case, each.actor) is None]


def why_not_decide(tx: Transaction, case: Case, actor: str) -> IllegalTransition | None:
    """Return why somebody does not decide a case; None where they may."""
    keeps_out = _refused(lambda: require_unbiased(tx, case, actor))
    return keeps_out or _refused(lambda: require_new_reader(tx, case, actor))


def _turn(tx: Transaction, case: Case, member: Member, step: Step, opens_at: datetime | None) -> Turn:
    readers = [each for each in tx.desk_people.present() if has_role(each, *READERS)]
    others = [each for each in readers if each.id != member.id and _why_not(tx, case, each.actor, step) is None]
    return Turn(step, opens_at, _why_not(tx, case, member.actor, step), others)


def _why_not(tx: Transaction, case: Case, actor: str, step: Step) -> IllegalTransition | None:
    if step is Step.REREAD:
        return _refused(lambda: refusals_for(tx, case, actor))
    if step is Step.ANSWER:
        return _refused(lambda: contested_for(tx, case, actor))
    # Passing on decides nothing: whoever decided may do it.
    return _refused(lambda: require_unbiased(tx, case, actor))


def _refused(does: Callable[[], object]) -> IllegalTransition | None:
    try:
        does()
    except IllegalTransition as problem:
        return problem
    return None


def _still_hers(tx: Transaction, case: Case, about: About, at: datetime) -> datetime | None:
    waiting = [each.until_at for each in tx.hearings.open_of_case(case.id, about) if not each.is_over(at)]
    return max(waiting, default=None)
