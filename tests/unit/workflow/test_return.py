"""Her return: what she adds, what she and the desk write, the two secrets, and a way back for who lost them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.house import AT, LAWS, Clock, drawn, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.cases import CaseState, CopyState, Notice
from takeback.cases.notice import MAX_FINGERPRINTS, MAX_LINKS, ReportedPicture
from takeback.cases.sealed import new_identity, open_words, seal_again, seal_words
from takeback.errors import DeskKeysChanged, IllegalTransition, InputError, NotAllowed, NotFound, WeakPhrase
from takeback.fingerprint import PdqHash
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.messages import Sender
from takeback.store.sites import Site
from takeback.workflow.addition import add_to_notice
from takeback.workflow.decide import Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.desk_keys import (
    add_desk_key,
    keep_sealed_again,
    keys_of_the_desk,
    retire_desk_key,
    sealed_in,
    to_seal_again,
)
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import MAX_MESSAGE, MAX_MESSAGES, write_to_desk, write_to_person
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.recovery import recover, set_recovery
from takeback.workflow.replica import Replica
from takeback.workflow.upload import Action, Upload, check_upload
from takeback.workflow.withdraw import case_of_receipt, withdraw
from takeback.workflow.words import open_words as read_words

LINK = "https://forum.example/post/1"
OTHER = "https://forum.example/post/2"
NAME, PHRASE = "Rosa", "copper walnut Thursday umbrella"


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    return _receive(store, replica, notice_about(reported(drawn(1)), links=(LINK,)))


def _receive(store: Store, replica: Replica, notice: Notice, request: str | None = None) -> Received:
    return receive_notice(store, replica, notice, default_laws=LAWS, request=request, at=AT)


def _kinds(store: Store, received: Received) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(received.case.public_id)]


def _action(store: Store, replica: Replica, site: Site, seed: int, item: str = "9") -> Action:
    query = query_of_fingerprints(prints_of(drawn(seed)))
    return check_upload(store, replica, query, Upload(site, item, f"{LINK}/{item}"), at=AT).action


# ---- Two secrets ------------------------------------------------------------------------------------------------


def test_the_words_open_and_end_nothing_and_the_number_does_both(
    store: Store, journal: Journal, received: Received
) -> None:
    for secret in (received.receipt, received.ending):
        assert case_of_receipt(store, secret).id == received.case.id
    for end in (withdraw, ask_for_erasure):
        with pytest.raises(NotAllowed, match="do not end it"):
            end(store, journal, received.receipt, at=AT)
    assert case_of_receipt(store, received.receipt).state is CaseState.HELD
    assert withdraw(store, journal, received.ending, at=AT).state is CaseState.WITHDRAWN


def test_a_number_of_nobody_ends_nothing(store: Store, journal: Journal, received: Received) -> None:
    with pytest.raises(NotFound):
        withdraw(store, journal, "0000 0000 0000 0000", at=AT)


def test_the_same_request_gives_the_same_two_secrets(store: Store, replica: Replica) -> None:
    notice = notice_about(reported(drawn(1)))
    one, other = (_receive(store, replica, notice, request="one-request-key") for _ in range(2))
    assert (one.receipt, one.ending) == (other.receipt, other.ending)
    assert one.ending != _receive(store, replica, notice, request="another-request").ending


# ---- More of the same -------------------------------------------------------------------------------------------


def test_a_link_that_is_added_is_held_with_a_clock_of_its_own(
    store: Store, replica: Replica, received: Received, clock: Clock
) -> None:
    later = clock.pass_(hours=20)
    case = add_to_notice(store, replica, received.receipt, Notice((), links=(OTHER, LINK)), at=later).case
    with store.read() as tx:
        copies = {copy.url: copy for copy in tx.copies.of_case(case.id)}
        assert tx.outbox.count_by_state()
    assert {(url, copy.state) for url, copy in copies.items()} == {(LINK, CopyState.HELD), (OTHER, CopyState.HELD)}
    assert copies[OTHER].deadline_at == later + timedelta(hours=48)
    assert copies[LINK].deadline_at == AT + timedelta(hours=48)
    assert case.deadline_at == AT + timedelta(hours=48)
    assert EventKind.NOTICE_EXTENDED.value in _kinds(store, received)


def test_a_picture_that_is_added_is_looked_for_from_then_on(
    store: Store, replica: Replica, received: Received, site: Site
) -> None:
    assert _action(store, replica, site, 2) is Action.ALLOW
    added = add_to_notice(store, replica, received.receipt, Notice((), pictures=(reported(drawn(2)),)), at=AT)
    with store.read() as tx:
        assert [copy.site_item_id for copy in tx.copies.of_case(added.case.id) if not copy.linked] == ["9"]
    assert _action(store, replica, site, 2, "10") is Action.HOLD


def test_what_is_added_to_a_watching_case_makes_it_held(store: Store, replica: Replica, site: Site) -> None:
    received = _receive(store, replica, notice_about(reported(drawn(1))))
    assert received.case.state is CaseState.WATCHING
    case = add_to_notice(store, replica, received.receipt, Notice((), links=(LINK,)), at=AT).case
    assert case.state is CaseState.HELD


def test_what_is_added_after_the_decision_is_held_and_settled_by_the_desk(
    store: Store, replica: Replica, received: Received
) -> None:
    case_id = received.case.public_id
    decide(store, case_id, Decision(Outcome.REMOVED, Finding(True, "covered"), "desk"), at=AT)
    case = add_to_notice(store, replica, received.receipt, Notice((), links=(OTHER,)), at=AT).case
    assert case.state is CaseState.REMOVED
    with store.read() as tx:
        (copy,) = tx.copies.of_case(case.id, [CopyState.HELD])
    assert case.deadline_at == copy.deadline_at
    chosen = frozenset({copy.public_id})
    confirm_copies(store, case_id, Decision(Outcome.REMOVED, Finding(True, "same"), "desk", copies=chosen), at=AT)
    with store.read() as tx:
        assert tx.copies.by_id(copy.id).state is CopyState.REMOVED


def test_a_link_whose_picture_was_gone_and_is_back_is_held_again(
    store: Store, replica: Replica, received: Received, clock: Clock
) -> None:
    with store.write() as tx:
        (copy,) = tx.copies.of_case(received.case.id)
        tx.copies.move(copy, CopyState.GONE)
    later = clock.pass_(hours=30)
    add_to_notice(store, replica, received.receipt, Notice((), links=(LINK,)), at=later)
    with store.read() as tx:
        (again,) = tx.copies.of_case(received.case.id)
        assert [each.id for each in tx.copies.to_fetch(later, 10)] == [copy.id]
    assert (again.id, again.state, again.deadline_at) == (copy.id, CopyState.HELD, later + timedelta(hours=48))


def test_a_word_is_no_link(store: Store, replica: Replica, received: Received) -> None:
    with pytest.raises(InputError, match="no links: 2"):
        add_to_notice(store, replica, received.receipt, Notice((), links=("please", "help", OTHER)), at=AT)


def test_what_cannot_be_compared_is_named(store: Store, replica: Replica, received: Received) -> None:
    poor = ReportedPicture(pdq=PdqHash(reported(drawn(3)).pdq.code, 10))  # type: ignore[union-attr]
    added = add_to_notice(store, replica, received.receipt, Notice((), pictures=(poor,)), at=AT)
    assert [one.code for one in added.unjudged] == ["low-quality"]


def test_about_a_child_links_are_added_and_no_picture(store: Store, replica: Replica, site: Site) -> None:
    received = _receive(store, replica, notice_about(links=(LINK,), under_18=True))
    with pytest.raises(InputError, match="by link only"):
        add_to_notice(store, replica, received.receipt, Notice((), pictures=(reported(drawn(1)),)), at=AT)
    assert add_to_notice(store, replica, received.receipt, Notice((), links=(OTHER,)), at=AT).case.under_18


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (Notice(()), "Nothing was added"),
        (Notice((), links=tuple(f"{LINK}/{number}" for number in range(MAX_LINKS))), "201 links in one case"),
        (Notice((), pictures=(reported(drawn(2)),) * MAX_FINGERPRINTS), "33 pictures in one case"),
    ],
    ids=["nothing", "links", "pictures"],
)
def test_too_much_in_all_is_refused_and_nothing_of_it_taken(
    store: Store, replica: Replica, received: Received, more: Notice, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        add_to_notice(store, replica, received.receipt, more, at=AT)
    with store.read() as tx:
        assert len(tx.copies.of_case(received.case.id)) == 1
        assert len(tx.banks.of_case(received.case.id)) == 1


def test_nothing_is_added_to_what_is_incomplete_or_ended(
    store: Store, replica: Replica, journal: Journal, received: Received
) -> None:
    incomplete = _receive(store, replica, replace(notice_about(links=(LINK,)), signature="", good_faith=False))
    withdraw(store, journal, received.ending, at=AT)
    for each in (incomplete, received):
        with pytest.raises(IllegalTransition, match="Nothing can be added"):
            add_to_notice(store, replica, each.receipt, Notice((), links=(OTHER,)), at=AT)


# ---- Messages ---------------------------------------------------------------------------------------------------


def test_she_and_the_desk_write_to_each_other(store: Store, received: Received, clock: Clock) -> None:
    write_to_desk(store, received.receipt, "  It is in May's thread too. ", at=AT)
    with store.read() as tx:
        assert tx.messages.unopened(received.case) == 1
    opened = read_words(store, received.case.public_id, actor="desk", at=clock.pass_(hours=1))
    assert [(each["sender"], each["text"]) for each in opened["messages"]] == [  # type: ignore[attr-defined]
        ("person", "It is in May's thread too.")
    ]
    write_to_person(store, received.case.public_id, "Which one?", actor="desk", at=clock.pass_(hours=1))
    with store.read() as tx:
        assert tx.messages.unopened(received.case) == 0
        assert [each.sender for each in tx.messages.of_case(received.case)] == [Sender.PERSON, Sender.DESK]
    kinds = _kinds(store, received)
    assert {EventKind.MESSAGE_TO_DESK.value, EventKind.MESSAGE_TO_PERSON.value} <= set(kinds)


def test_what_she_writes_is_sealed_to_the_desk_like_her_notice(store: Store, received: Received) -> None:
    identities = []
    for name in ("Ada", "Bo"):
        identity, recipient = new_identity()
        identities.append(identity)
        add_desk_key(store, name, recipient, actor="test", at=AT)
    keys = keys_of_the_desk(store)
    write_to_desk(store, received.receipt, "Came open.", at=AT)
    write_to_desk(store, received.receipt, seal_words({"text": "Came sealed."}, (), keys), at=AT)
    foreign = seal_words({"text": "No."}, (), (keys[0], replace(keys[1], id="0" * 32)))
    with pytest.raises(DeskKeysChanged):
        write_to_desk(store, received.receipt, foreign, at=AT)
    texts = []
    for each in read_words(store, received.case.public_id, actor="desk", at=AT)["messages"]:  # type: ignore[attr-defined]
        sealed = sealed_in(each)
        assert sealed is not None
        texts.append(open_words(sealed, identities[:1])["text"])
    assert texts == ["Came open.", "Came sealed."]


def test_messages_are_sealed_when_the_second_person_comes_and_again_when_one_leaves(
    store: Store, received: Received
) -> None:
    write_to_desk(store, received.receipt, "Before.", at=AT)
    write_to_person(store, received.case.public_id, "The desk's own words stay as they are.", actor="desk", at=AT)
    (ada, first), (_, second), (cy, third) = new_identity(), new_identity(), new_identity()
    for name, recipient in (("Ada", first), ("Bo", second), ("Cy", third)):
        add_desk_key(store, name, recipient, actor="test", at=AT)
    case_id = received.case.public_id
    with store.read() as tx:
        assert [case.public_id for case in to_seal_again(tx)] == [case_id]
    opened = read_words(store, case_id, actor="desk", at=AT)
    message = opened["messages"][0]  # type: ignore[index]
    for where, kept in (("", opened), (str(message["id"]), message)):
        sealed = sealed_in(kept)
        assert sealed is not None
        again = seal_again(sealed, [ada], keys_of_the_desk(store))
        keep_sealed_again(store, case_id, again, message_id=where, actor="desk", at=AT)
    with store.read() as tx:
        assert to_seal_again(tx) == []
        kept_now = tx.messages.of_case(received.case)
    sealed = sealed_in(kept_now[0].body)
    assert sealed is not None
    assert open_words(sealed, [cy]) == {"text": "Before."}
    assert kept_now[1].body == {"text": "The desk's own words stay as they are."}
    with pytest.raises(NotFound):
        keep_sealed_again(store, case_id, again, message_id="0" * 32, actor="desk", at=AT)


def test_a_message_alone_keeps_the_last_key_that_opens_it(store: Store, received: Received) -> None:
    for name in ("Ada", "Bo"):
        add_desk_key(store, name, new_identity()[1], actor="test", at=AT)
    ada, bo = keys_of_the_desk(store)
    add_desk_key(store, "Cy", new_identity()[1], actor="test", at=AT)
    write_to_desk(store, received.receipt, "To all three.", at=AT)
    retire_desk_key(store, ada.id, actor="test", at=AT)
    with pytest.raises(IllegalTransition, match="nobody else"):
        retire_desk_key(store, bo.id, actor="test", at=AT)


@pytest.mark.parametrize("text", ["", "   ", "x" * (MAX_MESSAGE + 1)], ids=["nothing", "spaces", "too long"])
def test_a_message_has_something_in_it_and_an_end(store: Store, received: Received, text: str) -> None:
    with pytest.raises(InputError, match="1 to 10,000"):
        write_to_desk(store, received.receipt, text, at=AT)
    with pytest.raises(InputError, match="1 to 10,000"):
        write_to_person(store, received.case.public_id, text, actor="desk", at=AT)


def test_a_case_is_no_store_for_messages(store: Store, received: Received) -> None:
    for _ in range(MAX_MESSAGES):
        write_to_desk(store, received.receipt, "Again.", at=AT)
    with pytest.raises(InputError, match="100 messages"):
        write_to_desk(store, received.receipt, "Again.", at=AT)
    write_to_person(store, received.case.public_id, "Enough.", actor="desk", at=AT)


def test_erasure_takes_messages_and_recovery_along(
    store: Store, journal: Journal, received: Received, clock: Clock
) -> None:
    set_recovery(store, received.ending, NAME, PHRASE, at=AT)
    write_to_desk(store, received.receipt, "A secret.", at=AT)
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="test", at=clock.pass_(hours=73))
    with store.read() as tx:
        assert tx.messages.of_case(received.case) == []
    with pytest.raises(IllegalTransition):
        write_to_desk(store, received.receipt, "More.", at=AT)
    with pytest.raises(IllegalTransition):
        write_to_person(store, received.case.public_id, "More.", actor="desk", at=AT)
    with pytest.raises(IllegalTransition):
        set_recovery(store, received.ending, NAME, PHRASE, at=AT)
    with pytest.raises(NotFound):
        recover(store, NAME, PHRASE, at=AT)


# ---- Recovery ---------------------------------------------------------------------------------------------------


def test_a_name_and_a_phrase_give_new_secrets_and_end_the_old(
    store: Store, journal: Journal, received: Received
) -> None:
    set_recovery(store, received.ending, NAME, PHRASE, at=AT)
    found = recover(store, f" {NAME.upper()} ", "Copper  walnut\nthursday UMBRELLA", at=AT)
    assert found.case.id == received.case.id
    for former in (received.receipt, received.ending):
        with pytest.raises(NotFound):
            case_of_receipt(store, former)
    assert case_of_receipt(store, found.receipt).id == received.case.id
    assert withdraw(store, journal, found.ending, at=AT).state is CaseState.WITHDRAWN
    assert {EventKind.RECOVERY_SET.value, EventKind.RECOVERED.value} <= set(_kinds(store, received))


def test_only_who_can_end_it_chooses_a_way_back(store: Store, received: Received) -> None:
    with pytest.raises(NotAllowed):
        set_recovery(store, received.receipt, NAME, PHRASE, at=AT)
    with pytest.raises(NotFound):
        recover(store, NAME, PHRASE, at=AT)


def test_another_phrase_replaces_the_first(store: Store, received: Received) -> None:
    set_recovery(store, received.ending, NAME, PHRASE, at=AT)
    set_recovery(store, received.ending, NAME, "nine blue ladders sing", at=AT)
    with pytest.raises(NotFound):
        recover(store, NAME, PHRASE, at=AT)
    assert recover(store, NAME, "nine blue ladders sing", at=AT).case.id == received.case.id


def test_who_chooses_the_phrase_of_another_learns_nothing_and_takes_nothing(
    store: Store, replica: Replica, received: Received
) -> None:
    set_recovery(store, received.ending, NAME, PHRASE, at=AT)
    other = _receive(store, replica, notice_about(reported(drawn(5))))
    set_recovery(store, other.ending, NAME, PHRASE, at=AT)
    assert recover(store, NAME, PHRASE, at=AT).case.id == received.case.id
    assert case_of_receipt(store, other.receipt).id == other.case.id


def test_the_request_that_made_a_case_does_not_bring_its_former_secrets_back(
    store: Store, replica: Replica, journal: Journal, clock: Clock
) -> None:
    notice = notice_about(reported(drawn(1)))
    recovered, erased = (_receive(store, replica, notice, request=name * 20) for name in ("a", "b"))
    set_recovery(store, recovered.ending, NAME, PHRASE, at=AT)
    recover(store, NAME, PHRASE, at=AT)
    ask_for_erasure(store, journal, erased.ending, at=AT)
    erase_due(store, journal, actor="test", at=clock.pass_(hours=73))
    for name in ("a", "b"):
        with pytest.raises(IllegalTransition, match="receipt is another by now"):
            _receive(store, replica, notice, request=name * 20)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [("Rosa", "short"), ("Rosa", "aaaaaaaaaaaaaaaa"), ("", PHRASE), (PHRASE, PHRASE.upper()), ("Rosa", " " * 40)],
    ids=["short", "one letter", "no name", "the name", "spaces"],
)
def test_a_phrase_that_is_easily_guessed_is_not_taken(store: Store, received: Received, name: str, phrase: str) -> None:
    with pytest.raises(WeakPhrase):
        set_recovery(store, received.ending, name, phrase, at=AT)
