"""A person has a failed order tried again, unless something newer was asked about the item; the log says who."""

from __future__ import annotations

import pytest
from tests.house import AT, Clock

from takeback.errors import IllegalTransition, NotFound
from takeback.store import Store
from takeback.store.outbox import DeliveryState
from takeback.store.sites import Site
from takeback.workflow.redeliver import redeliver


def _order(store: Store, site: Site, kind: str, item: str) -> str:
    body = {"case": "c" * 32, "copy": "d" * 32, "item_id": item, "url": f"https://forum.example/{item}"}
    with store.write() as tx:
        return tx.outbox.put(site.id, kind, body, copy_id=None, at=AT)


def _settle(store: Store, public_id: str, *, delivered: bool) -> None:
    with store.write() as tx:
        one = tx.outbox.by_public_id(public_id)
        if delivered:
            tx.outbox.delivered(one.id, AT)
        else:
            tx.outbox.failed(one.id, "The site refused it.")


def test_a_failed_order_waits_again_and_the_log_says_who_asked(store: Store, site: Site, clock: Clock) -> None:
    failed = _order(store, site, "hold", "1")
    _order(store, site, "hold", "2")
    _settle(store, failed, delivered=False)
    again = redeliver(store, failed, actor="key/desk", at=clock.pass_(hours=1))
    assert (again.state, again.attempts, again.next_attempt_at) == (DeliveryState.WAITING, 0, clock())
    with store.read() as tx:
        *_, last = tx.audit.entries()
    assert (last.kind, last.actor, last.case_id, last.at) == ("delivery_retried", "key/desk", "c" * 32, clock())
    assert last.facts == {"delivery": failed, "action": "hold", "site": site.public_id, "copy": "d" * 32}


@pytest.mark.parametrize("newer", ["waiting", "delivered", "failed"])
def test_a_failed_order_never_undoes_a_newer_one(store: Store, site: Site, newer: str) -> None:
    failed = _order(store, site, "hold", "1")
    _settle(store, failed, delivered=False)
    put_back = _order(store, site, "put_back", "1")
    if newer != "waiting":
        _settle(store, put_back, delivered=newer == "delivered")
    with pytest.raises(IllegalTransition, match="newer order"):
        redeliver(store, failed, actor="key/desk", at=AT)
    with store.read() as tx:
        assert tx.outbox.by_public_id(failed).state is DeliveryState.FAILED
        assert "delivery_retried" not in [entry.kind for entry in tx.audit.entries()]


def test_only_what_failed_is_tried_again(store: Store, site: Site) -> None:
    waiting = _order(store, site, "hold", "1")
    with pytest.raises(IllegalTransition, match="has not failed"):
        redeliver(store, waiting, actor="key/desk", at=AT)
    with pytest.raises(NotFound):
        redeliver(store, "0" * 32, actor="key/desk", at=AT)
