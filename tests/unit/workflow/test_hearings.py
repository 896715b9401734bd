"""She is heard before anything is shown again: contests, refusals read again, who keeps out, the uploader's link."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

import takeback.workflow
from takeback.bank import EntryState
from takeback.cases import CaseState, CopyState
from takeback.cases.reasons import Contest, Decided
from takeback.cases.statement import House
from takeback.errors import IllegalTransition, InputError, NotFound
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.copies import Copy
from takeback.store.hearings import Hearing
from takeback.store.journal import Journal
from takeback.store.outbox import Delivery
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest, contest_by_link, contestable
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.hearing import answer_hearing, pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import write_to_person
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recusal import recuse
from takeback.workflow.replica import Replica
from takeback.workflow.second_reading import read_again
from takeback.workflow.statements import reason_of, statements_of_case, statements_of_item
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import withdraw
from takeback.workflow.words import open_words

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one", confirm=Confirm.ALL)
REFUSE = Decision(Outcome.REFUSED, Finding(False, "A landscape.", ("intimate",)), "key/one")
DRAWN = Answer("A drawing.", "key/two", ("intimate",))
HEARD_AT = AT + timedelta(hours=72)
DAYS = timedelta(days=184)
HOUSE = House(languages=("en", "ar"))
ADDRESS = "https://takeback.forum.example"


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A case with two held copies, items 1 and 2."""
    for number in ("1", "2"):
        upload = Upload(site, number, f"https://forum.example/{number}")
        check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


@pytest.fixture
def contested(store: Store, site: Site, received: Received) -> Case:
    """The same, removed, and both copies contested."""
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    for item in ("1", "2"):
        contest(store, site, item, "I, Karl, drew this myself.", at=AT)
    return case


def states(store: Store, case: Case) -> set[CopyState]:
    return {copy.state for copy in copies(store, case)}


def copies(store: Store, case: Case) -> list[Copy]:
    with store.read() as tx:
        return tx.copies.of_case(case.id)


def orders(store: Store, at: datetime = HEARD_AT) -> list[Delivery]:
    with store.read() as tx:
        return tx.outbox.waiting_of_site(1, at + timedelta(days=30), 100)


def kinds(store: Store) -> list[str]:
    return [one.kind for one in orders(store)]


def hearings(store: Store, case: Case) -> list[Hearing]:
    with store.read() as tx:
        return tx.hearings.of_case(case.id)


def case_now(store: Store, case: Case) -> Case:
    with store.read() as tx:
        return tx.cases.by_id(case.id)


def put_back(store: Store, case: Case, answer: Answer = DRAWN, *, at: datetime = HEARD_AT) -> Case:
    return answer_contest(store, case.public_id, answer, put_back=True, at=at)


def pass_on(store: Store, case: Case, *, at: datetime = AT) -> Hearing:
    pass_on_contest(store, case.public_id, "It is said to be a drawing.", actor="key/one", at=at)
    return hearings(store, case)[-1]


# ---- A contest


def test_nothing_that_is_contested_is_shown_before_she_was_told(store: Store, contested: Case) -> None:
    with pytest.raises(IllegalTransition, match="has not been told"):
        put_back(store, contested, at=AT + timedelta(days=300))
    assert states(store, contested) == {CopyState.CONTESTED}
    assert "put_back" not in kinds(store)


def test_she_has_72_hours_and_then_a_second_person_decides_and_says_what_is_not_met(
    store: Store, contested: Case
) -> None:
    hearing = pass_on(store, contested)
    assert (hearing.until_at, hearing.due_at) == (HEARD_AT, HEARD_AT + timedelta(hours=48))
    assert case_now(store, contested).deadline_at == hearing.due_at
    with pytest.raises(IllegalTransition, match="She can still answer, until 2026-11-25 12:00 UTC"):
        put_back(store, contested, at=HEARD_AT - timedelta(seconds=1))
    # Silence is no consent: what fails has to be named, under each law.
    for elements in ((), ("likeness",)):
        with pytest.raises(InputError, match="not met"):
            put_back(store, contested, replace(DRAWN, elements=elements))
    assert put_back(store, contested).state is CaseState.PUT_BACK
    assert [one.body["reasons"]["elements"] for one in orders(store) if one.kind == "put_back"] == [["intimate"]] * 2  # type: ignore[index]


def test_her_answer_ends_the_wait_and_says_nothing_for_the_second_person(
    store: Store, received: Received, contested: Case
) -> None:
    hearing = pass_on(store, contested)
    later = AT + timedelta(hours=1)
    answer_hearing(
        store, received.receipt, hearing.public_id, agrees=False, written="It is me, on the beach.", at=later
    )
    assert case_now(store, contested).deadline_at == later + timedelta(hours=48)
    opened = open_words(store, contested.public_id, actor="key/two", at=later)
    assert "on the beach" in str(opened["messages"])
    with pytest.raises(InputError, match="not met"):
        put_back(store, contested, replace(DRAWN, elements=()), at=later)
    case = answer_contest(store, contested.public_id, Answer("It is her.", "key/two"), put_back=False, at=later)
    assert (case.state, states(store, case)) == (CaseState.REMOVED, {CopyState.REMOVED})


def test_only_what_she_says_herself_saves_the_wait_and_the_element(
    store: Store, received: Received, contested: Case
) -> None:
    hearing = pass_on(store, contested)
    answer_hearing(store, received.receipt, hearing.public_id, agrees=True, at=AT)
    # Whoever removed it does not put it back, whatever she agrees to.
    with pytest.raises(IllegalTransition, match="does not answer its contest"):
        put_back(store, contested, Answer("She agrees.", "key/one"), at=AT)
    # She can change it, as long as nobody has decided.
    answer_hearing(store, received.receipt, hearing.public_id, agrees=False, at=AT)
    with pytest.raises(InputError, match="not met"):
        put_back(store, contested, Answer("She agrees.", "key/two"), at=AT)
    answer_hearing(store, received.receipt, hearing.public_id, agrees=True, at=AT)
    assert put_back(store, contested, Answer("She agrees.", "key/two"), at=AT).state is CaseState.PUT_BACK
    assert all(copy.answer is not None and copy.answer["agreed"] for copy in copies(store, contested))
    with pytest.raises(IllegalTransition, match="has been decided"):
        answer_hearing(store, received.receipt, hearing.public_id, agrees=False, at=AT)


def test_what_is_contested_after_she_was_told_waits_for_a_hearing_of_its_own(
    store: Store, site: Site, received: Received
) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "A drawing.", at=AT)
    pass_on(store, case)
    contest(store, site, "2", "Another drawing.", at=HEARD_AT)
    with pytest.raises(IllegalTransition, match="has not been told"):
        put_back(store, case)
    pass_on(store, case, at=HEARD_AT)
    with pytest.raises(IllegalTransition, match="can still answer"):
        put_back(store, case)
    assert put_back(store, case, at=HEARD_AT + timedelta(hours=72)).state is CaseState.PUT_BACK


def test_a_summary_is_sealed_and_is_gone_with_all_that_is_hers(
    store: Store, journal: Journal, data: Path, received: Received, contested: Case
) -> None:
    hearing = pass_on(store, contested)
    assert hearing.sealed_summary is not None
    answer_contest(store, contested.public_id, Answer("Covered.", "key/two"), put_back=False, at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    assert erase_due(store, journal, actor="test", at=HEARD_AT) == 1
    assert hearings(store, contested)[0].sealed_summary is None
    kept = b"".join(path.read_bytes() for path in data.glob("takeback.db*"))
    assert b"said to be a drawing" not in kept


def test_only_a_contest_is_passed_on_and_in_some_words(store: Store, received: Received, contested: Case) -> None:
    for summary in (" ", "x" * 2_001):
        with pytest.raises(InputError, match="1 to 2,000"):
            pass_on_contest(store, contested.public_id, summary, actor="key/one", at=AT)
    answer_contest(store, contested.public_id, Answer("Covered.", "key/two"), put_back=False, at=AT)
    with pytest.raises(IllegalTransition, match="Nothing of this case"):
        pass_on(store, received.case)


# ---- A refusal


def test_a_refusal_says_which_element_fails_under_each_law_and_lifts_nothing_yet(
    store: Store, replica: Replica, received: Received
) -> None:
    with pytest.raises(InputError, match="not met"):
        decide(store, received.case.public_id, replace(REFUSE, finding=Finding(False, "A landscape.")), at=AT)
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    assert (case.state, states(store, case)) == (CaseState.REFUSED, {CopyState.HELD})
    assert kinds(store) == ["hold", "hold"]
    # Until it is read again the same picture is held at upload too.
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), None, at=AT)
    assert checked.action is Action.HOLD
    with pytest.raises(IllegalTransition, match="She can still answer"):
        read_again(store, case.public_id, DRAWN, upheld=True, at=AT)


def test_a_time_that_is_over_shows_nothing_by_itself(store: Store, journal: Journal, received: Received) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    erase_due(store, journal, actor="test", at=AT + timedelta(days=400))
    assert (states(store, case), kinds(store)) == ({CopyState.HELD}, ["hold", "hold"])
    assert case.deadline_at == HEARD_AT + timedelta(hours=48)


def test_a_second_reader_upholds_a_refusal_and_what_it_held_is_shown_again(
    store: Store, replica: Replica, received: Received
) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    with pytest.raises(IllegalTransition, match="nor read its refusal again"):
        read_again(store, case.public_id, replace(DRAWN, actor="key/one"), upheld=True, at=HEARD_AT)
    with pytest.raises(InputError, match="not met"):
        read_again(store, case.public_id, replace(DRAWN, elements=()), upheld=True, at=HEARD_AT)
    case = read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)
    assert (case.state, case.closed_at, states(store, case)) == (CaseState.REFUSED, HEARD_AT, {CopyState.PUT_BACK})
    assert kinds(store) == ["hold", "hold", "put_back", "put_back"]
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), None, at=HEARD_AT)
    assert checked.action is Action.ALLOW
    with pytest.raises(IllegalTransition, match="waits to be read"):
        read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)


def test_she_asks_for_a_second_reader_who_has_48_hours(store: Store, received: Received) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    asked_at = AT + timedelta(hours=5)
    case = answer_hearing(store, received.receipt, hearings(store, case)[0].public_id, agrees=False, at=asked_at)
    assert case.deadline_at == asked_at + timedelta(hours=48)
    with store.read() as tx:
        assert tx.cases.overdue(asked_at + timedelta(hours=49)) == 1
    assert read_again(store, case.public_id, DRAWN, upheld=True, at=asked_at).deadline_at is None


def test_a_second_reader_overturns_a_refusal_and_someone_else_decides_anew(store: Store, received: Received) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    case = read_again(store, case.public_id, Answer("It is her.", "key/two"), upheld=False, at=HEARD_AT)
    assert (case.state, case.finding, case.decided_at) == (CaseState.HELD, None, None)
    assert states(store, case) == {CopyState.HELD}
    for decision in (REFUSE, REMOVE):
        with pytest.raises(IllegalTransition, match="did not agree"):
            decide(store, case.public_id, decision, at=HEARD_AT)
    case = decide(store, case.public_id, replace(REMOVE, actor="key/two"), at=HEARD_AT)
    assert (case.state, states(store, case)) == (CaseState.REMOVED, {CopyState.REMOVED})


def test_a_copy_that_is_held_since_the_refusal_is_shown_again_with_the_others(
    store: Store, replica: Replica, site: Site, received: Received
) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    upload = Upload(site, "3", "https://forum.example/3")
    assert check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT).case_id is not None
    assert len(copies(store, case)) == 3
    read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)
    assert states(store, case) == {CopyState.PUT_BACK}


def test_where_nothing_is_hidden_a_refusal_ends_the_search_at_once_and_can_still_be_overturned(
    store: Store, replica: Replica
) -> None:
    notice = notice_about(reported(drawn(9)))
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    assert (case.closed_at, case.deadline_at) == (AT, None)
    assert entry_states(store, case) == [EntryState.CLOSED]
    answer_hearing(store, received.receipt, hearings(store, case)[0].public_id, agrees=False, at=AT)
    case = read_again(store, case.public_id, Answer("It may be.", "key/two"), upheld=False, at=AT)
    assert (case.state, case.closed_at, entry_states(store, case)) == (CaseState.WATCHING, None, [EntryState.HOLDING])


def entry_states(store: Store, case: Case) -> list[EntryState]:
    with store.read() as tx:
        return [entry.state for entry in tx.banks.of_case(case.id)]


def test_a_held_copy_of_a_removed_case_is_not_shown_by_one_person_either(store: Store, received: Received) -> None:
    _, second = copies(store, received.case)
    with store.write() as tx:
        tx.copies.set(second.id, copy_class="substantially_same")
    case = decide(store, received.case.public_id, replace(REMOVE, confirm=Confirm.NONE), at=AT)
    named = replace(REFUSE, copies={second.public_id}, finding=Finding(False, "Another coast.", ("same_picture",)))
    case = confirm_copies(store, case.public_id, named, at=AT)
    assert states(store, case) == {CopyState.REMOVED, CopyState.HELD}
    with pytest.raises(IllegalTransition, match="nor read its refusal again"):
        read_again(store, case.public_id, replace(DRAWN, actor="key/one"), upheld=True, at=HEARD_AT)
    case = read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)
    assert (case.state, states(store, case)) == (CaseState.REMOVED, {CopyState.REMOVED, CopyState.PUT_BACK})


def test_her_withdrawal_is_no_consent_and_shows_nothing(store: Store, journal: Journal, received: Received) -> None:
    decide(store, received.case.public_id, REFUSE, at=AT)
    case = withdraw(store, journal, received.ending, at=AT)
    with pytest.raises(IllegalTransition, match="She can still answer"):
        read_again(store, case.public_id, DRAWN, upheld=True, at=AT)
    assert states(store, case) == {CopyState.HELD}
    read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)
    assert states(store, case) == {CopyState.PUT_BACK}


def test_only_one_place_in_the_program_shows_anything_again() -> None:
    folder = Path(takeback.workflow.__path__[0]).parent
    calls = {
        path.name
        for path in folder.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"order_put_back\(|CopyState\.PUT_BACK,|order\(tx, PUT_BACK", line)
        and not line.strip().startswith(("def ", "_FOUND", "STATED"))
    }
    assert calls == {"put_back.py", "order.py"}


# ---- Under 18


def test_nothing_about_a_child_is_contested_or_shown_again(store: Store, replica: Replica, site: Site) -> None:
    check_upload(
        store, replica, query_of_fingerprints(prints_of(drawn(1))), Upload(site, "1", "https://forum.example/1"), at=AT
    )
    notice = notice_about(links=("https://forum.example/1",), under_18=True)
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    (copy,) = copies(store, received.case)
    with pytest.raises(IllegalTransition, match="under 18"):
        decide(store, received.case.public_id, REFUSE, at=AT)
    decide(store, received.case.public_id, REMOVE, at=AT)
    with pytest.raises(IllegalTransition, match="under 18"):
        contest(store, site, "1", "A drawing.", at=AT)
    with pytest.raises(NotFound):
        contestable(store, store.keyring.contest_code(copy.public_id), DAYS, at=AT)
    for one in orders(store):
        told = reason_of(store.keyring, one, HOUSE, ADDRESS)
        assert told["contest_url"] is None
        assert "cannot be contested here" in str(told["statement"])
    assert states(store, received.case) == {CopyState.REMOVED}


# ---- Who keeps out


@pytest.mark.parametrize(
    "act",
    [
        lambda store, case: decide(store, case, REMOVE, at=AT),
        lambda store, case: decide(store, case, REFUSE, at=AT),
        lambda store, case: confirm_copies(store, case, REMOVE, at=AT),
        lambda store, case: read_again(store, case, replace(DRAWN, actor="key/one"), upheld=True, at=HEARD_AT),
        lambda store, case: answer_contest(store, case, replace(DRAWN, actor="key/one"), put_back=False, at=AT),
        lambda store, case: pass_on_contest(store, case, "A drawing.", actor="key/one", at=AT),
        lambda store, case: open_words(store, case, actor="key/one", at=AT),
        lambda store, case: write_to_person(store, case, "Hello.", actor="key/one", at=AT),
    ],
    ids=["remove", "refuse", "confirm", "read_again", "answer", "pass_on", "words", "write"],
)
def test_whoever_keeps_out_of_a_case_decides_and_opens_nothing_of_it(
    store: Store, received: Received, act: Callable[[Store, str], object]
) -> None:
    recuse(store, received.case.public_id, actor="key/one", at=AT)
    recuse(store, received.case.public_id, actor="key/one", at=AT)
    with pytest.raises(IllegalTransition, match="keep out of this case"):
        act(store, received.case.public_id)
    with store.read() as tx:
        assert [entry.kind for entry in tx.audit.of_case(received.case.public_id)].count("recused") == 1
    decide(store, received.case.public_id, replace(REMOVE, actor="key/two"), at=AT)


# ---- The uploader's link


def code_of(store: Store, copy: Copy) -> str:
    return store.keyring.contest_code(copy.public_id)


def test_an_order_carries_the_statement_and_a_link_of_which_only_a_digest_is_stored(
    store: Store, data: Path, received: Received
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    for one in orders(store):
        told = reason_of(store.keyring, one, HOUSE, ADDRESS)
        link = str(told["contest_url"])
        assert re.fullmatch(r"https://takeback\.forum\.example/contest#[a-z2-7]{26}", link)
        statement = told["statement"]
        assert isinstance(statement, dict)
        assert set(statement["text"]) == {"en", "ar"}
        assert link in statement["text"]["en"]
        # Whether pasted whole or in part, it opens the copy.
        for pasted in (link, link.partition("#")[2].upper(), f" {link} "):
            assert contestable(store, pasted, DAYS, at=AT).copy.public_id == one.body["copy"]
        for path in data.iterdir():
            assert link.partition("#")[2].encode() not in path.read_bytes()
        whole = str(told)
        for hers in ("A. Person", "a@person.example", "published without my consent", "key/one"):
            assert hers not in whole


def test_an_upload_that_a_check_held_has_a_link_too(
    store: Store, replica: Replica, site: Site, received: Received
) -> None:
    upload = Upload(site, "3", "https://forum.example/3")
    assert check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT).action is Action.HOLD
    assert "3" not in {one.body["item_id"] for one in orders(store)}
    (stated,) = statements_of_item(store, site, "3", HOUSE, ADDRESS)
    assert contestable(store, str(stated.contest_url), DAYS, at=AT).takes_grounds


def test_what_is_said_before_a_decision_is_read_by_whoever_decides(store: Store, received: Received) -> None:
    first, _ = copies(store, received.case)
    found = contest_by_link(store, code_of(store, first), "It is a drawing of mine.", DAYS, at=AT)
    assert (found.copy.state, found.takes_grounds, found.reasons.decision) == (
        CopyState.HELD, True, Decided.AUTOMATIC_HOLD,
    )  # fmt: skip
    words = open_words(store, received.case.public_id, actor="key/one", at=AT)
    assert "a drawing of mine" in str(words["contests"])
    # If it is removed all the same, that can be contested.
    decide(store, received.case.public_id, REMOVE, at=AT)
    assert contestable(store, code_of(store, first), DAYS, at=AT).takes_grounds


def test_a_removal_is_contested_once_for_six_months_and_the_answer_stands_there(
    store: Store, received: Received
) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    first, second = (code_of(store, copy) for copy in copies(store, case))
    with pytest.raises(InputError, match="needs grounds"):
        contest_by_link(store, first, " ", DAYS, at=AT)
    found = contest_by_link(store, first, "A drawing.", DAYS, at=AT + DAYS)
    assert (found.copy.state, found.takes_grounds, found.reasons.contest) == (
        CopyState.CONTESTED, False, Contest.WAITING,
    )  # fmt: skip
    with pytest.raises(IllegalTransition, match="cannot be contested any more"):
        contest_by_link(store, second, "Too late.", DAYS, at=AT + DAYS + timedelta(seconds=1))
    answer_contest(store, case.public_id, Answer("It is her.", "key/two"), put_back=False, at=AT + DAYS)
    found = contestable(store, first, DAYS, at=AT + DAYS)
    assert (found.takes_grounds, found.reasons.decision, found.reasons.why) == (False, Decided.UPHELD, "It is her.")
    with pytest.raises(IllegalTransition):
        contest_by_link(store, first, "Once more.", DAYS, at=AT + DAYS)
    # The site is given the answer too, as the same order once more.
    assert orders(store, AT + DAYS)[-1].body["reasons"]["decision"] == "upheld"  # type: ignore[index]


@pytest.mark.parametrize("code", ["", "a" * 26, "https://takeback.forum.example/contest#" + "b" * 26, "ص" * 5])
def test_a_wrong_code_opens_nothing(store: Store, received: Received, code: str) -> None:
    with pytest.raises(NotFound, match="belongs to this link"):
        contestable(store, code, DAYS, at=AT)


def test_the_site_and_the_desk_read_the_same_statements_and_the_desk_without_the_link(
    store: Store, site: Site, received: Received
) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    (of_item,) = statements_of_item(store, site, "1", HOUSE, ADDRESS)
    assert of_item.statement.reasons.why == "Covered."
    assert of_item.contest_url is not None
    of_case = statements_of_case(store, case.public_id, HOUSE)
    assert [each.item_id for each in of_case] == ["1", "2"]
    assert [each.contest_url for each in of_case] == [None, None]
    assert "contest#" not in str([each.statement.as_json(("en",)) for each in of_case])
    assert statements_of_item(store, site, "none", HOUSE, ADDRESS) == []


# ---- Refused twice


def test_what_was_refused_is_not_refused_again_and_its_time_does_not_begin_anew(
    store: Store, received: Received, journal: Journal
) -> None:
    decide(store, received.case.public_id, replace(REFUSE, confirm=Confirm.ALL), at=AT)
    withdraw(store, journal, received.ending, at=AT)
    later = AT + timedelta(hours=70)
    with pytest.raises(IllegalTransition, match="refused already"):
        confirm_copies(store, received.case.public_id, replace(REFUSE, confirm=Confirm.ALL), at=later)
    assert [hearing.until_at for hearing in hearings(store, received.case)] == [HEARD_AT]


def test_a_refusal_of_single_copies_ends_where_they_are_removed_after_all(
    store: Store, replica: Replica, site: Site
) -> None:
    for number in ("1", "2"):
        check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), Upload(site, number), at=AT)
    # Without digests nothing is identical, so that each copy is decided by itself.
    notice = notice_about(reported(drawn(1)))
    case = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case
    first, second = copies(store, case)
    remove_one = replace(REMOVE, confirm=Confirm.NONE, copies=frozenset({first.public_id}))
    decide(store, case.public_id, remove_one, at=AT)
    confirm_copies(store, case.public_id, replace(REFUSE, copies=frozenset({second.public_id})), at=AT)
    confirm_copies(store, case.public_id, replace(REMOVE, actor="key/two"), at=AT)
    assert [hearing.closed_at for hearing in hearings(store, case)] == [AT]
    assert case_now(store, case).deadline_at is None
