"""Mail when there is news: she gives an address, says on a page that it is right, and takes it back at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.house import AT, LAWS, drawn, forms_of, notice_about, prints_of, reported

from takeback.audit.event import EventKind
from takeback.config import Settings
from takeback.errors import IllegalTransition, MalformedAddress, NotFound, SealBroken, TooManyAddresses
from takeback.service.pages.mails import MailTexts
from takeback.store import Keyring, MasterKey, Store
from takeback.store.database import sqlite_url
from takeback.store.journal import Journal
from takeback.store.news import ANSWER_WITHIN, KEPT_AFTER_REMOVAL, LAST_NEWS_WITHIN, SILENCE, NewsAddress, NewsState
from takeback.store.sites import Site
from takeback.workflow.contest import answer_contest, contest
from takeback.workflow.decide import Decision, Finding, Outcome, confirm_copies, decide
from takeback.workflow.erasure import ERASED_AFTER, ask_for_erasure, erase_due
from takeback.workflow.hearing import HEARD_FOR, pass_on_contest
from takeback.workflow.intake import Received, complete_notice, receive_notice
from takeback.workflow.messages import write_to_desk, write_to_person
from takeback.workflow.news import (
    MAX_ADDRESSES,
    choose_news,
    choose_news_with_notice,
    confirm_news,
    end_address,
    mail_came_back,
    refuse_news,
    she_looked,
    stop_news,
    stop_news_by_mail,
)
from takeback.workflow.news_mail import Outgoing, end_what_is_over, mail_went, next_mail
from takeback.workflow.put_back import Answer
from takeback.workflow.query import query_of_fingerprints
from takeback.workflow.replica import Replica
from takeback.workflow.rotate import rotate_master_key
from takeback.workflow.second_reading import read_again
from takeback.workflow.upload import Upload, check_upload
from takeback.workflow.withdraw import finish_withdrawals, withdraw

ADDRESS = "rosa.secret@mail.example"
DELAY = timedelta(minutes=5)
SETTINGS = Settings(
    mail_server="smtp://127.0.0.1:25", mail_from="news@report.example", public_address="https://report.example",
    mail_delay_seconds=DELAY.total_seconds(),
)  # fmt: skip
REMOVE = Decision(Outcome.REMOVED, Finding(True, "Covered."), "key/one")
REFUSE = Decision(Outcome.REFUSED, Finding(False, "A lighthouse.", ("intimate",)), "key/one")
READ_AT = AT + HEARD_FOR


@pytest.fixture
def received(store: Store, replica: Replica, site: Site) -> Received:
    """A notice that holds one copy."""
    check_upload(store, replica, query_of_fingerprints(prints_of(drawn(1))), Upload(site, "1"), at=AT)
    notice = notice_about(reported(drawn(1), digests=True))
    return receive_notice(store, replica, notice, default_laws=LAWS, request=None, at=AT)


class Mails:
    """What is sent, as if a mail server took it at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.may_ask = True
        self.settings = SETTINGS

    def at(self, at: datetime) -> Outgoing | None:
        """Return the mail that goes out at `at`, taken; None where none is due."""
        sent = next_mail(self.store, self.settings, MailTexts(), may_ask=lambda _: self.may_ask, at=at)
        if sent is not None:
            mail_went(self.store, sent, at=at)
        return sent

    def question(self, at: datetime) -> str:
        """Return the token that the question leads to."""
        sent = self.at(at)
        assert sent is not None
        assert sent.is_question
        return token_in(sent)


def token_in(sent: Outgoing) -> str:
    (link,) = [word for word in sent.mail.text.split() if "/mail/" in word]
    return link.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def mails(store: Store) -> Mails:
    return Mails(store)


@pytest.fixture
def confirmed(store: Store, journal: Journal, received: Received, mails: Mails) -> Received:
    """A case whose news goes to an address that was confirmed."""
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    confirm_news(store, mails.question(AT), at=AT)
    return received


def address_of(store: Store, received: Received) -> NewsAddress | None:
    with store.read() as tx:
        return tx.news.of_case(received.case.id)


def state_of(store: Store, received: Received) -> NewsState | None:
    found = address_of(store, received)
    return None if found is None else found.state


def opens(store: Store, found: NewsAddress) -> bool:
    with store.read() as tx:
        try:
            return tx.news.opened(found).address == ADDRESS
        except SealBroken:
            return False


def kinds(store: Store, received: Received) -> list[str]:
    with store.read() as tx:
        return [entry.kind for entry in tx.audit.of_case(received.case.public_id)]


# ---- She gives it, and whoever reads the mail confirms it --------------------------------------------------------


def test_an_address_gets_one_question_and_nothing_else_until_it_is_confirmed(
    store: Store, journal: Journal, received: Received, mails: Mails
) -> None:
    choose_news(store, journal, received.receipt, ADDRESS, "de", at=AT)
    write_to_person(store, received.case.public_id, "Which link?", actor="desk", at=AT)
    sent = mails.at(AT)
    assert sent is not None
    assert (sent.mail.to, sent.is_question) == (ADDRESS, True)
    assert "bestätigen" in sent.mail.subject
    assert mails.at(AT + timedelta(hours=30)) is None
    confirm_news(store, token_in(sent), at=AT + timedelta(hours=30))
    news = mails.at(AT + timedelta(hours=30))
    assert news is not None
    assert not news.is_question


def test_a_token_confirms_once_and_not_for_ever(
    store: Store, journal: Journal, received: Received, mails: Mails
) -> None:
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    token = mails.question(AT)
    assert len(token) == 32
    with pytest.raises(NotFound):
        confirm_news(store, token, at=AT + ANSWER_WITHIN)
    confirm_news(store, token, at=AT + ANSWER_WITHIN - timedelta(seconds=1))
    wrong: list[Callable[[], None]] = [
        lambda: confirm_news(store, token, at=AT),
        lambda: refuse_news(store, journal, token, at=AT),
        lambda: confirm_news(store, "0" * 32, at=AT),
        lambda: stop_news_by_mail(store, journal, token, at=AT),
    ]
    for act in wrong:
        with pytest.raises(NotFound):
            act()
    assert state_of(store, received) is NewsState.CONFIRMED


def test_no_token_lies_in_the_data(
    store: Store, journal: Journal, data: Path, confirmed: Received, mails: Mails
) -> None:
    write_to_person(store, confirmed.case.public_id, "Which link?", actor="desk", at=AT)
    news = mails.at(AT + DELAY)
    assert news is not None
    tag = news.mail.sender.partition("+")[2].partition("@")[0]
    content = b"".join(path.read_bytes() for path in data.iterdir())
    for secret in (ADDRESS, token_in(news), tag):
        assert not any(form in content for form in forms_of(secret.encode()))


def test_who_did_not_ask_says_so_and_the_address_is_gone(
    store: Store, journal: Journal, received: Received, mails: Mails
) -> None:
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    found = address_of(store, received)
    assert found is not None
    refuse_news(store, journal, mails.question(AT), at=AT)
    assert state_of(store, received) is None
    with pytest.raises(SealBroken):
        store.keyring.data_key(found.key_id)
    assert kinds(store, received)[-1] == EventKind.NEWS_ENDED


def test_what_nobody_confirms_is_erased(store: Store, journal: Journal, received: Received, mails: Mails) -> None:
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    mails.question(AT)
    assert end_what_is_over(store, journal, at=AT + ANSWER_WITHIN - timedelta(seconds=1)) == 0
    assert end_what_is_over(store, journal, at=AT + ANSWER_WITHIN) == 1
    assert state_of(store, received) is None


@pytest.mark.parametrize(
    "wrong", ["", "rosa", "rosa@", "rosa@localhost", "r osa@mail.example", "a@b.example,c@d.example"]
)
def test_what_is_no_address_is_said_and_not_repeated(
    store: Store, journal: Journal, received: Received, wrong: str
) -> None:
    with pytest.raises(MalformedAddress) as caught:
        choose_news(store, journal, received.receipt, wrong, "en", at=AT)
    assert not wrong or wrong not in caught.value.message


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        (" rosa@Mail.Example ", "rosa@mail.example"),
        ("mailto:Rosa.Luz@mail.example", "Rosa.Luz@mail.example"),
        ("rosa@bücher.example", "rosa@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_read_as_people_type_it(
    store: Store, journal: Journal, received: Received, mails: Mails, typed: str, sent: str
) -> None:
    choose_news(store, journal, received.receipt, typed, "en", at=AT)
    question = mails.at(AT)
    assert question is not None
    assert question.mail.to == sent


# ---- Nobody's mailbox is filled by it ----------------------------------------------------------------------------


def test_a_case_takes_three_addresses_a_day_each_in_the_place_of_the_former(
    store: Store, journal: Journal, received: Received, mails: Mails
) -> None:
    given = [f"rosa{number}@mail.example" for number in range(MAX_ADDRESSES)]
    for address in given:
        choose_news(store, journal, received.receipt, address, "en", at=AT)
    with pytest.raises(TooManyAddresses):
        choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT + timedelta(hours=23))
    question = mails.at(AT)
    assert question is not None
    assert question.mail.to == given[-1]
    assert mails.at(AT) is None
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT + timedelta(hours=24))


def test_so_many_questions_go_out_in_an_hour_and_the_rest_wait(
    store: Store, replica: Replica, journal: Journal, mails: Mails
) -> None:
    mails.settings = replace(SETTINGS, mail_confirmations_per_hour=2)
    for number in range(3):
        one = receive_notice(store, replica, notice_about(), default_laws=LAWS, request=None, at=AT)
        choose_news(store, journal, one.receipt, f"rosa{number}@mail.example", "en", at=AT)
    assert [mails.at(AT) is not None for _ in range(3)] == [True, True, False]
    assert mails.at(AT + timedelta(minutes=59)) is None
    assert mails.at(AT + timedelta(minutes=60)) is not None


def test_an_address_that_was_asked_too_often_is_not_asked_and_others_are(
    store: Store, replica: Replica, journal: Journal, received: Received, mails: Mails
) -> None:
    choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    other = receive_notice(store, replica, notice_about(), default_laws=LAWS, request=None, at=AT)
    choose_news(store, journal, other.receipt, "other@mail.example", "en", at=AT)
    mails.may_ask = False
    assert mails.at(AT) is None
    mails.may_ask = True
    question = mails.at(AT)
    assert question is not None
    assert question.mail.to == "other@mail.example"


def test_a_wrong_receipt_leaves_no_key_behind(store: Store, journal: Journal, received: Received) -> None:
    with store.keyring._reading() as connection:
        before = connection.execute("select count(*) from data_key").fetchall()
    for receipt, address in (("no words", ADDRESS), (received.receipt, "nobody")):
        with pytest.raises((NotFound, MalformedAddress)):
            choose_news(store, journal, receipt, address, "en", at=AT)
    with store.keyring._reading() as connection:
        assert connection.execute("select count(*) from data_key").fetchall() == before


# ---- What is news ------------------------------------------------------------------------------------------------


def test_a_message_is_told_once_after_a_delay_in_neutral_words(store: Store, confirmed: Received, mails: Mails) -> None:
    for text in ("Which link?", "And since when?"):
        write_to_person(store, confirmed.case.public_id, text, actor="desk", at=AT)
    assert mails.at(AT + DELAY - timedelta(seconds=1)) is None
    news = mails.at(AT + DELAY)
    assert news is not None
    assert news.mail.to == ADDRESS
    words = f"{news.mail.subject} {news.mail.text}".lower()
    for telling in ("picture", "case number", confirmed.case.public_id[:8], "intimate", "notice", "remov", "takeback"):
        assert telling not in words, telling
    links = [word for word in news.mail.text.split() if word.startswith("http")]
    assert links[0] == "https://report.example/case?language=en"
    assert links[1].startswith("https://report.example/mail/stop/")
    assert mails.at(AT + timedelta(days=9)) is None


@pytest.mark.parametrize("decision", [REMOVE, REFUSE])
def test_a_decision_is_told(store: Store, confirmed: Received, mails: Mails, decision: Decision) -> None:
    decide(store, confirmed.case.public_id, decision, at=AT)
    assert mails.at(AT + DELAY) is not None


def test_what_is_settled_after_the_decision_and_what_is_put_back_is_told(
    store: Store, replica: Replica, site: Site, confirmed: Received, mails: Mails
) -> None:
    decide(store, confirmed.case.public_id, REMOVE, at=AT)
    assert mails.at(AT + DELAY) is not None
    she_looked(store, confirmed.case, at=AT + 2 * DELAY)
    contest(store, site, "1", "I drew this.", at=AT + 2 * DELAY)
    assert mails.at(AT + 9 * DELAY) is None
    heard = AT + timedelta(hours=1)
    pass_on_contest(store, confirmed.case.public_id, "It is said to be a drawing.", actor="key/two", at=heard)
    assert mails.at(heard + DELAY) is not None
    she_looked(store, confirmed.case, at=heard + 2 * DELAY)
    later = heard + HEARD_FOR
    answer = Answer("Drawn.", "key/two", ("intimate",))
    answer_contest(store, confirmed.case.public_id, answer, put_back=True, at=later)
    assert mails.at(later + DELAY) is not None


def test_before_the_decision_nothing_that_was_found_is_news(
    store: Store, replica: Replica, site: Site, mails: Mails, journal: Journal
) -> None:
    with store.write() as tx:
        tx.connection.exec_driver_sql("update bank set same_bits = 0, possible_bits = 60")
    near = drawn(1)
    near[:20, :20] = 0
    check_upload(store, replica, query_of_fingerprints(prints_of(near)), Upload(site, "near"), at=AT)
    one = receive_notice(store, replica, notice_about(reported(drawn(1))), default_laws=LAWS, request=None, at=AT)
    choose_news(store, journal, one.receipt, ADDRESS, "en", at=AT)
    confirm_news(store, mails.question(AT), at=AT)
    with store.read() as tx:
        possible = [copy.public_id for copy in tx.copies.of_case(one.case.id) if copy.state == "possible"]
    assert len(possible) == 1
    confirm_copies(store, one.case.public_id, replace(REFUSE, copies=frozenset(possible)), at=AT)
    write_to_desk(store, one.receipt, "It began in May.", at=AT)
    assert mails.at(AT + timedelta(days=2)) is None


def test_what_a_notice_lacks_is_the_first_news_of_an_address_that_came_with_it(
    store: Store, replica: Replica, journal: Journal, mails: Mails
) -> None:
    lacking = replace(notice_about(reported(drawn(1))), signature="", good_faith=False)
    one = receive_notice(store, replica, lacking, default_laws=LAWS, request=None, at=AT)
    choose_news_with_notice(store, journal, one.case, ADDRESS, "en", at=AT)
    confirm_news(store, mails.question(AT), at=AT)
    assert mails.at(AT + DELAY) is not None
    she_looked(store, one.case, at=AT + DELAY)
    complete_notice(store, replica, one.receipt, notice_about(reported(drawn(1))), default_laws=LAWS, at=AT + DELAY)
    assert mails.at(AT + timedelta(days=2)) is None


def test_a_repeat_of_the_request_asks_no_second_time(
    store: Store, journal: Journal, received: Received, mails: Mails
) -> None:
    for address in (ADDRESS, "other@mail.example"):
        choose_news_with_notice(store, journal, received.case, address, "en", at=AT)
    question = mails.at(AT)
    assert question is not None
    assert question.mail.to == ADDRESS
    assert mails.at(AT) is None
    stop_news(store, journal, received.receipt, at=AT)
    choose_news_with_notice(store, journal, received.case, ADDRESS, "en", at=AT)
    assert state_of(store, received) is None


# ---- One until she looked, or a day passed -----------------------------------------------------------------------


def test_until_she_looked_or_a_day_passed_there_is_no_second_mail(
    store: Store, confirmed: Received, mails: Mails
) -> None:
    case, first = confirmed.case.public_id, AT + DELAY
    write_to_person(store, case, "One.", actor="desk", at=AT)
    assert mails.at(first) is not None
    write_to_person(store, case, "Two.", actor="desk", at=first)
    assert mails.at(first + SILENCE - timedelta(seconds=1)) is None
    assert mails.at(first + SILENCE) is not None


def test_once_she_looked_the_next_news_is_told_soon(store: Store, confirmed: Received, mails: Mails) -> None:
    case, first = confirmed.case.public_id, AT + DELAY
    write_to_person(store, case, "One.", actor="desk", at=AT)
    assert mails.at(first) is not None
    she_looked(store, confirmed.case, at=first + DELAY)
    write_to_person(store, case, "Two.", actor="desk", at=first + DELAY)
    assert mails.at(first + 2 * DELAY) is not None


def test_what_she_saw_before_the_mail_went_is_not_told(store: Store, confirmed: Received, mails: Mails) -> None:
    write_to_person(store, confirmed.case.public_id, "One.", actor="desk", at=AT)
    she_looked(store, confirmed.case, at=AT + timedelta(minutes=1))
    assert mails.at(AT + timedelta(days=2)) is None


# ---- It ends -----------------------------------------------------------------------------------------------------


def test_she_stops_it_here_and_whoever_reads_the_mail_there(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    write_to_person(store, confirmed.case.public_id, "One.", actor="desk", at=AT)
    news = mails.at(AT + DELAY)
    assert news is not None
    stop_news_by_mail(store, journal, token_in(news), at=AT + DELAY)
    assert state_of(store, confirmed) is None
    with pytest.raises(NotFound):
        stop_news_by_mail(store, journal, token_in(news), at=AT + DELAY)
    choose_news(store, journal, confirmed.receipt, ADDRESS, "en", at=AT + DELAY)
    stop_news(store, journal, confirmed.receipt, at=AT + DELAY)
    stop_news(store, journal, confirmed.receipt, at=AT + DELAY)
    assert state_of(store, confirmed) is None
    assert kinds(store, confirmed).count(EventKind.NEWS_ENDED) == 2


def test_a_withdrawal_and_an_erasure_take_the_address_at_once(
    store: Store, journal: Journal, confirmed: Received
) -> None:
    found = address_of(store, confirmed)
    assert found is not None
    assert opens(store, found)
    ask_for_erasure(store, journal, confirmed.ending, at=AT)
    assert state_of(store, confirmed) is None
    with pytest.raises(SealBroken):
        store.keyring.data_key(found.key_id)
    erase_due(store, journal, actor="test", at=AT + ERASED_AFTER)
    assert state_of(store, confirmed) is None


def refuse(store: Store, received: Received) -> None:
    """One person refuses, she says nothing, and a second one agrees: the case is closed."""
    decide(store, received.case.public_id, REFUSE, at=AT)
    answer = Answer("A lighthouse.", "key/two", ("intimate",))
    read_again(store, received.case.public_id, answer, upheld=True, at=READ_AT)


def test_until_a_second_person_read_a_refusal_the_address_is_kept(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    decide(store, confirmed.case.public_id, REFUSE, at=AT)
    assert mails.at(AT + DELAY) is not None
    assert end_what_is_over(store, journal, at=READ_AT) == 0


def test_a_refusal_is_told_and_then_the_address_is_erased(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    found = address_of(store, confirmed)
    assert found is not None
    refuse(store, confirmed)
    assert end_what_is_over(store, journal, at=READ_AT + DELAY) == 0
    assert mails.at(READ_AT + DELAY) is not None
    assert end_what_is_over(store, journal, at=READ_AT + DELAY) == 1
    assert state_of(store, confirmed) is None
    with pytest.raises(SealBroken):
        store.keyring.data_key(found.key_id)


def test_a_refusal_that_she_saw_or_that_cannot_be_told_ends_it_too(
    store: Store, journal: Journal, confirmed: Received
) -> None:
    refuse(store, confirmed)
    assert end_what_is_over(store, journal, at=READ_AT + LAST_NEWS_WITHIN - timedelta(seconds=1)) == 0
    she_looked(store, confirmed.case, at=READ_AT)
    assert end_what_is_over(store, journal, at=READ_AT) == 1


def test_a_last_mail_that_never_goes_out_keeps_no_address(store: Store, journal: Journal, confirmed: Received) -> None:
    refuse(store, confirmed)
    assert end_what_is_over(store, journal, at=READ_AT + LAST_NEWS_WITHIN) == 1


def test_after_a_removal_the_address_is_kept_as_long_as_the_other_side_may_object(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    decide(store, confirmed.case.public_id, REMOVE, at=AT)
    assert mails.at(AT + DELAY) is not None
    assert end_what_is_over(store, journal, at=AT + KEPT_AFTER_REMOVAL - timedelta(seconds=1)) == 0
    assert end_what_is_over(store, journal, at=AT + KEPT_AFTER_REMOVAL) == 1


def test_a_closed_case_takes_no_address(store: Store, journal: Journal, received: Received) -> None:
    withdraw(store, journal, received.ending, at=AT)
    with pytest.raises(IllegalTransition):
        choose_news(store, journal, received.receipt, ADDRESS, "en", at=AT)
    choose_news_with_notice(store, journal, received.case, ADDRESS, "en", at=AT)
    assert state_of(store, received) is None


# ---- It comes back -----------------------------------------------------------------------------------------------


def test_mail_that_came_back_closes_nothing_and_ends_the_mail(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    found = address_of(store, confirmed)
    write_to_person(store, confirmed.case.public_id, "One.", actor="desk", at=AT)
    news = mails.at(AT + DELAY)
    assert news is not None
    assert found is not None
    tag = news.mail.sender.partition("+")[2].partition("@")[0]
    assert news.mail.sender == f"news+{tag}@report.example"
    assert mail_came_back(store, tag, actor="key/mail", at=AT + DELAY)
    assert not mail_came_back(store, tag, actor="key/mail", at=AT + DELAY)
    assert state_of(store, confirmed) is NewsState.BOUNCED
    with store.read() as tx:
        assert tx.cases.by_id(confirmed.case.id).state == confirmed.case.state
    with pytest.raises(SealBroken):
        store.keyring.data_key(found.key_id)
    write_to_person(store, confirmed.case.public_id, "Two.", actor="desk", at=AT + DELAY)
    assert mails.at(AT + timedelta(days=3)) is None
    choose_news(store, journal, confirmed.receipt, ADDRESS, "en", at=AT + timedelta(days=3))
    assert state_of(store, confirmed) is NewsState.UNCONFIRMED


def test_a_tag_of_nobody_is_no_mail_of_ours(store: Store, confirmed: Received) -> None:
    assert not mail_came_back(store, "a" * 26, actor="key/mail", at=AT)
    assert state_of(store, confirmed) is NewsState.CONFIRMED


# ---- It stays erased, and it is opened under any master key -----------------------------------------------------


def restored(store: Store, journal: Journal, found: NewsAddress) -> None:
    """Put the row back as a backup from before has it."""
    with store.write() as tx:
        tx.connection.exec_driver_sql("delete from news_address")
        tx.connection.exec_driver_sql("insert into news_address select * from kept")
    finish_withdrawals(store, journal, at=AT)


def test_what_was_erased_is_erased_again_by_a_restore(store: Store, journal: Journal, confirmed: Received) -> None:
    found = address_of(store, confirmed)
    assert found is not None
    key = store.keyring.data_key(found.key_id)
    with store.write() as tx:
        tx.connection.exec_driver_sql("create table kept as select * from news_address")
    finish_withdrawals(store, journal, at=AT)
    assert opens(store, found)
    end_address(store, journal, found, why="test", actor="test", at=AT)
    # The key store comes back too, as from one backup with the database.
    with store.keyring._writing() as connection:
        connection.execute(
            "insert into data_key (id, wrapped) values (?, ?)", (found.key_id, store.keyring._wrap(found.key_id, key))
        )
    restored(store, journal, found)
    assert state_of(store, confirmed) is None
    with pytest.raises(SealBroken):
        store.keyring.data_key(found.key_id)


def test_an_address_whose_key_is_gone_is_erased_by_a_restore(
    store: Store, journal: Journal, confirmed: Received
) -> None:
    found = address_of(store, confirmed)
    assert found is not None
    store.keyring.destroy([found.key_id], in_snapshots=False)
    finish_withdrawals(store, journal, at=AT)
    assert state_of(store, confirmed) is None


def test_a_later_address_survives_what_the_journal_says_of_the_former(
    store: Store, journal: Journal, confirmed: Received
) -> None:
    choose_news(store, journal, confirmed.receipt, "other@mail.example", "en", at=AT)
    finish_withdrawals(store, journal, at=AT)
    assert state_of(store, confirmed) is NewsState.UNCONFIRMED


def test_erasing_an_address_makes_no_snapshot_useless(store: Store, journal: Journal, confirmed: Received) -> None:
    key_id, _ = store.keyring.new_snapshot_key()
    stop_news(store, journal, confirmed.receipt, at=AT)
    assert store.keyring.data_key(key_id)


def test_a_new_master_key_opens_the_address(store: Store, data: Path, confirmed: Received) -> None:
    found = address_of(store, confirmed)
    assert found is not None
    new = MasterKey.generate()
    rotate_master_key(store, new, actor="test", at=AT)
    assert opens(store, found)
    store.close()
    reopened = Store.open(sqlite_url(data), Keyring(new, data / "keys.db"))
    assert opens(reopened, found)
    reopened.close()


def test_the_log_says_what_happened_and_never_the_address(
    store: Store, journal: Journal, confirmed: Received, mails: Mails
) -> None:
    write_to_person(store, confirmed.case.public_id, "One.", actor="desk", at=AT)
    mails.at(AT + DELAY)
    stop_news(store, journal, confirmed.receipt, at=AT)
    with store.read() as tx:
        entries = list(tx.audit.of_case(confirmed.case.public_id))
    assert [entry.kind for entry in entries if entry.kind.startswith("news_")] == [
        "news_chosen", "news_mailed", "news_confirmed", "news_mailed", "news_ended",
    ]  # fmt: skip
    assert "rosa" not in str(entries)
