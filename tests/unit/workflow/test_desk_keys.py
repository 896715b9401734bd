"""Who may read what she wrote: the people of the desk, from two on; and what changes when they do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.house import AT, LAWS, Clock, drawn, forms_of, notice_about, reported

from takeback.audit.event import EventKind
from takeback.cases import CaseState, Notice
from takeback.cases.notice import sealed_notice, words_of
from takeback.cases.sealed import DeskKey, new_identity, open_words, seal_again, seal_words
from takeback.errors import DeskKeysChanged, IllegalTransition, InputError, NotFound
from takeback.store import Store
from takeback.store.cases import Case
from takeback.store.journal import Journal
from takeback.workflow.desk_keys import (
    add_desk_key,
    keep_sealed_again,
    keys_of_the_desk,
    retire_desk_key,
    seal_what_is_open,
    sealed_in,
    to_seal_again,
)
from takeback.workflow.erasure import ask_for_erasure, erase_due
from takeback.workflow.intake import complete_notice, receive_notice
from takeback.workflow.replica import Replica
from takeback.workflow.words import open_words as read_words

NOTICE = notice_about(reported(drawn(1)))
SEALED_GIVEN = ("statement", "signature")


@pytest.fixture
def people(store: Store) -> dict[str, str]:
    """Two people of the desk, each with the key that is theirs alone."""
    found = {}
    for name in ("Ada", "Bo"):
        found[name], recipient = new_identity()
        add_desk_key(store, name, recipient, actor="test", at=AT)
    return found


def _receive(store: Store, replica: Replica, notice: Notice = NOTICE) -> tuple[Case, str]:
    received = receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)
    return received.case, received.receipt


def _opened(store: Store, case: Case, identity: str) -> dict[str, object]:
    sealed = sealed_in(read_words(store, case.public_id, actor="test", at=AT))
    assert sealed is not None
    return open_words(sealed, [identity])


def _kinds(store: Store, case: Case) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(case.public_id)]


def test_one_person_is_too_few_to_seal_to(store: Store, replica: Replica) -> None:
    _, recipient = new_identity()
    add_desk_key(store, "Ada", recipient, actor="test", at=AT)
    assert keys_of_the_desk(store) == ()
    case, _ = _receive(store, replica)
    assert case.sealed_to is None
    assert read_words(store, case.public_id, actor="test", at=AT)["statement"] == NOTICE.statement


def test_what_comes_open_is_sealed_on_receipt(store: Store, replica: Replica, people: dict[str, str]) -> None:
    case, _ = _receive(store, replica)
    assert (case.state, len(case.sealed_to or ())) == (CaseState.WATCHING, 2)
    with store.read() as tx:
        kept = str(tx.cases.words(case)).encode()
    for secret in (NOTICE.statement, NOTICE.signature, NOTICE.contact.email):
        assert not any(form in kept for form in forms_of(secret.encode()))
    for identity in people.values():
        assert _opened(store, case, identity) == words_of(NOTICE)
    assert _kinds(store, case).count(EventKind.WORDS_OPENED.value) == 2


def test_what_comes_sealed_counts_in_law_as_if_it_were_open(store: Store, replica: Replica, people: object) -> None:
    keys = keys_of_the_desk(store)
    case, _ = _receive(store, replica, sealed_notice(NOTICE, keys))
    assert (case.state, case.missing) == (CaseState.WATCHING, ())
    lacking, _ = _receive(store, replica, sealed_notice(replace(NOTICE, good_faith=False, signature=""), keys))
    assert lacking.state is CaseState.INCOMPLETE
    assert {each["field"] for each in lacking.missing} == {"signature", "good_faith"}


def test_an_incomplete_notice_is_completed_sealed(store: Store, replica: Replica, people: dict[str, str]) -> None:
    keys = keys_of_the_desk(store)
    _, receipt = _receive(store, replica, sealed_notice(replace(NOTICE, good_faith=False, signature=""), keys))
    whole = sealed_notice(NOTICE, keys)
    case = complete_notice(store, replica, receipt, whole, default_laws=LAWS, at=AT)
    assert case.state is CaseState.WATCHING
    assert _opened(store, case, people["Bo"]) == words_of(NOTICE)


def test_the_same_request_with_words_that_are_sealed_once_makes_one_case(
    store: Store, replica: Replica, people: object
) -> None:
    notice = sealed_notice(NOTICE, keys_of_the_desk(store))
    one = receive_notice(store, replica, notice, default_laws=LAWS, request="one-request-key", at=AT)
    other = receive_notice(store, replica, notice, default_laws=LAWS, request="one-request-key", at=AT)
    assert (other.repeated, other.case.public_id, other.receipt) == (True, one.case.public_id, one.receipt)


def test_words_come_sealed_or_open_and_not_both(store: Store, replica: Replica, people: object) -> None:
    both = replace(sealed_notice(NOTICE, keys_of_the_desk(store)), signature="A. Person")
    with pytest.raises(InputError, match="not both"):
        _receive(store, replica, both)


def test_what_is_sealed_to_strangers_is_not_taken(store: Store, replica: Replica, people: object) -> None:
    ours, stranger = keys_of_the_desk(store), DeskKey("0" * 32, new_identity()[1])
    for keys in ((ours[0], stranger), (stranger, DeskKey("1" * 32, new_identity()[1]))):
        with pytest.raises(DeskKeysChanged):
            _receive(store, replica, sealed_notice(NOTICE, keys))


def test_without_keys_of_the_desk_nothing_sealed_is_taken(store: Store, replica: Replica) -> None:
    keys = [DeskKey(str(number) * 32, new_identity()[1]) for number in range(2)]
    with pytest.raises(DeskKeysChanged):
        _receive(store, replica, sealed_notice(NOTICE, keys))


def test_what_was_kept_open_is_sealed_when_the_second_person_comes(store: Store, replica: Replica) -> None:
    bare = Notice(laws=LAWS, links=("https://forum.example/p/1",))
    before, (empty, _) = _receive(store, replica)[0], _receive(store, replica, bare)
    (ada, first), (_, second) = new_identity(), new_identity()
    assert add_desk_key(store, "Ada", first, actor="test", at=AT).sealed == 0
    assert add_desk_key(store, "Bo", second, actor="test", at=AT).sealed == 2
    assert _opened(store, before, ada) == words_of(NOTICE)
    assert _opened(store, empty, ada) == words_of(bare)
    assert EventKind.WORDS_SEALED_AGAIN.value in _kinds(store, before)
    _, third = new_identity()
    assert add_desk_key(store, "Cy", third, actor="test", at=AT).sealed == 0


def test_a_key_is_added_once_and_a_person_has_one(store: Store, people: object) -> None:
    recipient = keys_of_the_desk(store)[0].recipient
    with pytest.raises(InputError, match="added before"):
        add_desk_key(store, "Cy", recipient, actor="test", at=AT)
    with pytest.raises(InputError, match="has a key already"):
        add_desk_key(store, "Ada", new_identity()[1], actor="test", at=AT)
    for name in ("", " ", "x" * 101):
        with pytest.raises(InputError, match="1 to 100"):
            add_desk_key(store, name, new_identity()[1], actor="test", at=AT)
    with pytest.raises(InputError, match="no public key"):
        add_desk_key(store, "Cy", new_identity()[0], actor="test", at=AT)


def test_someone_leaves_and_their_key_opens_nothing_any_more(
    store: Store, replica: Replica, people: dict[str, str]
) -> None:
    case, _ = _receive(store, replica)
    before = sealed_in(read_words(store, case.public_id, actor="test", at=AT))
    assert before is not None
    cy, recipient = new_identity()
    add_desk_key(store, "Cy", recipient, actor="test", at=AT)
    retire_desk_key(store, keys_of_the_desk(store)[0].id, actor="test", at=AT)
    with store.read() as tx:
        assert [each.public_id for each in to_seal_again(tx)] == [case.public_id]
    again = seal_again(before, [people["Bo"]], keys_of_the_desk(store))
    keep_sealed_again(store, case.public_id, again, actor="test", at=AT)
    with store.read() as tx:
        assert to_seal_again(tx) == []
    assert _opened(store, case, cy) == words_of(NOTICE)
    with pytest.raises(InputError):
        _opened(store, case, people["Ada"])
    assert EventKind.WORDS_SEALED_AGAIN.value in _kinds(store, case)


def test_nobody_puts_other_words_in_the_place_of_hers(store: Store, replica: Replica, people: dict[str, str]) -> None:
    case, _ = _receive(store, replica)
    keys = keys_of_the_desk(store)
    other = seal_words({**words_of(NOTICE), "statement": "I agreed."}, SEALED_GIVEN, keys)
    with pytest.raises(IllegalTransition, match="not the words"):
        keep_sealed_again(store, case.public_id, other, actor="test", at=AT)
    assert _opened(store, case, people["Ada"]) == words_of(NOTICE)


def test_words_are_sealed_again_to_everyone_or_not_at_all(
    store: Store, replica: Replica, people: dict[str, str]
) -> None:
    case, _ = _receive(store, replica)
    before = sealed_in(read_words(store, case.public_id, actor="test", at=AT))
    assert before is not None
    add_desk_key(store, "Cy", new_identity()[1], actor="test", at=AT)
    with pytest.raises(DeskKeysChanged):
        keep_sealed_again(store, case.public_id, before, actor="test", at=AT)


def test_the_last_key_that_opens_something_is_retired_only_as_lost(
    store: Store, replica: Replica, people: object
) -> None:
    _receive(store, replica)
    ada, bo = keys_of_the_desk(store)
    retire_desk_key(store, ada.id, actor="test", at=AT)
    assert keys_of_the_desk(store) == ()
    with pytest.raises(IllegalTransition, match="nobody else"):
        retire_desk_key(store, bo.id, actor="test", at=AT)
    retire_desk_key(store, bo.id, actor="test", at=AT, even_if_last=True)
    with pytest.raises(NotFound):
        retire_desk_key(store, bo.id, actor="test", at=AT)


def test_erasure_takes_sealed_words_along(
    store: Store, replica: Replica, people: object, journal: Journal, clock: Clock
) -> None:
    received = receive_notice(store, replica, NOTICE, default_laws=LAWS, request=None, at=AT)
    case = received.case
    ask_for_erasure(store, journal, received.ending, at=AT)
    erase_due(store, journal, actor="test", at=clock.pass_(hours=73))
    with store.read() as tx:
        erased = tx.cases.by_id(case.id)
        assert (erased.sealed_to, tx.cases.words(erased), tx.cases.with_words()) == (None, {}, [])


def test_what_stayed_open_is_sealed_by_whoever_comes_next(store: Store, replica: Replica) -> None:
    case, _ = _receive(store, replica)
    (ada, first), (_, second) = new_identity(), new_identity()
    with store.write() as tx:
        # As if the second key had come, and the power had gone before anything was sealed.
        tx.desk_keys.add("Ada", first, AT)
        tx.desk_keys.add("Bo", second, AT)
    assert seal_what_is_open(store, actor="jobs", at=AT) == 1
    assert _opened(store, case, ada) == words_of(NOTICE)
    assert seal_what_is_open(store, actor="jobs", at=AT) == 0


def test_a_key_that_opens_nothing_is_retired_whatever_was_lost(
    store: Store, replica: Replica, people: dict[str, str]
) -> None:
    _receive(store, replica)
    ada, bo = keys_of_the_desk(store)
    for key in (ada, bo):
        retire_desk_key(store, key.id, actor="test", at=AT, even_if_last=True)
    unrelated = add_desk_key(store, "Cy", new_identity()[1], actor="test", at=AT).person.key
    retire_desk_key(store, unrelated.id, actor="test", at=AT)
