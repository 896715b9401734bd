"""
What is to be erased by now is erased: ordinary pictures that nobody renewed, cases whose person asked for it, and what
the law packs keep no longer.

And what is to be sealed is sealed: words that were kept open before the desk had keys.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from takeback.assembly import Parts
from takeback.workflow.cap import forget_sources
from takeback.workflow.desk_keys import seal_what_is_open
from takeback.workflow.erasure import erase_due
from takeback.workflow.forget import forget_cases
from takeback.workflow.legal_hold import end_holds
from takeback.workflow.news_mail import destroy_left_keys
from takeback.workflow.originals import erase_expired_originals
from takeback.workflow.partner_list import forget_gone
from takeback.workflow.partners import tell_of_partners
from takeback.workflow.quarantine_end import end_quarantine
from takeback.workflow.received import end_unasked
from takeback.workflow.refused_upload import forget_refused_uploads
from takeback.workflow.repeated import forget_old_accounts
from takeback.workflow.reported import seal_links
from takeback.workflow.retention import erase_retained
from takeback.workflow.upload_record import erase_expired_records

ACTOR = "takeback"


class ExpiryJob:
    """Erases what has expired; until then it no longer counts anyway."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def step(self) -> None:
        """Erase what is due."""
        store, journal, at = self._parts.store, self._parts.journal, self._parts.now()
        await asyncio.to_thread(erase_expired_originals, store, actor=ACTOR, at=at)
        await asyncio.to_thread(end_holds, store, actor=ACTOR, at=at)
        await asyncio.to_thread(erase_due, store, journal, actor=ACTOR, at=at)
        await asyncio.to_thread(self._retain, at)
        await asyncio.to_thread(seal_what_is_open, store, actor=ACTOR, at=at)
        await asyncio.to_thread(seal_links, store)
        await asyncio.to_thread(destroy_left_keys, store)
        await asyncio.to_thread(forget_old_accounts, store, at=at)
        await asyncio.to_thread(forget_sources, store, at=at)
        await asyncio.to_thread(tell_of_partners, store, at=at)
        await asyncio.to_thread(forget_gone, store, at=at)
        await asyncio.to_thread(end_unasked, store, at=at)

    def _retain(self, at: datetime) -> None:
        """Erase what is kept long enough, and then what of it lies between the database's pages."""
        store, contest_for = self._parts.store, timedelta(days=self._parts.settings.contest_days)
        erase_expired_records(store, actor=ACTOR, at=at)
        end_quarantine(store, self._parts.quarantine, contest_for, actor=ACTOR, at=at)
        erase_retained(store, contest_for, actor=ACTOR, at=at)
        forget_cases(store, contest_for, actor=ACTOR, at=at)
        forget_refused_uploads(store, contest_for, at=at)
        store.sweep_pages()

    async def drain(self) -> None:
        """Nothing is left running between steps."""
