"""The HTTP door over a real store and a real pool of decoders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image
from starlette.testclient import TestClient
from tests.house import AT, Clock, drawn, prints_of
from tests.unit.service.at_desk import ORIGIN, Desk
from tests.unit.service.on_case import OnCase, noticed

from takeback.assembly import Parts
from takeback.config import Settings
from takeback.fingerprint.decoder import DECODER_HANDLER, PooledDecoder
from takeback.media import MediaLimits
from takeback.media.sandbox import temporary_pool
from takeback.service.app import open_over, unopened_app
from takeback.store import Store
from takeback.store.access import KeyRole
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.intake import Received
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site, new_key
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload

MAX_UPLOAD_BYTES = 2 * 1024 * 1024
LIMITS = MediaLimits(max_bytes=MAX_UPLOAD_BYTES, cpu_seconds=4, wall_seconds=8)

type Keys = dict[str, dict[str, str]]
type Png = Callable[[NDArray[np.uint8]], bytes]


@pytest.fixture(scope="session")
def decoder() -> Iterator[PooledDecoder]:
    with temporary_pool(DECODER_HANDLER, children=2, limits=LIMITS) as pool:
        yield PooledDecoder(pool, LIMITS)


@pytest.fixture
def parts(store: Store, replica: Replica, journal: Journal, decoder: PooledDecoder, clock: Clock, data: Path) -> Parts:
    settings = Settings(data=data, max_upload_bytes=MAX_UPLOAD_BYTES, notices_per_hour=0)
    return Parts(settings, store, replica, journal, decoder, clock)


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The routes, made once: FastAPI reads every signature again for each application."""
    return unopened_app()


@pytest.fixture
def client(app: FastAPI, parts: Parts) -> Iterator[TestClient]:
    open_over(app, parts)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def keys(store: Store) -> Keys:
    """Headers with a key of each role; the upload key belongs to the site `forum`."""
    made = add_site(
        store, "forum", base_url="https://forum.example/", webhook_url="https://forum.example/hook", actor="test", at=AT
    )
    texts = {"upload": made.upload_key}
    for role in (KeyRole.MODERATOR, KeyRole.ADMINISTRATOR, KeyRole.AUDITOR):
        texts[role.value] = new_key(store, role, name="test", site=None, actor="test", at=AT)
    texts["second"] = new_key(store, KeyRole.MODERATOR, name="second", site=None, actor="test", at=AT)
    return {role: {"Authorization": f"Bearer {text}"} for role, text in texts.items()}


@pytest.fixture(scope="session")
def png() -> Png:
    def encoded(pixels: NDArray[np.uint8]) -> bytes:
        buffer = BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    return encoded


@pytest.fixture
def desk(app: FastAPI, parts: Parts) -> Iterator[Desk]:
    open_ = replace(parts, settings=replace(parts.settings, desk_origin=ORIGIN))
    open_over(app, open_)
    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield Desk(open_, client)


@pytest.fixture
def colleague(app: FastAPI, desk: Desk) -> Desk:
    """Another browser at the same desk."""
    return Desk(desk.parts, TestClient(app, base_url=ORIGIN, raise_server_exceptions=False))


@pytest.fixture
def received(desk: Desk, site: Site) -> Received:
    """A case with an identical copy and one that is substantially the same."""
    noisy = drawn(1).copy()
    noisy[::2, ::2] //= 2
    for number, pixels in ((1, drawn(1)), (2, noisy)):
        upload = Upload(site, str(number), f"https://forum.example/{number}")
        check_upload(desk.store, desk.parts.replica, query_of_fingerprints(prints_of(pixels)), upload, at=AT)
    return noticed(desk)


@pytest.fixture
def here(desk: Desk, received: Received) -> OnCase:
    """A moderator who looks at the case."""
    desk.join()
    on = OnCase(desk, received.case)
    on.read()
    return on
