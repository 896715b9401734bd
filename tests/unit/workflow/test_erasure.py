"""Everything of hers can be erased: three days after she asked for it, and not if she took it back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.audit.log import verify_log
from takeback.cases import CaseState, CopyState
from takeback.errors import IllegalTransition, NotFound, SealBroken
from takeback.store import Store
from takeback.store.journal import Journal, Withdrawal
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, cancel_erasure, erase_due
from takeback.workflow.intake import Received, links_elsewhere, receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.reported import seal_links
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.withdraw import finish_withdrawals
from takeback.workflow.words import open_words

ELSEWHERE = "https://elsewhere.example/her-own-page"
LATER = AT + ERASED_AFTER


@pytest.fixture
def received(store: Store, replica: Replica) -> Received:
    notice = notice_about(reported(drawn(1)), links=(ELSEWHERE,))
    return receive_notice(store, replica, notice, default_laws=LAWS, request="r" * 20, at=AT)


def kinds(store: Store, received: Received) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(received.case.public_id)]


def test_matching_stops_at_once_and_the_rest_stays_for_72_hours(
    store: Store, journal: Journal, received: Received
) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    assert (case.state, case.erase_at, case.erased_at) == (CaseState.WITHDRAWN, LATER, None)
    assert erase_due(store, journal, actor="test", at=LATER - timedelta(seconds=1)) == 0
    assert open_words(store, case.public_id, actor="desk", at=AT)["signature"] == "A. Person"


def test_after_72_hours_her_words_her_links_and_the_key_are_gone(
    store: Store, journal: Journal, received: Received
) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=LATER) == 1
    with store.read() as tx:
        erased = tx.cases.by_id(case.id)
        assert (erased.erase_at, erased.erased_at, erased.missing) == (None, LATER, ())
        assert tx.cases.words(erased) == {}
        assert tx.copies.of_case(case.id, [CopyState.ELSEWHERE]) == []
    with pytest.raises(SealBroken):
        store.keyring.data_key(case.key_id)
    assert open_words(store, case.public_id, actor="desk", at=LATER) == {
        "messages": [],
        "contests": [],
        "refused_uploads": [],
    }
    assert erase_due(store, journal, actor="test", at=LATER) == 0


def test_the_log_says_it_and_still_verifies(store: Store, journal: Journal, received: Received) -> None:
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="test", at=LATER)
    assert kinds(store, received)[-3:] == [EventKind.WITHDRAWN, EventKind.ERASURE_ASKED, EventKind.ERASED]
    with store.read() as tx:
        assert verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key) > 3


def test_a_link_to_another_site_lies_under_the_key_of_its_case(store: Store, data: Path, received: Received) -> None:
    assert links_elsewhere(store, received.case) == [ELSEWHERE]
    with store.read() as tx:
        (copy,) = tx.copies.of_case(received.case.id, [CopyState.ELSEWHERE])
    assert copy.url == ""
    content = b"".join(path.read_bytes() for path in data.iterdir())
    assert not any(form in content for form in forms_of(ELSEWHERE.encode()))


def test_a_link_that_an_earlier_release_kept_in_clear_is_sealed(store: Store, received: Received) -> None:
    with store.write() as tx:
        (copy,) = tx.copies.of_case(received.case.id, [CopyState.ELSEWHERE])
        tx.copies.set(copy.id, url=ELSEWHERE, sealed_url=None)
    assert links_elsewhere(store, received.case) == [ELSEWHERE]
    assert (seal_links(store), seal_links(store)) == (1, 0)
    with store.read() as tx:
        assert tx.copies.by_id(copy.id).url == ""
    assert links_elsewhere(store, received.case) == [ELSEWHERE]


def test_what_the_other_side_wrote_is_kept_until_it_is_answered(
    store: Store, replica: Replica, journal: Journal, site: Site
) -> None:
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), Upload(site, "1"), at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    decide(store, received.case.public_id, Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one"), at=AT)
    contest(store, site, "1", "I drew this myself.", at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=LATER) == 0
    words = open_words(store, received.case.public_id, actor="desk", at=LATER)
    assert "I drew this myself." in str(words["contests"])


def test_after_the_erasure_the_other_side_is_still_heard(
    store: Store, replica: Replica, journal: Journal, site: Site
) -> None:
    for item in ("1", "2"):
        check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), Upload(site, item), at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    decide(store, received.case.public_id, Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one"), at=AT)
    contest(store, site, "1", "Answered before.", at=AT)
    answer_contest(store, received.case.public_id, Answer("It is covered.", "key/two"), put_back=False, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=LATER) == 1
    assert open_words(store, received.case.public_id, actor="desk", at=LATER)["contests"] == []
    contest(store, site, "2", "I drew this myself.", at=LATER)
    contests = open_words(store, received.case.public_id, actor="desk", at=LATER)["contests"]
    assert "I drew this myself." in str(contests)


def test_what_she_kept_is_not_erased_by_what_the_journal_said_before(
    store: Store, journal: Journal, received: Received
) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    # The disk was full between the journal's line and the commit.
    journal.append(Withdrawal(case.public_id, LATER, erased=True))
    cancel_erasure(store, journal, received.receipt, at=LATER)
    finish_withdrawals(store, journal, at=LATER)
    assert open_words(store, case.public_id, actor="desk", at=LATER)["signature"] == "A. Person"


def test_it_can_be_cancelled_and_the_case_stays_ended(store: Store, journal: Journal, received: Received) -> None:
    ask_for_erasure(store, journal, received.ending, at=AT)
    case = cancel_erasure(store, journal, received.receipt, at=AT)
    assert (case.state, case.erase_at) == (CaseState.WITHDRAWN, None)
    assert erase_due(store, journal, actor="test", at=LATER) == 0
    assert open_words(store, case.public_id, actor="desk", at=AT)["signature"] == "A. Person"
    assert kinds(store, received)[-2] == EventKind.ERASURE_CANCELLED


def test_a_cancellation_in_the_moment_of_the_erasure_keeps_it(
    store: Store, journal: Journal, received: Received
) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    erased: list[int] = []
    erasing = Thread(target=lambda: erased.append(erase_due(store, journal, actor="test", at=LATER)))
    with store.write() as tx:
        # It reads what is due, and waits for this transaction, which cancels it.
        erasing.start()
        erasing.join(0.5)
        tx.cases.set_erasure(case, None)
    erasing.join()
    assert erased == [0]
    assert open_words(store, case.public_id, actor="desk", at=LATER)["signature"] == "A. Person"


def test_asking_twice_moves_nothing(store: Store, journal: Journal, received: Received) -> None:
    ask_for_erasure(store, journal, received.ending, at=AT)
    again = ask_for_erasure(store, journal, received.ending, at=AT + timedelta(hours=5))
    assert again.erase_at == LATER
    erase_due(store, journal, actor="test", at=LATER)
    assert ask_for_erasure(store, journal, received.ending, at=LATER).erased_at == LATER


def test_a_case_that_was_withdrawn_before_can_be_erased(store: Store, journal: Journal, received: Received) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    cancel_erasure(store, journal, received.receipt, at=AT)
    assert ask_for_erasure(store, journal, received.ending, at=AT).erase_at == case.erase_at


def test_nothing_to_cancel_and_wrong_receipts_are_told(store: Store, journal: Journal, received: Received) -> None:
    with pytest.raises(IllegalTransition):
        cancel_erasure(store, journal, received.receipt, at=AT)
    with pytest.raises(NotFound):
        ask_for_erasure(store, journal, "no words", at=AT)
    with pytest.raises(NotFound):
        cancel_erasure(store, journal, "no words", at=AT)


def test_a_key_that_a_crash_left_behind_is_destroyed_in_the_next_round(
    store: Store, journal: Journal, received: Received
) -> None:
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    with store.write() as tx:
        tx.cases.erase(case, LATER)
    assert store.keyring.data_key(case.key_id)
    assert erase_due(store, journal, actor="test", at=LATER) == 0
    with pytest.raises(SealBroken):
        store.keyring.data_key(case.key_id)
