"""
What the news job sends, and what becomes of it: the question whether an address is right, and that there is news.

A mail is made in one transaction, sent outside of any, and settled in another. A crash between the last two sends it
twice, never not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from takeback.actions.mail import Mail, returning_to
from takeback.actions.retry import next_attempt_at
from takeback.audit.event import EventKind
from takeback.config import Settings
from takeback.errors import DeliveryError, SealBroken
from takeback.store import Store, Transaction
from takeback.store.journal import Journal
from takeback.store.news import NewsAddress, Opened
from takeback.workflow.news import bounce, end_address
from takeback.workflow.order import note

ACTOR = "takeback"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says."""

    subject: str
    text: str


class NewsTexts(Protocol):
    """The words of both mails in each language; neither names a picture, a case or what the site is."""

    def question(self, language: str, *, page: str) -> Letter:
        """Ask whether the address is right; `page` has the buttons that answer."""

    def news(self, language: str, *, page: str, stop: str) -> Letter:
        """Say that there is news; `page` asks for the receipt, `stop` has the button that stops these mails."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail on its way, and what it is about."""

    found: NewsAddress
    mail: Mail
    is_question: bool


def next_mail(
    store: Store, settings: Settings, texts: NewsTexts, *, may_ask: Callable[[str], bool], at: datetime
) -> Outgoing | None:
    """
    Make the mail that is due first, news before questions; None where none is.

    Questions wait where `mail_confirmations_per_hour` went out in this hour, or where `may_ask` says of an address that
    it was asked too often.
    """
    with store.read() as tx:
        news = tx.news.to_mail(at, timedelta(seconds=settings.mail_delay_seconds))
        is_full = tx.news.asked_since(at - _HOUR) >= settings.mail_confirmations_per_hour
        question = None if is_full else tx.news.to_ask(at)
    found = news or question
    if found is None:
        return None
    with store.write() as tx:
        try:
            opened = tx.news.opened(found)
        except SealBroken:
            # A restored database with a newer key store: the address was erased since.
            tx.news.erase(found)
            return None
        if news is None and not may_ask(opened.address):
            tx.news.try_again(found, at + _HOUR)
            return None
        return _outgoing(tx, settings, texts, found, opened, is_question=news is None, at=at)


def mail_went(store: Store, sent: Outgoing, *, at: datetime) -> None:
    """A mail was taken by the mail server."""
    with store.write() as tx:
        if sent.is_question:
            tx.news.asked(sent.found, at)
        else:
            tx.news.mailed(sent.found, at)
        facts = {"what": "question" if sent.is_question else "news"}
        note(tx, EventKind.NEWS_MAILED, tx.cases.by_id(sent.found.case_id), at=at, actor=ACTOR, facts=facts)


def mail_failed(
    store: Store, sent: Outgoing, problem: DeliveryError, jitter: float, *, give_up: timedelta, at: datetime
) -> None:
    """A mail was not taken: for good, which is a bounce, or for now. `jitter` as for `next_attempt_at`."""
    if problem.permanent:
        bounce(store, sent.found, actor=ACTOR, at=at)
        return
    attempts = sent.found.attempts + 1
    again_at = next_attempt_at(attempts, at, jitter, give_up_seconds=give_up.total_seconds())
    with store.write() as tx:
        if again_at is None:
            tx.news.give_up(sent.found)
        else:
            tx.news.try_again(sent.found, again_at)


def end_what_is_over(store: Store, journal: Journal, *, at: datetime) -> int:
    """Erase the addresses of closed cases, once told, and those that nobody confirmed in time; return how many."""
    with store.read() as tx:
        over = tx.news.to_end(at)
    for found in over:
        end_address(store, journal, found, why="over", actor=ACTOR, at=at)
    return len(over)


def destroy_left_keys(store: Store) -> None:
    """Destroy the keys of erased addresses that a crash, or a restore of an older key store, left behind."""
    with store.read() as tx:
        left = store.keyring.data_keys(tx.news.erased_key_ids())
    if left:
        store.keyring.destroy(list(left), in_snapshots=False)


def _outgoing(
    tx: Transaction, settings: Settings, texts: NewsTexts, found: NewsAddress, opened: Opened, *, is_question: bool,
    at: datetime,
) -> Outgoing:  # fmt: skip
    pages = settings.public_address
    if is_question:
        letter = texts.question(found.language, page=f"{pages}/mail/{tx.news.ask(found)}")
    else:
        letter = texts.news(found.language, page=f"{pages}/case", stop=f"{pages}/mail/stop/{opened.stop}")
    sender = returning_to(settings.mail_bounces or settings.mail_from, opened.tag)
    return Outgoing(found, Mail(opened.address, letter.subject, letter.text, at, sender), is_question)
