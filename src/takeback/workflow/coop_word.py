"""
What somebody in the operator's Coop said of what was told there: their decision, or an opinion for the desk.

A removal needs a person's finding (docs/desk.md). Coop's signature says that the operator's Coop sent this, and the
address in it who acted. So it is a decision where all of that holds, and else an opinion that stands with the case:

1. A person acted, and the settings say who of the desk that is: no rule, and nobody who is unknown here.
2. That person may decide, keeps out of nothing, and refused nothing of it before. They are the one who decided, also
   for who may answer a contest: the desk's id is the actor, and not Coop's.
3. The action means that what is shown is covered. That it is not means elements of laws, a hearing and a second
   person; nothing is shown again by Coop's word.
4. It covers the copies that were told, and none that came since.

Nothing that Coop signs is used once. The same bytes are taken once; another word about a copy that is decided finds
nothing to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from takeback.actions.coop.account import CoopAccount, Meaning
from takeback.actions.coop.word import Word, read_word
from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.coop_reports import CoopReportRow
from takeback.store.desk_people import DeskRole, Member
from takeback.workflow.coop import copies_of_report, may_be_told
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.desk_people import has_role
from takeback.workflow.order import note

ACTOR = "coop"
"""How the log names whoever spoke in Coop and is nobody that is known here."""
REASON = "A person of the site found that what is shown appears to be covered."
"""Both sides are told it: what a moderator writes in Coop is for Coop."""
UNKNOWN = "unknown"

_UNKNOWN_ACTION = "`coop_actions` names no such action."
_NO_PERSON = "No person took this action: a rule did, or Coop did not say who."
_UNKNOWN_PERSON = "`coop_people` names nobody by whom this action was taken."
_NOT_THERE = "Whom `coop_people` names is not at the desk."
_ROLE = "Who took this action may not decide at the desk."
_NOT_COVERED = "Refusing names what of each law is not met, and a second person reads it again: decide it at the desk."
_NOTHING = "Nothing of it waits for a decision any more, or it may show someone under 18."
_INTERRUPTED = "It was being taken, and that broke off: decide it at the desk."


class Taken(StrEnum):
    """What became of a word."""

    DECIDED = "decided"
    NOTED = "noted"
    """It stands with the case, for the desk to decide; `why` says why it was no decision."""
    REPEATED = "repeated"
    """The same was said before, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a word, and why it was no decision."""

    taken: Taken
    why: str | None = None


def take_word(store: Store, account: CoopAccount, signature: str, body: bytes, *, at: datetime) -> Answer:
    """
    Take what Coop says of one report; `body` as it came.

    Raises `NotAllowed` where no key of the organization signed it, `InputError` where it is no callback, `NotFound`
    where it is about nothing that was told by this service.
    """
    account.public_keys().verify(signature, body)
    word = read_word(body)
    if word.item_type != account.item_type:
        raise NotFound("This is not an item of the type that reports are of.", advice="Check `coop_item_type`.")
    meaning = account.actions.get(word.action_id)
    # 1. It is written down before anything is done: a second one finds it, and what breaks off stands at the desk.
    with store.write() as tx:
        row = tx.coop_reports.by_public_id(word.item_id)
        if not tx.coop_reports.is_new_word(row.id, sha256(body).digest()):
            return Answer(Taken.REPEATED)
        if row.decided:
            return Answer(Taken.REPEATED, _NOTHING)
        member, why = _speaker(tx, account, word, meaning)
        why = why or _why_nothing(tx, row)
        _keep(tx, row, meaning, member, decided=False, why=why or _INTERRUPTED, at=at)
    # 2. A decision as at the desk, by the person of the desk.
    if why is None:
        assert member is not None
        why = _decided(store, row, member, at)
        with store.write() as tx:
            _keep(tx, row, meaning, member, decided=why is None, why=why, at=at)
    with store.write() as tx:
        _tell(tx, row, meaning, member, why, at)
    return Answer(Taken.DECIDED) if why is None else Answer(Taken.NOTED, why)


def _speaker(
    tx: Transaction, account: CoopAccount, word: Word, meaning: Meaning | None
) -> tuple[Member | None, str | None]:
    """Return who of the desk spoke, and why that decides nothing; None where it may."""
    name = None if word.actor is None else account.people.get(word.actor)
    member = next((each for each in tx.desk_people.present() if name in (each.name, each.public_id)), None)
    if meaning is None:
        return member, _UNKNOWN_ACTION
    if word.actor is None:
        return None, _NO_PERSON
    if name is None:
        return None, _UNKNOWN_PERSON
    if member is None:
        return None, _NOT_THERE
    if not has_role(member, DeskRole.MODERATOR):
        return member, _ROLE
    return member, None if meaning is Meaning.REMOVE else _NOT_COVERED


def _why_nothing(tx: Transaction, row: CoopReportRow) -> str | None:
    is_open = may_be_told(tx.cases.by_id(row.case_id), copies_of_report(tx, row))
    return None if is_open else _NOTHING


def _decided(store: Store, row: CoopReportRow, member: Member, at: datetime) -> str | None:
    """Decide the copies of a report; return why that was not possible."""
    with store.read() as tx:
        case = tx.cases.by_id(row.case_id)
        named = frozenset(copy.public_id for copy in copies_of_report(tx, row))
    decision = Decision(Outcome.REMOVED, Finding(True, REASON), member.actor, Confirm.NAMED, named)
    do = decide if case.state is CaseState.HELD else confirm_copies
    try:
        do(store, case.public_id, decision, at=at)
    except (IllegalTransition, InputError) as problem:
        return problem.message
    return None


def _keep(
    tx: Transaction, row: CoopReportRow, meaning: Meaning | None, member: Member | None, *, decided: bool,
    why: str | None, at: datetime,
) -> None:  # fmt: skip
    by = None if member is None else member.actor
    tx.coop_reports.said(row.id, meaning or UNKNOWN, by=by, decided=decided, why=why, at=at)


def _tell(
    tx: Transaction, row: CoopReportRow, meaning: Meaning | None, member: Member | None, why: str | None, at: datetime
) -> None:
    facts: dict[str, Json] = {
        "report": row.public_id,
        "copy": tx.copies.by_id(row.copy_id).public_id,
        "word": meaning or UNKNOWN,
        "decided": why is None,
        "problem": why,
    }
    actor = ACTOR if member is None else member.actor
    note(tx, EventKind.COOP_SAID, tx.cases.by_id(row.case_id), at=at, actor=actor, facts=facts)
