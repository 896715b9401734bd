"""The news job: each mail goes out by a real mail server, and what that does not take has its consequence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import LAWS, Clock, notice_about
from tests.mail_server import MailServer, mail_server
from tests.unit.decoding import InProcess

from takeback.actions.mail import smtp_sender
from takeback.assembly import Parts
from takeback.config import Settings
from takeback.jobs.news import QUESTIONS_A_DAY, NewsJob
from takeback.service.pages.mails import MailTexts
from takeback.service.pages.words import languages
from takeback.store import Store
from takeback.store.journal import Journal
from takeback.store.news import ANSWER_WITHIN, NewsState
from takeback.workflow.intake import Received, receive_notice
from takeback.workflow.messages import write_to_person
from takeback.workflow.news import choose_news, confirm_news
from takeback.workflow.replica import Replica
from takeback.workflow.withdraw import withdraw

ADDRESS = "rosa.secret@mail.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


class House:
    """The job over a store, with a clock."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.clock = parts.now
        self.job = NewsJob(parts, smtp_sender(parts.settings), MailTexts())

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            asyncio.run(self.job.step())

    def received(self, language: str = "en", address: str = ADDRESS) -> Received:
        parts, at = self.parts, self.parts.now()
        one = receive_notice(parts.store, parts.replica, notice_about(), default_laws=LAWS, request=None, at=at)
        choose_news(parts.store, parts.journal, one.receipt, address, language, at=at)
        return one

    def state(self, one: Received) -> NewsState | None:
        with self.parts.store.read() as tx:
            found = tx.news.of_case(one.case.id)
        return None if found is None else found.state


@pytest.fixture
def house(store: Store, replica: Replica, journal: Journal, clock: Clock, data: Path, server: MailServer) -> House:
    settings = Settings(
        data=data, mail_server=server.url, mail_from="notes@report.example", mail_bounces="back@report.example",
        public_address="https://report.example",
    )  # fmt: skip
    return House(Parts(settings, store, replica, journal, InProcess(), clock))


@pytest.mark.parametrize("language", sorted(languages()))
def test_the_question_and_the_news_arrive_in_her_language_and_name_nothing(
    house: House, server: MailServer, clock: Clock, language: str
) -> None:
    one = house.received(language)
    house.step(3)
    (question,) = server.taken
    words = languages()[language]
    assert question.message["Subject"] == words("mail.question_subject")
    confirm_news(house.parts.store, question.links[0].partition("?")[0].rpartition("/")[2], at=clock())
    write_to_person(house.parts.store, one.case.public_id, "Which link?", actor="desk", at=clock())
    clock.pass_(minutes=5)
    house.step(3)
    news = server.taken[1:]
    assert [each.message["Subject"] for each in news] == [words("mail.news_subject")]
    assert news[0].links[0] == f"https://report.example/case?language={language}"
    assert one.case.public_id not in news[0].raw.decode()
    assert one.case.public_id[:8] not in news[0].raw.decode()
    assert question.tag == news[0].tag
    assert len(news[0].tag) == 26
    assert news[0].sender.startswith("back+")


def test_an_address_that_the_server_refuses_for_good_bounced(
    house: House, server: MailServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one = house.received()
    server.to_recipient = f"550 5.1.1 No such {ADDRESS}"
    house.step()
    assert house.state(one) is NewsState.BOUNCED
    server.to_recipient = ""
    clock.pass_(hours=1)
    house.step(3)
    assert server.taken == []
    assert "not taken" not in caplog.text
    assert "code 550" in caplog.text
    assert "rosa" not in caplog.text


def test_what_is_refused_for_now_is_tried_again_and_rests_meanwhile(
    house: House, server: MailServer, clock: Clock
) -> None:
    one = house.received()
    server.to_recipient = "451 4.7.1 Greylisted"
    house.step()
    server.to_recipient = ""
    house.step()
    assert server.taken == []
    clock.pass_(seconds=11)
    house.step()
    assert len(server.taken) == 1
    assert house.state(one) is NewsState.UNCONFIRMED


def test_while_the_server_is_away_nothing_is_lost_and_nobody_bounces(
    house: House, server: MailServer, clock: Clock
) -> None:
    away = House(replace(house.parts, settings=replace(house.parts.settings, mail_server="smtp://127.0.0.1:1")))
    one = away.received()
    for _ in range(5):
        away.step()
        clock.pass_(minutes=10)
    assert house.state(one) is NewsState.UNCONFIRMED
    house.step()
    assert [each.to for each in server.taken] == [ADDRESS]


def test_one_address_is_asked_three_times_a_day_of_whatever_cases(
    house: House, server: MailServer, clock: Clock
) -> None:
    for _ in range(QUESTIONS_A_DAY + 2):
        house.received(address=ADDRESS.upper())
    house.received(address="other@mail.example")
    house.step(QUESTIONS_A_DAY + 4)
    assert [each.to for each in server.taken].count("ROSA.SECRET@mail.example") == QUESTIONS_A_DAY
    assert "other@mail.example" in [each.to for each in server.taken]
    clock.pass_(hours=25)
    house.step(3)
    assert [each.to for each in server.taken].count("ROSA.SECRET@mail.example") == QUESTIONS_A_DAY + 2


def test_the_job_erases_what_nobody_confirmed_also_where_no_mail_is_sent_any_more(house: House, clock: Clock) -> None:
    one = house.received()
    silent = House(replace(house.parts, settings=Settings(data=house.parts.settings.data)))
    silent.step()
    assert house.state(one) is NewsState.UNCONFIRMED
    clock.pass_(seconds=ANSWER_WITHIN.total_seconds())
    silent.step()
    assert house.state(one) is None


def test_of_a_case_that_she_ended_no_mail_goes_out(house: House, server: MailServer) -> None:
    one = house.received()
    withdraw(house.parts.store, house.parts.journal, one.ending, at=house.clock())
    house.step(3)
    assert server.taken == []


def test_more_than_an_hour_s_questions_wait_for_the_next(house: House, server: MailServer, clock: Clock) -> None:
    house.job = NewsJob(
        replace(house.parts, settings=replace(house.parts.settings, mail_confirmations_per_hour=2)),
        smtp_sender(house.parts.settings),
        MailTexts(),
    )
    for number in range(3):
        house.received(address=f"rosa{number}@mail.example")
    house.step(5)
    assert len(server.taken) == 2
    clock.pass_(seconds=timedelta(hours=1).total_seconds())
    house.step(2)
    assert len(server.taken) == 3
