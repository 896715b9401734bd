"""Of an ordinary picture only altered copies matter, only to the desk, and only for a time."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from sqlalchemy import text
from tests.house import AT, LAWS, notice_about
from tests.unit.decoding import InProcess
from tests.unit.registration.pictures import cornered

from takeback.bank import EntryState, Opinion, Thresholds
from takeback.cases import CaseState, CopyState, Notice
from takeback.cases.notice import MAX_ORIGINALS, Level, ReportedPicture
from takeback.errors import IllegalTransition, InputError
from takeback.fingerprint.take import look_at
from takeback.fingerprint.tiles import tiles_of
from takeback.index.indexes import Indexes
from takeback.match import CopyClass, Fact
from takeback.media import MediaLimits
from takeback.store import Store
from takeback.store.banks import ORIGINALS_BANK
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.check import check_file
from takeback.workflow.decide import Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.flood import FLOOD_UPLOADS
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.originals import (
    SUSPECT_REACH,
    WATCHED_FOR,
    _reach,
    erase_expired_originals,
    renew_originals,
    watched_until,
)
from takeback.workflow.picture import original_of
from takeback.workflow.query import Query
from takeback.workflow.register import add_bank, add_entries
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Checked, Upload, check_upload
from takeback.workflow.withdraw import withdraw

type Pixels = NDArray[np.uint8]

ACTOR = "key/desk"
COVERED = Finding(True, "A forgery.")


def saved(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return file.getvalue()


def forged(pixels: Pixels) -> Pixels:
    """Replace 40 % of the picture, in its middle, by a part of another."""
    result, (height, width) = pixels.copy(), pixels.shape[:2]
    rows, columns = slice(height // 6, 5 * height // 6), slice(width // 5, 4 * width // 5)
    result[rows, columns] = cornered(50)[rows, columns]
    return result


def original(pixels: Pixels) -> ReportedPicture:
    found = original_of(look_at(saved(pixels), MediaLimits()), Level.FEATURES, None)
    assert found is not None
    return found


def about(*originals: ReportedPicture) -> Notice:
    return replace(notice_about(), originals=originals)


def watch(store: Store, replica: Replica, pixels: Pixels) -> Received:
    return receive_notice(store, replica, about(original(pixels)), default_laws=LAWS, request=None, at=AT)


def check(
    store: Store, replica: Replica, pixels: Pixels, site: Site | None = None, item_id: str = "1", *, days: int = 0
) -> Checked:
    upload = None if site is None else Upload(site, item_id, f"https://forum.example/{item_id}")
    return check_file(store, replica, InProcess(), None, saved(pixels), upload, at=AT + timedelta(days=days))


def copies_of(store: Store, case: Case) -> list[Copy]:
    with store.read() as tx:
        return tx.copies.of_case(case.id)


def events(store: Store) -> int:
    with store.read() as tx:
        return int(tx.connection.execute(text("select count(*) from event")).scalar_one())


def test_an_altered_copy_passes_and_waits_for_the_desk_with_the_place_that_was_replaced(
    store: Store, replica: Replica, site: Site
) -> None:
    case = watch(store, replica, cornered(1)).case
    checked = check(store, replica, forged(cornered(1)), site)
    (match,) = checked.screening.matches
    assert (checked.action, checked.remembered) == (Action.ALLOW, True)
    assert (match.copy_class, match.fact) == (CopyClass.ALTERED_COPY, Fact.TILES)
    (copy,) = copies_of(store, case)
    assert (copy.state, copy.copy_class, copy.blind) == (CopyState.POSSIBLE, CopyClass.ALTERED_COPY, False)
    assert copy.likeness.changed is not None
    ((left, top, width, height),) = copy.likeness.changed
    # The middle, to a tile (a sixth of a side) on each side.
    assert (left, top, left + width, top + height) == pytest.approx((120, 80, 480, 400), abs=100)
    # A repeated check makes no second.
    check(store, replica, forged(cornered(1)), site)
    assert len(copies_of(store, case)) == 1


def test_a_mirrored_altered_copy_is_one_too(store: Store, replica: Replica) -> None:
    watch(store, replica, cornered(1))
    (match,) = check(store, replica, forged(cornered(1))[:, ::-1].copy()).screening.matches
    assert match.copy_class is CopyClass.ALTERED_COPY


@pytest.mark.parametrize("size", [(600, 480), (420, 336)])
def test_an_unaltered_copy_leaves_no_trace(store: Store, replica: Replica, site: Site, size: tuple[int, int]) -> None:
    case = watch(store, replica, cornered(1)).case
    before = events(store)
    copy = np.asarray(PIL.Image.fromarray(cornered(1)).resize(size))
    checked = check(store, replica, copy, site)
    assert (checked.action, checked.screening.matches, checked.case_id) == (Action.ALLOW, (), None)
    assert (copies_of(store, case), events(store)) == ([], before)


def test_the_very_file_of_an_original_leaves_no_trace(store: Store, replica: Replica, site: Site) -> None:
    picture = original(cornered(1))
    assert (picture.file_digest, picture.pixel_digest) == (None, None)
    # Even where her device sends the digest too.
    looked = look_at(saved(cornered(1)), MediaLimits())
    notice = about(replace(picture, file_digest=looked.prints.file_digest))
    case = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case
    checked = check(store, replica, cornered(1), site)
    assert (checked.action, checked.screening.matches) == (Action.ALLOW, ())
    assert copies_of(store, case) == []
    with store.read() as tx:
        kept = tx.connection.execute(text("select count(*) from digest where entry_id is not null")).scalar_one()
    assert kept == 0


def test_another_picture_is_none_of_its_copies(store: Store, replica: Replica) -> None:
    watch(store, replica, cornered(1))
    assert check(store, replica, cornered(2)).screening.matches == ()
    assert check(store, replica, forged(cornered(2))).screening.matches == ()


def test_an_original_holds_nothing_of_what_is_stored(store: Store, replica: Replica, site: Site) -> None:
    check(store, replica, cornered(1), site, "before")
    check(store, replica, forged(cornered(1)), site, "forged before")
    case = watch(store, replica, cornered(1)).case
    assert (case.state, case.deadline_at, copies_of(store, case)) == (CaseState.WATCHING, None, [])


def test_an_original_expires_unless_it_is_renewed(store: Store, replica: Replica) -> None:
    received = watch(store, replica, cornered(1))
    with store.read() as tx:
        assert watched_until(tx, received.case, AT) == AT + WATCHED_FOR
    assert check(store, replica, forged(cornered(1)), days=89).screening.matches != ()
    assert check(store, replica, forged(cornered(1)), days=90).screening.matches == ()
    renew_originals(store, received.receipt, actor="the-person", at=AT + timedelta(days=60))
    assert check(store, replica, forged(cornered(1)), days=149).screening.matches != ()
    assert erase_expired_originals(store, actor="takeback", at=AT + timedelta(days=149)) == 0
    assert erase_expired_originals(store, actor="takeback", at=AT + timedelta(days=150)) == 1
    with store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
        left = tx.connection.execute(text("select count(*) from fingerprint where entry_id is not null")).scalar_one()
    assert (entry.state, left) == (EntryState.WITHDRAWN, 0)
    replica.follow(store)
    assert len(replica.originals) == 0
    with pytest.raises(IllegalTransition, match="ordinary picture"):
        renew_originals(store, received.receipt, actor="the-person", at=AT + timedelta(days=151))


def test_her_withdrawal_ends_it_at_once(store: Store, replica: Replica, journal: Journal) -> None:
    received = watch(store, replica, cornered(1))
    withdraw(store, journal, received.ending, at=AT)
    assert check(store, replica, forged(cornered(1))).screening.matches == ()
    assert len(replica.originals) == 0


def test_what_she_withdrew_while_an_upload_was_compared_leaves_no_trace(
    store: Store, replica: Replica, site: Site, journal: Journal
) -> None:
    received = watch(store, replica, cornered(1))
    altered = check(store, replica, forged(cornered(1))).screening.matches
    withdraw(store, journal, received.ending, at=AT)
    checked = check_upload(store, replica, Query(), Upload(site, "1"), altered=altered, at=AT)
    assert (checked.screening.matches, copies_of(store, received.case)) == ((), [])


def test_many_forgeries_of_one_original_are_not_counted(store: Store, replica: Replica) -> None:
    watch(store, replica, cornered(1))
    altered = check(store, replica, forged(cornered(1))).screening.matches
    for number in range(FLOOD_UPLOADS + 2):
        query = Query(digests=(("file", number.to_bytes(32)),))
        assert len(check_upload(store, replica, query, None, altered=altered, at=AT).screening.matches) == 1
    with store.read() as tx:
        counted = tx.connection.execute(text("select count(*) from sighting")).scalar_one()
        assert (counted, tx.banks.in_quarantine()) == (0, [])


def test_a_forgery_that_a_person_removed_is_refused_from_then_on_and_the_original_never(
    store: Store, replica: Replica, site: Site
) -> None:
    case = watch(store, replica, cornered(1)).case
    check(store, replica, forged(cornered(1)), site)
    (copy,) = copies_of(store, case)
    decision = Decision(Outcome.REMOVED, COVERED, ACTOR, copies=[copy.public_id])
    assert decide(store, case.public_id, decision, at=AT).state is CaseState.REMOVED
    assert copies_of(store, case)[0].state is CopyState.REMOVED
    assert check(store, replica, forged(cornered(1)), site, "2").action is Action.REFUSE
    resaved = np.asarray(PIL.Image.open(io.BytesIO(saved(forged(cornered(1))))))
    assert check(store, replica, resaved, site, "3").action is Action.REFUSE
    for pixels in (cornered(1), cornered(1)[:, ::-1].copy()):
        assert check(store, replica, pixels, site, "4").action is Action.ALLOW
    with store.read() as tx:
        states = sorted(entry.state for entry in tx.banks.of_case(case.id))
    assert states == [EntryState.GATED, EntryState.ORIGINAL]


def test_a_small_forgery_is_refused_by_its_digests_alone_since_its_fingerprint_is_the_original_s(
    store: Store, replica: Replica, site: Site
) -> None:
    case = watch(store, replica, cornered(1)).case
    small = cornered(1).copy()
    small[180:300, 220:380] = cornered(50)[180:300, 220:380]
    check(store, replica, small, site)
    (copy,) = copies_of(store, case)
    decide(store, case.public_id, Decision(Outcome.REMOVED, COVERED, ACTOR, copies=[copy.public_id]), at=AT)
    assert check(store, replica, small, site, "2").action is Action.REFUSE
    assert check(store, replica, cornered(1), site, "3").action is Action.ALLOW


def test_one_that_is_no_forgery_is_dismissed_and_the_case_goes_on(store: Store, replica: Replica, site: Site) -> None:
    case = watch(store, replica, cornered(1)).case
    check(store, replica, forged(cornered(1)), site)
    (copy,) = copies_of(store, case)
    refused = Decision(Outcome.REFUSED, Finding(False, "A collage."), ACTOR, copies=[copy.public_id])
    assert confirm_copies(store, case.public_id, refused, at=AT).state is CaseState.WATCHING
    assert copies_of(store, case)[0].state is CopyState.DISMISSED
    with pytest.raises(IllegalTransition):
        confirm_copies(store, case.public_id, replace(refused, outcome=Outcome.REMOVED, finding=COVERED), at=AT)
    check(store, replica, forged(cornered(1)), site, "2")
    assert [each.state for each in copies_of(store, case)] == [CopyState.DISMISSED, CopyState.POSSIBLE]


def test_a_replica_that_is_read_anew_knows_originals_too(store: Store, replica: Replica) -> None:
    watch(store, replica, cornered(1))
    assert len(Replica.load(store).originals) > 0
    assert check(store, Replica.load(store), forged(cornered(1))).screening.matches != ()


def test_what_a_notice_may_not_bring(store: Store, replica: Replica) -> None:
    picture = original(cornered(1))
    for notice in (replace(about(picture), under_18=True), about(*[picture] * (MAX_ORIGINALS + 1))):
        with pytest.raises(InputError):
            receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def test_a_picture_without_detail_is_no_original() -> None:
    looked = look_at(saved(np.full((300, 400, 3), 90, np.uint8)), MediaLimits())
    assert original_of(looked, Level.FEATURES, None) is None


def test_an_original_that_cannot_be_told_is_named_and_not_kept(store: Store, replica: Replica) -> None:
    poor = replace(original(cornered(1)), tiles=tiles_of(np.full((300, 400), 90, np.uint8)))
    notice = about(poor, original(cornered(2)))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    (unjudged,) = received.unjudged
    assert "1 of 2 ordinary pictures" in unjudged.why
    with store.read() as tx:
        assert len(tx.banks.originals_of(received.case.id)) == 1


def test_an_operator_puts_nothing_among_the_originals(store: Store, replica: Replica) -> None:
    with pytest.raises(InputError, match="ordinary pictures"):
        add_bank(store, ORIGINALS_BANK, Thresholds(), actor="key/admin", at=AT)
    watch(store, replica, cornered(1))
    with pytest.raises(InputError, match="ordinary pictures"):
        add_entries(
            store, ORIGINALS_BANK, [original(cornered(2))], opinion=Opinion.POSITIVE, source="x", expires_at=None,
            actor="key/admin", at=AT,
        )  # fmt: skip


@pytest.mark.parametrize(("count", "similarity"), [(1, 0.2), (400, 0.2), (500, 0.25), (1_000, 0.25), (1_001, 0.3)])
def test_with_few_originals_suspects_are_looked_for_farther(count: int, similarity: float) -> None:
    indexes = Indexes()
    values = np.random.default_rng(0).integers(-127, 127, (count, 512)).astype(np.int8)
    indexes.descriptors_of("0" * 16).add(np.arange(count, dtype=np.uint64), values)
    assert _reach(indexes) == replace(SUSPECT_REACH, similarity=similarity)
