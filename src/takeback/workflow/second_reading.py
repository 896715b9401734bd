"""
A refusal is read again by a second person before it lifts anything.

Until then what was held stays held. A picture that was shown for an hour is copied for ever, one that stays hidden for
three more days is not; a law protects who hides in good faith, and none who shows (47 U.S.C. § 223a(a)(4)); and an
expiry never shows anything by itself, so that after the time in which she can ask it is still a person who lifts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import About, Hearing
from takeback.workflow.hearing import require_heard
from takeback.workflow.order import note
from takeback.workflow.put_back import Answer, close_entries, require_another, require_reason, show_again
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.standing import require_seen
from takeback.workflow.sweep import refresh_deadline


def read_again(store: Store, case_id: str, answer: Answer, *, upheld: bool, at: datetime) -> Case:
    """
    Say, as a second person, whether a refusal stands: then what it held is shown again, else it is to be decided anew.

    `IllegalTransition` where nothing waits to be read again, where she still has time to ask, and for whoever refused
    or keeps out of the case; `InputError` where it stands and names no element that is not met.
    """
    require_reason(answer)
    with store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_seen(tx, case, answer.seen)
        waiting = refusals_for(tx, case, answer.actor)
        require_heard(waiting, at)
        held = _held(tx, case, waiting)
        require_another(held, answer.actor)
        if upheld:
            _lift(tx, case, held, answer, at)
        else:
            _overturn(tx, case, held, at)
        kind = EventKind.REFUSAL_UPHELD if upheld else EventKind.REFUSAL_OVERTURNED
        note(tx, kind, case, at=at, actor=answer.actor, facts={"reason": answer.reason})
        for hearing in waiting:
            tx.hearings.close(hearing, is_upheld=upheld, at=at)
        tx.news.tell(case.id, at)
        refresh_deadline(tx, tx.cases.by_id(case.id))
        return tx.cases.by_id(case.id)


def refusals_for(tx: Transaction, case: Case, actor: str) -> list[Hearing]:
    """Return the refusals of a case that wait, for someone who may read them; raises what `read_again` does else."""
    require_unbiased(tx, case, actor)
    waiting = tx.hearings.open_of_case(case.id, About.REFUSAL)
    if not waiting:
        raise IllegalTransition("No refusal of this case waits to be read again.")
    held = [copy for hearing in waiting for copy in tx.copies.of_hearing(hearing.id) if copy.state is CopyState.HELD]
    require_another(held, actor, *(each.opened_by for each in waiting))
    return waiting


def require_new_reader(tx: Transaction, case: Case, actor: str) -> None:
    """Raise `IllegalTransition` for whoever refused a case that a second reader sent back to be decided anew."""
    if any(each.is_upheld is False and each.opened_by == actor for each in _refusals(tx, case)):
        raise IllegalTransition(
            "You refused this, and a second reader did not agree.", advice="Let someone else decide it now."
        )


def close_refused(tx: Transaction, case: Case, *, actor: str, at: datetime) -> None:
    """End inside `tx` what a refused case still looks for; what was only possible was never hidden."""
    for copy in tx.copies.of_case(case.id, [CopyState.POSSIBLE]):
        tx.copies.move(copy, CopyState.DISMISSED, decided_at=at, decided_by=actor)
    close_entries(tx, case, None, actor, at)


def _refusals(tx: Transaction, case: Case) -> list[Hearing]:
    return [each for each in tx.hearings.of_case(case.id) if each.about is About.REFUSAL]


def _held(tx: Transaction, case: Case, waiting: Sequence[Hearing]) -> list[Copy]:
    """Return what waits for these hearings; of a case that is refused as a whole also what was found since."""
    if case.state is CaseState.REFUSED:
        for copy in tx.copies.of_case(case.id, [CopyState.HELD]):
            if copy.hearing_id is None:
                tx.copies.set(copy.id, hearing_id=waiting[-1].id)
    copies = [copy for hearing in waiting for copy in tx.copies.of_hearing(hearing.id)]
    return [copy for copy in copies if copy.state is CopyState.HELD]


def _lift(tx: Transaction, case: Case, held: Sequence[Copy], answer: Answer, at: datetime) -> None:
    show_again(tx, case, held, answer, at=at)
    if case.state is CaseState.REFUSED:
        close_refused(tx, case, actor=answer.actor, at=at)
        tx.cases.close(case, at)


def _overturn(tx: Transaction, case: Case, held: Sequence[Copy], at: datetime) -> None:
    for copy in held:
        tx.copies.set(copy.id, hearing_id=None, decided_by=None, deadline_at=at)
    if case.state is not CaseState.REFUSED:
        return
    for entry in tx.banks.of_case(case.id):
        if entry.state is EntryState.CLOSED:
            tx.banks.set_state(entry.id, EntryState.HOLDING)
    after = CaseState.HELD if held else CaseState.WATCHING
    tx.cases.move(case, after, decided_at=None, closed_at=None, finding=None)
