"""Ask each site, once a day, which of the items that are remembered here it has no more."""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import datetime, timedelta

from takeback.actions.interface import Action, ActionKind
from takeback.actions.outgoing import OutgoingHttp
from takeback.assembly import Parts, connector_of
from takeback.errors import OutsideError
from takeback.store.sites import Site
from takeback.workflow.gone import forget_items

_RETRY_AFTER = timedelta(hours=1)
_SETTLED_AFTER = timedelta(hours=1)
"""How long after its check an item is asked about: a site checks a picture before it stores it."""

log = logging.getLogger("takeback.jobs")


class ReconcileJob:
    """Asks the sites that are due, one after the other."""

    def __init__(self, parts: Parts, http: OutgoingHttp) -> None:
        self._parts = parts
        self._http = http
        self._not_before: dict[int, datetime] = {}
        self._reached: dict[int, int] = {}
        """Up to which item a site was asked that then could not go on: it is asked from there."""

    async def step(self) -> None:
        """Ask every site that is due."""
        for site in await asyncio.to_thread(self._due):
            await self._ask(site)

    async def drain(self) -> None:
        """Nothing is left running between steps."""

    def _due(self) -> list[Site]:
        now, every = self._parts.now(), timedelta(hours=self._parts.settings.reconcile_hours)
        with self._parts.store.read() as tx:
            return [
                site
                for site in tx.sites.all()
                if (site.reconciled_at is None or site.reconciled_at + every <= now)
                and self._not_before.get(site.id, now) <= now
            ]

    async def _ask(self, site: Site) -> None:
        connector = connector_of(site, self._http, clock=self._parts.now)
        if not connector.can.reconcile:
            return
        after_id, before = self._reached.get(site.id, 0), self._parts.now() - _SETTLED_AFTER
        while True:
            with self._parts.store.read() as tx:
                items = tx.items.site_ids_after(site.id, after_id, connector.can.most_asked, checked_before=before)
            if not items:
                break
            asked = tuple(item.site_item_id for item in items)
            action = Action(secrets.token_hex(16), ActionKind.RECONCILE, None, None, self._parts.now(), asked=asked)
            try:
                outcome = await connector.deliver(action)
            except OutsideError as problem:
                # Nothing is forgotten on a guess; the site is asked again.
                log.warning("a site could not be reconciled: %s", problem.message, extra={"site": site.public_id})
                self._not_before[site.id] = self._parts.now() + _RETRY_AFTER
                return
            await asyncio.to_thread(
                forget_items,
                self._parts.store,
                site,
                outcome.gone,
                at=self._parts.now(),
                unless_checked_after={item.site_item_id: item.checked_at for item in items},
            )
            self._reached[site.id] = after_id = items[-1].id
        self._reached.pop(site.id, None)
        with self._parts.store.write() as tx:
            tx.sites.set_reconciled(site.id, self._parts.now())
