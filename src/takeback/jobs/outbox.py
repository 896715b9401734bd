"""Deliver what waits in the outbox, each item's orders in turn, and nothing behind another item's or site's trouble."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from takeback.actions.interface import Action, ActionKind, Outcome, SiteConnector
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import FIRST_WAIT_SECONDS, next_attempt_at
from takeback.assembly import Parts, connector_of
from takeback.audit.event import EventKind, Json
from takeback.cases.statement import House
from takeback.errors import IntegrityError, OutsideError
from takeback.store import Transaction
from takeback.store.outbox import Delivery
from takeback.store.sites import Site
from takeback.workflow.gone import forget_items, forget_link
from takeback.workflow.order import HOLD
from takeback.workflow.quarantine_give import bytes_told
from takeback.workflow.statements import reason_of
from takeback.workflow.tally import count_hidden

_BATCH = 100
_ACTOR = "takeback"
_MOST_FAILURES = 3
"""Failures in a row after which a site is taken to be down."""
_REST = timedelta(seconds=FIRST_WAIT_SECONDS)
"""How long a site is then left alone, whatever else is due."""
_UNEXPECTED = "The order could not be delivered because of an unexpected error here."

_LET_GO = "Restore it, or have the copy put back without."

log = logging.getLogger("takeback.jobs")


class OutboxJob:
    """Keeps one task for each site that has something due."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._rests_until: dict[int, datetime] = {}

    async def step(self) -> None:
        """Begin with every site that has something due, is not being served and does not rest."""
        now = self._parts.now()
        self._rests_until = {site_id: until for site_id, until in self._rests_until.items() if until > now}
        for done in [site_id for site_id, task in self._busy.items() if task.done()]:
            problem = self._busy.pop(done).exception()
            if problem is not None:
                log.error("what became of an order could not be written down", exc_info=problem)
                self._rests_until[done] = now + _REST
        with self._parts.store.read() as tx:
            due = tx.outbox.sites_with_due(now, besides={*self._busy, *self._rests_until})
            sites = [tx.sites.by_id(site_id) for site_id in due]
        for site in sites:
            self._busy[site.id] = asyncio.create_task(self._serve(site), name=f"site {site.public_id}")

    async def drain(self) -> None:
        """Wait for the deliveries that are under way."""
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _serve(self, site: Site) -> None:
        connector = connector_of(site, self._http, clock=self._parts.now)
        in_a_row = 0
        while True:
            with self._parts.store.read() as tx:
                waiting = tx.outbox.waiting_of_site(site.id, self._parts.now(), _BATCH)
            if not waiting:
                return
            kept: set[bytes] = set()
            for one in waiting:
                # 1. Nothing overtakes what waits for the same item.
                if one.item_key in kept:
                    continue
                # 2. An order that fails keeps back its own item's, no other's.
                if await self._deliver(site, connector, one):
                    in_a_row = 0
                    continue
                kept.add(one.item_key)
                in_a_row += 1
                # 3. A site that takes nothing is left alone for a while.
                if in_a_row == _MOST_FAILURES:
                    self._rests_until[site.id] = self._parts.now() + _REST
                    return

    async def _deliver(self, site: Site, connector: SiteConnector, one: Delivery) -> bool:
        """Try one delivery; False where it has to be tried again later."""
        try:
            told = await asyncio.to_thread(bytes_told, self._parts.store, self._parts.quarantine, one)
            outcome = await connector.deliver(action_of(one, self._reason(one), told))
            await asyncio.to_thread(self._delivered, site, one, outcome)
        except IntegrityError as problem:
            log.error("bytes that were kept for a put-back cannot be given back: %s", problem.message)
            refused = OutsideError(f"{problem.message} {_LET_GO}", permanent=True)
            return await asyncio.to_thread(self._failed, site, one, refused)
        except OutsideError as problem:
            return await asyncio.to_thread(self._failed, site, one, problem)
        except Exception:
            log.exception("an order could not be delivered for an unexpected reason")
            return await asyncio.to_thread(self._failed, site, one, OutsideError(_UNEXPECTED))
        return True

    def _reason(self, one: Delivery) -> Mapping[str, Json]:
        settings = self._parts.settings
        return reason_of(self._parts.store.keyring, one, House.of(settings), settings.address)

    def _delivered(self, site: Site, one: Delivery, outcome: Outcome) -> None:
        at = self._parts.now()
        # Where the site says that it has the item no more, nothing is left to hide; the order is done all the same.
        forget_items(self._parts.store, site, list(outcome.gone), at=at)
        if one.body.get("item_id") is None and one.body.get("url") in outcome.gone:
            forget_link(self._parts.store, site, str(one.body["url"]), at=at)
        with self._parts.store.write() as tx:
            tx.outbox.delivered(one.id, at)
            if one.kind == HOLD and one.copy_id is not None:
                count_hidden(tx, tx.copies.by_id(one.copy_id), at)
            _note(tx, EventKind.DELIVERY_MADE, site, one, {"attempts": one.attempts + 1}, self._parts)

    def _failed(self, site: Site, one: Delivery, problem: OutsideError) -> bool:
        attempts, at = one.attempts + 1, self._parts.now()
        again_at = None
        if not problem.permanent:
            again_at = next_attempt_at(
                attempts,
                at,
                random.random(),  # noqa: S311 (spreads retries; no secret)
                retry_after_seconds=problem.retry_after_seconds,
                give_up_seconds=timedelta(hours=self._parts.settings.give_up_hours).total_seconds(),
            )
        with self._parts.store.write() as tx:
            if again_at is not None:
                tx.outbox.retry(one.id, problem.message, again_at)
                return False
            tx.outbox.failed(one.id, problem.message)
            facts: dict[str, Json] = {"attempts": attempts, "problem": problem.message}
            _note(tx, EventKind.DELIVERY_FAILED, site, one, facts, self._parts)
        return True


def action_of(one: Delivery, reason: Mapping[str, Json], told: Mapping[str, Json] = MappingProxyType({})) -> Action:
    """Return what is asked of the site, for a `reason` that it may pass on; `told` is what else the order says."""
    body = one.body
    return Action(
        delivery_id=one.public_id,
        kind=ActionKind(one.kind),
        item_id=_text(body.get("item_id")),
        case_id=_text(body.get("case")),
        at=one.created_at,
        url=_text(body.get("url")),
        reason=reason,
        told=told,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _note(tx: Transaction, kind: EventKind, site: Site, one: Delivery, facts: dict[str, Json], parts: Parts) -> None:
    about: dict[str, Json] = {
        "delivery": one.public_id,
        "action": one.kind,
        "site": site.public_id,
        "copy": _text(one.body.get("copy")),
    }
    case_id = _text(one.body.get("case"))
    tx.audit.append(kind, at=parts.now(), actor=_ACTOR, case_id=case_id, facts={**about, **facts})
