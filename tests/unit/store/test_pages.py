"""An erasure reaches the files: the database's pages, its write-ahead log, and the key store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported

from takeback.cases.law import law_packs
from takeback.store import Store
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.store.tables import case, message, upload_record
from takeback.store.upgrade import upgrade
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.forget import forget_cases
from takeback.workflow.gone import forget_item
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import write_to_desk
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.upload_record import erase_expired_records

MARKER = "planted-9f3e7c"
CONTEST_FOR = timedelta(days=184)
LATER = AT + timedelta(days=3_000)


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A removed case with a marker wherever something of it lies in the clear."""
    query = query_of_fingerprints(prints_of(drawn(1)))
    upload = Upload(site, f"{MARKER}-item", f"https://forum.example/{MARKER}", f"{MARKER}-account")
    check_upload(store, replica, query, upload, at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    write_to_desk(store, received.receipt, f"{MARKER} is what I call it.", at=AT)
    decision = Decision(Outcome.REMOVED, Finding(True, f"Covered: {MARKER}."), "key/ada")
    decide(store, received.case.public_id, decision, at=AT)
    contest(store, site, f"{MARKER}-item", f"{MARKER} is mine.", at=AT)
    answer_contest(store, received.case.public_id, Answer(f"No: {MARKER}.", "key/bo"), put_back=False, at=AT)
    return received


def in_files(data: Path, secret: bytes) -> list[str]:
    """Return the files of the data directory that hold `secret`, in whatever form."""
    return [path.name for path in data.iterdir() if any(form in path.read_bytes() for form in forms_of(secret))]


def sealed_values(store: Store) -> list[bytes]:
    """Return what is sealed of the case: only the same bytes, found in a page, would be a trace of it."""
    with store.read() as tx:
        values = [
            value
            for column in (case.c.sealed_notice, message.c.sealed, upload_record.c.sealed)
            for value in tx.connection.execute(select(column)).scalars()
        ]
    assert len(values) == 3
    return values


def wrapped_key(store: Store, key_id: str) -> bytes:
    with store.keyring._reading() as connection:
        (wrapped,) = connection.execute("select wrapped from data_key where id = ?", (key_id,)).fetchone()
    return bytes(wrapped)


def test_what_she_had_erased_is_in_no_file_any_more_and_neither_is_its_key(
    store: Store, data: Path, journal: Journal, received: Received
) -> None:
    notice, written, _ = sealed_values(store)
    key = wrapped_key(store, received.case.key_id)
    for value in (notice, written, key):
        assert in_files(data, value), "planted nothing"
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="takeback", at=AT + ERASED_AFTER)
    assert store.sweep_pages()
    for value in (notice, written, key):
        assert in_files(data, value) == []


def test_an_expired_upload_record_is_in_no_file_any_more(store: Store, data: Path, received: Received) -> None:
    *_, record = sealed_values(store)
    assert in_files(data, record)
    erase_expired_records(
        store, actor="takeback", at=AT + max(pack.keeps.upload_record for pack in law_packs().values())
    )
    assert store.sweep_pages()
    assert in_files(data, record) == []


def test_of_a_forgotten_case_nothing_is_in_any_file(
    store: Store, data: Path, site: Site, journal: Journal, received: Received
) -> None:
    forget_item(store, site, f"{MARKER}-item", at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="takeback", at=AT + ERASED_AFTER)
    erase_expired_records(store, actor="takeback", at=LATER)
    assert in_files(data, MARKER.encode())
    assert in_files(data, received.case.public_id.encode())
    assert forget_cases(store, CONTEST_FOR, actor="takeback", at=LATER) == 1
    assert store.sweep_pages()
    assert in_files(data, MARKER.encode()) == []
    assert in_files(data, received.case.public_id.encode()) == []


def test_somebody_who_reads_or_writes_is_not_waited_for(store: Store, data: Path, received: Received) -> None:
    with store.read() as tx:
        tx.connection.execute(select(case)).all()
        with store.write() as other:
            other.cases.set_deadline(received.case.id, None)
        assert not store.sweep_pages()
    assert store.sweep_pages()
    assert (data / "takeback.db-wal").stat().st_size == 0


def test_freed_pages_are_given_back(store: Store, data: Path) -> None:
    with store.write() as tx:
        tx.connection.execute(text("create table much (value blob)"))
        tx.connection.execute(text("insert into much values (zeroblob(3000000))"))
    assert store.sweep_pages()
    before = (data / "takeback.db").stat().st_size
    with store.write() as tx:
        tx.connection.execute(text("delete from much"))
    assert store.sweep_pages()
    assert (data / "takeback.db").stat().st_size < before - 2_500_000


def test_an_upgrade_lets_an_earlier_database_give_pages_back(tmp_path: Path) -> None:
    engine = create_engine(sqlite_url(tmp_path))
    with engine.connect() as connection:
        connection.execute(text("pragma auto_vacuum = none"))
        connection.execute(text("create table theirs (id integer)"))
        connection.execute(text("drop table theirs"))
        connection.commit()
        assert connection.execute(text("pragma auto_vacuum")).scalar_one() == 0
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("pragma auto_vacuum")).scalar_one() == 2
    engine.dispose()
