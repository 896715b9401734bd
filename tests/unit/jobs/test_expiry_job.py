"""What has expired is erased without anybody asking."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.house import AT, LAWS, Clock, notice_about
from tests.unit.decoding import InProcess
from tests.unit.registration.pictures import cornered
from tests.unit.workflow.test_originals import about, original

from takeback.assembly import Parts
from takeback.bank import EntryState
from takeback.config import Settings
from takeback.jobs.expiry import ExpiryJob
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.workflow.erasure import ask_for_erasure
from takeback.workflow.intake import receive_notice
from takeback.workflow.replica import Replica


def test_the_job_erases_an_original_when_its_time_is_over(
    store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path
) -> None:
    parts = Parts(Settings(data=data), store, replica, journal, InProcess(), clock)
    notice = about(original(cornered(1)))
    case = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case
    for days, state in ((89, EntryState.ORIGINAL), (1, EntryState.WITHDRAWN)):
        clock.pass_(days=days)
        asyncio.run(ExpiryJob(parts).step())
        with store.read() as tx:
            assert [entry.state for entry in tx.banks.of_case(case.id)] == [state]


def test_the_job_erases_a_case_72_hours_after_its_person_asked_for_it(
    store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path
) -> None:
    parts = Parts(Settings(data=data), store, replica, journal, InProcess(), clock)
    received = receive_notice(store, replica, notice_about(), default_laws=LAWS, request=None, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    for hours, is_erased in ((71, False), (1, True)):
        clock.pass_(hours=hours)
        asyncio.run(ExpiryJob(parts).step())
        with store.read() as tx:
            assert (tx.cases.by_id(received.case.id).erased_at is not None) is is_erased
