"""Who posted what was removed: sealed at the removal, opened by two people, erased when its time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.cases.law import law_packs
from takeback.errors import IllegalTransition, InputError, NotFound, SealBroken
from takeback.store import Store
from takeback.store.sites import Site
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.gone import forget_item
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.legal_hold import confirm_hold, order_hold
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.upload import MAX_ACCOUNT_CHARACTERS, Upload, check_upload
from takeback.workflow.upload_record import (
    MAX_REASON,
    REQUEST_FOR,
    ask_for_records,
    erase_expired_records,
    open_records,
)

ADA, BO = "key/ada", "key/bo"
ACCOUNT = "account-of-somebody-77"
POSTED = AT - timedelta(days=3)
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), ADA)
KEPT_FOR = max(pack.keeps.upload_record for pack in law_packs().values())


def post(store: Store, replica: Replica, site: Site, account: str | None = ACCOUNT) -> None:
    query = query_of_fingerprints(prints_of(drawn(1)))
    upload = Upload(site, "1", "https://forum.example/1", account)
    check_upload(store, replica, query, upload, at=POSTED)


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A case with one identical copy, posted three days before."""
    post(store, replica, site)
    notice = notice_about(reported(drawn(1), digests=True))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def removed(store: Store, received: Received) -> str:
    decide(store, received.case.public_id, REMOVE, at=AT)
    return received.case.public_id


def kinds(store: Store, case_id: str) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(case_id)]


def test_a_removal_keeps_who_posted_when_and_where(store: Store, site: Site, received: Received) -> None:
    case_id = removed(store, received)
    request = ask_for_records(store, case_id, "Police, number 1", actor=ADA, at=AT)
    (opened,) = open_records(store, case_id, request.public_id, actor=BO, at=AT)
    assert {name: opened[name] for name in ("site", "item_id", "account", "address")} == {
        "site": "forum", "item_id": "1", "account": ACCOUNT, "address": "https://forum.example/1"
    }  # fmt: skip
    assert (opened["first_checked_at"], opened["removed_at"]) == (POSTED.isoformat(), AT.isoformat())


def test_it_outlives_the_item_and_a_later_check_does_not_move_its_time(
    store: Store, replica: Replica, site: Site, received: Received
) -> None:
    query = query_of_fingerprints(prints_of(drawn(1)))
    check_upload(store, replica, query, Upload(site, "1", "https://forum.example/1"), at=AT)
    case_id = removed(store, received)
    forget_item(store, site, "1", at=AT)
    request = ask_for_records(store, case_id, "Police.", actor=ADA, at=AT)
    (opened,) = open_records(store, case_id, request.public_id, actor=BO, at=AT)
    assert (opened["account"], opened["first_checked_at"]) == (ACCOUNT, POSTED.isoformat())


def test_the_account_lies_nowhere_in_the_clear(store: Store, data: Path, received: Received) -> None:
    removed(store, received)
    content = b"".join(path.read_bytes() for path in data.iterdir())
    assert not any(form in content for form in forms_of(ACCOUNT.encode()))


def test_the_account_goes_with_the_item_where_nothing_was_removed(store: Store, replica: Replica, site: Site) -> None:
    post(store, replica, site)
    with store.read() as tx:
        item = tx.items.find(site.id, "1")
        assert item is not None
        assert tx.items.account_of(item, store.keyring.data_key(site.key_id)) == ACCOUNT
    forget_item(store, site, "1", at=AT)
    with store.read() as tx:
        assert tx.items.find(site.id, "1") is None


def test_a_site_that_names_no_account_leaves_a_record_without_one(store: Store, replica: Replica, site: Site) -> None:
    post(store, replica, site, account=None)
    notice = notice_about(reported(drawn(1), digests=True))
    case_id = removed(store, receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT))
    request = ask_for_records(store, case_id, "Police.", actor=ADA, at=AT)
    assert open_records(store, case_id, request.public_id, actor=BO, at=AT)[0]["account"] is None


@pytest.mark.parametrize("account", ["", "x" * (MAX_ACCOUNT_CHARACTERS + 1)])
def test_an_account_is_an_id_of_bounded_length(store: Store, replica: Replica, site: Site, account: str) -> None:
    with pytest.raises(InputError, match="account"):
        post(store, replica, site, account)


def test_nobody_opens_it_alone_and_each_request_opens_it_once(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    request = ask_for_records(store, case_id, "Police.", actor=ADA, at=AT)
    with pytest.raises(IllegalTransition, match="does not open"):
        open_records(store, case_id, request.public_id, actor=ADA, at=AT)
    open_records(store, case_id, request.public_id, actor=BO, at=AT)
    with pytest.raises(IllegalTransition, match="granted already"):
        open_records(store, case_id, request.public_id, actor=BO, at=AT)


def test_a_request_lapses_after_a_week_and_needs_a_reason(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    request = ask_for_records(store, case_id, "Police.", actor=ADA, at=AT)
    with pytest.raises(IllegalTransition, match="too old"):
        open_records(store, case_id, request.public_id, actor=BO, at=AT + REQUEST_FOR)
    for reason in (" ", "x" * (MAX_REASON + 1)):
        with pytest.raises(InputError):
            ask_for_records(store, case_id, reason, actor=ADA, at=AT)
    with pytest.raises(NotFound):
        open_records(store, case_id, "0" * 32, actor=BO, at=AT)


def test_who_keeps_out_neither_asks_nor_opens(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    request = ask_for_records(store, case_id, "Police.", actor=ADA, at=AT)
    recuse(store, case_id, actor=BO, at=AT)
    with pytest.raises(IllegalTransition, match="keep out"):
        open_records(store, case_id, request.public_id, actor=BO, at=AT)
    with pytest.raises(IllegalTransition, match="keep out"):
        ask_for_records(store, case_id, "Police.", actor=BO, at=AT)


def test_each_step_is_an_event_with_the_reason(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    request = ask_for_records(store, case_id, "Police, number 1", actor=ADA, at=AT)
    open_records(store, case_id, request.public_id, actor=BO, at=AT)
    with store.read() as tx:
        asked, opened = tx.audit.of_case(case_id)[-2:]
    assert (asked.kind, asked.actor) == (EventKind.UPLOAD_RECORDS_ASKED, ADA)
    assert (opened.kind, opened.actor) == (EventKind.UPLOAD_RECORDS_OPENED, BO)
    assert opened.facts is not None
    assert (opened.facts["reason"], opened.facts["records"]) == ("Police, number 1", 1)


def test_it_is_erased_with_its_key_when_the_longest_time_of_its_laws_is_over(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    with store.read() as tx:
        (record,) = tx.upload_records.of_case(received.case.id)
    assert record.expires_at == AT + KEPT_FOR
    assert erase_expired_records(store, actor="takeback", at=record.expires_at - timedelta(seconds=1)) == 0
    assert erase_expired_records(store, actor="takeback", at=record.expires_at) == 1
    with pytest.raises(SealBroken):
        store.keyring.data_key(record.key_id)
    with pytest.raises(IllegalTransition, match="no upload record"):
        ask_for_records(store, case_id, "Police.", actor=ADA, at=record.expires_at)
    assert kinds(store, case_id)[-1] == EventKind.UPLOAD_RECORDS_ERASED
    assert erase_expired_records(store, actor="takeback", at=record.expires_at) == 0


def test_a_legal_hold_suspends_that_until_it_ends(store: Store, received: Received) -> None:
    case_id = removed(store, received)
    later = AT + KEPT_FOR - timedelta(days=1)
    until_at = later + timedelta(days=60)
    hold = order_hold(store, case_id, authority="A court", scope="The uploads.", until_at=until_at, actor=ADA, at=later)
    confirm_hold(store, case_id, hold.public_id, actor=BO, at=later)
    assert erase_expired_records(store, actor="takeback", at=AT + KEPT_FOR) == 0
    assert erase_expired_records(store, actor="takeback", at=until_at) == 1


def test_a_decision_that_removes_nothing_leaves_no_key_behind(store: Store, received: Received) -> None:
    count = _keys(store)
    refused = Decision(Outcome.REFUSED, Finding(False, "A landscape.", ("intimate",)), ADA)
    decide(store, received.case.public_id, refused, at=AT)
    assert _keys(store) == count
    with pytest.raises(IllegalTransition):
        decide(store, received.case.public_id, REMOVE, at=AT)
    assert _keys(store) == count


def _keys(store: Store) -> int:
    with store.keyring._reading() as connection:
        return int(connection.execute("select count(*) from data_key").fetchone()[0])
