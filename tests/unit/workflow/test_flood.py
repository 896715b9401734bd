"""An entry that suddenly matches many different uploads is doubted until a person has looked."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.house import AT, LAWS, drawn, notice_about, reported

from takeback.audit.event import EventKind
from takeback.bank import EntryState
from takeback.errors import IllegalTransition
from takeback.fingerprint import PdqHash
from takeback.match import CopyClass
from takeback.store import Store
from takeback.workflow.flood import FLOOD_UPLOADS, FLOOD_WINDOW, release_entry
from takeback.workflow.intake import receive_notice
from takeback.workflow.query import Query, query_of_reported
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, check_upload

PICTURE = reported(drawn(1))
assert PICTURE.pdq is not None
CODE = PICTURE.pdq


def _upload(number: int, bits: int) -> Query:
    """Return another file, `bits` bits away from the reported picture."""
    code = np.unpackbits(CODE.array())
    rng = np.random.default_rng(number)
    ones, zeros = np.flatnonzero(code), np.flatnonzero(code == 0)
    for places in (ones, zeros):
        code[rng.choice(places, bits // 2, replace=False)] ^= 1
    query = query_of_reported([replace(PICTURE, pdq=PdqHash(np.packbits(code).tobytes(), 100), orientations=None)])
    return replace(query, digests=(("file", hashlib.sha256(bytes([number])).digest()),))


@pytest.fixture
def noticed(store: Store, replica: Replica) -> Store:
    receive_notice(store, replica, notice_about(PICTURE), default_laws=LAWS, request=None, at=AT)
    return store


def test_many_different_uploads_put_an_entry_into_quarantine_and_it_holds_nothing_any_more(
    noticed: Store, replica: Replica
) -> None:
    for number in range(FLOOD_UPLOADS + 1):
        assert check_upload(noticed, replica, _upload(number, 24), None, at=AT).action is Action.HOLD
    doubted = check_upload(noticed, replica, _upload(100, 24), None, at=AT)
    assert doubted.action is Action.ALLOW
    assert [match.copy_class for match in doubted.screening.matches] == [CopyClass.POSSIBLE]
    with noticed.read() as tx:
        (entry,) = tx.banks.in_quarantine()
        kinds = [each.kind for each in tx.audit.entries()]
    assert entry.quarantined_at == AT
    assert kinds.count(EventKind.ENTRY_QUARANTINED) == 1


def test_a_copy_that_goes_round_is_no_flood(noticed: Store, replica: Replica) -> None:
    for number in range(3 * FLOOD_UPLOADS):
        assert check_upload(noticed, replica, _upload(number, 4), None, at=AT).action is Action.HOLD


def test_the_same_file_again_and_again_counts_once(noticed: Store, replica: Replica) -> None:
    for _ in range(3 * FLOOD_UPLOADS):
        assert check_upload(noticed, replica, _upload(1, 24), None, at=AT).action is Action.HOLD


def test_what_comes_slowly_is_no_flood(noticed: Store, replica: Replica) -> None:
    for number in range(2 * FLOOD_UPLOADS):
        at = AT + number * (FLOOD_WINDOW / FLOOD_UPLOADS + timedelta(seconds=1))
        assert check_upload(noticed, replica, _upload(number, 24), None, at=at).action is Action.HOLD


def test_a_released_entry_matches_as_before_and_only_once_is_released(noticed: Store, replica: Replica) -> None:
    for number in range(FLOOD_UPLOADS + 1):
        check_upload(noticed, replica, _upload(number, 24), None, at=AT)
    with noticed.read() as tx:
        (entry,) = tx.banks.in_quarantine()
    release_entry(noticed, entry.public_id, actor="key/moderator", at=AT)
    assert check_upload(noticed, replica, _upload(101, 24), None, at=AT).action is Action.HOLD
    with pytest.raises(IllegalTransition):
        release_entry(noticed, entry.public_id, actor="key/moderator", at=AT)


def test_an_entry_that_a_person_decided_on_is_not_disarmed_by_many_edits_of_its_picture(
    noticed: Store, replica: Replica
) -> None:
    with noticed.write() as tx:
        (entry,) = tx.banks.of_case(1)
        tx.banks.set_state(entry.id, EntryState.GATED)
    for number in range(2 * FLOOD_UPLOADS):
        assert check_upload(noticed, replica, _upload(number, 24), None, at=AT).action is Action.REFUSE


def test_an_equal_file_is_held_even_in_quarantine(store: Store, replica: Replica) -> None:
    equal = reported(drawn(1), digests=True)
    receive_notice(store, replica, notice_about(equal), default_laws=LAWS, request=None, at=AT)
    for number in range(FLOOD_UPLOADS + 1):
        check_upload(store, replica, _upload(number, 24), None, at=AT)
    assert check_upload(store, replica, query_of_reported([equal]), None, at=AT).action is Action.HOLD
