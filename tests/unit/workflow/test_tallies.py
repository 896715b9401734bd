"""What happens is counted by month and law, in the transaction that does it, and outlives the erasure of every case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import inspect, text
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported

from takeback.cases import Contact, Notice
from takeback.errors import IllegalTransition
from takeback.store import Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.copies import Copy
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.store.tallies import ALL_LAWS, Tally
from takeback.workflow.addition import add_to_notice
from takeback.workflow.alert import raise_alerts
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received, complete_notice, receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.second_reading import read_again
from takeback.workflow.tally import count_hidden
from takeback.workflow.upload import Upload, check_upload

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")
REFUSE = Decision(Outcome.REFUSED, Finding(False, "A landscape.", ("intimate",)), "key/one", Confirm.ALL)
DRAWN = Answer("Drawn.", "key/two", ("intimate",))
HOUR = timedelta(hours=1)
HEARD_AT = AT + 72 * HOUR


def upload(store: Store, replica: Replica, site: Site, name: str, seed: int, noise: int = 1) -> None:
    pixels = drawn(seed)
    pixels[::2, ::2] //= noise
    at = Upload(site, name, f"https://forum.example/{name}")
    check_upload(store, replica, query_of_fingerprints(prints_of(pixels)), at, at=AT)


def given(store: Store, replica: Replica, notice: Notice, *, at: int = 0) -> Received:
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT + at * HOUR)


def counted(store: Store, law: str = ALL_LAWS) -> Mapping[str, int]:
    """What was counted of all months, as `name` or `name/part`."""
    with store.read() as tx:
        rows = tx.tallies.of_months("2000-01", "2100-01")
    return {each.name + (f"/{each.part}" if each.part else ""): each.count for each in rows if each.law == law}


def copies(store: Store, received: Received) -> dict[str | None, Copy]:
    with store.read() as tx:
        return {copy.site_item_id: copy for copy in tx.copies.of_case(received.case.id)}


@pytest.fixture
def held(store: Store, replica: Replica, site: Site) -> Received:
    """A case with an identical copy, one that is substantially the same, and a link of the notice's own."""
    upload(store, replica, site, "1", 1)
    upload(store, replica, site, "2", 1, noise=2)
    notice = notice_about(reported(drawn(1), digests=True), links=("https://forum.example/named",))
    return given(store, replica, notice)


# ---- The notice --------------------------------------------------------------------------------------------------


def test_a_notice_counts_once_for_all_laws_and_once_for_each(store: Store, replica: Replica) -> None:
    given(store, replica, notice_about(reported(drawn(1))))
    assert counted(store) == {"notices": 1, "valid": 1}
    assert all(counted(store, law) == {"notices": 1, "valid": 1} for law in LAWS)


def test_a_notice_is_valid_under_the_laws_for_which_it_is_complete(store: Store, replica: Replica) -> None:
    nameless = replace(notice_about(reported(drawn(1))), contact=Contact(mailbox=True))
    given(store, replica, nameless)
    assert counted(store, "eu-dsa-16") == {"notices": 1}
    assert counted(store, "us-take-it-down") == {"notices": 1, "valid": 1}


def test_what_comes_again_with_what_it_lacked_is_the_same_notice(store: Store, replica: Replica) -> None:
    whole = notice_about(reported(drawn(1)))
    received = given(store, replica, replace(whole, statement="", signature="", contact=Contact()))
    assert counted(store) == {"notices": 1}
    complete_notice(store, replica, received.receipt, whole, default_laws=LAWS, at=AT)
    assert counted(store) == {"notices": 1, "valid": 1}


def test_a_month_is_that_of_the_event_in_utc(store: Store, replica: Replica, clock: Clock) -> None:
    given(store, replica, notice_about(reported(drawn(1))))
    received_at = clock.pass_(days=9)
    receive_notice(store, replica, notice_about(reported(drawn(2))), default_laws=LAWS, request=None, at=received_at)
    with store.read() as tx:
        rows = tx.tallies.of_months("2026-12", "2026-12")
        assert tx.tallies.months() == ["2026-11", "2026-12"]
    assert Tally("2026-12", ALL_LAWS, "notices", "", 1) in rows


def test_nothing_is_counted_of_what_did_not_happen(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    before = counted(store)
    with pytest.raises(IllegalTransition):
        decide(store, held.case.public_id, REMOVE, at=AT)
    assert counted(store) == before


# ---- Copies and decisions ----------------------------------------------------------------------------------------


def test_copies_are_counted_by_class_when_they_are_found_and_when_they_are_removed(
    store: Store, replica: Replica, site: Site, held: Received
) -> None:
    found = {"found/identical": 1, "found/substantially_same": 1, "found/named": 1}
    assert found.items() <= counted(store).items()
    decide(store, held.case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    removed = {"removed/identical": 1, "removed/substantially_same": 1, "removed/named": 1, "decided/removed": 1}
    assert removed.items() <= counted(store).items()
    assert removed.items() <= counted(store, "uk-osa-20a").items()


def test_an_upload_that_is_held_is_a_copy_that_was_found(store: Store, replica: Replica, site: Site) -> None:
    given(store, replica, notice_about(reported(drawn(1), digests=True)))
    upload(store, replica, site, "later", 1)
    assert counted(store)["found/identical"] == 1


def test_a_removal_that_stands_after_a_contest_is_not_a_second_one(store: Store, site: Site, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "It is a drawing.", at=AT)
    answer_contest(store, held.case.public_id, Answer("Covered.", "key/two"), put_back=False, at=AT)
    now = counted(store)
    assert (now["removed/identical"], now["contested"], now["upheld"]) == (1, 1, 1)
    assert not [name for name in now if name.startswith("restored")]


def test_a_put_back_is_counted_as_restored(store: Store, site: Site, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "It is a drawing.", at=AT)
    pass_on_contest(store, held.case.public_id, "It is said to be a drawing.", actor="key/two", at=AT)
    answer_contest(store, held.case.public_id, DRAWN, put_back=True, at=HEARD_AT)
    assert counted(store)["restored/contest"] == 1
    assert "upheld" not in counted(store)


# ---- Clocks ------------------------------------------------------------------------------------------------------


def test_how_long_a_decision_took_is_counted_from_the_valid_notice(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT + 3 * HOUR)
    assert counted(store)["decided_within/180"] == 1
    assert not [name for name in counted(store) if name.startswith("late_by")]


def test_where_a_copy_came_later_there_was_nothing_to_decide_before(store: Store, replica: Replica, site: Site) -> None:
    received = given(store, replica, notice_about(reported(drawn(1), digests=True)), at=-200)
    upload(store, replica, site, "later", 1)
    decide(store, received.case.public_id, REMOVE, at=AT + 2 * HOUR)
    assert counted(store)["decided_within/120"] == 1


def test_what_is_decided_after_its_deadline_is_late_by_so_much(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT + 53 * HOUR)
    now = counted(store)
    assert (now["decided_within/3180"], now["late_by/300"]) == (1, 1)


def test_what_a_second_reader_had_decided_anew_is_not_timed_again(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REFUSE, at=AT + HOUR)
    read_again(store, held.case.public_id, Answer("Covered.", "key/two"), upheld=False, at=HEARD_AT + HOUR)
    decide(store, held.case.public_id, replace(REMOVE, actor="key/three"), at=HEARD_AT + 2 * HOUR)
    now = counted(store)
    timed = {name: count for name, count in now.items() if name.startswith(("decided_within", "late_by"))}
    assert timed == {"decided_within/60": 1}
    assert (now["decided/refused"], now["decided/removed"], now["overturned"]) == (1, 1, 1)


@pytest.mark.parametrize(("minutes", "seen"), [(1, "in_service"), (40, "in_outage")])
def test_a_deadline_that_passed_unseen_was_missed_in_an_outage(
    store: Store, held: Received, minutes: int, seen: str
) -> None:
    raise_alerts(store, [], at=AT + 48 * HOUR + timedelta(minutes=minutes))
    raise_alerts(store, [], at=AT + 49 * HOUR)
    assert {name: count for name, count in counted(store).items() if "missed" in name} == {f"missed/{seen}": 1}


def test_hidden_is_counted_from_receipt_and_what_was_added_from_its_own(
    store: Store, replica: Replica, site: Site, held: Received
) -> None:
    upload(store, replica, site, "9", 9)
    more = Notice(laws=(), pictures=(reported(drawn(9), digests=True),))
    add_to_notice(store, replica, held.receipt, more, at=AT + 30 * HOUR)
    with store.write() as tx:
        for name, hours in (("1", 2), ("9", 33)):
            (copy,) = tx.copies.of_item(site.id, name)
            count_hidden(tx, copy, AT + hours * HOUR)
    now = counted(store)
    assert (now["hidden_within/120"], now["hidden_within/180"]) == (1, 1)


# ---- What a bank's matches are worth -----------------------------------------------------------------------------


def test_a_match_is_confirmed_by_a_person_and_not_by_what_follows(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    assert f"confirmed/{NOTICES_BANK}" not in counted(store)
    second = copies(store, held)["2"].public_id
    confirm_copies(store, held.case.public_id, replace(REMOVE, copies={second}), at=AT)
    assert counted(store)[f"confirmed/{NOTICES_BANK}"] == 1


def test_what_was_held_and_is_shown_again_was_not_confirmed(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REFUSE, at=AT)
    read_again(store, held.case.public_id, DRAWN, upheld=True, at=HEARD_AT)
    now = counted(store)
    assert (now[f"unconfirmed/{NOTICES_BANK}"], now["restored/refusal"]) == (2, 3)


def test_a_possible_copy_that_a_person_dismisses_was_not_confirmed(
    store: Store, replica: Replica, site: Site, held: Received
) -> None:
    with store.write() as tx:
        entry = copies(store, held)["1"].entry_id
        first = copies(store, held)["1"]
        tx.copies.set(first.id, state="possible", entry_id=entry)
    chosen = replace(REFUSE, confirm=Confirm.NONE, copies={first.public_id})
    confirm_copies(store, held.case.public_id, chosen, at=AT)
    assert counted(store)[f"unconfirmed/{NOTICES_BANK}"] == 1


# ---- What stays --------------------------------------------------------------------------------------------------


def test_the_numbers_are_the_same_after_every_case_is_erased(
    store: Store, replica: Replica, site: Site, journal: Journal, held: Received
) -> None:
    """Not only erased: every row that is of a case is deleted, and every event of one is gone from the log."""
    decide(store, held.case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT + HOUR)
    contest(store, site, "1", "It is a drawing.", at=AT + HOUR)
    answer_contest(store, held.case.public_id, Answer("Covered.", "key/two"), put_back=False, at=AT + HOUR)
    before = [counted(store, law) for law in (ALL_LAWS, *LAWS)]
    assert len(before[0]) > 8

    ask_for_erasure(store, journal, held.ending, at=AT + HOUR)
    assert erase_due(store, journal, actor="test", at=AT + HOUR + ERASED_AFTER) == 1
    with store.write() as tx:
        tx.audit.erase_case(held.case.public_id)
    assert [counted(store, law) for law in (ALL_LAWS, *LAWS)] == before

    kept = {"tally", "alembic_version"}
    with store.engine.begin() as connection:
        connection.execute(text("pragma foreign_keys = off"))
        for name in set(inspect(store.engine).get_table_names()) - kept:
            connection.execute(text(f'delete from "{name}"'))
    assert [counted(store, law) for law in (ALL_LAWS, *LAWS)] == before


def test_no_id_of_anything_is_among_what_is_counted(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    with store.read() as tx:
        rows = tx.tallies.of_months("2000-01", "2100-01")
    said = {part for row in rows for part in (row.law, row.name, row.part)}
    assert not [each for each in said if len(each) >= 32]
    assert not any(held.case.public_id[:8] in each for each in said)
