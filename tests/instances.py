"""Two instances in one process, each with a data directory, keys and an address of its own, and one clock."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from tests.house import AT, Clock, drawn, keyring_in, notice_about, prints_of, reported
from tests.unit.decoding import InProcess

from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.assembly import Parts
from takeback.audit.note import VerifierKey
from takeback.cases import CopyState
from takeback.config import Settings
from takeback.jobs.forwarding import ForwardingJob
from takeback.jobs.list_sweep import ListSweepJob
from takeback.service.app import open_over, unopened_app
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.database import sqlite_url
from takeback.store.forwardings import Forwarding
from takeback.store.journal import Journal
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.forwarding import ForwardedTo, forwarded_of
from takeback.workflow.instances import InstanceStanding, NamedInstance, add_instance, instances, own_signer
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site, set_up
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, Upload, check_upload

COVERED = Finding(appears_covered=True, reason="It is an intimate picture.")
NOT_COVERED = Finding(appears_covered=False, reason="It is a landscape.", elements=("intimate",))


@cache
def _new_data(name: str) -> Path:
    """Return what an instance's new data directory holds: made once, since the migrations last longer than a test."""
    folder = Path(tempfile.mkdtemp(prefix=f"takeback-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store.open(sqlite_url(folder), keyring_in(folder))
    set_up(store, at=AT)
    store.close()
    return folder


@cache
def _routes(name: str) -> FastAPI:
    """Return the routes of an instance, made once: FastAPI reads every signature again for each application."""
    assert name
    return unopened_app()


class Instance:
    """One instance: its store, its jobs, and where it is served, if it is."""

    def __init__(self, folder: Path, name: str, clock: Clock) -> None:
        shutil.copytree(_new_data(name), folder)
        self.name, self.clock, self.url = name, clock, ""
        self.store = Store.open(sqlite_url(folder), keyring_in(folder))
        journal = Journal(folder / "withdrawals.journal", self.store.keyring.journal_key)
        settings = Settings(data=folder, log_name=f"{name}.example", notices_per_hour=0, holds_per_source=0)
        self.parts = Parts(settings, self.store, Replica.load(self.store), journal, InProcess(), clock)
        http = OutgoingHttp(["127.0.0.1"], timeouts=Timeouts(connect_seconds=3, read_seconds=3, total_seconds=5))
        self.job, self.lists = ForwardingJob(self.parts, http), ListSweepJob(self.parts)
        self.site = add_site(
            self.store, "Forum", base_url=f"https://{name}.example", webhook_url=f"https://{name}.example/hook",
            actor="test", at=AT,
        ).site  # fmt: skip

    @property
    def key(self) -> VerifierKey:
        return own_signer(self.store, self.parts.settings.log_name).key

    @property
    def app(self) -> FastAPI:
        app = _routes(self.name)
        open_over(app, self.parts)
        return app

    def names(self, other: Instance, *, sends: bool = False, accepts: bool = False, holds: bool = True) -> str:
        """Allow-list another instance; return its id here."""
        named = NamedInstance(other.name, other.url or "http://127.0.0.1:9", str(other.key), sends, accepts, holds)
        made = add_instance(self.store, named, own=self.key, actor="key/a", at=self.clock())
        return made.instance.public_id

    def standing(self) -> InstanceStanding:
        (only,) = instances(self.store)
        return only

    # What its people and sites do

    def notice(self, *seeds: int, forward_to: tuple[str, ...] = ()) -> Received:
        pictures = [reported(drawn(seed), digests=True) for seed in seeds]
        notice = replace(notice_about(*pictures), forward_to=forward_to)
        return receive_notice(
            self.store, self.parts.replica, notice, default_laws=("eu-dsa-16",), request=None, at=self.clock()
        )

    def upload(self, seed: int, item: str = "1") -> Checked:
        """What its site asks of a drawn picture at upload."""
        query = query_of_fingerprints(prints_of(drawn(seed)))
        where = Upload(self.site, item, f"https://{self.name}.example/{item}")
        return check_upload(self.store, self.parts.replica, query, where, at=self.clock())

    def action(self, seed: int, item: str = "asked") -> Action:
        return self.upload(seed, item).action

    def decide(self, case: Case, outcome: Outcome = Outcome.REMOVED) -> Case:
        finding = COVERED if outcome is Outcome.REMOVED else NOT_COVERED
        decision = Decision(outcome, finding, "desk/a", confirm=Confirm.ALL)
        return decide(self.store, case.public_id, decision, at=self.clock())

    # What its jobs do

    def forward(self) -> None:
        """Let time pass a little, and what is due go out; twice, since an end and a beginning are two words."""
        self.clock.pass_(seconds=1)
        for _ in range(3):
            asyncio.run(self.job.step())

    def sweep(self) -> None:
        asyncio.run(self.lists.step())

    # How it stands

    def forwardings(self, case: Case) -> list[Forwarding]:
        with self.store.read() as tx:
            return tx.forwardings.of_case(case.id)

    def told(self, case: Case) -> ForwardedTo:
        """What she is told of the one instance that her notice went to."""
        with self.store.read() as tx:
            (only,) = forwarded_of(tx, tx.cases.by_id(case.id))
            return only

    def cases(self) -> list[Case]:
        with self.store.read() as tx:
            return tx.cases.queue()

    def copies(self, case: Case) -> list[Copy]:
        with self.store.read() as tx:
            return tx.copies.of_case(case.id)

    def states(self, case: Case) -> list[CopyState]:
        return [copy.state for copy in self.copies(case)]


@contextmanager
def served(instance: Instance, port: int = 0) -> Iterator[str]:
    """Serve an instance on loopback, for a `with` block; its address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(16)
        config = uvicorn.Config(
            instance.app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        instance.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield instance.url
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def two_instances(folder: Path, clock: Clock) -> Iterator[tuple[Instance, Instance]]:
    """Two instances that know nothing of each other; the second is served."""
    with ExitStack() as stack:
        first, second = (Instance(folder / name, name, clock) for name in ("first", "second"))
        stack.callback(first.store.close)
        stack.callback(second.store.close)
        stack.enter_context(served(second))
        yield first, second
