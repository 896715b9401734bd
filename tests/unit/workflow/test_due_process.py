"""Steps 5 to 7: only a decision removes; contest and put-back; withdrawal; every step in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.house import AT, LAWS, drawn, notice_about, prints_of, reported

from takeback.audit.log import verify_log
from takeback.bank import EntryState, Opinion
from takeback.cases import CaseState, CopyState, Notice
from takeback.errors import IllegalTransition, InputError, NotFound, SealBroken, StoreError
from takeback.store import Store
from takeback.store.banks import NOTICES_BANK
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Confirm, Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.gone import forget_item, forget_items
from takeback.workflow.hearing import pass_on_contest
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.register import add_entries
from takeback.workflow.replica import Replica
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import finish_withdrawals, withdraw

REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")
REFUSE = Decision(Outcome.REFUSED, Finding(False, "A landscape.", ("intimate",)), "key/one")
DRAWN = Answer("Drawn.", "key/two", ("intimate",))
COVERED = Answer("Covered.", "key/two")
HEARD_AT = AT + timedelta(hours=72)


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A case with an identical copy (item 1) and a noisy one that is substantially the same (item 2)."""
    noisy = drawn(1).copy()
    noisy[::2, ::2] //= 2
    for number, pixels in ((1, drawn(1)), (2, noisy), (3, drawn(3))):
        upload = Upload(site, str(number), f"https://forum.example/{number}")
        check_upload(store, replica, query_of_fingerprints(prints_of(pixels)), upload, at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def _states(store: Store, case: Case) -> dict[str | None, CopyState]:
    with store.read() as tx:
        return {copy.site_item_id: copy.state for copy in tx.copies.of_case(case.id)}


def _read_again(store: Store, case: Case) -> Case:
    return read_again(store, case.public_id, DRAWN, upheld=True, at=HEARD_AT)


def _answered(store: Store, case: Case, answer: Answer = DRAWN) -> Case:
    """She was told of the contest, said nothing for 72 hours, and a second person puts it back."""
    pass_on_contest(store, case.public_id, "It is said to be a drawing.", actor="key/two", at=AT)
    return answer_contest(store, case.public_id, answer, put_back=True, at=HEARD_AT)


def _orders(store: Store) -> list[tuple[str, object]]:
    with store.read() as tx:
        return [(one.kind, one.body["item_id"]) for one in tx.outbox.waiting_of_site(1, HEARD_AT, 100)]


def test_a_valid_notice_holds_and_only_a_decision_removes(store: Store, received: Received) -> None:
    assert _states(store, received.case) == {"1": CopyState.HELD, "2": CopyState.HELD}
    assert _orders(store) == [("hold", "1"), ("hold", "2")]
    decide(store, received.case.public_id, REMOVE, at=AT)
    # Only the identical one follows from the decision; the other is confirmed by a person.
    assert _states(store, received.case) == {"1": CopyState.REMOVED, "2": CopyState.HELD}
    assert _orders(store)[2:] == [("remove", "1")]


def test_copies_are_confirmed_one_by_one_after_the_decision(store: Store, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    with store.read() as tx:
        (held,) = tx.copies.of_case(received.case.id, [CopyState.HELD])
        assert tx.cases.by_id(received.case.id).deadline_at == held.deadline_at
    case = confirm_copies(store, received.case.public_id, replace(REMOVE, copies={held.public_id}), at=AT)
    assert _states(store, case)["2"] is CopyState.REMOVED
    assert case.deadline_at is None


def test_a_decision_covers_every_held_copy_when_the_person_compared_each(store: Store, received: Received) -> None:
    decide(store, received.case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    assert set(_states(store, received.case).values()) == {CopyState.REMOVED}


def test_a_removal_without_a_finding_is_refused(store: Store, received: Received) -> None:
    with pytest.raises(InputError, match="needs the finding"):
        decide(store, received.case.public_id, replace(REMOVE, finding=Finding(False, "Covered.")), at=AT)
    with pytest.raises(InputError, match="needs a reason"):
        decide(store, received.case.public_id, replace(REMOVE, finding=Finding(True, " ")), at=AT)
    assert _states(store, received.case)["1"] is CopyState.HELD


def test_a_case_is_decided_once(store: Store, received: Received) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    with pytest.raises(IllegalTransition, match="removed cannot become"):
        decide(store, received.case.public_id, REFUSE, at=AT)
    with pytest.raises(NotFound):
        decide(store, "0" * 32, REMOVE, at=AT)


def test_a_refusal_lifts_the_holds_and_stops_the_matching(store: Store, replica: Replica, received: Received) -> None:
    case = decide(store, received.case.public_id, REFUSE, at=AT)
    _read_again(store, case)
    assert set(_states(store, received.case).values()) == {CopyState.PUT_BACK}
    assert _orders(store)[2:] == [("put_back", "1"), ("put_back", "2")]
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), None, at=AT)
    assert checked.action is Action.ALLOW
    assert len(replica.entries) == 0


def test_a_refusal_lifts_nothing_that_another_case_hides(store: Store, replica: Replica, received: Received) -> None:
    second = notice_about(reported(drawn(1)), links=("https://forum.example/1",))
    other = receive_notice(store, replica, second, default_laws=LAWS, request=None, at=AT).case
    assert _states(store, other)["1"] is CopyState.HELD
    _read_again(store, decide(store, received.case.public_id, REFUSE, at=AT))
    assert ("put_back", "1") not in _orders(store)
    # When the last case that hides it is refused too, it is put back.
    _read_again(store, decide(store, other.public_id, REFUSE, at=AT))
    assert {item for kind, item in _orders(store) if kind == "put_back"} == {"1", "2"}


def test_what_may_show_a_minor_is_not_put_back(store: Store, replica: Replica, site: Site) -> None:
    notice = notice_about(links=("https://forum.example/1",), under_18=True)
    case = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT).case
    with pytest.raises(IllegalTransition, match="under 18"):
        decide(store, case.public_id, REFUSE, at=AT)


def test_a_contested_picture_stays_hidden_until_a_second_person_answers(
    store: Store, site: Site, received: Received
) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "I drew this myself.", at=AT)
    assert _states(store, case)["1"] is CopyState.CONTESTED
    assert ("put_back", "1") not in _orders(store)
    with pytest.raises(IllegalTransition, match="does not answer its contest"):
        answer_contest(store, case.public_id, replace(DRAWN, actor="key/one"), put_back=True, at=AT)
    case = _answered(store, case)
    assert _states(store, case) == {"1": CopyState.PUT_BACK, "2": CopyState.HELD}
    assert _orders(store)[-1] == ("put_back", "1")
    # The other copy is still hidden, so the case is not over until a person has settled it, too.
    assert case.state is CaseState.REMOVED
    case = _read_again(store, confirm_copies(store, case.public_id, replace(REFUSE, confirm=Confirm.ALL), at=AT))
    assert _states(store, case)["2"] is CopyState.PUT_BACK


def test_a_contest_that_is_not_upheld_leaves_the_picture_removed(store: Store, site: Site, received: Received) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "No reason.", at=AT)
    case = answer_contest(store, case.public_id, COVERED, put_back=False, at=AT)
    assert (case.state, _states(store, case)["1"]) == (CaseState.REMOVED, CopyState.REMOVED)


def test_only_a_removed_item_can_be_contested(store: Store, site: Site, received: Received) -> None:
    with pytest.raises(NotFound):
        contest(store, site, "1", "Too early.", at=AT)
    with pytest.raises(InputError, match="needs grounds"):
        contest(store, site, "1", "", at=AT)


def test_a_withdrawal_stops_matching_and_puts_nothing_back(
    store: Store, replica: Replica, journal: Journal, received: Received
) -> None:
    decide(store, received.case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    orders = _orders(store)
    with store.read() as tx:
        (entry,) = tx.banks.of_case(received.case.id)
    case = withdraw(store, journal, received.ending, at=AT)
    assert case.state is CaseState.WITHDRAWN
    assert _orders(store) == orders
    assert set(_states(store, case).values()) == {CopyState.REMOVED}
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), None, at=AT)
    assert checked.screening.matches == ()
    # The fingerprints are gone, and so is the key that sealed them in older copies of the database.
    with store.read() as tx:
        assert tx.prints.keys_of("entry", entry.id) == []
        (key_id,) = tx.banks.withdrawn_key_ids()
    with pytest.raises(SealBroken):
        store.keyring.data_key(key_id)


def test_withdrawing_twice_changes_nothing(store: Store, journal: Journal, received: Received) -> None:
    withdraw(store, journal, received.ending, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    assert len(list(journal.read())) == 1


def test_a_withdrawal_that_a_crash_cut_short_is_finished_at_the_next_start(
    store: Store, replica: Replica, journal: Journal, received: Received
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "write", _crash)
        with pytest.raises(KeyboardInterrupt):
            withdraw(store, journal, received.ending, at=AT)
    assert finish_withdrawals(store, journal, at=AT) == 1
    with store.read() as tx:
        assert tx.cases.by_id(received.case.id).state is CaseState.WITHDRAWN
        replica.catch_up(tx)
    assert len(replica.entries) == 0
    assert finish_withdrawals(store, journal, at=AT) == 0


def _crash(_store: Store) -> None:
    raise KeyboardInterrupt


def test_an_item_that_is_gone_closes_its_copies(store: Store, site: Site, received: Received) -> None:
    forget_item(store, site, "1", at=AT)
    assert forget_items(store, site, ["1", "2", "nobody"], at=AT) == 1
    assert set(_states(store, received.case).values()) == {CopyState.GONE}
    with pytest.raises(NotFound):
        forget_item(store, site, "nobody", at=AT)


def test_every_step_is_in_the_log_and_the_log_verifies(
    store: Store, site: Site, journal: Journal, received: Received
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    contest(store, site, "1", "I drew this myself.", at=AT)
    answer_contest(store, received.case.public_id, COVERED, put_back=False, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    with store.read() as tx:
        kinds = [entry.kind for entry in tx.audit.of_case(received.case.public_id)]
        total = verify_log(tx.audit.entries(), tx.audit.head(), store.keyring.log_key)
    assert kinds == [
        "notice_received", "notice_valid", "copy_found", "copy_held", "copy_found", "copy_held", "decided_removed",
        "copy_removed", "gate_entry_opened", "contested", "copy_removed", "withdrawn",
    ]  # fmt: skip
    assert total > len(kinds)


def test_a_refused_change_leaves_no_trace(store: Store, received: Received) -> None:
    with store.read() as tx:
        before = tx.audit.head().size
    with pytest.raises(IllegalTransition):
        answer_contest(store, received.case.public_id, DRAWN, put_back=True, at=AT)
    with store.read() as tx:
        assert tx.audit.head().size == before


def test_a_closed_entry_is_not_opened_by_a_late_link(store: Store, received: Received) -> None:
    _read_again(store, decide(store, received.case.public_id, REFUSE, at=AT))
    with store.read() as tx:
        assert [entry.state for entry in tx.banks.of_case(received.case.id)] == [EntryState.CLOSED]


def _send(store: Store, replica: Replica, notice: Notice) -> Received:
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


def test_what_a_withdrawn_case_hides_is_still_settled_by_the_desk(
    store: Store, replica: Replica, journal: Journal, received: Received
) -> None:
    other = _send(store, replica, notice_about(reported(drawn(1), digests=True))).case
    withdraw(store, journal, received.ending, at=AT)
    # Another case about the same item, refused, lifts nothing while the withdrawn one still hides it.
    _read_again(store, decide(store, other.public_id, REFUSE, at=AT))
    assert [kind for kind, _ in _orders(store)].count("put_back") == 0
    case = confirm_copies(store, received.case.public_id, replace(REFUSE, confirm=Confirm.ALL), at=AT)
    case = _read_again(store, case)
    assert case.state is CaseState.WITHDRAWN
    assert {item for kind, item in _orders(store) if kind == "put_back"} == {"1", "2"}


def test_a_contest_of_a_withdrawn_case_is_answered(
    store: Store, site: Site, journal: Journal, received: Received
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    withdraw(store, journal, received.ending, at=AT)
    contest(store, site, "1", "I drew this.", at=AT)
    case = _answered(store, received.case)
    assert (case.state, _states(store, case)["1"]) == (CaseState.WITHDRAWN, CopyState.PUT_BACK)


def test_after_one_put_back_the_other_copies_can_still_be_contested(
    store: Store, site: Site, received: Received
) -> None:
    case = decide(store, received.case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    for item, state in (("1", CaseState.REMOVED), ("2", CaseState.PUT_BACK)):
        contest(store, site, item, "I drew this.", at=AT)
        case = _answered(store, case)
        assert case.state is state


def test_whoever_confirmed_a_copy_does_not_answer_its_contest(store: Store, site: Site, received: Received) -> None:
    case = decide(store, received.case.public_id, REMOVE, at=AT)
    second = replace(REMOVE, actor="key/two", confirm=Confirm.ALL)
    confirm_copies(store, case.public_id, second, at=AT)
    contest(store, site, "2", "I drew this.", at=AT)
    with pytest.raises(IllegalTransition, match="does not answer its contest"):
        answer_contest(store, case.public_id, DRAWN, put_back=True, at=AT)


def test_a_removed_copy_can_be_contested_after_the_site_deleted_it(
    store: Store, site: Site, received: Received
) -> None:
    decide(store, received.case.public_id, REMOVE, at=AT)
    forget_items(store, site, ["1", "2"], at=AT)
    assert _states(store, received.case) == {"1": CopyState.REMOVED, "2": CopyState.GONE}
    contest(store, site, "1", "I drew this.", at=AT)


def test_a_finding_puts_only_pictures_at_the_gate_of_which_a_copy_was_removed(
    store: Store, replica: Replica, site: Site
) -> None:
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    case = _send(store, replica, notice_about(reported(drawn(1)), reported(drawn(2)))).case
    decide(store, case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    answers = [
        check_upload(store, replica, query_of_fingerprints(prints_of(drawn(seed))), None, at=AT).action
        for seed in (1, 2)
    ]
    assert answers == [Action.REFUSE, Action.HOLD]


def test_a_case_with_only_possible_copies_is_decided_by_naming_them(store: Store, replica: Replica, site: Site) -> None:
    with store.write() as tx:
        tx.connection.execute(text("update bank set same_bits = 0, possible_bits = 60"))
    noisy = drawn(1).copy()
    noisy[::2, ::2] //= 2
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(store, replica, query_of_fingerprints(prints_of(noisy)), upload, at=AT)
    case = _send(store, replica, notice_about(reported(drawn(1)))).case
    assert (case.state, _states(store, case)) == (CaseState.WATCHING, {"1": CopyState.POSSIBLE})
    with pytest.raises(InputError, match="covers no copy"):
        decide(store, case.public_id, replace(REMOVE, confirm=Confirm.ALL), at=AT)
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case.id)
    decide(store, case.public_id, replace(REMOVE, copies={copy.public_id}), at=AT)
    assert _states(store, case) == {"1": CopyState.REMOVED}


def test_a_confirmation_that_refuses_lifts_only_what_was_named(store: Store, received: Received) -> None:
    with store.read() as tx:
        first, second = tx.copies.of_case(received.case.id)
    decide(store, received.case.public_id, replace(REMOVE, copies={second.public_id}, confirm=Confirm.NONE), at=AT)
    other = _states(store, received.case)
    assert set(other.values()) == {CopyState.REMOVED}
    assert first.state is CopyState.HELD


def test_an_item_that_was_gone_and_comes_again_is_a_copy_again(
    store: Store, replica: Replica, site: Site, received: Received
) -> None:
    forget_item(store, site, "1", at=AT)
    upload = Upload(site, "1", "https://forum.example/1")
    later = AT + timedelta(hours=3)
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=later)
    assert checked.action is Action.HOLD
    with store.read() as tx:
        (copy,) = [copy for copy in tx.copies.of_case(received.case.id) if copy.site_item_id == "1"]
    assert (copy.state, copy.found_at) == (CopyState.HELD, later)


def test_what_nobody_may_match_is_not_held_by_a_notice(store: Store, replica: Replica, site: Site) -> None:
    upload = Upload(site, "1", "https://forum.example/1")
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), upload, at=AT)
    never = [reported(drawn(1))]
    add_entries(store, NOTICES_BANK, never, opinion=Opinion.NEGATIVE, source="us", expires_at=None, actor="t", at=AT)
    case = _send(store, replica, notice_about(reported(drawn(1)))).case
    assert case.state is CaseState.WATCHING


def _until_full(send: Callable[[], object]) -> None:
    for _ in range(100):
        try:
            send()
        except StoreError:
            return
    raise AssertionError("the disk never became full")


def test_a_notice_that_fails_leaves_nothing_in_the_memory_of_a_worker(
    store: Store, replica: Replica, site: Site
) -> None:
    with store.engine.connect() as connection:
        pages = connection.execute(text("pragma page_count")).scalar_one()
    with store.write() as tx:
        tx.connection.execute(text(f"pragma max_page_count = {pages + 1}"))
    big = notice_about(*(reported(drawn(seed)) for seed in range(32)))
    _until_full(lambda: _send(store, replica, big))
    with store.write() as tx:
        tx.connection.execute(text("pragma max_page_count = 1000000000"))
    other = Replica.load(store)
    _send(store, other, notice_about(reported(drawn(500))))
    with store.read() as tx:
        replica.catch_up(tx)
    assert len(replica.entries) == len(Replica.load(store).entries)
    checked = check_upload(store, replica, query_of_fingerprints(prints_of(drawn(500))), None, at=AT)
    assert checked.action is Action.HOLD
