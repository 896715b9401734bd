"""A place that is free is given without anybody asking."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.house import LAWS, Clock, drawn, notice_about, reported
from tests.unit.decoding import InProcess

from takeback.assembly import Parts
from takeback.config import Settings
from takeback.jobs.expiry import ExpiryJob
from takeback.jobs.places import PlacesJob
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.workflow.cap import Source
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.intake import receive_notice
from takeback.workflow.replica import Replica


def capped(store: Store) -> list[bool]:
    with store.read() as tx:
        return [case.capped_at is not None for case in sorted(tx.cases.queue(), key=lambda case: case.id)]


def test_the_job_gives_a_place_after_a_decision_and_after_a_week(
    store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path
) -> None:
    parts = Parts(Settings(data=data, holds_per_source=1), store, replica, journal, InProcess(), clock)

    def noticed(seed: int) -> Case:
        notice, source = notice_about(reported(drawn(seed))), Source("9.9.9.9", 1)
        at = clock.pass_(minutes=1)
        return receive_notice(store, replica, notice, default_laws=LAWS, request=None, source=source, at=at).case

    first, *_ = [noticed(seed) for seed in (1, 2, 3, 4)]
    asyncio.run(PlacesJob(parts).step())
    assert capped(store) == [False, True, True, True]
    refusal = Decision(Outcome.REFUSED, Finding(False, "Else.", ("intimate",)), "key/ada")
    decide(store, first.public_id, refusal, at=clock())
    asyncio.run(PlacesJob(parts).step())
    assert capped(store) == [False, False, True, True]
    clock.pass_(days=7)
    asyncio.run(ExpiryJob(parts).step())
    asyncio.run(PlacesJob(parts).step())
    assert capped(store) == [False, False, False, True]
    unbounded = replace(parts, settings=replace(parts.settings, holds_per_source=0))
    asyncio.run(PlacesJob(unbounded).step())
    assert not any(capped(store))
