"""Step 5: from a notice to held copies, with both clocks; incomplete, repeated and forbidden notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported

from takeback.cases import CaseState, CopyState, Notice
from takeback.cases.notice import ReportedPicture
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.fingerprint import PdqHash
from takeback.store import Store
from takeback.store.outbox import DeliveryState
from takeback.store.sites import Site
from takeback.workflow.decide import Decision, Finding, Outcome, decide
from takeback.workflow.intake import complete_notice, receive_notice
from takeback.workflow.link import fail_link, settle_known_item, settle_link
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_site
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Upload, check_upload

LINK = "https://forum.example/post/1"


def _receive(store: Store, replica: Replica, notice: Notice, *, request: str | None = None) -> tuple[int, str]:
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=request, at=AT)
    return received.case.id, received.receipt


def test_an_incomplete_notice_names_each_missing_field_with_its_section(store: Store, replica: Replica) -> None:
    notice = replace(notice_about(reported(drawn(1))), good_faith=False, not_consensual=False, signature="")
    case_id, _ = _receive(store, replica, notice)
    with store.read() as tx:
        case = tx.cases.by_id(case_id)
    assert case.state is CaseState.INCOMPLETE
    assert {(one["law"], one["field"], one["section"]) for one in case.missing} == {
        ("us-take-it-down", "signature", "§ 3(a)(1)(B)(i)"),
        ("us-take-it-down", "not_consensual", "§ 3(a)(1)(B)(iii)"),
        ("uk-osa-20a", "good_faith", "s. 20A(2)(c)"),
        ("eu-dsa-16", "good_faith", "Art. 16(2)(d)"),
    }
    assert case.deadline_at == AT + timedelta(hours=48)


def test_an_incomplete_notice_holds_nothing(store: Store, replica: Replica, site: Site) -> None:
    _receive(store, replica, replace(notice_about(links=(LINK,)), good_faith=False, signature=""))
    with store.read() as tx:
        assert tx.outbox.count_by_state() == {}
        assert len(replica.entries) == 0


def test_a_completed_notice_keeps_its_clock_of_receipt(store: Store, replica: Replica, clock: Clock) -> None:
    whole = notice_about(reported(drawn(1)))
    _, receipt = _receive(store, replica, replace(whole, good_faith=False, signature=""))
    case = complete_notice(store, replica, receipt, whole, default_laws=LAWS, at=clock.pass_(hours=5))
    assert (case.state, case.received_at, case.valid_at) == (CaseState.WATCHING, AT, AT + timedelta(hours=5))
    assert case.missing == ()
    with pytest.raises(IllegalTransition, match="lacks nothing"):
        complete_notice(store, replica, receipt, whole, default_laws=LAWS, at=clock())


def test_one_complete_law_is_enough_to_act_on(store: Store, replica: Replica) -> None:
    notice = replace(notice_about(reported(drawn(1))), contact=replace(notice_about().contact, email="", mailbox=True))
    case_id, _ = _receive(store, replica, notice)
    with store.read() as tx:
        case = tx.cases.by_id(case_id)
    assert case.state is CaseState.WATCHING
    assert [one["field"] for one in case.missing] == ["email"]


def test_a_repeated_request_makes_one_case_and_gives_the_same_receipt(store: Store, replica: Replica) -> None:
    notice = notice_about(reported(drawn(1)))
    first = _receive(store, replica, notice, request="a-random-request-key")
    assert _receive(store, replica, notice, request="a-random-request-key") == first
    assert _receive(store, replica, notice, request="another-request-key") != first
    with store.read() as tx:
        assert sum(tx.cases.count_by_state().values()) == 2


def test_each_link_has_its_own_state_and_one_bad_link_voids_none(store: Store, replica: Replica, site: Site) -> None:
    notice = notice_about(links=(LINK, "https://elsewhere.example/x", "not a link", "https://forum.example.evil/1"))
    case_id, _ = _receive(store, replica, notice)
    with store.read() as tx:
        case = tx.cases.by_id(case_id)
        states = {tx.cases.open_link(case, copy): copy.state for copy in tx.copies.of_case(case_id)}
        assert states == {
            LINK: CopyState.HELD,
            "https://elsewhere.example/x": CopyState.ELSEWHERE,
            "not a link": CopyState.ELSEWHERE,
            "https://forum.example.evil/1": CopyState.ELSEWHERE,
        }
        assert tx.outbox.count_by_state() == {DeliveryState.WAITING: 1}
        assert [copy.url for copy in tx.copies.to_fetch(AT, 10)] == [LINK]


def test_more_than_200_links_are_refused_with_what_to_do(store: Store, replica: Replica) -> None:
    notice = notice_about(links=tuple(f"https://forum.example/{number}" for number in range(201)))
    with pytest.raises(InputError, match="one notice takes 200"):
        _receive(store, replica, notice)


def test_a_fetched_link_finds_its_copies_and_is_looked_for_from_then_on(
    store: Store, replica: Replica, site: Site
) -> None:
    upload = Upload(site, "2", "https://forum.example/post/2")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    case_id, _ = _receive(store, replica, notice_about(links=(LINK,)))
    with store.read() as tx:
        (link,) = tx.copies.of_case(case_id)
    settle_link(store, replica, link, [reported(drawn(1))], at=AT)
    with store.read() as tx:
        assert {copy.url for copy in tx.copies.of_case(case_id, [CopyState.HELD])} == {LINK, upload.url}
        assert tx.copies.to_fetch(AT, 10) == []
        replica.catch_up(tx)
    assert len(replica.entries) == 1


def test_a_link_to_the_page_of_a_remembered_item_finds_its_copies_all_the_same(
    store: Store, replica: Replica, site: Site
) -> None:
    for name in ("1", "2"):
        upload = Upload(site, name, f"https://forum.example/post/{name}")
        check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    case_id, _ = _receive(store, replica, notice_about(links=(LINK, "https://forum.example/post/never-seen")))
    with store.read() as tx:
        link, unseen = tx.copies.of_case(case_id)
    assert settle_known_item(store, replica, link, at=AT)
    assert not settle_known_item(store, replica, unseen, at=AT)
    with store.read() as tx:
        assert {copy.site_item_id for copy in tx.copies.of_case(case_id, [CopyState.HELD])} == {"1", "2", None}


def test_a_link_that_cannot_be_fetched_stays_held_and_is_tried_again(
    store: Store, replica: Replica, site: Site, clock: Clock
) -> None:
    case_id, _ = _receive(store, replica, notice_about(links=(LINK,)))
    tries = 0
    while True:
        with store.read() as tx:
            due = tx.copies.to_fetch(clock(), 10)
        if not due:
            break
        tries += 1
        fail_link(store, due[0], "The site did not answer.", permanent=False, at=clock())
        clock.pass_(hours=2)
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case_id)
        kinds = [entry.kind for entry in tx.audit.of_case(tx.cases.by_id(case_id).public_id)]
    assert (tries, copy.state, copy.problem) == (5, CopyState.HELD, "The site did not answer.")
    assert kinds.count("link_failed") == 1


def test_a_notice_about_a_minor_takes_links_only_and_fetches_none(store: Store, replica: Replica, site: Site) -> None:
    with pytest.raises(InputError, match="by link only"):
        _receive(store, replica, notice_about(reported(drawn(1)), under_18=True))
    case_id, _ = _receive(store, replica, notice_about(links=(LINK,), under_18=True))
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case_id)
        assert copy.state is CopyState.HELD
        assert tx.copies.to_fetch(AT, 10) == []


def test_an_unknown_law_is_refused_and_the_known_ones_are_named(store: Store, replica: Replica) -> None:
    with pytest.raises(InputError) as raised:
        _receive(store, replica, replace(notice_about(reported(drawn(1))), laws=("atlantis-1",)))
    assert "us-take-it-down" in raised.value.advice


def test_a_wrong_receipt_opens_nothing(store: Store, replica: Replica) -> None:
    _receive(store, replica, notice_about(reported(drawn(1))))
    with store.read() as tx, pytest.raises(NotFound):
        tx.cases.by_receipt(store.keyring.receipt_digest("0" * 32))


def test_her_words_are_sealed_and_open_only_with_the_keys(store: Store, replica: Replica) -> None:
    case_id, receipt = _receive(store, replica, notice_about(reported(drawn(1))))
    raw = store.engine.url.database
    assert raw is not None
    with store.read() as tx:
        assert tx.cases.words(tx.cases.by_id(case_id))["signature"] == "A. Person"
    for name in (raw, raw + "-wal"):
        with open(name, "rb") as file:
            data = file.read()
        assert b"A. Person" not in data
        assert b"person.example" not in data
        assert receipt.encode() not in data


def test_the_mark_of_a_minor_survives_the_completion_of_a_notice(store: Store, replica: Replica, site: Site) -> None:
    whole = notice_about(links=(LINK,), under_18=True)
    _, receipt = _receive(store, replica, replace(whole, good_faith=False, signature=""))
    with pytest.raises(InputError, match="by link only"):
        complete_notice(
            store, replica, receipt, notice_about(reported(drawn(1)), links=(LINK,)), default_laws=LAWS, at=AT
        )
    case = complete_notice(store, replica, receipt, replace(whole, under_18=False), default_laws=LAWS, at=AT)
    assert case.under_18
    with store.read() as tx:
        assert tx.copies.to_fetch(AT, 10) == []


def test_a_completion_may_say_that_she_is_a_minor_and_under_which_laws(
    store: Store, replica: Replica, site: Site
) -> None:
    _, receipt = _receive(store, replica, replace(notice_about(links=(LINK,)), good_faith=False, signature=""))
    whole = replace(notice_about(links=(LINK,), under_18=True), laws=("uk-osa-20a",))
    case = complete_notice(store, replica, receipt, whole, default_laws=LAWS, at=AT)
    assert (case.under_18, case.laws) == (True, ("uk-osa-20a",))
    with store.read() as tx:
        assert tx.copies.to_fetch(AT, 10) == []


def test_a_request_key_is_good_for_one_notice(store: Store, replica: Replica) -> None:
    _receive(store, replica, notice_about(reported(drawn(1))), request="a-random-request-key")
    with pytest.raises(IllegalTransition, match="another notice"):
        _receive(store, replica, notice_about(reported(drawn(2))), request="a-random-request-key")


def test_what_of_a_notice_can_never_be_compared_is_said(store: Store, replica: Replica) -> None:
    flat = ReportedPicture(pdq=PdqHash(reported(drawn(1)).pdq.code, 10))  # type: ignore[union-attr]
    received = receive_notice(store, replica, notice_about(flat), default_laws=LAWS, request=None, at=AT)
    assert [one.code for one in received.unjudged] == ["low-quality"]


def test_a_link_that_is_fetched_after_the_decision_is_at_the_gate_only_if_it_was_removed(
    store: Store, replica: Replica, site: Site
) -> None:
    upload = Upload(site, "2", "https://forum.example/post/2")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(2))), upload, at=AT)
    notice = notice_about(reported(drawn(2)), links=(LINK,))
    case_id, _ = _receive(store, replica, notice)
    with store.read() as tx:
        case = tx.cases.by_id(case_id)
        link, other = tx.copies.of_case(case_id)
    only_other = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", copies={other.public_id})
    decide(store, case.public_id, only_other, at=AT)
    with store.read() as tx:
        link = tx.copies.by_id(link.id)
    settle_link(store, replica, link, [reported(drawn(1))], at=AT)
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), None, at=AT)
    expected = Action.REFUSE if link.state is CopyState.REMOVED else Action.HOLD
    assert checked.action is expected


@pytest.mark.parametrize("link", ["http://FORUM.example/post/1", "https://forum.example:443/post/1#photo"])
def test_a_link_is_the_item_however_it_is_spelled(store: Store, replica: Replica, site: Site, link: str) -> None:
    upload = Upload(site, "1", LINK)
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    case_id, _ = _receive(store, replica, notice_about(links=(link, LINK)))
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case_id)
    assert (copy.url, copy.site_item_id, copy.state) == (LINK, "1", CopyState.HELD)


@pytest.mark.parametrize(
    "base_url", ["https://forum.example/a/../b/", "https://forum.example/?page=1", "forum.example"]
)
def test_a_site_needs_an_address_that_something_can_lie_below(store: Store, base_url: str) -> None:
    with pytest.raises(InputError):
        add_site(store, "f", base_url=base_url, webhook_url="https://forum.example/hook", actor="test", at=AT)
