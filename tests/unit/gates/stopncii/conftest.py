"""StopNCII's interface over a real store, served on loopback, and the client that others use (`threatexchange`)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from tests.house import AT, Clock, drawn, reported
from tests.unit.decoding import InProcess
from threatexchange.exchanges.clients.stopncii.api import StopNCIIAPI, StopNCIIEndpoint

from takeback.assembly import Parts
from takeback.bank import Opinion, Thresholds
from takeback.config import Settings
from takeback.gates.stopncii.app import create_stopncii_app
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.workflow.partners import NewPartner, add_partner
from takeback.workflow.register import add_bank, add_entries
from takeback.workflow.replica import Replica


@dataclass(frozen=True)
class Served:
    """Where the interface is, and over what."""

    url: str
    store: Store
    clock: Clock

    def client(self, key: str) -> StopNCIIAPI:
        """Return the real client of whoever has a key."""
        more = {StopNCIIEndpoint.SubmitHashes: key, StopNCIIEndpoint.SubmitFeedback: key}
        return StopNCIIAPI(key, key, more, base_url_override=self.url)

    def partner(self, *share: str, name: str = "csp", submits: bool = False) -> NewPartner:
        return add_partner(
            self.store, name, match=(), share=share, submits=submits, actor="test", at=self.clock()
        )  # fmt: skip

    def add(self, bank: str, *seeds: int, opinion: Opinion = Opinion.POSITIVE) -> list[str]:
        """Put drawn pictures into a bank; return the entries' ids."""
        pictures = [reported(drawn(seed)) for seed in seeds]
        made = add_entries(
            self.store, bank, pictures, opinion=opinion, source="test", expires_at=None, actor="test", at=self.clock()
        )
        return [entry.public_id for entry in made]


type Serve = Callable[[], str]


@contextmanager
def listening_to(app: FastAPI) -> Iterator[str]:
    """Serve an application on loopback, for a `with` block; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path) -> Parts:
    return Parts(Settings(data=data), store, replica, journal, InProcess(), clock)


@pytest.fixture
def served(parts: Parts, store: Store, clock: Clock) -> Iterator[Served]:
    add_bank(store, "known", Thresholds(), actor="test", at=AT)
    with listening_to(create_stopncii_app(parts)) as url:
        yield Served(url, store, clock)
