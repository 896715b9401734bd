"""The database: one engine, short transactions, and errors that the rest of the program understands."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from takeback.errors import IntegrityError, SealBroken, StoreError
from takeback.store.access import AccessStore
from takeback.store.accounts import AccountStore
from takeback.store.alerts import AlertStore
from takeback.store.attestations import AttestationStore
from takeback.store.audit import AuditStore
from takeback.store.banks import BankStore
from takeback.store.captures import CaptureStore
from takeback.store.cases import CaseStore
from takeback.store.changes import ChangeStore
from takeback.store.coop_reports import CoopReportStore
from takeback.store.copies import CopyStore
from takeback.store.desk_identities import DeskIdentityStore
from takeback.store.desk_keys import DeskKeyStore
from takeback.store.desk_people import DeskPeopleStore
from takeback.store.desk_sessions import DeskSessionStore
from takeback.store.exchanges import ExchangeStore
from takeback.store.forwardings import ForwardingStore
from takeback.store.hearings import HearingStore
from takeback.store.hma_contents import HmaContentStore
from takeback.store.instances import InstanceStore
from takeback.store.items import ItemStore
from takeback.store.keyring import Keyring
from takeback.store.leases import LeaseStore
from takeback.store.legal_holds import LegalHoldStore
from takeback.store.looks import LookStore
from takeback.store.messages import MessageStore
from takeback.store.news import NewsStore
from takeback.store.outbox import OutboxStore
from takeback.store.partner_opinions import PartnerOpinionStore
from takeback.store.partner_records import PartnerRecordStore
from takeback.store.partners import PartnerStore
from takeback.store.prints import PrintStore
from takeback.store.public_log import PublicLogStore
from takeback.store.quarantine import QuarantineStore
from takeback.store.queue import QueueStore
from takeback.store.recusals import RecusalStore
from takeback.store.refused_uploads import RefusedUploadStore
from takeback.store.remains import RemainsStore
from takeback.store.schema import create_or_check, holds_data, revision_of
from takeback.store.sightings import SightingStore
from takeback.store.sites import SiteStore
from takeback.store.suspicions import SuspicionStore
from takeback.store.tallies import TallyStore
from takeback.store.timestamps import TimestampStore
from takeback.store.upload_records import UploadRecordStore
from takeback.store.witnesses import WitnessStore

BUSY_TIMEOUT_SECONDS = 10
"""How long a writer waits for another process before it gives up."""
KEPT_CONNECTIONS = 8
"""Of a process, at most: kept open for the next who reads or writes."""
_SWEPT_PAGES = 2_000
"""That one sweep gives back: 8 MB, within 50 ms."""
DATABASE_NAME = "takeback.db"
KEYS_NAME = "keys.db"


def sqlite_url(data: Path) -> str:
    """Return the SQLAlchemy URL of the database in a data directory."""
    return f"sqlite+pysqlite:///{data / DATABASE_NAME}"


class Transaction:
    """Every noun's store over one connection, inside one transaction."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self.connection = connection
        self.keyring = keyring

    @cached_property
    def changes(self) -> ChangeStore:
        """The gapless sequence that replicas follow."""
        return ChangeStore(self.connection)

    @cached_property
    def prints(self) -> PrintStore:
        """Sealed fingerprints and keyed digests."""
        return PrintStore(self.connection, self.keyring)

    @cached_property
    def banks(self) -> BankStore:
        """Banks and their entries."""
        return BankStore(self.connection, self.keyring, self.prints, self.changes)

    @cached_property
    def hma_contents(self) -> HmaContentStore:
        """The numbers by which HMA's clients know entries."""
        return HmaContentStore(self.connection, self.keyring)

    @cached_property
    def exchanges(self) -> ExchangeStore:
        """Outside lists, and what they said."""
        return ExchangeStore(self.connection, self.keyring)

    @cached_property
    def instances(self) -> InstanceStore:
        """Other instances that the operator named, and what they forwarded."""
        return InstanceStore(self.connection)

    @cached_property
    def forwardings(self) -> ForwardingStore:
        """What is forwarded to other instances."""
        return ForwardingStore(self.connection, self.keyring)

    @cached_property
    def partners(self) -> PartnerStore:
        """Small sites that ask here, and how much each asked."""
        return PartnerStore(self.connection)

    @cached_property
    def partner_records(self) -> PartnerRecordStore:
        """Which fingerprints each partner was told."""
        return PartnerRecordStore(self.connection, self.keyring, self.prints)

    @cached_property
    def partner_opinions(self) -> PartnerOpinionStore:
        """What partners submitted, and said of what they were told."""
        return PartnerOpinionStore(self.connection)

    @cached_property
    def sightings(self) -> SightingStore:
        """Uploads that entries matched from afar."""
        return SightingStore(self.connection, self.prints)

    @cached_property
    def suspicions(self) -> SuspicionStore:
        """Stored items that are to be fetched and compared."""
        return SuspicionStore(self.connection)

    @cached_property
    def items(self) -> ItemStore:
        """What the sites already store."""
        return ItemStore(self.connection, self.prints, self.changes)

    @cached_property
    def cases(self) -> CaseStore:
        """Cases."""
        return CaseStore(self.connection, self.keyring)

    @cached_property
    def copies(self) -> CopyStore:
        """The copies of each case."""
        return CopyStore(self.connection, self.keyring)

    @cached_property
    def refused_uploads(self) -> RefusedUploadStore:
        """Uploads that were refused, and their contests."""
        return RefusedUploadStore(self.connection, self.keyring)

    @cached_property
    def coop_reports(self) -> CoopReportStore:
        """What was told to the operator's Coop, and what was said there."""
        return CoopReportStore(self.connection)

    @cached_property
    def captures(self) -> CaptureStore:
        """Pages that were kept for a case."""
        return CaptureStore(self.connection, self.keyring)

    @cached_property
    def quarantine(self) -> QuarantineStore:
        """Which bytes are kept for a put-back, and which are still to be."""
        return QuarantineStore(self.connection, self.keyring)

    @cached_property
    def hearings(self) -> HearingStore:
        """What she is told before something is shown again, and what she says."""
        return HearingStore(self.connection)

    @cached_property
    def recusals(self) -> RecusalStore:
        """Who does not decide a case."""
        return RecusalStore(self.connection)

    @cached_property
    def legal_holds(self) -> LegalHoldStore:
        """What an authority wants kept."""
        return LegalHoldStore(self.connection, self.cases)

    @cached_property
    def upload_records(self) -> UploadRecordStore:
        """Who posted what was removed, sealed."""
        return UploadRecordStore(self.connection, self.keyring)

    @cached_property
    def remains(self) -> RemainsStore:
        """What is left of cases in the end."""
        return RemainsStore(self.connection)

    @cached_property
    def messages(self) -> MessageStore:
        """What she and the desk write to each other."""
        return MessageStore(self.connection, self.keyring)

    @cached_property
    def news(self) -> NewsStore:
        """Addresses that people gave for mail when there is news."""
        return NewsStore(self.connection, self.keyring)

    @cached_property
    def outbox(self) -> OutboxStore:
        """Actions on their way to a site."""
        return OutboxStore(self.connection)

    @cached_property
    def audit(self) -> AuditStore:
        """The audit log."""
        return AuditStore(self.connection, self.keyring.log_key)

    @cached_property
    def alerts(self) -> AlertStore:
        """What the desk is told of as due."""
        return AlertStore(self.connection)

    @cached_property
    def accounts(self) -> AccountStore:
        """Accounts of sites whose uploads were removed, and what was done about it."""
        return AccountStore(self.connection)

    @cached_property
    def tallies(self) -> TallyStore:
        """How often what happened in each month."""
        return TallyStore(self.connection)

    @cached_property
    def attestations(self) -> AttestationStore:
        """What is attested to one side of a case."""
        return AttestationStore(self.connection)

    @cached_property
    def public_log(self) -> PublicLogStore:
        """The log whose head anyone may keep."""
        return PublicLogStore(self.connection)

    @cached_property
    def witnesses(self) -> WitnessStore:
        """Who signs the head of our log, and whose heads are signed here."""
        return WitnessStore(self.connection)

    @cached_property
    def timestamps(self) -> TimestampStore:
        """Which heads of our log were stamped, and by whom."""
        return TimestampStore(self.connection)

    @cached_property
    def sites(self) -> SiteStore:
        """The sites that this Takeback acts for."""
        return SiteStore(self.connection, self.keyring)

    @cached_property
    def access(self) -> AccessStore:
        """Keys of the HTTP interface."""
        return AccessStore(self.connection)

    @cached_property
    def desk_keys(self) -> DeskKeyStore:
        """Public keys of the people to whom her words are sealed."""
        return DeskKeyStore(self.connection)

    @cached_property
    def desk_people(self) -> DeskPeopleStore:
        """Who signs in at the desk, and with which passkeys."""
        return DeskPeopleStore(self.connection)

    @cached_property
    def desk_identities(self) -> DeskIdentityStore:
        """Who of the desk is who at an identity provider."""
        return DeskIdentityStore(self.connection)

    @cached_property
    def desk_sessions(self) -> DeskSessionStore:
        """Who is signed in at the desk, and what passkeys are asked to sign."""
        return DeskSessionStore(self.connection)

    @cached_property
    def looks(self) -> LookStore:
        """Who of the desk looked at which picture, and why."""
        return LookStore(self.connection)

    @cached_property
    def queue(self) -> QueueStore:
        """What the desk has to do."""
        return QueueStore(self.connection)

    @cached_property
    def leases(self) -> LeaseStore:
        """Who does the work that only one process may do."""
        return LeaseStore(self.connection)


class Store:
    """
    The database and the key store of one data directory.

    Open it after forking, never before: a SQLite connection does not survive a fork.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.keyring = keyring
        self._writer = threading.Lock()
        self.engine = _engine(url)
        self._watching: PoolProxiedConnection | None = None

    @classmethod
    def open(cls, url: str, keyring: Keyring) -> Store:
        """
        Open a store, making its tables where there are none.

        `SealBroken` where the database holds data and its keys are missing, `IntegrityError` where the keys
        are there and the database is missing, `StoreError` where the schema is another's. The store and the
        keyring are closed then.
        """
        store = cls(url, keyring)
        try:
            with store._translated():
                store._require_both()
                create_or_check(store.engine)
            if keyring.is_new:
                keyring.bind()
        except BaseException:
            store.close()
            raise
        return store

    def _require_both(self) -> None:
        """Refuse keys without their database, and a database without its keys: every picture would pass."""
        # 1. Keys are bound once the tables are made, so bound keys beside no table have lost their database.
        if not self.keyring.is_new and revision_of(self.engine) is None:
            raise IntegrityError(
                f"The database is missing: there is {KEYS_NAME}, and nothing in {DATABASE_NAME}.",
                advice="Restore the latest backup into a new data directory.",
            )
        # 2. The keys are asked last: another process that starts for the first time binds them before it writes.
        if self.keyring.is_new and holds_data(self.engine) and self.keyring.is_new:
            self.keyring.discard()
            raise SealBroken(
                f"The key store is missing: the database holds data, and there is no {KEYS_NAME} that belongs to it.",
                advice=f"Put {KEYS_NAME} of the latest backup back beside the database; nothing opens without it.",
            )

    def close(self) -> None:
        """Close every connection."""
        if self._watching is not None:
            self._watching.close()
        self.engine.dispose()
        self.keyring.close()

    def version(self) -> int:
        """
        Return a number that is another one after every commit, of whatever process; a few microseconds.

        It says nothing but that, and only to the process that asks. One call at a time.
        """
        with self._translated():
            if self._watching is None:
                self._watching = self.engine.raw_connection()
            cursor = self._watching.cursor()
            try:
                # Of this connection's own, which never writes (sqlite.org/pragma.html#pragma_data_version).
                cursor.execute("pragma data_version")
                (version,) = cursor.fetchall()[0]
                return int(version)
            except sqlite3.Error as problem:
                raise StoreError(f"The database refused: {problem}.") from problem
            finally:
                cursor.close()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view; nothing that is written in it is kept."""
        with self._translated(), self.engine.connect() as connection:
            connection.exec_driver_sql("begin")
            try:
                yield Transaction(connection, self.keyring)
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """
        One change, whole or not at all; the only writer while it lasts.

        SQLite takes the write lock at `BEGIN IMMEDIATE`, so what is read in here cannot be changed by
        another process before the commit. Keep it under 50 ms: decode and fingerprint before.
        """
        with self._writer, self._translated(), self.engine.connect() as connection:
            connection.exec_driver_sql("begin immediate")
            try:
                tx = Transaction(connection, self.keyring)
                yield tx
                tx.audit.flush()
                tx.tallies.flush()
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def sweep_pages(self) -> bool:
        """
        Give freed pages back, and empty the write-ahead log; return whether nobody stood in the way.

        What is deleted is overwritten at once (`secure_delete`), but what a page held before lies in the log until it
        is emptied. Between transactions, and it waits for nobody: where somebody reads, it is for the next time.
        """
        with self._writer, self._translated(), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            try:
                driver.execute("pragma busy_timeout = 0").close()
                driver.execute(f"pragma incremental_vacuum({_SWEPT_PAGES})").fetchall()
                (is_busy, _, _) = driver.execute("pragma wal_checkpoint(truncate)").fetchone()
            except sqlite3.OperationalError:
                return False  # somebody writes
            finally:
                driver.execute(f"pragma busy_timeout = {1_000 * BUSY_TIMEOUT_SECONDS}").close()
            return not is_busy

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as problem:
            raise store_error(problem) from problem


def store_error(problem: SQLAlchemyError) -> StoreError:
    """Say what the database refused, without the statement or its values."""
    original = getattr(problem, "orig", None)
    reason = str(original) if original is not None else type(problem).__name__
    known = {
        "disk is full": "The disk is full; nothing was half-written.",
        "readonly": "The database is read-only; nothing was written.",
        "read-only": "The database is read-only; nothing was written.",
        "locked": "The database was busy for too long; nothing was written.",
        "unable to open": "The database cannot be opened.",
        "disk I/O error": "The disk failed or is full; nothing was half-written.",
        "malformed": "The database file is damaged.",
    }
    for sign, message in known.items():
        if sign in reason:
            return StoreError(message)
    return StoreError(f"The database refused: {reason.splitlines()[0]}.")


def _engine(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS},
        # A request takes one connection at a time, and a worker serves at most 40 requests at once.
        pool_size=KEPT_CONNECTIONS,
        max_overflow=40,
        # The one that was used last has in its cache what was read last.
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun by `read` and `write`, not by the driver's guess.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = wal",
            "synchronous = full",  # an acknowledged notice survives a power cut
            "foreign_keys = on",
            "secure_delete = on",
            "trusted_schema = off",
            "cache_size = -2000",  # KiB: the whole process tree must fit a 1 GB machine
            "wal_autocheckpoint = 4000",  # pages, 16 MB: what many commits write again is written back once
            "temp_store = memory",
        ):
            connection.execute(f"pragma {pragma}").close()

    return engine
