"""A person has an order tried again that a site did not take."""

from __future__ import annotations

from datetime import datetime

from takeback.audit.event import EventKind, Json
from takeback.errors import IllegalTransition
from takeback.store import Store
from takeback.store.outbox import Delivery, DeliveryState


def redeliver(store: Store, delivery_id: str, *, actor: str, at: datetime) -> Delivery:
    """
    Try a failed order again from the start; return it as it waits.

    `NotFound` where there is no order of this id; `IllegalTransition` where it has not failed, or where
    something newer was asked about the same item, which the old order would undo.
    """
    with store.write() as tx:
        one = tx.outbox.by_public_id(delivery_id)
        if one.state is not DeliveryState.FAILED:
            raise IllegalTransition("This delivery has not failed.")
        if tx.outbox.has_newer(one):
            raise IllegalTransition(
                "A newer order about the same item was given since; this one would undo it.",
                advice="Look at the item's newest order; where that one failed, have it tried again instead.",
            )
        tx.outbox.requeue(one.id, at)
        facts: dict[str, Json] = {
            "delivery": one.public_id,
            "action": one.kind,
            "site": tx.sites.by_id(one.site_id).public_id,
            "copy": _text(one.body.get("copy")),
        }
        case_id = _text(one.body.get("case"))
        tx.audit.append(EventKind.DELIVERY_RETRIED, at=at, actor=actor, case_id=case_id, facts=facts)
        return tx.outbox.by_public_id(delivery_id)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
