"""What an authority wants kept: by two people, against erasure alone, and until its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, forms_of, notice_about, reported

from takeback.audit.event import EventKind
from takeback.cases import CaseState
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.store import Store
from takeback.store.journal import Journal, Withdrawal
from takeback.store.legal_holds import LegalHold
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, cancel_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.legal_hold import MOST_HELD, confirm_hold, end_hold, end_holds, held_until, order_hold
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.withdraw import finish_withdrawals

ASKED = AT + ERASED_AFTER
UNTIL = AT + timedelta(days=90)
ADA, BO = "key/ada", "key/bo"
NUMBER = "Landeskriminalamt, 12 Js 345/26"


@pytest.fixture
def received(store: Store, replica: Replica) -> Received:
    return receive_notice(store, replica, notice_about(reported(drawn(1))), default_laws=LAWS, request=None, at=AT)


def ordered(store: Store, received: Received, *, until_at: datetime = UNTIL) -> LegalHold:
    return order_hold(
        store, received.case.public_id, authority=NUMBER, scope="All messages.", until_at=until_at, actor=ADA, at=AT
    )


def held(store: Store, received: Received, *, until_at: datetime = UNTIL) -> LegalHold:
    made = ordered(store, received, until_at=until_at)
    return confirm_hold(store, received.case.public_id, made.public_id, actor=BO, at=AT)


def is_erased(store: Store, received: Received) -> bool:
    with store.read() as tx:
        return tx.cases.by_id(received.case.id).erased_at is not None


def test_what_two_people_ordered_suspends_her_erasure_and_it_happens_by_itself_at_the_end(
    store: Store, journal: Journal, received: Received
) -> None:
    held(store, received)
    ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=ASKED) == 0
    assert erase_due(store, journal, actor="test", at=UNTIL - timedelta(microseconds=1)) == 0
    assert erase_due(store, journal, actor="test", at=UNTIL) == 1
    assert is_erased(store, received)


def test_it_suspends_neither_the_end_of_matching_nor_her_change_of_mind(
    store: Store, journal: Journal, received: Received
) -> None:
    with store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
        keys = tx.prints.keys_of("entry", entry.id)
    assert keys
    held(store, received)
    case = ask_for_erasure(store, journal, received.ending, at=AT)
    assert case.state is CaseState.WITHDRAWN
    with store.read() as tx:
        assert tx.prints.keys_of("entry", entry.id) == []
    assert cancel_erasure(store, journal, received.receipt, at=ASKED).erase_at is None


def test_what_one_person_ordered_suspends_nothing(store: Store, journal: Journal, received: Received) -> None:
    made = ordered(store, received)
    with pytest.raises(IllegalTransition, match="neither confirms"):
        confirm_hold(store, received.case.public_id, made.public_id, actor=ADA, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=ASKED) == 1


def test_who_keeps_out_of_the_case_neither_orders_nor_confirms_nor_ends(store: Store, received: Received) -> None:
    made = ordered(store, received)
    recuse(store, received.case.public_id, actor=BO, at=AT)
    case_id = received.case.public_id
    with pytest.raises(IllegalTransition, match="keep out"):
        confirm_hold(store, case_id, made.public_id, actor=BO, at=AT)
    with pytest.raises(IllegalTransition, match="keep out"):
        end_hold(store, case_id, made.public_id, actor=BO, at=AT)
    with pytest.raises(IllegalTransition, match="keep out"):
        order_hold(store, case_id, authority=NUMBER, scope="All.", until_at=UNTIL, actor=BO, at=AT)


def test_a_hold_that_stands_is_ended_early_by_another_than_who_ordered_it(
    store: Store, journal: Journal, received: Received
) -> None:
    made, case_id = held(store, received), received.case.public_id
    with pytest.raises(IllegalTransition, match="neither confirms nor ends"):
        end_hold(store, case_id, made.public_id, actor=ADA, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    end_hold(store, case_id, made.public_id, actor=BO, at=ASKED)
    assert erase_due(store, journal, actor="test", at=ASKED) == 1
    with pytest.raises(IllegalTransition, match="over already"):
        end_hold(store, case_id, made.public_id, actor=BO, at=ASKED)


def test_who_ordered_one_that_nobody_confirmed_may_take_it_back(store: Store, received: Received) -> None:
    made = ordered(store, received)
    end_hold(store, received.case.public_id, made.public_id, actor=ADA, at=AT)
    with pytest.raises(IllegalTransition, match="confirmed already, or over"):
        confirm_hold(store, received.case.public_id, made.public_id, actor=BO, at=AT)


def test_of_two_holds_the_later_end_counts(store: Store, received: Received) -> None:
    held(store, received)
    held(store, received, until_at=UNTIL + timedelta(days=30))
    with store.read() as tx:
        assert held_until(tx, received.case, AT) == UNTIL + timedelta(days=30)
        assert held_until(tx, received.case, UNTIL + timedelta(days=30)) is None


@pytest.mark.parametrize(
    ("authority", "scope", "until_at"),
    [
        ("", "All.", UNTIL),
        (NUMBER, " ", UNTIL),
        (NUMBER, "x" * 2_001, UNTIL),
        (NUMBER, "All.", AT),
        (NUMBER, "All.", AT + MOST_HELD + timedelta(seconds=1)),
    ],
)
def test_a_hold_names_who_what_and_until_when(
    store: Store, received: Received, authority: str, scope: str, until_at: datetime
) -> None:
    with pytest.raises(InputError):
        order_hold(
            store, received.case.public_id, authority=authority, scope=scope, until_at=until_at, actor=ADA, at=AT
        )


def test_a_hold_of_another_case_is_not_found(store: Store, replica: Replica, received: Received) -> None:
    made = ordered(store, received)
    other = receive_notice(store, replica, notice_about(), default_laws=LAWS, request=None, at=AT)
    with pytest.raises(NotFound):
        confirm_hold(store, other.case.public_id, made.public_id, actor=BO, at=AT)


def test_the_log_tells_each_step_and_that_its_time_was_over(store: Store, received: Received) -> None:
    held(store, received)
    assert (end_holds(store, actor="takeback", at=UNTIL), end_holds(store, actor="takeback", at=UNTIL)) == (1, 0)
    with store.read() as tx:
        told = [entry.kind for entry in tx.audit.of_case(received.case.public_id)][-3:]
    assert told == [
        EventKind.LEGAL_HOLD_ORDERED, EventKind.LEGAL_HOLD_CONFIRMED, EventKind.LEGAL_HOLD_ENDED
    ]  # fmt: skip


def test_it_keeps_what_a_crash_left_in_the_journal_as_erased(
    store: Store, journal: Journal, received: Received
) -> None:
    ask_for_erasure(store, journal, received.ending, at=AT)
    # The disk was full between the journal's line and the commit.
    journal.append(Withdrawal(received.case.public_id, ASKED, erased=True))
    held(store, received)
    finish_withdrawals(store, journal, at=ASKED)
    assert not is_erased(store, received)
    assert erase_due(store, journal, actor="test", at=UNTIL) == 1


def test_after_a_restore_it_keeps_what_was_erased_before_only_until_its_end(
    store: Store, journal: Journal, received: Received
) -> None:
    journal.append(Withdrawal(received.case.public_id, ASKED, erased=True))
    held(store, received)
    finish_withdrawals(store, journal, at=ASKED)
    assert not is_erased(store, received)
    assert erase_due(store, journal, actor="test", at=UNTIL) == 1


def test_who_wants_what_lies_sealed_and_goes_with_the_case(
    store: Store, data: Path, journal: Journal, received: Received
) -> None:
    made = held(store, received)
    content = b"".join(path.read_bytes() for path in data.iterdir())
    assert not any(form in content for form in forms_of(NUMBER.encode()))
    with store.read() as tx:
        assert tx.legal_holds.said(received.case, made) == (NUMBER, "All messages.")
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="test", at=UNTIL)
    with store.read() as tx:
        (left,) = tx.legal_holds.of_case(received.case.id)
        assert tx.legal_holds.said(received.case, left) == ("", "")
