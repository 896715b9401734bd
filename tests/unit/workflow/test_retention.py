"""What nobody needs any more is erased by itself: her words first, then the case, and one record stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.audit.log import verify_log
from takeback.bank import EntryState
from takeback.cases import CaseState
from takeback.cases.law import law_packs
from takeback.cases.retention import INCOMPLETE_FOR, keeps_of
from takeback.errors import IllegalTransition, NotFound, SealBroken
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.store.tables import sighting
from takeback.workflow.addition import add_to_notice
from takeback.workflow.alert import raise_alerts
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.flood import FLOOD_WINDOW
from takeback.workflow.forget import forget_cases
from takeback.workflow.intake import Received, complete_notice, receive_notice
from takeback.workflow.legal_hold import confirm_hold, order_hold
from takeback.workflow.publish import publish
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.retention import Part, Waits, due_of_case, erase_retained, retention
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.upload_record import erase_expired_records
from takeback.workflow.verify import verify
from takeback.workflow.withdraw import withdraw
from takeback.workflow.words import open_words

CONTEST_FOR = timedelta(days=184)
KEEPS = keeps_of(list(law_packs().values()))
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/ada", Confirm.ALL)
REFUSE = Decision(Outcome.REFUSED, Finding(False, "A landscape.", ("intimate",)), "key/ada", Confirm.ALL)
A_MOMENT = timedelta(microseconds=1)

type Send = Callable[[str], Action]


@pytest.fixture
def upload(store: Store, replica: Replica, site: Site) -> Send:
    def send(item: str) -> Action:
        query = query_of_fingerprints(prints_of(drawn(1)))
        return check_upload(store, replica, query, Upload(site, item, f"https://forum.example/{item}"), at=AT).action

    return send


@pytest.fixture
def received(store: Store, replica: Replica, upload: Send) -> Received:
    """A case with one identical copy."""
    upload("1")
    notice = notice_about(reported(drawn(1), digests=True), links=("https://elsewhere.example/hers",))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def case_of(store: Store, received: Received) -> Case:
    with store.read() as tx:
        return tx.cases.by_id(received.case.id)


def round_at(store: Store, at: datetime) -> tuple[int, int]:
    """Do what the job does; return how many cases lost their words, and how many are forgotten."""
    erase_expired_records(store, actor="takeback", at=at)
    erased = erase_retained(store, CONTEST_FOR, actor="takeback", at=at)
    return erased, forget_cases(store, CONTEST_FOR, actor="takeback", at=at)


def waits_for(store: Store, received: Received, at: datetime) -> Waits | None:
    with store.read() as tx:
        found = due_of_case(tx, tx.cases.by_id(received.case.id), CONTEST_FOR, at)
    assert found is not None
    return found.waits_for


# ---- Her words ------------------------------------------------------------------------------------------


def test_her_words_go_a_month_after_the_time_for_contesting_and_the_removal_goes_on_matching(
    store: Store, upload: Send, received: Received
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    due_at = AT + CONTEST_FOR + KEEPS.notice
    assert round_at(store, due_at - A_MOMENT) == (0, 0)
    assert open_words(store, received.case.public_id, actor="key/bo", at=AT)["signature"] == "A. Person"
    assert round_at(store, due_at) == (1, 0)
    case = case_of(store, received)
    assert (case.state, case.erased_at) == (CaseState.REMOVED, due_at)
    assert open_words(store, case.public_id, actor="key/bo", at=due_at) == {
        "contests": [], "refused_uploads": [], "messages": [],
    }  # fmt: skip
    with pytest.raises(SealBroken):
        store.keyring.data_key(case.key_id)
    assert upload("2") is Action.REFUSE


def test_the_event_says_that_nobody_asked_and_the_log_verifies(store: Store, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    round_at(store, AT + CONTEST_FOR + KEEPS.notice)
    with store.read() as tx:
        last = [entry for entry in tx.audit.of_case(received.case.public_id) if entry.kind == EventKind.ERASED][-1]
        assert last.facts is not None
        assert (last.actor, last.facts["why"]) == ("takeback", "retention")
        assert verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key) > 3


def test_a_contest_stops_it_and_its_answer_begins_the_time_anew(store: Store, site: Site, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    contested_at = AT + timedelta(days=180)
    contest(store, site, "1", "I drew this.", at=contested_at)
    late = contested_at + timedelta(days=300)
    assert round_at(store, late) == (0, 0)
    answer_contest(store, received.case.public_id, Answer("It is covered.", "key/bo"), put_back=False, at=late)
    due_at = late + CONTEST_FOR + KEEPS.notice
    assert round_at(store, due_at - A_MOMENT) == (0, 0)
    assert round_at(store, due_at) == (1, 0)


def test_a_copy_that_nobody_settled_stops_it(store: Store, received: Received, journal: Journal) -> None:
    withdraw(store, journal, received.ending, at=AT)
    late = AT + timedelta(days=1_000)
    assert round_at(store, late) == (0, 0)
    assert waits_for(store, received, late) is Waits.UNDECIDED


def test_a_contest_stops_it_also_where_she_ended_the_case(
    store: Store, site: Site, received: Received, journal: Journal
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    contest(store, site, "1", "I drew this.", at=AT)
    late = AT + timedelta(days=1_000)
    assert round_at(store, late) == (0, 0)
    assert waits_for(store, received, late) is Waits.CONTESTED


def test_a_legal_hold_stops_it_and_it_happens_by_itself_when_that_ends(store: Store, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    due_at = AT + CONTEST_FOR + KEEPS.notice
    until_at = due_at + timedelta(days=50)
    hold = order_hold(
        store, received.case.public_id, authority="A court", scope="All.", until_at=until_at, actor="key/ada", at=due_at
    )
    confirm_hold(store, received.case.public_id, hold.public_id, actor="key/bo", at=due_at)
    assert round_at(store, due_at) == (0, 0)
    assert waits_for(store, received, due_at) is Waits.LEGAL_HOLD
    assert round_at(store, until_at) == (1, 0)


def test_a_case_that_is_looked_for_or_undecided_keeps_its_words(
    store: Store, replica: Replica, received: Received
) -> None:
    notice = notice_about(reported(drawn(9)))
    watching = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    assert round_at(store, AT + timedelta(days=3_000)) == (0, 0)
    assert {case_of(store, each).state for each in (received, watching)} == {CaseState.HELD, CaseState.WATCHING}


def test_a_refused_notice_loses_its_fingerprints_with_its_words(store: Store, received: Received) -> None:
    case_id = received.case.public_id
    decide(store, case_id, REFUSE, at=AT)
    read_at = AT + timedelta(hours=72)
    read_again(store, case_id, Answer("Drawn.", "key/bo", ("intimate",)), upheld=True, at=read_at)
    with store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
        assert entry.state is EntryState.CLOSED
        assert tx.prints.keys_of("entry", entry.id)
    due_at = read_at + CONTEST_FOR + KEEPS.notice
    assert round_at(store, due_at - A_MOMENT) == (0, 0)
    assert round_at(store, due_at) == (1, 0)
    with store.read() as tx:
        assert tx.prints.keys_of("entry", entry.id) == []
        assert store.keyring.data_keys(tx.banks.withdrawn_key_ids()) == {}


def test_what_she_ended_before_a_decision_goes_a_month_later(store: Store, replica: Replica, journal: Journal) -> None:
    notice = notice_about(reported(drawn(9)))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    assert round_at(store, AT + KEEPS.notice - A_MOMENT) == (0, 0)
    assert round_at(store, AT + KEEPS.notice) == (1, 0)


def test_a_notice_that_was_never_completed_goes_after_three_months(store: Store, replica: Replica) -> None:
    notice = replace(notice_about(links=("https://forum.example/1",)), statement="")
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    assert received.case.state is CaseState.INCOMPLETE
    assert round_at(store, AT + INCOMPLETE_FOR - A_MOMENT) == (0, 0)
    late = AT + INCOMPLETE_FOR
    assert round_at(store, late) == (1, 0)
    with pytest.raises(IllegalTransition, match="waited too long"):
        complete_notice(store, replica, received.receipt, notice_about(), default_laws=LAWS, at=late)


def test_nothing_is_added_to_a_case_whose_words_are_erased(store: Store, replica: Replica, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    late = AT + CONTEST_FOR + KEEPS.notice
    round_at(store, late)
    with pytest.raises(IllegalTransition, match="Nothing can be added"):
        add_to_notice(store, replica, received.receipt, notice_about(reported(drawn(5))), at=late)


def test_only_the_laws_that_it_was_complete_under_stay(store: Store, replica: Replica, journal: Journal) -> None:
    notice = replace(notice_about(reported(drawn(9))), signature="")
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    assert {each["law"] for each in received.case.missing} == {"us-take-it-down"}
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="takeback", at=AT + ERASED_AFTER)
    assert case_of(store, received).laws == ("uk-osa-20a", "eu-dsa-16")


# ---- The case itself ------------------------------------------------------------------------------------


def ended(store: Store, journal: Journal, received: Received) -> datetime:
    """Remove, let her end and erase it, and return when nothing of it is needed any more."""
    decide(store, received.case.public_id, REMOVE, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="takeback", at=AT + ERASED_AFTER)
    return max(AT + CONTEST_FOR + KEEPS.notice, AT + KEEPS.upload_record)


def test_in_the_end_one_record_is_left_that_leads_to_nobody(
    store: Store, data: Path, journal: Journal, received: Received
) -> None:
    at = ended(store, journal, received)
    assert round_at(store, at - A_MOMENT) == (0, 0)
    assert round_at(store, at) == (0, 1)
    with pytest.raises(NotFound):
        case_of(store, received)
    with store.read() as tx:
        (record,) = tx.remains.all()
        assert tx.audit.of_case(received.case.public_id) == []
    assert (record.laws, record.outcome) == (LAWS, "removed")
    assert (record.received_at, record.valid_at, record.decided_at, record.removed_at) == (AT, AT, AT, AT)
    assert record.copies == {"identical": {"removed": 1}}
    assert record.expires_at == AT + KEEPS.compliance_record


def test_what_the_log_committed_to_still_verifies_and_says_that_a_case_was_forgotten(
    store: Store, journal: Journal, received: Received
) -> None:
    at = ended(store, journal, received)
    before = verify(store)
    round_at(store, at)
    after = verify(store)
    assert after.entries > before.entries
    with store.read() as tx:
        last = list(tx.audit.entries())[-1]
    assert (last.kind, last.case_id) == (EventKind.CASE_FORGOTTEN, None)


def test_her_receipt_opens_nothing_then(store: Store, journal: Journal, received: Received) -> None:
    at = ended(store, journal, received)
    round_at(store, at)
    with pytest.raises(NotFound):
        withdraw(store, journal, received.ending, at=at)


def test_a_case_that_goes_on_matching_is_not_forgotten(store: Store, journal: Journal, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    late = AT + timedelta(days=3_000)
    assert round_at(store, late) == (1, 0)
    assert round_at(store, late + timedelta(days=3_000)) == (0, 0)
    assert waits_for(store, received, late + timedelta(days=3_000)) is Waits.MATCHING
    withdraw(store, journal, received.ending, at=late)
    assert round_at(store, late + KEEPS.notice) == (0, 1)


def test_a_legal_hold_keeps_the_rest_too(store: Store, journal: Journal, received: Received) -> None:
    at = ended(store, journal, received)
    until_at = at + timedelta(days=9)
    hold = order_hold(
        store, received.case.public_id, authority="A court", scope="All.", until_at=until_at, actor="key/ada", at=at
    )
    confirm_hold(store, received.case.public_id, hold.public_id, actor="key/bo", at=at)
    assert round_at(store, at) == (0, 0)
    assert round_at(store, until_at) == (0, 1)


def test_the_record_goes_when_its_own_time_is_over(store: Store, journal: Journal, received: Received) -> None:
    round_at(store, ended(store, journal, received))
    expires_at = AT + KEEPS.compliance_record
    for at, count in ((expires_at - A_MOMENT, 1), (expires_at, 0)):
        round_at(store, at)
        with store.read() as tx:
            assert len(tx.remains.all()) == count


def test_a_thousand_entries_of_the_log_are_erased_in_slices(
    store: Store, journal: Journal, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ended(store, journal, received)
    monkeypatch.setattr("takeback.workflow.forget._SLICE", 2)
    assert round_at(store, at) == (0, 1)
    verify(store)
    with store.read() as tx:
        assert tx.audit.of_case(received.case.public_id) == []


@pytest.mark.slow
def test_a_thousand_forgotten_cases_leave_both_logs_verifying(
    store: Store, replica: Replica, received: Received
) -> None:
    notice = replace(notice_about(links=("https://elsewhere.example/hers",)), statement="")
    for _ in range(1_000):
        receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    publish(store, "", at=AT)
    before = verify(store)
    assert round_at(store, AT + INCOMPLETE_FOR) == (1_000, 0)
    assert round_at(store, AT + INCOMPLETE_FOR + KEEPS.notice) == (0, 1_000)
    after = verify(store)
    assert after.attestations >= before.attestations
    with store.read() as tx:
        assert len(tx.remains.all()) == 1_000
        assert tx.audit.of_case(received.case.public_id), "another case lost its part of the log"


def test_what_the_desk_was_told_of_as_due_goes_after_three_months(store: Store, received: Received) -> None:
    raise_alerts(store, ("https://chat.example/hook",), at=AT + timedelta(hours=40))
    with store.write() as tx:
        (told,) = tx.alerts.latest(10)
        tx.alerts.put(("https://chat.example/hook",), {"text": "still under way"}, AT)
        tx.alerts.sent(told.id, AT)
    for after, count in ((timedelta(days=90), 2), (timedelta(days=95), 1)):
        round_at(store, AT + after)
        with store.read() as tx:
            assert len(tx.alerts.latest(10)) == count


def test_an_upload_that_was_matched_from_afar_is_forgotten_after_a_day(store: Store, received: Received) -> None:
    with store.write() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
        tx.sightings.add(entry.id, bytes(32), at=AT, since=AT)
    for after, count in ((FLOOD_WINDOW, 1), (FLOOD_WINDOW + A_MOMENT, 0)):
        round_at(store, AT + after)
        with store.read() as tx:
            assert len(tx.connection.execute(select(sighting)).all()) == count


# ---- What is due ----------------------------------------------------------------------------------------


def test_what_is_due_is_listed_with_what_it_waits_for(
    store: Store, replica: Replica, site: Site, journal: Journal, received: Received
) -> None:
    other = receive_notice(store, replica, notice_about(reported(drawn(9))), default_laws=LAWS, request=None, at=AT)
    withdraw(store, journal, other.ending, at=AT)
    decide(store, received.case.public_id, REMOVE, at=AT)
    first, second = retention(store, CONTEST_FOR, limit=10, at=AT)
    assert (first.case.id, first.part, first.due_at) == (other.case.id, Part.WORDS, AT + KEEPS.notice)
    assert (second.case.id, second.due_at) == (received.case.id, AT + CONTEST_FOR + KEEPS.notice)
    assert [first.waits_for, second.waits_for] == [None, None]
    assert len(retention(store, CONTEST_FOR, limit=1, at=AT)) == 1
    erase_retained(store, CONTEST_FOR, actor="takeback", at=AT + KEEPS.notice)
    rest = next(
        each for each in retention(store, CONTEST_FOR, limit=10, at=AT + KEEPS.notice) if each.part is Part.REST
    )
    assert (rest.case.id, rest.due_at) == (other.case.id, AT + 2 * KEEPS.notice)
