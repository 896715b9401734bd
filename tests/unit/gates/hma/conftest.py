"""HMA's interface over a real store and a real pool of decoders, and a server that shows pictures at addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient
from tests.house import AT, Clock, Pixels
from tests.unit.gates.hma.client import Hma
from tests.unit.gates.hma.shown import Shown

from takeback.assembly import Parts
from takeback.config import Settings
from takeback.fingerprint.decoder import DECODER_HANDLER, PooledDecoder
from takeback.gates.hma.app import open_hma_over, unopened_hma_app
from takeback.media import MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.store import Store
from takeback.store.access import KeyRole
from takeback.store.journal import Journal
from takeback.workflow.register import add_site, new_key
from takeback.workflow.replica import Replica

LIMITS = MediaLimits(max_bytes=2 * 1024 * 1024, cpu_seconds=4, wall_seconds=8)


@pytest.fixture(scope="session")
def decoder() -> Iterator[PooledDecoder]:
    with temporary_pool(DECODER_HANDLER, children=2, limits=LIMITS) as pool:
        yield PooledDecoder(pool, LIMITS)


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, decoder: PooledDecoder, clock: Clock, data: Path) -> Parts:
    settings = Settings(data=data, max_upload_bytes=LIMITS.max_bytes)
    return Parts(settings, store, replica, journal, decoder, clock)


@pytest.fixture(scope="session")
def app() -> FastAPI:
    return unopened_hma_app()


@pytest.fixture
def hma(app: FastAPI, parts: Parts) -> Iterator[Hma]:
    """A client on this machine, as HMA's own are: without a key."""
    open_hma_over(app, parts)
    with TestClient(app, "http://127.0.0.1:5050", False, client=("127.0.0.1", 50_000)) as client:
        yield Hma(client)


type Opened = Callable[..., Hma]


@pytest.fixture
def opened(app: FastAPI, parts: Parts) -> Iterator[Opened]:
    """The interface with other settings, asked from another address, or for what a server shows."""
    clients: list[TestClient] = []

    def with_(shown: Shown | None = None, *private: str, peer: str = "127.0.0.1", **settings: Any) -> Hma:
        changed = replace(parts, settings=replace(parts.settings, **settings))
        open_hma_over(app, changed, None if shown is None else shown.outgoing(*private))
        client = TestClient(app, "http://127.0.0.1:5050", False, client=(peer, 50_000))
        client.__enter__()
        clients.append(client)
        return Hma(client)

    yield with_
    for client in clients:
        client.__exit__()


@pytest.fixture
def shown() -> Iterator[Shown]:
    with Shown.serving() as server:
        yield server


@pytest.fixture
def keys(store: Store) -> dict[str, dict[str, str]]:
    """Headers with a key of each role."""
    site = add_site(
        store, "forum", base_url="https://forum.example/", webhook_url="https://forum.example/hook", actor="test", at=AT
    )
    texts = {"upload": site.upload_key}
    for role in (KeyRole.MODERATOR, KeyRole.ADMINISTRATOR, KeyRole.AUDITOR):
        texts[role.value] = new_key(store, role, name="test", site=None, actor="test", at=AT)
    return {role: {"Authorization": f"Bearer {text}"} for role, text in texts.items()}


type Encoded = Callable[..., bytes]


@pytest.fixture(scope="session")
def encoded() -> Encoded:
    """A picture as a file."""

    def encode(pixels: Pixels, kind: str = "PNG", **options: Any) -> bytes:
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **options)
        return buffer.getvalue()

    return encode
