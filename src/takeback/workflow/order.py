"""Orders to a site: hold, remove, put back. Written to the outbox with the change that causes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.cases import CopyState
from takeback.store import Transaction
from takeback.store.cases import Case
from takeback.store.copies import Copy, Likeness
from takeback.store.quarantine import KeptState
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
    waits = kind == REMOVE and must_be_kept(tx, case, copy)
    delivery = tx.outbox.put(copy.site_id, kind, body, copy_id=copy.id, waits=waits, at=at)
    if waits:
        tx.quarantine.begin(case.id, tx.outbox.by_public_id(delivery), at=at)


def must_be_kept(tx: Transaction, case: Case, copy: Copy) -> bool:
    """
    Whether the bytes of a copy have to lie in the quarantine before its site is told to remove it.

    1. Where the site cannot keep them itself, and says so.
    2. Never what may show someone under 18, by any notice: that is reported and preserved by the site, and not by us.
    3. Once for each item, until that is over.
    """
    if copy.site_id is None or not tx.sites.by_id(copy.site_id).quarantine:
        return False
    same = tx.copies.at(copy.site_id, item_id=copy.site_item_id, url=copy.url)
    if case.under_18 or any(tx.cases.by_id(other.case_id).under_18 for other in same):
        return False
    return tx.quarantine.live(tx.outbox.item_key(copy.site_id, copy.site_item_id, copy.url)) is None


def order_put_back(tx: Transaction, case: Case, copy: Copy, *, why: str, at: datetime) -> None:
    """Queue a put-back, unless another case hides the same item: what one case lifts, another may still ask for."""
    if copy.site_id is None:
        return
    same = tx.copies.at(copy.site_id, item_id=copy.site_item_id, url=copy.url)
    if not any(other.case_id != case.id and other.state in HIDDEN for other in same):
        _drop_removal(tx, case, copy, at)
        order(tx, PUT_BACK, case, copy, why=why, at=at)


def _drop_removal(tx: Transaction, case: Case, copy: Copy, at: datetime) -> None:
    """Let no removal go out any more that still waits for bytes: its site would delete what is to be shown again."""
    assert copy.site_id is not None
    kept = tx.quarantine.live(tx.outbox.item_key(copy.site_id, copy.site_item_id, copy.url))
    if kept is None or kept.outbox_id is None or kept.state not in (KeptState.WAITING, KeptState.ASKED):
        return
    removal = tx.outbox.by_id(kept.outbox_id)
    tx.quarantine.drop_removal(kept, at)
    tx.outbox.drop_from(removal)
    facts: dict[str, Json] = {"copy": copy.public_id, "why": "it is shown again before it was removed"}
    note(tx, EventKind.BYTES_WAIVED, case, at=at, actor="takeback", facts=facts)


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
    """Append an event about a case, count it, and have what other instances were told of the case looked at again."""
    tx.audit.append(kind, at=at, actor=actor, case_id=case.public_id, facts=facts)
    count(tx, kind, case, facts or {}, at)
    tx.forwardings.touch(case.id, at)
