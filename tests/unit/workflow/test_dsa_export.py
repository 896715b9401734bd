"""What the DSA's database is sent: each picture once, when it was decided, and nothing of anybody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.cases.statement import House
from takeback.errors import IntegrityError
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, decide
from takeback.workflow.dsa_export import calls_of, statements_since
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Upload, check_upload

MARKER = "Rosa Marker of Elm Street"
REMOVE = Decision(Outcome.REMOVED, Finding(True, MARKER), "key/one", Confirm.ALL)
REFUSE = Decision(Outcome.REFUSED, Finding(False, MARKER, ("intimate",)), "key/one", Confirm.ALL)
DRAWN = Answer(MARKER, "key/two", ("intimate",))
DAY = timedelta(days=1)


@pytest.fixture
def held(store: Store, replica: Replica, site: Site) -> Received:
    """A case with one copy, whose notice, item and address hold markers."""
    upload = Upload(site, "item-marker", "https://forum.example/address-marker")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    notice = replace(notice_about(reported(drawn(1), digests=True)), statement=MARKER, signature=MARKER)
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def exported(store: Store, since: Any = AT - DAY) -> list[dict[str, Any]]:
    return list(statements_since(store, since, House(terms="Terms.")))


def test_what_nobody_has_decided_on_is_not_sent(store: Store, held: Received) -> None:
    assert exported(store) == []


def test_a_removal_is_one_statement_with_its_hold(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT + DAY)
    (record,) = exported(store)
    assert record["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert (record["content_date"], record["application_date"]) == ("2026-11-22", "2026-11-22")
    assert "end_date_visibility_restriction" not in record


def test_a_hold_that_was_lifted_is_told_with_its_end(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REFUSE, at=AT)
    read_again(store, held.case.public_id, DRAWN, upheld=True, at=AT + 4 * DAY)
    (record,) = exported(store)
    assert record["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert record["end_date_visibility_restriction"] == "2026-11-26"


def test_a_removal_that_was_contested_with_success_is_a_removal_with_its_end(
    store: Store, site: Site, held: Received
) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    contest(store, site, "item-marker", MARKER, at=AT)
    assert len(exported(store)) == 1
    pass_on_contest(store, held.case.public_id, MARKER, actor="key/two", at=AT)
    answer_contest(store, held.case.public_id, DRAWN, put_back=True, at=AT + 4 * DAY)
    (record,) = exported(store)
    assert record["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert record["end_date_visibility_restriction"] == "2026-11-26"


def test_what_was_only_possible_is_hidden_from_its_removal_on(
    store: Store, replica: Replica, site: Site, held: Received
) -> None:
    with store.write() as tx:
        (copy,) = tx.copies.of_item(site.id, "item-marker")
        tx.copies.set(copy.id, state="possible", copy_class="possible")
        tx.outbox.failed(tx.outbox.of_copy(copy.id)[0].id, "never was")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("delete from outbox")
    decide(store, held.case.public_id, replace(REMOVE, copies={copy.public_id}), at=AT + 2 * DAY)
    (record,) = exported(store)
    assert (record["content_date"], record["application_date"]) == ("2026-11-22", "2026-11-24")


def test_only_what_was_decided_since_is_sent(store: Store, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    assert len(exported(store, AT)) == 1
    assert exported(store, AT + timedelta(seconds=1)) == []


def test_the_id_is_the_same_each_time_and_leads_to_nothing(store: Store, site: Site, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    first, again = exported(store)[0]["puid"], exported(store)[0]["puid"]
    assert first == again
    assert re.fullmatch("[0-9a-f]{32}", first)
    with store.read() as tx:
        (copy,) = tx.copies.of_item(site.id, "item-marker")
    assert first not in (copy.public_id, held.case.public_id)
    with store.engine.connect() as connection:
        stored = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    assert first.encode() not in stored
    assert bytes.fromhex(first) not in stored


def test_nothing_of_anybody_is_in_it(store: Store, site: Site, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    contest(store, site, "item-marker", MARKER, at=AT)
    answer_contest(store, held.case.public_id, Answer(MARKER, "key/two"), put_back=False, at=AT)
    text = str(exported(store)).lower()
    assert "marker" not in text
    assert "forum.example" not in text
    assert held.case.public_id not in text


def test_an_erased_case_is_told_as_before(store: Store, journal: Journal, held: Received) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    before = exported(store)
    ask_for_erasure(store, journal, held.ending, at=AT)
    erase_due(store, journal, actor="test", at=AT + ERASED_AFTER)
    assert exported(store) == before


def test_a_statement_that_the_database_would_not_take_is_not_written(
    store: Store, held: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(store, held.case.public_id, REMOVE, at=AT)
    monkeypatch.setattr(store.keyring, "statement_id", lambda copy_id: "not allowed")
    with pytest.raises(IntegrityError, match="puid: pattern"):
        exported(store)


def test_a_call_has_at_most_a_hundred_statements() -> None:
    calls = list(calls_of([{"puid": str(number)} for number in range(250)]))
    assert [len(call["statements"]) for call in calls] == [100, 100, 50]  # type: ignore[arg-type]
    assert list(calls_of([])) == []
