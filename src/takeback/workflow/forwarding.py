"""
A notice is forwarded to other instances that its person ticked, and to no other.

What goes out is fingerprints and digests of the pictures, the laws, the day, and whether a person here has found each
covered: under a reference of its own for each instance. Nothing of who she is, of what she wrote, or of the case.

When: as soon as the notice is valid, as *undecided*, which hides nothing there; as *decided* once a person here has
found it covered; and its end as soon as it is withdrawn or refused here. What may show someone under 18 goes nowhere.
Whether something was found here plays no part, since she would else read it from when her notice went out.

What an instance should know is compared with what it has confirmed, so nothing that changes a case has to know of
instances: any event of the case (`takeback.workflow.order.note`) has it looked at again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from takeback.audit.event import EventKind, Json
from takeback.bank import Entry, EntryState, Opinion
from takeback.cases import CaseState
from takeback.errors import InputError, NotFound
from takeback.exchanges.interface import Algorithm
from takeback.fingerprint import Route
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.forwardings import Forwarding
from takeback.store.instances import Instance
from takeback.store.prints import WHOLE
from takeback.workflow.order import THE_PERSON, note
from takeback.workflow.reasons import complete_laws
from takeback.workflow.received import MAX_PICTURES, Answer, Decided, Stands

ACTOR = "takeback"
NOTICE_PATH = "/api/v1/forwarded"
ANSWER_PATH = "/api/v1/forwarded/answer"
END_PATH = "/api/v1/forwarded/withdrawal"
MAX_CHOSEN = 32
"""Instances that one notice is forwarded to."""
_UNDER_WAY_FOR = timedelta(minutes=10)
"""For how long nobody else sends what is being sent: longer than an answer may take."""
_REFUSED_AGAIN = timedelta(hours=1)
_ASKED_AT_LEAST = timedelta(days=1)
"""Far more often than what nobody asks about ends there (`takeback.workflow.received.UNASKED_FOR`)."""
_PRINTS_OF_ONE = 4
"""As many as are kept of the frames of an animation (`takeback.workflow.query.MAX_ITEM_FRAMES`)."""

_GOES_OUT = (CaseState.WATCHING, CaseState.HELD, CaseState.REMOVED, CaseState.CONTESTED)
_HAS_ENDED = (CaseState.WITHDRAWN, CaseState.REFUSED, CaseState.PUT_BACK)
_DECIDED = {EntryState.GATED: Decided.COVERED, EntryState.HOLDING: Decided.NOT_YET}
_KIND = {"file": Algorithm.SHA256.value, "pixels": Algorithm.PIXELS.value}


@dataclass(frozen=True, slots=True)
class Sending:
    """One request that is to be made; `mac` is of what its answer confirms, None for a question."""

    forwarding: Forwarding
    instance: Instance
    path: str
    body: bytes
    mac: bytes | None
    until_at: datetime
    """When it is looked at again, should this process die."""


def choose(tx: Transaction, case: Case, instance_ids: Sequence[str], *, at: datetime) -> None:
    """
    Let a case's notice be forwarded to instances, inside `tx`; those that it is forwarded to already stay as they are.

    `InputError` where notices are not forwarded to one of them, or the case is about someone under 18.
    """
    if not instance_ids:
        return
    if case.under_18:
        raise InputError(
            "A notice about someone under 18 is not forwarded.",
            advice="Leave `forward_to` out; help is named beside it.",
        )
    chosen = [_sent_to(tx, public_id) for public_id in dict.fromkeys(instance_ids)]
    added = [each.public_id for each in chosen if tx.forwardings.add(case.id, each.id, at)]
    if added:
        note(tx, EventKind.FORWARD_CHOSEN, case, at=at, actor=THE_PERSON, facts={"instances": added})


def choose_later(store: Store, receipt: str, instance_ids: Sequence[str], *, at: datetime) -> Case:
    """Do the same with the receipt, for a case that there is; of its pictures no digest is known any more."""
    digest = store.keyring.receipt_digest(receipt)
    with store.write() as tx:
        case = tx.cases.by_receipt(digest)
        if case.state in _HAS_ENDED or case.erased_at is not None:
            raise InputError("This case has ended, and nothing of it is forwarded.", advice="Send another notice.")
        choose(tx, case, instance_ids, at=at)
        return tx.cases.by_id(case.id)


def prepare(store: Store, found: Forwarding, *, at: datetime, every: timedelta) -> Sending | None:
    """
    Return what an instance has to be sent, or asked, now; None where it is nothing, and then why is written down.

    Before a notice goes out it is written that it may have arrived. An instance is asked `every` so often, and
    less often about what is old.
    """
    # 1. What it should know: nothing yet, that it is over, or the notice as it is. Opening it takes long for a write.
    with store.read() as tx:
        seen, state = tx.forwardings.by_id(found.id), _state(tx, found)
        instance = tx.instances.by_id(seen.instance_id)
        pictures = _pictures(tx, seen, instance)
        body = b"" if not pictures else _body({**_about(tx, seen), "pictures": pictures})
    with store.write() as tx:
        if tx.forwardings.by_id(found.id) != seen or _state(tx, found) is not state:
            return None  # it changed meanwhile, and is looked at again
        if pictures is None or (not pictures and seen.has_ended):
            tx.forwardings.change(seen.id, next_at=None)
            return None
        if not pictures and seen.begun_at is None:
            # Nothing ever went out, so there is nothing to end.
            tx.forwardings.change(seen.id, confirmed=b"", confirmed_at=at, next_at=None, problem=None)
            return None
        until_at = at + _UNDER_WAY_FOR
        if not pictures:
            tx.forwardings.change(seen.id, next_at=until_at)
            return Sending(seen, instance, END_PATH, _body({"reference": seen.reference}), b"", until_at)
        # 2. What has ended there begins anew under another reference; what it knows is only asked about.
        if seen.has_ended:
            tx.forwardings.begin_anew(seen.id)
            return None
        mac = tx.forwardings.mac(seen, hashlib.sha256(body).digest())
        if mac == seen.confirmed:
            return _question(tx, seen, instance, at=at, every=every, until_at=until_at)
        tx.forwardings.change(seen.id, begun_at=seen.begun_at or at, next_at=until_at)
        return Sending(seen, instance, NOTICE_PATH, body, mac, until_at)


def take_answer(store: Store, sending: Sending, answer: Answer, *, at: datetime, every: timedelta) -> None:
    """Write down what an instance confirmed and answered; it is asked again in time, or told what changed."""
    with store.write() as tx:
        now = tx.forwardings.by_id(sending.forwarding.id)
        is_untouched = now.next_at == sending.until_at
        tx.instances.change(sending.instance.id, attempts=0, problem=None, next_at=None)
        before, told = _told(now.answer), _told(_kept_counts(now, answer))
        confirms = sending.mac is not None and now.reference == sending.forwarding.reference
        if now.case_id is not None:
            _note_answer(tx, tx.cases.by_id(now.case_id), sending, answer, is_news=told != before, at=at)
        columns: dict[str, object] = {"answer": _kept_counts(now, answer), "answered_at": at, "problem": None}
        if confirms:
            columns |= {"confirmed": sending.mac, "confirmed_at": at}
        elif answer.stands is Stands.UNKNOWN:
            # It lost what it had: after a restore, or since it was added anew.
            columns |= {"confirmed": None, "confirmed_at": None}
            is_untouched = False
        if answer.stands is Stands.ENDED:
            # Asked for or not: what has ended there goes on only under another reference, and not at once.
            columns |= {"confirmed": b"", "confirmed_at": at}
        wait = every if answer.stands is Stands.ENDED else asked_every(now, every, at)
        next_at = None if sending.path == END_PATH else at + wait
        tx.forwardings.change(now.id, **columns, next_at=next_at if is_untouched else at)


def put_off(store: Store, sending: Sending, *, at: datetime) -> None:
    """Have what was prepared, and not sent, prepared again."""
    with store.write() as tx:
        tx.forwardings.change(sending.forwarding.id, next_at=at)


def asked_every(found: Forwarding, every: timedelta, at: datetime) -> timedelta:
    """Return how often an instance is asked about a notice: after a day every hour, after 24 days once a day."""
    return max(every, min((at - found.chosen_at) / 24, _ASKED_AT_LEAST))


def take_failure(
    store: Store, sending: Sending, problem: str, *, again_at: datetime, is_refused: bool, at: datetime
) -> None:
    """
    Write down why an instance did not take something: it is left alone until `again_at`.

    Where it `is_refused` the instance answers, and only this one thing is not taken: that is tried again in an hour.
    """
    with store.write() as tx:
        now = tx.forwardings.by_id(sending.forwarding.id)
        next_at = at + _REFUSED_AGAIN if is_refused else at
        tx.forwardings.change(now.id, problem=problem[:300], next_at=next_at if now.next_at == sending.until_at else at)
        if not is_refused:
            instance = tx.instances.by_id(sending.instance.id)
            tx.instances.change(instance.id, attempts=instance.attempts + 1, problem=problem[:300], next_at=again_at)


class Forwarded(StrEnum):
    """How it stands with one instance, as her page says it."""

    WAITING = "waiting"
    """Nothing is confirmed yet."""
    LOOKING = "looking"
    """It looks; what it found is told when a person there has decided."""
    DECIDED = "decided"
    STOPPED = "stopped"
    """It looks no more, and nobody here asked for that."""
    ENDING = "ending"
    """It is told that it is over, and has not confirmed that yet."""
    ENDED = "ended"
    """It confirmed that it is over."""
    NOT_SENT = "not_sent"
    """It is over, and nothing ever went there."""


@dataclass(frozen=True, slots=True)
class ForwardedTo:
    """What became of a notice at one instance."""

    name: str
    state: Forwarded
    confirmed_at: datetime | None
    """When it confirmed what it was told last: the notice, or its end."""
    answered_at: datetime | None
    removed: int
    held: int
    kept: int


def forwarded_of(tx: Transaction, case: Case) -> list[ForwardedTo]:
    """Return what became of a case's notice at each instance that it is forwarded to."""
    return [_forwarded_to(tx, case, each) for each in tx.forwardings.of_case(case.id)]


def _forwarded_to(tx: Transaction, case: Case, found: Forwarding) -> ForwardedTo:
    instance, counts = tx.instances.by_id(found.instance_id), found.answer or {}
    is_over = case.state in _HAS_ENDED or case.under_18 or instance.removed_at is not None
    name = instance.name if instance.removed_at is None else instance.name.partition(" ")[0]
    return ForwardedTo(
        name, _state_of(found, is_over=is_over), found.confirmed_at, found.answered_at,
        *(int(counts.get(each, 0)) for each in ("removed", "held", "kept")),
    )  # fmt: skip


def _state_of(found: Forwarding, *, is_over: bool) -> Forwarded:
    if is_over:
        if found.begun_at is None:
            return Forwarded.NOT_SENT
        return Forwarded.ENDED if found.has_ended else Forwarded.ENDING
    if found.has_ended:
        return Forwarded.WAITING if found.begun_at is None else Forwarded.STOPPED
    if found.confirmed is None or found.answer is None:
        return Forwarded.WAITING
    return _STATE[Stands(found.answer["stands"])]


_STATE = {
    Stands.LOOKING: Forwarded.LOOKING,
    Stands.DECIDED: Forwarded.DECIDED,
    Stands.ENDED: Forwarded.STOPPED,
    Stands.UNKNOWN: Forwarded.WAITING,
}


def _sent_to(tx: Transaction, public_id: str) -> Instance:
    try:
        found = tx.instances.by_public_id(public_id)
    except NotFound:
        found = None
    if found is None or not found.sends:
        raise InputError(
            "Notices are not forwarded to this instance.", advice="Leave it out; the form shows those that there are."
        )
    return found


def _pictures(tx: Transaction, found: Forwarding, instance: Instance) -> list[Mapping[str, Any]] | None:
    """Return what goes out of each picture; nothing where it is over, None where it waits as it is."""
    if found.case_id is None or instance.removed_at is not None:
        return []
    case = tx.cases.by_id(found.case_id)
    if case.state in _HAS_ENDED or case.under_18:
        return []
    if case.state not in _GOES_OUT or case.capped_at is not None:
        return None
    entries = [each for each in tx.banks.of_case(case.id) if each.state in _DECIDED and _is_hers(each)]
    pictures = [picture for each in entries[:MAX_PICTURES] if (picture := _picture(tx, found, each)) is not None]
    return pictures if pictures or found.begun_at is not None else None


def _is_hers(entry: Entry) -> bool:
    return entry.opinion is Opinion.POSITIVE and entry.quarantined_at is None


def _picture(tx: Transaction, found: Forwarding, entry: Entry) -> Mapping[str, Any] | None:
    """Return what goes out of one picture: never crops, descriptors or local features, which tell more of it."""
    prints = [pdq.hex() for view, pdq in tx.prints.known_by("entry", entry.id).prints if view == WHOLE]
    reduced = [code.hex() for route, code in tx.prints.codes_of(entry.id) if route is Route.NEAREST_512]
    digests = {_KIND[kind]: value.hex() for kind, value in tx.forwardings.digests_of(entry.id) if kind in _KIND}
    if not prints and not digests:
        return None
    return {
        # The same for as long as the reference is, and of no use to anyone who has another.
        "name": hashlib.sha256(f"{found.reference}/{entry.public_id}".encode()).hexdigest()[:16],
        "standing": _DECIDED[entry.state].value,
        "pdq": prints[:_PRINTS_OF_ONE],
        "nearest_512": reduced[:1] if prints else [],
        **digests,
    }


def _about(tx: Transaction, found: Forwarding) -> dict[str, Any]:
    assert found.case_id is not None
    case = tx.cases.by_id(found.case_id)
    # The day alone: a moment would tell which notice it is.
    laws = list(complete_laws(case) or case.laws)
    return {"reference": found.reference, "laws": laws, "received_on": case.received_at.date().isoformat()}


def _state(tx: Transaction, found: Forwarding) -> CaseState | None:
    return None if found.case_id is None else tx.cases.by_id(found.case_id).state


def _body(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def _question(
    tx: Transaction, found: Forwarding, instance: Instance, *, at: datetime, every: timedelta, until_at: datetime
) -> Sending | None:
    due_at = None if found.answered_at is None else found.answered_at + asked_every(found, every, at)
    if due_at is not None and at < due_at:
        tx.forwardings.change(found.id, next_at=due_at)
        return None
    tx.forwardings.change(found.id, next_at=until_at)
    return Sending(found, instance, ANSWER_PATH, _body({"reference": found.reference}), None, until_at)


def _kept_counts(now: Forwarding, answer: Answer) -> dict[str, Any]:
    """Return an answer as it is kept; what was done before the end is still told after it."""
    counts = {"removed": answer.removed, "held": answer.held, "kept": answer.kept}
    if answer.stands is Stands.ENDED and now.answer is not None:
        counts = {name: int(now.answer.get(name, 0)) for name in counts}
    return {"stands": answer.stands.value, **counts}


def _told(answer: Mapping[str, Any] | None) -> tuple[object, ...] | None:
    return None if answer is None else (answer["stands"], answer["removed"], answer["held"], answer["kept"])


def _note_answer(tx: Transaction, case: Case, sending: Sending, answer: Answer, *, is_news: bool, at: datetime) -> None:
    facts: dict[str, Json] = {"instance": sending.instance.public_id}
    if sending.path == NOTICE_PATH:
        sent = json.loads(sending.body)["pictures"]
        decided = sum(each["standing"] == Decided.COVERED for each in sent)
        facts |= {"pictures": len(sent), "decided": decided}
        note(tx, EventKind.FORWARDED, case, at=at, actor=ACTOR, facts=facts)
    if sending.path == END_PATH:
        note(tx, EventKind.FORWARD_ENDED, case, at=at, actor=ACTOR, facts=facts)
    elif is_news and answer.stands is not Stands.LOOKING:
        counts: dict[str, Json] = {"removed": answer.removed, "held": answer.held, "kept": answer.kept}
        answered = {**facts, "answer": answer.stands.value, **counts}
        note(tx, EventKind.FORWARD_ANSWERED, case, at=at, actor=ACTOR, facts=answered)
        tx.news.tell(case.id, at)
