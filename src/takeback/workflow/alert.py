"""The desk is told what is due: once for each stage of each deadline, however often this is asked and however late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from takeback.audit.event import EventKind
from takeback.cases.alert import URGENT_LAST, Stage, reached
from takeback.store import Store, Transaction
from takeback.store.alerts import Due
from takeback.workflow.tally import count_missed

ACTOR = "takeback"
MAX_NAMED = 20
"""Cases that one message names; the rest is counted."""

PASSED = "passed"
"""In place of a stage: nothing is due, and somebody should look."""
STOPPED = "stopped"
"""The same: a partner is not answered any more."""

REPORT = "report"
"""Likewise: what may show minors is to be preserved and reported."""

_SAID = {
    Stage.HALF: "past half of the time that the law gives",
    Stage.TWELVE_HOURS: "due within twelve hours",
    Stage.TWO_HOURS: "due within two hours",
    Stage.LATE: "late; what is hidden stays hidden",
}


def raise_alerts(store: Store, routes: Sequence[str], *, at: datetime) -> int:
    """
    Tell of each case whose deadline came nearer since the last time, and return of how many. One process at a time.

    A case is told of by the most urgent stage that it has reached; the ones before it, which passed while nobody was
    there to tell, are taken as told. What is late is an event of the case, whether anybody can be told or not.
    """
    with store.read() as tx:
        found = _found(tx, at)
    if not found:
        return 0
    with store.write() as tx:
        for due, stages in found:
            tx.alerts.raise_(due, stages, at)
            if Stage.LATE in stages:
                facts = {"due": due.deadline_at.isoformat()}
                tx.audit.append(EventKind.DEADLINE_MISSED, at=at, actor=ACTOR, case_id=due.public_id, facts=facts)
                count_missed(tx, tx.cases.by_id(due.case_id), due.deadline_at, at)
        for stage in reversed(URGENT_LAST):
            told = [due for due, stages in found if stages[-1] is stage]
            if told:
                tx.alerts.put(routes, message_of(stage, told), at)
    return len(found)


def message_of(stage: Stage, told: Sequence[Due]) -> Mapping[str, object]:
    """Return what is sent: numbers and moments, nothing of what a case is about, since a chat keeps it elsewhere."""
    named = [f"{due.public_id[:8]} ({due.deadline_at:%Y-%m-%d %H:%M} UTC)" for due in told[:MAX_NAMED]]
    more = f" and {len(told) - MAX_NAMED} more" if len(told) > MAX_NAMED else ""
    many = "1 case is" if len(told) == 1 else f"{len(told)} cases are"
    text = f"Takeback: {many} {_SAID[stage]}: {', '.join(named)}{more}."
    return {
        "format": 1,
        "stage": stage.value,
        "cases": [{"case": due.public_id, "due_at": due.deadline_at.isoformat()} for due in told[:MAX_NAMED]],
        "count": len(told),
        "text": text,
    }


def passage_message(case_id: str, gate: str) -> Mapping[str, object]:
    """Return what is sent when something passed a gate that may be a copy: only a person can find it on the site."""
    text = (
        f"Takeback: an upload that may be a copy passed the gate {gate}, which does not say where it is kept; "
        f"look for it on the site: case {case_id[:8]}."
    )
    return {"format": 1, "stage": PASSED, "cases": [{"case": case_id, "due_at": None}], "count": 1, "text": text}


def report_message(case_id: str, list_name: str) -> Mapping[str, object]:
    """Return what is sent when a list of what may show minors matched: what the operator has to do by law."""
    text = (
        f"Takeback: something on a site of yours matches the list {list_name}, which is of minors. Nobody is to look "
        f"at it here. Preserve it and report it as your law asks (18 U.S.C. § 2258A; UK Online Safety Act s. 66): case "
        f"{case_id[:8]}."
    )
    return {"format": 1, "stage": REPORT, "cases": [{"case": case_id, "due_at": None}], "count": 1, "text": text}


def partner_message(name: str) -> Mapping[str, object]:
    """Return what is sent when a partner was stopped: only a person can find out what it was about."""
    text = (
        f"Takeback: the partner {name} is answered no more for a day, since its questions lay too close around one "
        "entry; ask it why, and release it (`takeback partner release`) or remove it."
    )
    return {"format": 1, "stage": STOPPED, "cases": [], "count": 1, "text": text}


def trial_message(at: datetime) -> Mapping[str, object]:
    """Return what is sent to try a route."""
    text = f"Takeback: this is a test of {at:%Y-%m-%d %H:%M} UTC. Nothing is due because of it."
    return {"format": 1, "stage": "test", "cases": [], "count": 0, "text": text}


def _found(tx: Transaction, at: datetime) -> list[tuple[Due, list[Stage]]]:
    open_cases = tx.alerts.due(at)
    told = tx.alerts.raised(open_cases[0].deadline_at) if open_cases else set()
    found = []
    for due in open_cases:
        stages = reached(due.began_at, due.deadline_at, at)
        untold = [stage for stage in stages if (due.case_id, due.deadline_at, stage) not in told]
        # Only what is more urgent than what was told: a stage that a clock set back brings again is not told again.
        if untold and untold[-1] is stages[-1]:
            found.append((due, untold))
    return found
