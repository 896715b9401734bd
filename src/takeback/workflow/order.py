"""Orders to a site: hold, remove, put back. Written to the outbox with the change that causes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.cases import CopyState
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy, Likeness
from takeback.workflow.reasons import reasons_of
from takeback.workflow.repeated import repeat_of
from takeback.workflow.tally import count

HOLD, REMOVE, PUT_BACK = "hold", "remove", "put_back"

THE_PERSON = "the-person"
"""Who sent the notice, as the log names her."""

HIDDEN = (CopyState.HELD, CopyState.REMOVED, CopyState.CONTESTED)


def order(tx: Transaction, kind: str, case: Case, copy: Copy, *, why: str, at: datetime) -> None:
    """Queue an order about one copy, with its reasons, for the site that has it."""
    if copy.site_id is None:
        return
    if kind != PUT_BACK and not case.under_18:
        tx.copies.let_contest(copy)
    body: dict[str, Json] = {
        "case": case.public_id,
        "copy": copy.public_id,
        "item_id": copy.site_item_id,
        "url": copy.url,
        "why": why,
        "reasons": reasons_of(case, copy, why=why).as_json(),
    }
    if kind == REMOVE and (repeat := repeat_of(tx, copy, at=at)) is not None:
        body["repeat"] = repeat
    tx.outbox.put(copy.site_id, kind, body, copy_id=copy.id, at=at)


def order_put_back(tx: Transaction, case: Case, copy: Copy, *, why: str, at: datetime) -> None:
    """Queue a put-back, unless another case hides the same item: what one case lifts, another may still ask for."""
    if copy.site_id is None:
        return
    same = tx.copies.at(copy.site_id, item_id=copy.site_item_id, url=copy.url)
    if not any(other.case_id != case.id and other.state in HIDDEN for other in same):
        order(tx, PUT_BACK, case, copy, why=why, at=at)


def copy_facts(copy: Copy) -> dict[str, Json]:
    """Return what the audit log says of a copy: which, and by what fact; never its content."""
    return {
        "copy": copy.public_id,
        "site": copy.site_id,
        "linked": copy.linked,
        "class": None if copy.copy_class is None else copy.copy_class.value,
        **likeness_facts(copy.likeness),
    }


def likeness_facts(found: Likeness) -> dict[str, Json]:
    """Return what the audit log says of how like two pictures are, in whole numbers."""
    return {
        "fact": found.fact,
        "distance": found.distance,
        "view": found.view,
        "orientation": found.orientation,
        "similarity_permille": None if found.similarity is None else round(1_000 * found.similarity),
        "inliers": found.inliers,
    }


def note(
    tx: Transaction,
    kind: EventKind,
    case: Case,
    *,
    at: datetime,
    actor: str,
    facts: Mapping[str, Json] | None = None,
) -> None:
    """Append an event about a case, and count it."""
    tx.audit.append(kind, at=at, actor=actor, case_id=case.public_id, facts=facts)
    count(tx, kind, case, facts or {}, at)
