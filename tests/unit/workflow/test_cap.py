"""A flood of notices from one source hides only so much before a person has looked, and shuts nobody out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState, Notice
from takeback.errors import IllegalTransition, InputError
from takeback.match import CopyClass
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.addition import add_to_notice
from takeback.workflow.cap import SOURCE_KEPT_FOR, Source, fill_places, forget_sources, let_hold
from takeback.workflow.decide import Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.intake import Received, complete_notice, receive_notice
from takeback.workflow.link import settle_link
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import withdraw

HERE, THERE = Source("9.9.9.9", 2), Source("9.9.9.10", 2)
LINK = "https://forum.example/post/1"
FLOOD = (101, 102)
"""Pictures of the notices that take both places."""


class Desk:
    """Notices from a source, and what a person does with their cases."""

    def __init__(self, store: Store, replica: Replica, site: Site) -> None:
        self.store, self.replica, self.site = store, replica, site

    def notice(self, notice: Notice | int, source: Source | None = HERE, hours: int = 0) -> Received:
        if isinstance(notice, int):
            notice = notice_about(reported(drawn(notice), digests=True))
        at = AT + timedelta(hours=hours)
        return receive_notice(
            self.store, self.replica, notice, default_laws=LAWS, request=None, source=source, at=at
        )  # fmt: skip

    def flood(self) -> list[Received]:
        return [self.notice(seed) for seed in FLOOD]

    def upload(self, item: str, seed: int) -> Action:
        upload = Upload(self.site, item, f"https://forum.example/post/{item}")
        query = query_of_fingerprints(prints_of(drawn(seed)))
        return check_upload(self.store, self.replica, query, upload, at=AT).action

    def now(self, received: Received) -> Case:
        with self.store.read() as tx:
            return tx.cases.by_id(received.case.id)

    def copies(self, received: Received) -> list[tuple[CopyState, CopyClass | None]]:
        with self.store.read() as tx:
            return [(copy.state, copy.copy_class) for copy in tx.copies.of_case(received.case.id)]

    def orders(self) -> list[str]:
        with self.store.read() as tx:
            return [one.kind for one in tx.outbox.waiting_of_site(self.site.id, AT + timedelta(days=30), 100)]

    def kinds(self, received: Received) -> list[str]:
        with self.store.read() as tx:
            return [entry.kind for entry in tx.audit.of_case(received.case.public_id)]

    def decide(self, received: Received, *, removes: bool) -> None:
        outcome = Outcome.REMOVED if removes else Outcome.REFUSED
        finding = Finding(removes, "As I see it.", () if removes else ("intimate",))
        decide(self.store, received.case.public_id, Decision(outcome, finding, "key/ada"), at=AT)

    def fill(self, places: int = 2, hours: int = 1) -> int:
        return fill_places(self.store, places, actor="takeback", at=AT + timedelta(hours=hours))

    def sources(self) -> list[bytes]:
        with self.store.engine.connect() as connection:
            rows = connection.exec_driver_sql('select source_digest from "case" where source_digest is not null')
            return [row[0] for row in rows]


@pytest.fixture
def desk(store: Store, replica: Replica, site: Site) -> Desk:
    return Desk(store, replica, site)


def test_beyond_the_cap_a_notice_is_received_and_on_its_clocks_and_hides_nothing(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.upload("2", 101)
    first, _ = desk.flood()
    her = desk.notice(1)
    case = desk.now(her)
    assert desk.copies(first) == [(CopyState.HELD, CopyClass.IDENTICAL)]
    assert (case.state, case.capped_at, case.valid_at) == (CaseState.WATCHING, AT, AT)
    assert case.deadline_at == AT + timedelta(hours=48)
    assert desk.copies(her) == [(CopyState.POSSIBLE, CopyClass.IDENTICAL)]
    assert desk.orders() == ["hold"]
    assert EventKind.HOLD_CAPPED in desk.kinds(her)
    assert EventKind.WATCHING_BEGAN not in desk.kinds(her)


def test_a_capped_case_stands_first_in_the_queue(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.notice(1, THERE)
    desk.flood()
    her = desk.notice(2, hours=1)
    with desk.store.read() as tx:
        page = tx.queue.page((), offset=0, limit=10, at=AT)
        listed = tx.cases.queue()
    assert (page.rows[0].public_id, page.rows[0].is_capped) == (her.case.public_id, True)
    assert [row.is_capped for row in page.rows[1:]] == [False] * 3
    assert listed[0].id == her.case.id


def test_a_link_of_a_capped_case_is_looked_at_and_hidden_by_nobody_but_a_person(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(notice_about(links=(LINK,)))
    assert desk.copies(her) == [(CopyState.POSSIBLE, None)]
    with desk.store.read() as tx:
        (copy,) = tx.copies.to_fetch(AT, 10)
    desk.upload("2", 5)
    settle_link(desk.store, desk.replica, copy, [reported(drawn(5), digests=True)], at=AT)
    assert desk.copies(her) == [(CopyState.POSSIBLE, CopyClass.IDENTICAL)] * 2
    assert desk.orders() == []
    let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert [state for state, _ in desk.copies(her)] == [CopyState.HELD] * 2
    assert desk.orders() == ["hold"] * 2


def test_what_she_adds_to_a_capped_case_hides_nothing_either(desk: Desk, store: Store, replica: Replica) -> None:
    desk.upload("1", 1)
    desk.flood()
    her = desk.notice(2)
    more = Notice((), pictures=(reported(drawn(1), digests=True),), links=("https://forum.example/post/7",))
    add_to_notice(store, replica, her.receipt, more, at=AT)
    assert {state for state, _ in desk.copies(her)} == {CopyState.POSSIBLE}
    assert len(desk.copies(her)) == 2
    assert desk.orders() == []


def test_an_upload_that_a_capped_case_is_about_passes_and_is_possible(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(1)
    assert desk.upload("1", 1) is Action.ALLOW
    assert desk.copies(her) == [(CopyState.POSSIBLE, CopyClass.IDENTICAL)]
    assert desk.now(her).deadline_at == AT + timedelta(hours=48)


def test_an_upload_that_another_case_holds_is_held_and_only_possible_for_the_capped_one(desk: Desk) -> None:
    desk.flood()
    her, other = desk.notice(1), desk.notice(1, THERE)
    assert desk.upload("1", 1) is Action.HOLD
    assert desk.copies(her) == [(CopyState.POSSIBLE, CopyClass.IDENTICAL)]
    assert desk.copies(other) == [(CopyState.HELD, CopyClass.IDENTICAL)]


def test_a_person_lets_a_capped_case_hold_its_copies_and_what_is_uploaded_later(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.flood()
    her = desk.notice(1)
    case = let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert (case.state, case.capped_at) == (CaseState.HELD, None)
    assert desk.copies(her) == [(CopyState.HELD, CopyClass.IDENTICAL)]
    assert desk.orders() == ["hold"]
    assert desk.kinds(her)[-2:] == [EventKind.HOLD_LET, EventKind.COPY_HELD]
    assert desk.upload("2", 1) is Action.HOLD
    with pytest.raises(IllegalTransition, match="not capped"):
        let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)


def test_whoever_keeps_out_of_a_case_does_not_let_it_hold(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(1)
    recuse(desk.store, her.case.public_id, actor="key/ada", at=AT)
    with pytest.raises(IllegalTransition, match="keep out"):
        let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    with pytest.raises(IllegalTransition, match="changed"):
        let_hold(desk.store, her.case.public_id, actor="key/bo", seen="else", at=AT)


def test_what_is_only_possible_stays_so_when_the_case_may_hold(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(1)
    desk.upload("1", 1)
    with desk.store.write() as tx:
        (copy,) = tx.copies.of_case(her.case.id)
        tx.copies.set(copy.id, copy_class=CopyClass.POSSIBLE.value)
    let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert desk.copies(her) == [(CopyState.POSSIBLE, CopyClass.POSSIBLE)]
    assert desk.orders() == []
    assert desk.now(her).state is CaseState.WATCHING


def test_a_capped_case_is_due_although_nothing_was_found_and_no_more_when_it_may_hold(
    desk: Desk, journal: Journal
) -> None:
    desk.flood()
    her, other = desk.notice(1), desk.notice(2)
    assert desk.now(her).deadline_at == AT + timedelta(hours=48)
    let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert desk.now(her).deadline_at is None
    withdraw(desk.store, journal, other.ending, at=AT)
    assert desk.now(other).deadline_at is None


# ---- Who is never capped ----------------------------------------------------------------------------------------


def test_what_may_show_someone_under_18_is_hidden_at_once_whoever_says_so(desk: Desk) -> None:
    desk.flood()
    child = desk.notice(notice_about(links=(LINK,), under_18=True))
    assert desk.now(child).capped_at is None
    assert desk.copies(child) == [(CopyState.HELD, None)]
    assert desk.orders() == ["hold"]


def test_an_incomplete_notice_of_under_18_is_not_capped_when_it_is_complete(
    desk: Desk, store: Store, replica: Replica
) -> None:
    desk.flood()
    whole = notice_about(links=(LINK,), under_18=True)
    child = desk.notice(replace(whole, good_faith=False, signature=""))
    again = replace(whole, under_18=False)
    complete_notice(store, replica, child.receipt, again, default_laws=LAWS, source=HERE, at=AT)
    assert desk.copies(child) == [(CopyState.HELD, None)]


def test_an_incomplete_notice_takes_no_place_and_is_capped_when_it_is_complete(
    desk: Desk, store: Store, replica: Replica
) -> None:
    whole = notice_about(reported(drawn(1), digests=True))
    her = desk.notice(replace(whole, good_faith=False, signature=""))
    assert desk.sources() == []
    desk.flood()
    case = complete_notice(store, replica, her.receipt, whole, default_laws=LAWS, source=HERE, at=AT)
    assert case.capped_at == AT


def test_two_sources_have_places_of_their_own_and_what_has_none_is_not_capped(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.flood()
    assert desk.copies(desk.notice(1, THERE)) == [(CopyState.HELD, CopyClass.IDENTICAL)]
    assert desk.copies(desk.notice(1, None)) == [(CopyState.HELD, CopyClass.IDENTICAL)]
    assert desk.now(desk.notice(1, Source("9.9.9.9", 0))).capped_at is None


# ---- Places are freed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("removes", [True, False])
def test_a_decision_frees_a_place_and_the_oldest_capped_case_takes_it(desk: Desk, removes: bool) -> None:
    desk.upload("1", 1)
    desk.upload("2", 101)
    first, _ = desk.flood()
    her, later = desk.notice(1, hours=1), desk.notice(2, hours=2)
    assert desk.fill() == 0
    desk.decide(first, removes=removes)
    assert desk.fill() == 1
    assert (desk.now(her).capped_at, desk.now(her).state) == (None, CaseState.HELD)
    assert desk.now(later).capped_at is not None
    assert desk.fill() == 0
    assert len(desk.sources()) == 3


def test_with_no_bound_any_more_all_may_hold(desk: Desk) -> None:
    desk.flood()
    desk.notice(1)
    desk.notice(2)
    assert desk.fill(places=0) == 2


def test_whoever_a_person_let_hold_takes_no_place(desk: Desk) -> None:
    first, _ = desk.flood()
    her, later = desk.notice(1), desk.notice(2)
    let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert desk.fill() == 0
    desk.decide(first, removes=False)
    assert desk.fill() == 1
    assert desk.now(later).capped_at is None


def test_a_withdrawal_frees_the_place_only_when_it_is_erased(desk: Desk, journal: Journal) -> None:
    """What it hid stays hidden: one source could else hide any number of pictures by turns."""
    first, second = desk.flood()
    her = desk.notice(1)
    withdraw(desk.store, journal, first.ending, at=AT)
    assert desk.fill() == 0
    ask_for_erasure(desk.store, journal, second.ending, at=AT)
    erase_due(desk.store, journal, actor="takeback", at=AT + ERASED_AFTER)
    assert desk.fill() == 1
    assert desk.now(her).capped_at is None


def test_a_place_is_free_after_a_week_whatever_was_found(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(1, hours=1)
    assert forget_sources(desk.store, at=AT + SOURCE_KEPT_FOR - timedelta(seconds=1)) == 0
    assert forget_sources(desk.store, at=AT + SOURCE_KEPT_FOR) == 2
    assert len(desk.sources()) == 1
    assert desk.fill() == 1
    assert desk.now(her).capped_at is None


# ---- Decisions about a capped case ------------------------------------------------------------------------------


def test_a_removal_of_a_capped_case_holds_first_and_covers_what_would_have_been_held(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.flood()
    her = desk.notice(1)
    desk.decide(her, removes=True)
    assert desk.copies(her) == [(CopyState.REMOVED, CopyClass.IDENTICAL)]
    assert desk.orders() == ["hold", "remove"]
    assert desk.upload("2", 1) is Action.REFUSE


def test_a_removal_that_fails_leaves_the_case_capped(desk: Desk) -> None:
    desk.flood()
    her = desk.notice(1)
    with pytest.raises(InputError, match="covers no copy"):
        desk.decide(her, removes=True)
    assert desk.now(her).capped_at is not None


def test_a_refusal_of_a_capped_case_has_nothing_to_put_back(desk: Desk) -> None:
    desk.upload("1", 1)
    desk.flood()
    her = desk.notice(1)
    desk.decide(her, removes=False)
    assert desk.copies(her) == [(CopyState.DISMISSED, CopyClass.IDENTICAL)]
    assert (desk.now(her).state, desk.now(her).capped_at) == (CaseState.REFUSED, None)
    assert desk.orders() == []


def test_a_withdrawn_capped_case_is_capped_no_more_and_its_copies_are_settled(desk: Desk, journal: Journal) -> None:
    desk.upload("1", 1)
    desk.flood()
    her = desk.notice(1)
    withdraw(desk.store, journal, her.ending, at=AT)
    assert desk.now(her).capped_at is None
    assert len(desk.sources()) == 2
    with desk.store.read() as tx:
        (copy,) = tx.copies.of_case(her.case.id)
    refusal = Decision(Outcome.REFUSED, Finding(False, "Else.", ("intimate",)), "key/ada", copies=(copy.public_id,))
    confirm_copies(desk.store, her.case.public_id, refusal, at=AT)
    assert desk.copies(her) == [(CopyState.DISMISSED, CopyClass.IDENTICAL)]


# ---- What is kept of a source -----------------------------------------------------------------------------------


def test_of_a_source_a_keyed_digest_is_kept_until_the_decision(desk: Desk) -> None:
    first, second = desk.flood()
    her = desk.notice(1)
    (digest,) = set(desk.sources())
    assert digest == desk.store.keyring.source_digest("9.9.9.9")
    assert b"9.9.9.9" not in digest
    for one in (first, second, her):
        with desk.store.read() as tx:
            assert digest.hex() not in repr(list(tx.audit.of_case(one.case.public_id)))
    desk.decide(first, removes=False)
    desk.decide(second, removes=False)
    assert len(desk.sources()) == 1
    let_hold(desk.store, her.case.public_id, actor="key/ada", at=AT)
    assert desk.sources() == []
