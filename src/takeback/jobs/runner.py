"""
One process does the jobs, and one fetches outside lists: each holds a lease, and asks each of its jobs for its next
step again and again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from takeback.actions.mail import smtp_sender
from takeback.assembly import FOLLOW_SECONDS, Follower, Parts, exchange_http, outgoing_http
from takeback.errors import TakebackError
from takeback.jobs.alert import AlertJob, AlertRoutes
from takeback.jobs.capture import CaptureJob
from takeback.jobs.coop import CoopJob
from takeback.jobs.exchange import ExchangeJob
from takeback.jobs.expiry import ExpiryJob
from takeback.jobs.forwarding import ForwardingJob
from takeback.jobs.links import LinkJob
from takeback.jobs.list_sweep import ListSweepJob
from takeback.jobs.news import NewsJob
from takeback.jobs.outbox import OutboxJob
from takeback.jobs.page_reader import ReaderSource
from takeback.jobs.places import PlacesJob
from takeback.jobs.publish import PublishJob
from takeback.jobs.quarantine import QuarantineJob
from takeback.jobs.reconcile import ReconcileJob
from takeback.jobs.snapshot import SnapshotJob
from takeback.jobs.suspects import SuspectJob
from takeback.jobs.timestamps import TimestampJob
from takeback.store.leases import JOBS, LISTS
from takeback.workflow.news_mail import NewsTexts

LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
POLL_SECONDS = 0.1
"""How long an order may lie before it is looked at; one indexed read each time."""
SNAPSHOT_POLL_SECONDS = 1.0
RECONCILE_POLL_SECONDS = 60.0
SUSPECT_POLL_SECONDS = 1.0
PLACES_POLL_SECONDS = 10.0
EXPIRY_POLL_SECONDS = 600.0
CAPTURE_POLL_SECONDS = 1.0
COOP_POLL_SECONDS = 1.0
EXCHANGE_POLL_SECONDS = 0.1
LIST_SWEEP_POLL_SECONDS = 0.5
FORWARDING_POLL_SECONDS = 0.25
QUARANTINE_POLL_SECONDS = 0.5
PUBLISH_POLL_SECONDS = 1.0
TIMESTAMP_POLL_SECONDS = 20.0
ALERT_POLL_SECONDS = 20.0
NEWS_POLL_SECONDS = 1.0
"""Between two mails."""
_REST_AFTER_TROUBLE_SECONDS = 2.0

log = logging.getLogger("takeback.jobs")


class ReplicaJob:
    """Keeps this process's indexes at the store's present state also while nothing is asked of them."""

    def __init__(self, parts: Parts) -> None:
        self._follower = Follower(parts)

    async def step(self) -> None:
        """Follow every change."""
        if self._follower.is_behind():
            await asyncio.to_thread(self._follower.follow)

    async def drain(self) -> None:
        """Nothing is left running between steps."""


class Job(Protocol):
    """Something that has to be done again and again."""

    async def step(self) -> None:
        """Begin with what is due now."""

    async def drain(self) -> None:
        """Wait for what is under way."""


async def run_jobs(parts: Parts, stop: asyncio.Event, texts: NewsTexts) -> None:
    """Do the jobs until `stop`; wait while another process holds the lease. `texts` are what mails say."""
    http, mail = outgoing_http(parts.settings), smtp_sender(parts.settings)
    jobs: list[tuple[Job, float]] = [
        (OutboxJob(parts, http), POLL_SECONDS),
        (LinkJob(parts, http), POLL_SECONDS),
        (ReplicaJob(parts), FOLLOW_SECONDS),
        (SnapshotJob(parts), SNAPSHOT_POLL_SECONDS),
        (ReconcileJob(parts, http), RECONCILE_POLL_SECONDS),
        (SuspectJob(parts, http), SUSPECT_POLL_SECONDS),
        (PlacesJob(parts), PLACES_POLL_SECONDS),
        (ExpiryJob(parts), EXPIRY_POLL_SECONDS),
        (CaptureJob(parts, http), CAPTURE_POLL_SECONDS),
        (CoopJob(parts, http), COOP_POLL_SECONDS),
        (ListSweepJob(parts), LIST_SWEEP_POLL_SECONDS),
        (ForwardingJob(parts, http), FORWARDING_POLL_SECONDS),
        (QuarantineJob(parts, http), QUARANTINE_POLL_SECONDS),
        (PublishJob(parts, http), PUBLISH_POLL_SECONDS),
        (TimestampJob(parts, http), TIMESTAMP_POLL_SECONDS),
        (AlertJob(parts, AlertRoutes(http, mail)), ALERT_POLL_SECONDS),
        (NewsJob(parts, mail, texts), NEWS_POLL_SECONDS),
    ]
    await _run(parts, stop, JOBS, jobs)


async def run_lists(parts: Parts, stop: asyncio.Event, source: ReaderSource) -> None:
    """
    Fetch outside lists until `stop`; wait while another process holds the lease.

    In a process of its own, whose indexes follow nothing: a list of a million records is work for minutes, and orders
    to sites do not wait for it. `source` is for the process that reads long ones.
    """
    job = ExchangeJob(parts, exchange_http(parts.settings), source)
    await _run(parts, stop, LISTS, [(job, EXCHANGE_POLL_SECONDS)])


async def _run(parts: Parts, stop: asyncio.Event, lease: str, jobs: Sequence[tuple[Job, float]]) -> None:
    holder = _Holder(parts, lease, f"{os.getpid()}-{secrets.token_hex(8)}")
    while not stop.is_set():
        if await asyncio.to_thread(holder.take):
            await _hold(holder, stop, jobs)
        await _sleep(stop, RENEW_SECONDS)
    await asyncio.to_thread(holder.give_up)


async def _hold(holder: _Holder, stop: asyncio.Event, jobs: Sequence[tuple[Job, float]]) -> None:
    """Run every job while the lease is ours."""
    lost = asyncio.Event()
    loops = [asyncio.create_task(_loop(job, stop, lost, seconds)) for job, seconds in jobs]
    while not stop.is_set():
        await _sleep(stop, RENEW_SECONDS)
        if not await asyncio.to_thread(holder.take):
            log.warning("another process took the %s over", holder.lease)
            break
    lost.set()
    await asyncio.gather(*loops)


async def _loop(job: Job, stop: asyncio.Event, lost: asyncio.Event, every_seconds: float) -> None:
    """Step a job again and again; trouble in one step never ends the job."""
    while not (stop.is_set() or lost.is_set()):
        try:
            await job.step()
        except TakebackError as problem:
            log.error("a job could not go on: %s", problem.message)
            await _sleep(stop, _REST_AFTER_TROUBLE_SECONDS)
        except Exception:
            log.exception("a job failed unexpectedly")
            await _sleep(stop, _REST_AFTER_TROUBLE_SECONDS)
        await _sleep(stop, every_seconds)
    await job.drain()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who asks for a lease, and for which."""

    parts: Parts
    lease: str
    name: str

    def take(self) -> bool:
        """Take or renew the lease; False where it is another's, or cannot be had now."""
        try:
            with self.parts.store.write() as tx:
                return tx.leases.take(self.lease, self.name, at=self.parts.now(), for_seconds=LEASE_SECONDS)
        except TakebackError as problem:
            log.error("the lease of the %s could not be renewed: %s", self.lease, problem.message)
            return False

    def give_up(self) -> None:
        """Give the lease back."""
        try:
            with self.parts.store.write() as tx:
                tx.leases.give_up(self.lease, self.name)
        except TakebackError as problem:
            log.warning("the lease of the %s could not be given up: %s", self.lease, problem.message)
