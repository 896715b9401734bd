"""
Mail when there is news, if she asks for it: an address that she gives, confirms, changes, and takes back at any time.

It is not how the desk reaches her, which is sealed to its people: a program sends this mail, so the service can read
the address, until its case closes. A mail says that there is news and nothing of what, since others may read it.
Whoever reads the mail says on a page that the address is right; until then it gets that one question and nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from takeback.audit.event import EventKind, Json
from takeback.cases import CaseState
from takeback.cases.mailbox import read_mailbox
from takeback.errors import IllegalTransition, NotFound, TooManyAddresses
from takeback.store import Store, Transaction
from takeback.store.cases import Case
from takeback.store.journal import Journal, Withdrawal
from takeback.store.news import NewsAddress, NewsState
from takeback.workflow.order import THE_PERSON, note

MAX_ADDRESSES = 3
"""That one case may be given in a day: each is sent a question, and may be somebody else's."""
_DAY = timedelta(hours=24)
READER = "whoever-reads-the-mail"
"""Who pressed a button on a page that a mail led to, as the log names them."""


def choose_news(store: Store, journal: Journal, receipt: str, address: str, language: str, *, at: datetime) -> Case:
    """
    Tell this address, once it is confirmed, when there is news; another one takes the place of the former.

    `NotFound` for a receipt of no case, `MalformedAddress` for what is none, `TooManyAddresses` above `MAX_ADDRESSES`,
    `IllegalTransition` where the case is closed.
    """
    address = read_mailbox(address)
    digest = store.keyring.receipt_digest(receipt)
    with store.read() as tx:
        case = tx.cases.by_receipt(digest)
        _require_free(tx, case, at)
    _choose(store, journal, case, address, language, at)
    return case


def choose_news_with_notice(
    store: Store, journal: Journal, case: Case, address: str, language: str, *, at: datetime
) -> None:
    """
    The same for the case of a notice that just came, with the notice: what it lacks is the first news.

    A repeat of the request, or an address that came otherwise meanwhile, changes nothing.
    """
    with store.read() as tx:
        is_closed = tx.cases.by_id(case.id).closed_at is not None
        if is_closed or tx.news.given_since(case.id, case.received_at - _DAY):
            return
    _choose(store, journal, case, read_mailbox(address), language, at)
    if case.state is CaseState.INCOMPLETE:
        with store.write() as tx:
            tx.news.tell(case.id, at)


def stop_news(store: Store, journal: Journal, receipt: str, *, at: datetime) -> Case:
    """Send no more mail, and erase the address; where there is none, nothing changes. `NotFound` as `choose_news`."""
    digest = store.keyring.receipt_digest(receipt)
    with store.read() as tx:
        case = tx.cases.by_receipt(digest)
        found = tx.news.of_case(case.id)
    if found is not None:
        end_address(store, journal, found, why="stopped", actor=THE_PERSON, at=at)
    return case


def confirm_news(store: Store, token: str, *, at: datetime) -> None:
    """Whoever reads the mail says that the address is right, once; `NotFound` where the token answers nothing."""
    with store.read() as tx:
        tx.news.by_question(token, at)
    with store.write() as tx:
        found = tx.news.by_question(token, at)
        tx.news.confirm(found)
        _note(tx, EventKind.NEWS_CONFIRMED, found, actor=READER, at=at)


def refuse_news(store: Store, journal: Journal, token: str, *, at: datetime) -> None:
    """Whoever reads the mail says that it was not them: the address is erased. `NotFound` as `confirm_news`."""
    with store.read() as tx:
        found = tx.news.by_question(token, at)
    end_address(store, journal, found, why="not hers", actor=READER, at=at)


def stop_news_by_mail(store: Store, journal: Journal, token: str, *, at: datetime) -> None:
    """Stop as `stop_news` does, by what every mail leads to; `NotFound` where the token stops nothing."""
    with store.read() as tx:
        found = tx.news.by_stop(token)
    end_address(store, journal, found, why="stopped by mail", actor=READER, at=at)


def she_looked(store: Store, case: Case, *, at: datetime) -> None:
    """Remember that she looked how her case stands: what waited to be told is told."""
    with store.read() as tx:
        found = tx.news.of_case(case.id)
    if found is not None and found.is_unseen:
        with store.write() as tx:
            tx.news.looked(tx.news.by_public_id(found.public_id), at)


def mail_came_back(store: Store, tag: str, *, actor: str, at: datetime) -> bool:
    """
    Take in that a mail could not be delivered, by the tag that it came back by; return whether it was one of ours.

    The address is erased and gets no more mail. That it came back is kept, for her and for the desk; the case goes on.
    """
    try:
        with store.read() as tx:
            found = tx.news.by_tag(tag)
    except NotFound:
        return False
    bounce(store, found, actor=actor, at=at)
    return True


def bounce(store: Store, found: NewsAddress, *, actor: str, at: datetime) -> None:
    """Erase an address to which mail cannot be delivered, and remember that."""
    with store.write() as tx:
        if tx.news.by_public_id(found.public_id).state in (NewsState.BOUNCED, NewsState.ENDED):
            return
        key_id = tx.news.erase(found, NewsState.BOUNCED)
        _note(tx, EventKind.NEWS_BOUNCED, found, actor=actor, at=at)
    store.keyring.destroy([key_id], in_snapshots=False)


def end_address(store: Store, journal: Journal, found: NewsAddress, *, why: str, actor: str, at: datetime) -> None:
    """
    Erase an address, in the journal first, so that a restore erases it again.

    Its data key goes after the commit, and with it the address in every older backup.
    """
    with store.write() as tx:
        key_ids = _end(tx, journal, found, why=why, actor=actor, at=at)
    store.keyring.destroy(key_ids, in_snapshots=False)


def _choose(store: Store, journal: Journal, case: Case, address: str, language: str, at: datetime) -> None:
    ((key_id, key),) = store.keyring.new_data_keys()
    with store.write() as tx:
        _require_free(tx, tx.cases.by_id(case.id), at)
        former = tx.news.of_case(case.id)
        key_ids = [] if former is None else _end(tx, journal, former, why="changed", actor=THE_PERSON, at=at)
        found = tx.news.add(case.id, address, language, (key_id, key), at)
        _note(tx, EventKind.NEWS_CHOSEN, found, actor=THE_PERSON, at=at)
    if key_ids:
        store.keyring.destroy(key_ids, in_snapshots=False)


def _require_free(tx: Transaction, case: Case, at: datetime) -> None:
    if case.closed_at is not None or case.erased_at is not None:
        raise IllegalTransition("This case is closed: there will be no news of it.")
    if tx.news.given_since(case.id, at - _DAY) >= MAX_ADDRESSES:
        raise TooManyAddresses(f"A case takes {MAX_ADDRESSES} addresses for news in a day.")


def _end(tx: Transaction, journal: Journal, found: NewsAddress, *, why: str, actor: str, at: datetime) -> list[str]:
    now = tx.news.by_public_id(found.public_id)
    if now.state is NewsState.ENDED:
        return []
    if now.state is not NewsState.BOUNCED:  # nothing is left of the address then
        journal.append(Withdrawal(tx.cases.by_id(now.case_id).public_id, at, news=now.public_id))
    _note(tx, EventKind.NEWS_ENDED, now, actor=actor, at=at, facts={"why": why})
    return [tx.news.erase(now)]


def _note(
    tx: Transaction, kind: EventKind, found: NewsAddress, *, actor: str, at: datetime,
    facts: dict[str, Json] | None = None,
) -> None:  # fmt: skip
    note(tx, kind, tx.cases.by_id(found.case_id), at=at, actor=actor, facts=facts)
