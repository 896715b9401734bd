"""What StopNCII's list holds of a picture is kept beside what is matched by: sealed, not searched, erased with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Row, select
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.fingerprint import Route, pdq_hash
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.seal import unseal
from takeback.store.tables import fingerprint
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.upload import check_upload
from takeback.workflow.withdraw import withdraw

LISTED = pdq_hash(drawn(2))
"""Of another picture than the one that is reported, so that a search that used it would be seen."""


@pytest.fixture
def received(store: Store, replica: Replica) -> Received:
    notice = notice_about(replace(reported(drawn(1)), nearest_512=LISTED))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def listed(store: Store) -> Sequence[Row[tuple[object, ...]]]:
    with store.read() as tx:
        query = select(fingerprint).where(fingerprint.c.route == Route.NEAREST_512.value)
        return tx.connection.execute(query).all()


def test_it_is_kept_sealed(store: Store, received: Received) -> None:
    (row,) = listed(store)
    key = store.keyring.data_key(row.key_id)
    assert row.entry_id is not None
    assert LISTED.code not in row.sealed
    assert unseal(key, row.sealed, "fingerprint/pdq") == LISTED.code


@pytest.mark.usefixtures("received")
def test_it_is_compared_with_nothing(store: Store, replica: Replica) -> None:
    for each in (replica, Replica.load(store)):
        found = [
            check_upload(store, each, query_of_fingerprints(prints_of(drawn(seed))), None, at=AT).screening.matches
            for seed in (1, 2)
        ]
        assert [len(matches) for matches in found] == [1, 0]


def test_it_is_erased_with_the_rest(store: Store, journal: Journal, received: Received) -> None:
    withdraw(store, journal, received.ending, at=AT)
    assert listed(store) == []
