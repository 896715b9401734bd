"""The only place that chooses implementations: from settings to working parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from takeback.actions.destination import PrivateHosts
from takeback.actions.interface import SiteConnector
from takeback.actions.openid.provider import Client, Provider
from takeback.actions.outgoing import OutgoingHttp, Timeouts
from takeback.actions.platforms.api import Access
from takeback.actions.platforms.known import PLATFORMS, WEBHOOK
from takeback.actions.webhook import WebhookConnector
from takeback.config import Settings
from takeback.errors import BadSetting, IntegrityError, StoreError, TakebackError
from takeback.examine.at_need import AtNeed
from takeback.exchanges.interface import Exchange
from takeback.exchanges.kinds import EXCHANGES
from takeback.fingerprint import CopyDescriptor
from takeback.fingerprint.decoder import DECODER_HANDLER, PooledDecoder
from takeback.fingerprint.in_browser import PageModel, read_page_model
from takeback.fingerprint.sscd import chosen_model
from takeback.media import MediaLimits
from takeback.media.sandbox import DecoderPool, PoolProcess, start_pool
from takeback.provenance.trust import read_trust_lists
from takeback.runtime import is_in_memory
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import DATABASE_NAME, KEYS_NAME, sqlite_url
from takeback.store.exchanges import ExchangeRow
from takeback.store.journal import Journal
from takeback.store.quarantine_folder import QuarantineFolder
from takeback.store.sites import Site
from takeback.workflow.closer import Describer, LateDescriber
from takeback.workflow.picture import Decoder
from takeback.workflow.replica import Replica

FOLLOW_SECONDS = 0.05
"""How long a process that is asked for nothing may lag behind the store."""
_REST_AFTER_TROUBLE_SECONDS = 2.0
"""Between two lines that say that the indexes cannot follow."""

EXCHANGE_TIMEOUTS = Timeouts(read_seconds=30.0, total_seconds=120.0)
"""How long a list may be silent, and take for one page."""

log = logging.getLogger("takeback.assembly")

type Work = Literal["screening", "jobs", "lists"]
"""What a process does most."""


def utc_now() -> datetime:
    """Return the present moment; the clock that every door is given."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """
    The parts of one process; `now` is an argument so that tests can hold time.

    `snapshots` is the folder where this run's snapshots of the indexes lie, None where it has none in memory.
    """

    settings: Settings
    store: Store
    replica: Replica
    journal: Journal
    decoder: Decoder
    now: Callable[[], datetime] = utc_now
    snapshots: Path | None = None
    describer: Describer | None = None
    page_model: PageModel | None = None

    @property
    def quarantine(self) -> QuarantineFolder:
        """The files of the bytes that are kept for put-backs."""
        return QuarantineFolder(self.settings.data)


def start_decoders(settings: Settings, socket_path: Path) -> PoolProcess:
    """Start the pool of decoders. Call it before any key is loaded."""
    return start_pool(
        DECODER_HANDLER, socket_path=socket_path, children=settings.decoders, limits=MediaLimits.of(settings)
    )


def read_master_key(settings: Settings, *, make: bool = False) -> MasterKey:
    """
    Read the master key, or make one where nothing is stored yet and `make` is set.

    `BadSetting` where there is none, or where it lies, or would lie, with the data that it protects.
    """
    path = settings.master_key_path
    if path.resolve().is_relative_to(settings.data.resolve()):
        raise BadSetting(
            "The master key lies inside the data directory, where every backup would carry it.",
            advice="Move it elsewhere and name it with --master-key-file.",
        )
    if make and not path.exists():
        if any((settings.data / name).exists() for name in (DATABASE_NAME, KEYS_NAME)):
            raise BadSetting(
                f"There is data in {settings.data}, and no master key at {path}.",
                advice="Restore the key file; a new key could not open what is stored.",
            )
        MasterKey.generate().write(path)
    return MasterKey.read(path, credential=path == settings.credential_path)


def open_store(settings: Settings, master: MasterKey) -> Store:
    """Open the store of the data directory, making both where there are none."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (settings.data / DATABASE_NAME).touch(mode=0o600)  # SQLite gives its other files the same mode
    except OSError as problem:
        raise StoreError(f"The data directory {settings.data} cannot be written: {problem.strerror}.") from problem
    return Store.open(sqlite_url(settings.data), Keyring(master, settings.data / KEYS_NAME))


def open_parts(settings: Settings, master: MasterKey, socket_path: Path, *, does: Work = "screening") -> Parts:
    """
    Open everything that one process needs; after forking, never before.

    The model of the copy descriptor is loaded now where a process screens, else with the first picture. A process that
    fetches lists searches nothing: its indexes are empty, and follow nothing.
    """
    store = open_store(settings, master)
    snapshots = socket_path.parent if is_in_memory(socket_path.parent) else None
    limits = MediaLimits.of(settings)
    return Parts(
        settings=settings,
        store=store,
        replica=Replica() if does == "lists" else _open_replica(store, snapshots),
        journal=Journal(settings.journal_path, store.keyring.journal_key),
        decoder=PooledDecoder(DecoderPool(socket_path, limits=limits), limits),
        describer=open_describer(settings) if does == "screening" else late_describer(settings),
        snapshots=snapshots,
        page_model=read_page_model(settings),
    )


def connector_of(site: Site, http: OutgoingHttp, *, clock: Callable[[], datetime]) -> SiteConnector:
    """Return how a site is asked: by its webhook, or in its platform's own words."""
    if site.platform == WEBHOOK:
        return WebhookConnector(site.webhook_url, site.secret, http, clock=clock)
    access = Access(site.base_url, site.api_url or "", site.token or "")
    return PLATFORMS[site.platform].connect(access, http, clock=clock)


def exchange_of(row: ExchangeRow, credentials: Mapping[str, Any] | None) -> Exchange | None:
    """
    Return the outside list that was set up; None for a kind that is not fetched.

    `ExchangeError` where its settings or credentials are not enough.
    """
    make = EXCHANGES.get(row.api)
    return None if make is None else make(row.config, credentials)


class Follower:
    """
    Keeps the indexes of one process at the store's present state, and at the newest snapshots.

    It is asked every `FOLLOW_SECONDS` whether it `is_behind`, so that what was withdrawn leaves the memory of a
    process that is asked for nothing. A search does not wait for it: it follows in its own transaction.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._version: int | None = None

    def is_behind(self) -> bool:
        """Whether there may be something to follow; cheap."""
        snapshots, replica = self._parts.snapshots, self._parts.replica
        newer = snapshots is not None and replica.has_newer(snapshots)
        return newer or self._parts.store.version() != self._version

    def follow(self) -> None:
        """Follow every change; where that fails, it is still behind. Takes milliseconds."""
        version = self._parts.store.version()
        self._parts.replica.follow(self._parts.store)
        if self._parts.snapshots is not None:
            self._parts.replica.take_newer(self._parts.snapshots, self._parts.store)
        self._version = version


async def keep_following(parts: Parts) -> None:
    """Keep the indexes at the store's present state also while nothing is asked of them, until cancelled."""
    follower = Follower(parts)
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        try:
            if follower.is_behind():
                await asyncio.to_thread(follower.follow)
        except TakebackError as problem:
            log.error("the indexes could not follow the store: %s", problem.message)
            await asyncio.sleep(_REST_AFTER_TROUBLE_SECONDS)


def _open_replica(store: Store, snapshots: Path | None) -> Replica:
    """Share this run's snapshots; without them, read the store."""
    if snapshots is None:
        return Replica.load(store)
    try:
        replica = Replica.open(snapshots, store)
        replica.follow(store)
        return replica
    except (IntegrityError, StoreError) as problem:
        log.warning("this process reads the indexes from the store: %s", problem.message)
        return Replica.load(store)


def open_describer(settings: Settings) -> Describer | None:
    """Load the copy descriptor's model; None where the setting turns it off, or the extra is not installed."""
    model = chosen_model(settings.copy_model)
    return None if model is None else CopyDescriptor(model, threads=settings.copy_threads)


def late_describer(settings: Settings) -> Describer | None:
    """Return what loads the model with the first picture; None as `open_describer` does."""
    model = chosen_model(settings.copy_model)
    return None if model is None else LateDescriber(lambda: CopyDescriptor(model, threads=settings.copy_threads))


def outgoing_http(settings: Settings) -> OutgoingHttp:
    """Return the one door for outgoing requests."""
    timeouts = Timeouts(read_seconds=settings.request_timeout_seconds, total_seconds=settings.request_timeout_seconds)
    return OutgoingHttp(settings.allowed_private_hosts, timeouts=timeouts)


def exchange_http(settings: Settings) -> OutgoingHttp:
    """Return the same for outside lists, of which a page is large, and made while it is waited for."""
    return OutgoingHttp(settings.allowed_private_hosts, timeouts=EXCHANGE_TIMEOUTS)


def examiner(settings: Settings) -> AtNeed:
    """Return what examines pictures, and compares them with their originals, for whoever asks."""
    return AtNeed(MediaLimits.of(settings), lambda: read_trust_lists(settings))


def identity_provider(settings: Settings) -> Provider | None:
    """Return the identity provider that the desk's people may sign in by; None where the settings name none."""
    client = Client.of(settings)
    if client is None:
        return None
    return Provider(client, outgoing_http(settings), PrivateHosts.of(settings.allowed_private_hosts))
