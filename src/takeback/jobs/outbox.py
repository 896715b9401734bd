"""Deliver what waits in the outbox, each site in its own order and none behind another."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from takeback.actions.interface import Action, ActionKind, Outcome, SiteConnector
from takeback.actions.outgoing import OutgoingHttp
from takeback.actions.retry import next_attempt_at
from takeback.actions.webhook import WebhookConnector
from takeback.assembly import Parts
from takeback.audit.event import EventKind, Json
from takeback.errors import OutsideError
from takeback.store import Transaction
from takeback.store.outbox import Delivery
from takeback.store.sites import Site
from takeback.workflow.gone import forget_items

_BATCH = 100
_ACTOR = "takeback"


class OutboxJob:
    """Keeps one task for each site that has something due."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._busy: dict[int, asyncio.Task[None]] = {}

    async def step(self) -> None:
        """Begin with every site that has something due and is not being served."""
        for done in [site_id for site_id, task in self._busy.items() if task.done()]:
            self._busy.pop(done).result()
        with self._parts.store.read() as tx:
            due = tx.outbox.next_of_each_site(self._parts.now())
            sites = {one.site_id: tx.sites.by_id(one.site_id) for one in due if one.site_id not in self._busy}
        for site in sites.values():
            self._busy[site.id] = asyncio.create_task(self._serve(site), name=f"site {site.public_id}")

    async def drain(self) -> None:
        """Wait for the deliveries that are under way."""
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _serve(self, site: Site) -> None:
        connector = WebhookConnector(site.webhook_url, site.secret, self._http, clock=self._parts.now)
        while True:
            with self._parts.store.read() as tx:
                waiting = tx.outbox.waiting_of_site(site.id, self._parts.now(), _BATCH)
            if not waiting:
                return
            for one in waiting:
                # A failure that may pass keeps the site's order: nothing overtakes what waits.
                if not await self._deliver(site, connector, one):
                    return

    async def _deliver(self, site: Site, connector: SiteConnector, one: Delivery) -> bool:
        """Try one delivery; False where it has to be tried again later."""
        try:
            outcome = await connector.deliver(action_of(one))
        except OutsideError as problem:
            return await asyncio.to_thread(self._failed, site, one, problem)
        await asyncio.to_thread(self._delivered, site, one, outcome)
        return True

    def _delivered(self, site: Site, one: Delivery, outcome: Outcome) -> None:
        at = self._parts.now()
        # Where the site says that it has the item no more, nothing is left to hide; the order is done all the same.
        forget_items(self._parts.store, site, list(outcome.gone), at=at)
        with self._parts.store.write() as tx:
            tx.outbox.delivered(one.id, at)
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


def action_of(one: Delivery) -> Action:
    """Return what is asked of the site."""
    body = one.body
    return Action(
        delivery_id=one.public_id,
        kind=ActionKind(one.kind),
        item_id=_text(body.get("item_id")),
        case_id=_text(body.get("case")),
        at=one.created_at,
        url=_text(body.get("url")),
        reason={"copy": _text(body.get("copy")), "why": _text(body.get("why"))},
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
