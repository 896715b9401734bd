"""
What is counted for reports, in the transaction of what it counts: numbers by month and law, and no id of anything.

    notices, valid             a notice, and a notice that is complete
    hidden_within              from receipt to the site's word that what it was about is hidden
    decided_within             from valid, or from the first copy where there was none, to the decision
    late_by, missed            how long after the deadline it was decided; deadlines that passed, in service or not
    found, removed             copies by class; `named` are those at a link of the notice
    decided, overturned        what a person decided of a notice; a second one who did not agree
    contested, upheld          copies of which a removal is contested, or stands after that
    uploads                    refusals of uploads that are `contested`, and that are `upheld` or `let` after that
    restored                   copies that are shown again, after a `contest` or a `refusal`
    measures                   what sites did about accounts (`workflow/repeated.py`)
    confirmed, unconfirmed     of what matched an entry of a bank: what a person said of it first
    gate                       uploads at each gate, by what was found of them (`workflow/passage.py`)

`note` calls `count` with each event of a case, so that a new place that tells of one is counted too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState
from takeback.cases.figures import step_of
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.workflow.reasons import complete_laws

NAMED = "named"
"""In place of a class: the notice named the place, and nothing was compared to find it."""
OUTAGE_AFTER = timedelta(minutes=15)
"""A deadline that was seen to be over later than that was not watched: the service itself did not run."""
_OF_UPLOADS = {
    EventKind.UPLOAD_CONTESTED: "contested",
    EventKind.UPLOAD_REFUSAL_UPHELD: "upheld",
    EventKind.UPLOAD_LET: "let",
}
IN_SERVICE, IN_OUTAGE = "in_service", "in_outage"


_SAID_AGAINST = (EventKind.CONTESTED, EventKind.COPY_REMOVED, EventKind.COPY_PUT_BACK, *_OF_UPLOADS)


def count(tx: Transaction, kind: EventKind, case: Case, facts: Mapping[str, Json], at: datetime) -> None:
    """Count an event of a case inside `tx`."""
    laws = complete_laws(case) or case.laws
    if not case.has_notice and kind not in _SAID_AGAINST:
        # Of what a list or an own bank led to it is counted how often it was right (`count_matches`), and what was said
        # against it.
        return
    match kind:
        case EventKind.NOTICE_RECEIVED if case.state is CaseState.RECEIVED:
            # What comes again with what it lacked is the same notice.
            tx.tallies.add("notices", laws=case.laws, at=at)
        case EventKind.NOTICE_VALID:
            tx.tallies.add("valid", laws=laws, at=at)
        case EventKind.COPY_FOUND | EventKind.UPLOAD_HELD:
            tx.tallies.add("found", _class(facts), laws=laws, at=at)
        case EventKind.COPY_HELD if facts.get("linked"):
            tx.tallies.add("found", NAMED, laws=laws, at=at)
        case EventKind.DECIDED_REMOVED | EventKind.DECIDED_REFUSED:
            outcome = "removed" if kind is EventKind.DECIDED_REMOVED else "refused"
            tx.tallies.add("decided", outcome, laws=laws, at=at)
            _count_clocks(tx, case, laws, at)
        case EventKind.REFUSAL_OVERTURNED:
            tx.tallies.add("overturned", laws=laws, at=at)
        case EventKind.COPY_REMOVED if "reason" in facts:
            # It stands after a contest, and was counted as removed before.
            tx.tallies.add("upheld", laws=laws, at=at)
        case EventKind.COPY_REMOVED if case.has_notice:
            tx.tallies.add("removed", _class(facts), laws=laws, at=at)
        case EventKind.CONTESTED if not facts.get("before_decision"):
            tx.tallies.add("contested", laws=laws, at=at)
        case EventKind.UPLOAD_CONTESTED | EventKind.UPLOAD_REFUSAL_UPHELD | EventKind.UPLOAD_LET:
            tx.tallies.add("uploads", _OF_UPLOADS[kind], laws=laws, at=at)
        case EventKind.COPY_PUT_BACK:
            was_removed = tx.copies.by_public_id(str(facts["copy"])).decided_how is not None
            tx.tallies.add("restored", "contest" if was_removed else "refusal", laws=laws, at=at)
        case _:
            return


def count_hidden(tx: Transaction, copy: Copy, at: datetime) -> None:
    """Count inside `tx` that a site said that a copy is hidden, which it was ordered to hide."""
    case = tx.cases.by_id(copy.case_id)
    if not case.has_notice:
        return
    # What she added later could not be hidden before.
    added_at = tx.audit.last_at(case.public_id, EventKind.NOTICE_EXTENDED, until=copy.found_at)
    span = at - max(case.received_at, added_at or case.received_at)
    tx.tallies.add("hidden_within", str(step_of(span)), laws=complete_laws(case) or case.laws, at=at)


def count_missed(tx: Transaction, case: Case, due_at: datetime, at: datetime) -> None:
    """Count inside `tx` that a deadline passed, and whether anybody could have been told before."""
    seen = IN_OUTAGE if at - due_at > OUTAGE_AFTER else IN_SERVICE
    tx.tallies.add("missed", seen, laws=complete_laws(case) or case.laws, at=at)


def count_matches(tx: Transaction, copies: list[Copy], *, confirmed: bool, at: datetime) -> None:
    """
    Count inside `tx` what a person said first of copies that were found by an entry, each under its bank.

    What followed from another copy nobody looked at, and what is said after a contest is not of the match.
    """
    name = "confirmed" if confirmed else "unconfirmed"
    for copy in copies:
        if copy.entry_id is not None and not copy.linked:
            tx.tallies.add(name, tx.banks.by_id(copy.entry_id).bank, at=at)


def _count_clocks(tx: Transaction, case: Case, laws: tuple[str, ...], at: datetime) -> None:
    """Count how long a decision took; of one that a second reader had made anew it would be the first one's time."""
    if any(each.is_upheld is False for each in tx.hearings.of_case(case.id)):
        return
    found = [copy.found_at for copy in tx.copies.of_case(case.id) if copy.site_id is not None]
    if found:
        # Until a copy came there was nothing to decide.
        began_at = max(case.valid_at or case.received_at, min(found))
        tx.tallies.add("decided_within", str(step_of(at - began_at)), laws=laws, at=at)
    if case.deadline_at is not None and at > case.deadline_at:
        tx.tallies.add("late_by", str(step_of(at - case.deadline_at)), laws=laws, at=at)


def _class(facts: Mapping[str, Json]) -> str:
    return NAMED if facts.get("linked") else str(facts.get("class"))
