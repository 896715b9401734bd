"""A person at the desk decides: remove, or refuse; and, where it was contested, uphold or put back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from takeback.audit.event import EventKind, Json
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.cases.elements import require_elements
from takeback.cases.reasons import How
from takeback.errors import IllegalTransition, InputError
from takeback.exchanges.interface import Said
from takeback.match import CopyClass
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import About
from takeback.workflow.cap import lift_cap
from takeback.workflow.hearing import HEARD_FOR, close_idle_refusals, open_refusal
from takeback.workflow.list_case import tell_list
from takeback.workflow.order import HOLD, REMOVE, copy_facts, must_be_kept, note, order
from takeback.workflow.originals import gate_forgery
from takeback.workflow.poster import poster_of
from takeback.workflow.put_back import Answer, check_may_be_shown, show_unclaimed
from takeback.workflow.reasons import complete_laws, how_decided
from takeback.workflow.recusal import require_unbiased
from takeback.workflow.repeated import remember_removal
from takeback.workflow.second_reading import close_refused, require_new_reader
from takeback.workflow.standing import require_seen
from takeback.workflow.sweep import refresh_deadline
from takeback.workflow.tally import count_matches
from takeback.workflow.upload_record import RecordKey, record_key


class Outcome(StrEnum):
    """What a person decides of a case."""

    REMOVED = "removed"
    REFUSED = "refused"


class Confirm(StrEnum):
    """Which of the held copies that are only *substantially the same* a decision covers."""

    NONE = "none"
    """None: only identical copies and the links she named."""
    BLIND = "blind"
    """Those whose facts alone are strong enough: a distance of at most 10 bits."""
    ALL = "all"
    """All that are held: the person compared each."""
    NAMED = "named"
    """None but those that are named one by one: not identical ones either, nor links."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person found, in their own responsibility; recorded before the first removal of a case."""

    appears_covered: bool
    """What is shown appears intimate, or forged, and to be covered by a law that the notice names."""
    reason: str
    """One of the desk's reason codes or a short sentence; goes into both sides' reasons."""
    elements: tuple[str, ...] = ()
    """Of a refusal, which elements of the case's laws are not met: one at least of each law."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of one person."""

    outcome: Outcome
    finding: Finding
    actor: str
    """Who decided: `desk/` and a person's public id, or `key/` and a key's."""
    confirm: Confirm = Confirm.NONE
    copies: Collection[str] = ()
    """Copies, by public id, confirmed one by one beside `confirm`."""
    seen: str | None = None
    """`standing` of the case as the person saw it, where they looked at a page; it has to be so still."""


def decide(store: Store, case_id: str, decision: Decision, *, heard_for: timedelta = HEARD_FOR, at: datetime) -> Case:
    """
    Decide a held case.

    Of a notice a refusal lifts nothing yet: she has `heard_for` to ask for a second reader, and a second person reads
    it again before anything is shown (`takeback.workflow.second_reading`).

    Raises `IllegalTransition` where the case is not held, or the one who decides keeps out of it, `InputError` where
    the finding does not carry the outcome, `NotFound` where there is no such case.
    """
    _check(decision)
    keys = _keys_for_forgeries(store, case_id)
    with record_key(store) as records, store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_seen(tx, case, decision.seen)
        _check_person(tx, case, decision)
        tx.news.tell(case.id, at)
        if decision.outcome is Outcome.REMOVED:
            # Nothing is removed that was not held before.
            case = lift_cap(tx, case, actor=decision.actor, at=at)
            case = _remove(tx, case, decision, keys, records, at)
        else:
            case = _refuse(tx, case, decision, heard_for, at)
        tell_list(tx, case, Said.COVERED if case.state is CaseState.REMOVED else Said.NOT_COVERED, at=at)
        return case


def confirm_copies(
    store: Store, case_id: str, decision: Decision, *, heard_for: timedelta = HEARD_FOR, at: datetime
) -> Case:
    """
    Remove, or refuse, further copies of a case that is decided, or that she withdrew.

    Her withdrawal ends the matching and puts nothing back; what is hidden is still for the desk to settle. Before the
    decision what was never hidden can be dismissed, copy by copy: the case goes on. What is held and refused stays held
    until she was heard and a second person read it again.
    """
    _check(decision)
    keys = _keys_for_forgeries(store, case_id)
    with record_key(store) as records, store.write() as tx:
        case = tx.cases.by_public_id(case_id)
        require_seen(tx, case, decision.seen)
        _check_person(tx, case, decision)
        chosen = [copy for copy in _open_copies(tx, case) if _is_chosen(copy, decision)]
        if case.state not in _CONFIRMABLE and not _dismisses(case, chosen, decision):
            raise IllegalTransition(f"Copies are settled after the decision; this case is {case.state}.")
        if not chosen:
            raise InputError("None of the copies named is held in this case.", advice="Read the case again.")
        if decision.outcome is Outcome.REMOVED:
            for copy in chosen:
                _remove_copy(tx, case, copy, decision, records, at)
            close_idle_refusals(tx, case, at=at)
            _open_gate(tx, case, chosen, decision, keys, at)
        else:
            _require_unrefused(tx, case, chosen)
            _refuse_copies(tx, case, chosen, decision, heard_for, at)
        refresh_deadline(tx, case)
        if case.decided_at is not None:
            # Before the decision nothing is told of what was found, not even that there is news.
            tx.news.tell(case.id, at)
        return tx.cases.by_id(case.id)


_CONFIRMABLE = (CaseState.REMOVED, CaseState.CONTESTED, CaseState.WITHDRAWN)


def _dismisses(case: Case, chosen: Sequence[Copy], decision: Decision) -> bool:
    is_open = case.state in (CaseState.WATCHING, CaseState.HELD) and decision.outcome is Outcome.REFUSED
    return is_open and all(copy.state is CopyState.POSSIBLE for copy in chosen)


def _keys_for_forgeries(store: Store, case_id: str) -> list[tuple[str, bytes]]:
    """Make a data key for each altered copy that may get an entry of its own; an unused one does no harm."""
    with store.read() as tx:
        copies = _open_copies(tx, tx.cases.by_public_id(case_id))
    return store.keyring.new_data_keys(sum(copy.copy_class is CopyClass.ALTERED_COPY for copy in copies))


def _check_person(tx: Transaction, case: Case, decision: Decision) -> None:
    require_unbiased(tx, case, decision.actor)
    require_new_reader(tx, case, decision.actor)


def _check(decision: Decision) -> None:
    if decision.outcome is Outcome.REMOVED and not decision.finding.appears_covered:
        raise InputError(
            "A removal needs the finding that what is shown appears to be covered.",
            advice="Set `appears_covered`, or refuse the notice with a reason.",
        )
    if not decision.finding.reason.strip():
        raise InputError("A decision needs a reason.", advice="Both sides are told it; one sentence is enough.")


def _remove(
    tx: Transaction, case: Case, decision: Decision, keys: Sequence[tuple[str, bytes]], records: RecordKey, at: datetime
) -> Case:
    # 1. What the decision covers: a person's finding is about copies, never about a fingerprint alone.
    chosen = [copy for copy in _open_copies(tx, case) if _is_chosen(copy, decision)]
    if case.state in (CaseState.HELD, CaseState.WATCHING) and not chosen:
        raise InputError(
            "This decision covers no copy.", advice="Confirm the copies that are held, or name those that are possible."
        )
    # 2. The case: only an undecided one, and only once.
    case = tx.cases.move(case, CaseState.REMOVED, decided_at=at, finding=_finding(decision))
    note(tx, EventKind.DECIDED_REMOVED, case, at=at, actor=decision.actor, facts=_facts(decision))
    # 3. The copies; those that it does not cover stay as they are and their clocks run.
    for copy in chosen:
        _remove_copy(tx, case, copy, decision, records, at)
    # 4. Only now does a picture stand at the gate, and only one of which a copy was removed.
    _open_gate(tx, case, chosen, decision, keys, at)
    refresh_deadline(tx, case)
    return tx.cases.by_id(case.id)


def _open_gate(
    tx: Transaction, case: Case, settled: Sequence[Copy], decision: Decision, keys: Sequence[tuple[str, bytes]],
    at: datetime,
) -> None:  # fmt: skip
    if decision.outcome is not Outcome.REMOVED:
        return
    forgeries = (copy for copy in settled if copy.copy_class is CopyClass.ALTERED_COPY)
    for copy, key in zip(forgeries, keys, strict=False):
        entry = gate_forgery(tx, case, copy, key, at=at)
        if entry is not None:
            note(tx, EventKind.GATE_ENTRY_OPENED, case, at=at, actor=decision.actor, facts={"entry": entry.public_id})
    decided = {copy.entry_id for copy in settled}
    for entry in tx.banks.of_case(case.id):
        if entry.id in decided and entry.state is EntryState.HOLDING:
            tx.banks.set_state(entry.id, EntryState.GATED)
            note(tx, EventKind.GATE_ENTRY_OPENED, case, at=at, actor=decision.actor, facts={"entry": entry.public_id})


def _open_copies(tx: Transaction, case: Case) -> list[Copy]:
    return tx.copies.of_case(case.id, [CopyState.HELD, CopyState.POSSIBLE])


def _refuse(tx: Transaction, case: Case, decision: Decision, heard_for: timedelta, at: datetime) -> Case:
    # 1. Why, law by law; and never for what may show someone under 18, where something is hidden.
    require_elements(decision.finding.elements, complete_laws(case) or case.laws)
    held = tx.copies.of_case(case.id, [CopyState.HELD])
    if held:
        check_may_be_shown(case)
    # 2. The case: only an undecided one, and only once.
    case = tx.cases.move(case, CaseState.REFUSED, decided_at=at, finding=_finding(decision))
    note(tx, EventKind.DECIDED_REFUSED, case, at=at, actor=decision.actor, facts=_facts(decision))
    # 3. What is hidden stays so until she was heard; where nothing is, or nobody gave notice, nothing is waited for.
    if not case.has_notice:
        show_unclaimed(tx, case, held, _answer(decision), at=at)
    else:
        _let_her_be_heard(tx, case, held, decision, heard_for, at)
    if not held or not case.has_notice:
        close_refused(tx, case, actor=decision.actor, at=at)
        tx.cases.close(case, at)
    refresh_deadline(tx, case)
    return tx.cases.by_id(case.id)


def _refuse_copies(
    tx: Transaction, case: Case, chosen: Sequence[Copy], decision: Decision, heard_for: timedelta, at: datetime
) -> None:
    held = [copy for copy in chosen if copy.state is CopyState.HELD]
    for copy in chosen:
        if copy.state is CopyState.POSSIBLE:
            # It was never hidden: there is nothing to put back.
            tx.copies.move(copy, CopyState.DISMISSED, decided_at=at, decided_by=decision.actor)
            count_matches(tx, [copy], confirmed=False, at=at)
    if held:
        check_may_be_shown(case)
        require_elements(decision.finding.elements, complete_laws(case) or case.laws)
        if not case.has_notice:
            show_unclaimed(tx, case, held, _answer(decision), at=at)
        else:
            _let_her_be_heard(tx, case, held, decision, heard_for, at)


def _answer(decision: Decision) -> Answer:
    return Answer(decision.finding.reason, decision.actor, decision.finding.elements)


def _require_unrefused(tx: Transaction, case: Case, chosen: Sequence[Copy]) -> None:
    """Raise `IllegalTransition` for what was refused already: to refuse it again would begin her time anew."""
    waiting = {each.id for each in tx.hearings.open_of_case(case.id, About.REFUSAL)}
    if any(copy.hearing_id in waiting for copy in chosen):
        raise IllegalTransition(
            "This was refused already, and waits for a second person.", advice="Let that person read it again."
        )


def _let_her_be_heard(
    tx: Transaction, case: Case, held: Sequence[Copy], decision: Decision, heard_for: timedelta, at: datetime
) -> None:
    for copy in held:
        tx.copies.set(copy.id, decided_by=decision.actor)
    open_refusal(
        tx, case, held, reason=decision.finding.reason, elements=decision.finding.elements, actor=decision.actor,
        heard_for=heard_for, at=at,
    )  # fmt: skip


def _is_chosen(copy: Copy, decision: Decision) -> bool:
    """Whether a decision covers a copy that is held or possible."""
    if copy.public_id in decision.copies:
        return True
    if decision.confirm is Confirm.NAMED:
        return False
    if copy.state is not CopyState.HELD or decision.confirm is Confirm.ALL:
        return copy.state is CopyState.HELD
    # What is lifted, a person named; what is removed may follow from its facts.
    if decision.outcome is Outcome.REFUSED:
        return False
    return copy.linked or copy.copy_class is CopyClass.IDENTICAL or (decision.confirm is Confirm.BLIND and copy.blind)


def _remove_copy(tx: Transaction, case: Case, copy: Copy, decision: Decision, records: RecordKey, at: datetime) -> None:
    if copy.state is CopyState.POSSIBLE:
        copy = tx.copies.move(copy, CopyState.HELD)
        if must_be_kept(tx, case, copy):
            # The removal waits until its bytes are kept; what was never hidden is hidden meanwhile.
            order(tx, HOLD, case, copy, why=decision.finding.reason, at=at)
    how = how_decided(copy, is_named=copy.public_id in decision.copies, looked_at_all=decision.confirm is Confirm.ALL)
    copy = tx.copies.move(
        copy, CopyState.REMOVED, decided_at=at, decided_by=decision.actor, decided_how=how.value, hearing_id=None
    )
    poster = poster_of(tx, copy)
    if poster is not None:
        records.keep(tx, case, copy, poster, at=at)
        remember_removal(tx, copy, poster, at=at)
    note(tx, EventKind.COPY_REMOVED, case, at=at, actor=decision.actor, facts=copy_facts(copy))
    if how is not How.FOLLOWS:
        count_matches(tx, [copy], confirmed=True, at=at)
    order(tx, REMOVE, case, copy, why=decision.finding.reason, at=at)


def _finding(decision: Decision) -> dict[str, str]:
    elements = ", ".join(decision.finding.elements)
    said = {"outcome": decision.outcome.value, "reason": decision.finding.reason, "actor": decision.actor}
    return {**said, "elements": elements} if elements else said


def _facts(decision: Decision) -> dict[str, Json]:
    return {
        "appears_covered": decision.finding.appears_covered,
        "confirm": decision.confirm.value,
        "named_copies": len(decision.copies),
        "reason": decision.finding.reason,
        "elements": list(decision.finding.elements),
    }
