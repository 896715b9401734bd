"""A whole service on a clock that a test moves: HTTP on a port, jobs that are stepped, a pool of decoders."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import func, select
from tests.browser.desk import CLIENT_HEADER
from tests.browser.simulation.site import SimulatedSite
from tests.house import Clock

from takeback.actions.mail import smtp_sender
from takeback.assembly import Parts, open_parts, outgoing_http, start_decoders
from takeback.config import Settings
from takeback.jobs.alert import AlertJob, AlertRoutes
from takeback.jobs.expiry import ExpiryJob
from takeback.jobs.links import LinkJob
from takeback.jobs.outbox import OutboxJob
from takeback.jobs.publish import PublishJob
from takeback.jobs.reconcile import ReconcileJob
from takeback.jobs.runner import Job
from takeback.jobs.suspects import SuspectJob
from takeback.service.app import create_app
from takeback.store import MasterKey
from takeback.store.desk_people import DeskRole
from takeback.store.outbox import DeliveryState
from takeback.store.tables import outbox
from takeback.workflow.desk_people import invite
from takeback.workflow.register import add_site, set_up

ACTOR = "simulation"
STARTED_SECONDS = 30.0
RESTED = timedelta(seconds=6)
LOOKS_PER_DAY = 40
"""The budget of each of two people: twice the default, for what three days bring."""


async def _jobs_of(parts: Parts) -> list[Job]:
    http, mail = outgoing_http(parts.settings), smtp_sender(parts.settings)
    return [
        OutboxJob(parts, http),
        LinkJob(parts, http),
        SuspectJob(parts, http),
        ReconcileJob(parts, http),
        ExpiryJob(parts),
        PublishJob(parts, http),
        AlertJob(parts, AlertRoutes(http, mail)),
    ]


async def _step(jobs: Sequence[Job]) -> None:
    for job in jobs:
        await job.step()
        await job.drain()


class SimulatedService:
    """What `takeback serve` runs, in this process and at `clock`'s time; `work` does what is due in the jobs."""

    def __init__(self, folder: Path, clock: Clock, site: SimulatedSite) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.origin = f"http://localhost:{self.port}"
        (data := folder / "data").mkdir(parents=True)
        settings = Settings(
            data=data,
            port=self.port,
            desk_origin=self.origin,
            public_address=self.origin,
            client_address_header=CLIENT_HEADER,
            allowed_private_hosts=(f"127.0.0.1:{site.port}",),
            request_timeout_seconds=5.0,
            looks_per_day=LOOKS_PER_DAY,
        )
        (folder / "run").mkdir(mode=0o700)
        self._decoders = start_decoders(settings, folder / "run" / "decoders")
        opened = open_parts(settings, MasterKey.generate(), self._decoders.socket_path, does="jobs")
        self.parts = replace(opened, now=clock, describer=None)
        self.keys = set_up(self.parts.store, at=clock())
        made = add_site(
            self.parts.store, "forum", base_url=site.url, webhook_url=f"{site.url}/hook", actor=ACTOR, at=clock()
        )
        self.upload_key, site.secret = made.upload_key, made.site.secret
        self._server = uvicorn.Server(uvicorn.Config(create_app(self.parts), log_level="warning", lifespan="on"))
        self._threads = [threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)]
        self._loop = asyncio.new_event_loop()
        self._threads.append(threading.Thread(target=self._loop.run_forever, daemon=True))
        self._jobs: list[Job] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        ends = time.monotonic() + STARTED_SECONDS
        while not self._server.started:
            assert time.monotonic() < ends, "the service did not start"
            time.sleep(0.01)
        self._jobs = self._run(_jobs_of(self.parts))

    def invite(self, name: str, role: str) -> str:
        """Return the link by which a person of the desk comes in."""
        invited = invite(self.parts.store, name, DeskRole(role), actor=ACTOR, at=self.parts.now())
        return f"{self.origin}/desk/join#{invited.secret}"

    def work(self) -> None:
        """Do what is due in every job."""
        self._run(_step(self._jobs))

    def next_order_at(self) -> datetime | None:
        """Return when an order to the site is due next, but not before a site that takes nothing has rested."""
        with self.parts.store.read() as tx:
            waiting = select(func.min(outbox.c.next_attempt_at)).where(outbox.c.state == DeliveryState.WAITING.value)
            due_at: datetime | None = tx.connection.execute(waiting).scalar_one()
        return None if due_at is None else max(due_at, self.parts.now() + RESTED)

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def stop(self) -> None:
        self._server.should_exit = True
        self._threads[0].join()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._threads[1].join()
        self._loop.close()
        self.parts.store.close()
        self._decoders.stop()
