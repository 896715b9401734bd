"""Step 4 and the door: what an upload is answered with, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from tests.house import AT, LAWS, Pixels, drawn, notice_about, prints_of, reported

from takeback.bank import Opinion
from takeback.cases import CaseState, CopyState
from takeback.match import CopyClass
from takeback.store import Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.gone import forget_item
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.query import Query, query_of_fingerprints
from takeback.workflow.register import add_entries
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, Upload, check_upload
from takeback.workflow.withdraw import withdraw

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", Confirm.ALL)


def _check(store: Store, replica: Replica, pixels: Pixels, upload: Upload | None = None) -> Checked:
    return check_upload(store, replica, query_of_fingerprints(prints_of(pixels)), upload, at=AT)


def _notice(store: Store, replica: Replica, pixels: Pixels, *, digests: bool = False) -> Received:
    notice = notice_about(reported(pixels, digests=digests))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def _enter(store: Store, pixels: Pixels, opinion: Opinion, *, expires_at: datetime | None) -> None:
    pictures = [reported(pixels)]
    add_entries(
        store, NOTICES_BANK, pictures, opinion=opinion, source="test", expires_at=expires_at, actor="test", at=AT
    )


def test_an_unreported_picture_is_allowed_and_remembered(store: Store, replica: Replica, site: Site) -> None:
    checked = _check(store, replica, drawn(1), Upload(site, "1", "https://forum.example/1"))
    assert (checked.action, checked.screening.matches, checked.remembered) == (Action.ALLOW, (), True)
    with store.read() as tx:
        replica.catch_up(tx)
        assert tx.items.count() == len(replica.items) == 1


def test_a_notice_finds_what_was_uploaded_before_it(store: Store, replica: Replica, site: Site) -> None:
    _check(store, replica, drawn(1), Upload(site, "1", "https://forum.example/1"))
    _check(store, replica, drawn(2), Upload(site, "2", "https://forum.example/2"))
    case = _notice(store, replica, drawn(1)).case
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case.id)
        assert (copy.site_item_id, copy.state, copy.likeness.distance) == ("1", CopyState.HELD, 0)
        assert tx.cases.by_id(case.id).state is CaseState.HELD


def test_an_upload_after_an_open_notice_is_held_and_after_a_decision_refused(
    store: Store, replica: Replica, site: Site
) -> None:
    case = _notice(store, replica, drawn(1)).case
    assert case.state is CaseState.WATCHING
    held = _check(store, replica, drawn(1), Upload(site, "9", "https://forum.example/9"))
    assert held.action is Action.HOLD
    assert held.case_id == case.public_id
    decide(store, case.public_id, REMOVE, at=AT)
    refused = _check(store, replica, drawn(1), Upload(site, "10"))
    assert (refused.action, refused.remembered) == (Action.REFUSE, False)


@pytest.mark.parametrize("turn", range(8))
def test_each_of_the_eight_orientations_is_found(store: Store, replica: Replica, site: Site, turn: int) -> None:
    _notice(store, replica, drawn(3))
    turned = np.rot90(drawn(3), turn % 4)
    turned = np.ascontiguousarray(turned[:, ::-1] if turn >= 4 else turned)
    match = _check(store, replica, turned).screening.strongest
    assert match is not None
    assert match.distance is not None
    assert match.distance <= 2


def test_equal_pixels_are_identical_by_digest(store: Store, replica: Replica) -> None:
    _notice(store, replica, drawn(4), digests=True)
    match = _check(store, replica, drawn(4)).screening.strongest
    assert match is not None
    assert (match.copy_class, match.distance, match.blind) == (CopyClass.IDENTICAL, None, True)


def test_a_picture_without_detail_is_unjudged_and_still_compared_by_digest(store: Store, replica: Replica) -> None:
    flat = np.full((80, 80, 3), 200, np.uint8)
    checked = _check(store, replica, flat)
    assert [one.code for one in checked.screening.unjudged] == ["low-quality"]
    _notice(store, replica, flat, digests=True)
    match = _check(store, replica, flat).screening.strongest
    assert match is not None
    assert match.copy_class is CopyClass.IDENTICAL


def test_a_withdrawn_entry_no_longer_matches(store: Store, replica: Replica, site: Site, journal: Journal) -> None:
    received = _notice(store, replica, drawn(5))
    assert _check(store, replica, drawn(5)).action is Action.HOLD
    withdraw(store, journal, received.ending, at=AT)
    assert _check(store, replica, drawn(5)).screening.matches == ()
    assert len(replica.entries) == 0


def test_an_expired_entry_no_longer_matches(store: Store, replica: Replica) -> None:
    _enter(store, drawn(6), Opinion.POSITIVE, expires_at=AT)
    assert _check(store, replica, drawn(6)).screening.matches == ()


def test_a_negative_entry_silences_a_match_that_is_no_stronger(store: Store, replica: Replica) -> None:
    _notice(store, replica, drawn(7))
    _enter(store, drawn(7), Opinion.NEGATIVE, expires_at=None)
    assert _check(store, replica, drawn(7)).action is Action.ALLOW


def test_a_disputed_entry_is_only_possible_and_holds_nothing(store: Store, replica: Replica, site: Site) -> None:
    _enter(store, drawn(8), Opinion.DISPUTED, expires_at=None)
    checked = _check(store, replica, drawn(8), Upload(site, "8"))
    match = checked.screening.strongest
    assert match is not None
    assert (match.copy_class, checked.action) == (CopyClass.POSSIBLE, Action.ALLOW)


def test_a_forgotten_item_is_found_no_more(store: Store, replica: Replica, site: Site) -> None:
    _check(store, replica, drawn(9), Upload(site, "9", "https://forum.example/9"))
    forget_item(store, site, "9", at=AT)
    case = _notice(store, replica, drawn(9)).case
    assert case.state is CaseState.WATCHING
    assert len(replica.items) == 0


def test_a_repeated_check_of_one_item_makes_no_second(store: Store, replica: Replica, site: Site) -> None:
    case = _notice(store, replica, drawn(10)).case
    for _ in range(3):
        _check(store, replica, drawn(10), Upload(site, "10", "https://forum.example/10"))
    with store.read() as tx:
        assert tx.items.count() == 1
        assert len(tx.copies.of_case(case.id)) == 1
        replica.catch_up(tx)
    assert len(replica.items) == 1


def test_two_replicas_of_one_store_see_the_same(store: Store, replica: Replica, site: Site) -> None:
    other = Replica.load(store)
    _notice(store, other, drawn(11))
    assert _check(store, replica, drawn(11)).action is Action.HOLD
    assert replica.seq == Replica.load(store).seq


def test_a_query_of_nothing_matches_nothing(store: Store, replica: Replica) -> None:
    checked = check_upload(store, replica, Query(), None, at=AT)
    assert checked.screening.matches == ()


def test_the_blank_frame_of_an_animation_makes_no_other_animation_identical(store: Store, replica: Replica) -> None:
    blank = np.full((160, 200, 3), 255, np.uint8)
    first, second = prints_of(drawn(1)), prints_of(drawn(2))
    (white,) = prints_of(blank).frames
    animations = [replace(one, frames=(*one.frames, white)) for one in (first, second)]
    queries = [query_of_fingerprints(one) for one in animations]
    assert not {value for _, value in queries[0].digests} & {value for _, value in queries[1].digests}
    # A still without detail keeps its digest: nothing else speaks for it.
    assert len(query_of_fingerprints(prints_of(blank)).digests) == 2
