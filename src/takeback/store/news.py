"""
Addresses that people gave for mail when there is news: each under a data key of its own, which goes with it.

The key is this service's, not the desk's, since a program sends the mail; and not the case's, since an address is
erased when its case closes and the rest is not. What a mail leads back by lies beside it as an HMAC alone.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select, update

from takeback.cases import CaseState
from takeback.errors import NotFound
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import case, news_address

TOKEN_BYTES = 16
"""128 random bits, in what a mail leads to and what it comes back by."""
ANSWER_WITHIN = timedelta(hours=48)
"""How long the question whether an address is right can be answered, and how long it may wait to be asked."""
SILENCE = timedelta(hours=24)
"""Between two mails that she did not look after."""
LAST_NEWS_WITHIN = timedelta(hours=72)
"""How long a closed case waits for its last mail to go out; then the address is erased all the same."""
KEPT_AFTER_REMOVAL = timedelta(days=183)
"""Six months, in which a removal can be contested (Regulation (EU) 2022/2065, Art. 20(1))."""

_PURPOSE = "news/address"


class NewsState(StrEnum):
    """Where an address stands."""

    UNCONFIRMED = "unconfirmed"
    """Nobody who reads its mail has said that it is right: it gets that one question, and nothing else."""
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    """Mail came back: the address is erased, and that it did is kept."""
    ENDED = "ended"
    """Erased: she stopped it or gave another, it was somebody else's, or the case closed."""


_LIVE = (NewsState.UNCONFIRMED.value, NewsState.CONFIRMED.value)


@dataclass(frozen=True, slots=True)
class NewsAddress:
    """One address as it stands; the address itself is sealed."""

    id: int
    public_id: str
    case_id: int
    state: NewsState
    language: str
    key_id: str
    given_at: datetime
    asked_at: datetime | None
    news_at: datetime | None
    """Since when there is something that she was not told and did not see."""
    mailed_at: datetime | None
    looked_at: datetime | None
    attempts: int

    @property
    def is_unseen(self) -> bool:
        """Whether there is something that her next look at the case settles."""
        unread = self.mailed_at is not None and (self.looked_at is None or self.looked_at <= self.mailed_at)
        return self.news_at is not None or unread


@dataclass(frozen=True, slots=True)
class Opened:
    """What is sealed of an address: itself, what stops its mail, and the tag that its mail comes back by."""

    address: str
    stop: str
    tag: str


class NewsStore:
    """Reads and writes addresses for news."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, case_id: int, address: str, language: str, key: tuple[str, bytes], at: datetime) -> NewsAddress:
        """Keep an address, unconfirmed, under a data key of its own (id, key)."""
        key_id, secret = key
        stop, tag = secrets.token_hex(TOKEN_BYTES), _new_tag()
        sealed = json.dumps({"address": address, "stop": stop, "tag": tag}).encode()
        public_id = secrets.token_hex(16)
        self._connection.execute(
            insert(news_address).values(
                public_id=public_id,
                case_id=case_id,
                state=NewsState.UNCONFIRMED.value,
                language=language,
                key_id=key_id,
                sealed=seal(secret, sealed, _PURPOSE),
                stop_digest=self._digest("stop", stop),
                tag_digest=self._digest("tag", tag),
                given_at=at,
                attempts=0,
            )
        )
        return self.by_public_id(public_id)

    def opened(self, found: NewsAddress) -> Opened:
        """Open an address; `SealBroken` where its key is gone."""
        key = self._keyring.data_key(found.key_id)
        query = select(news_address.c.sealed).where(news_address.c.id == found.id)
        return Opened(**json.loads(unseal(key, self._connection.execute(query).scalar_one() or b"", _PURPOSE)))

    def of_case(self, case_id: int) -> NewsAddress | None:
        """Return the address of a case that is live, or whose mail came back; None where there is none."""
        query = select(news_address).where(news_address.c.case_id == case_id).order_by(news_address.c.id.desc())
        row = self._connection.execute(query.limit(1)).first()
        return None if row is None or row.state == NewsState.ENDED.value else _found(row)

    def given_since(self, case_id: int, moment: datetime) -> int:
        """Return how many addresses a case was given after `moment`."""
        given = (news_address.c.case_id == case_id, news_address.c.given_at > moment)
        return self._count(*given)

    def asked_since(self, moment: datetime) -> int:
        """Return how many addresses were asked whether they are right after `moment`."""
        return self._count(news_address.c.asked_at > moment)

    # ---- What is to be sent ---------------------------------------------------------------------------------

    def to_ask(self, at: datetime) -> NewsAddress | None:
        """Return the address that waits longest to be asked whether it is right."""
        waits = (news_address.c.state == NewsState.UNCONFIRMED.value, news_address.c.asked_at.is_(None), _due(at))
        return self._first(select(news_address).where(*waits).order_by(news_address.c.id))

    def to_mail(self, at: datetime, delay: timedelta) -> NewsAddress | None:
        """Return the address with the oldest news that has waited for `delay`, if it may get another mail by now."""
        free = or_(
            news_address.c.mailed_at.is_(None),
            news_address.c.looked_at > news_address.c.mailed_at,
            news_address.c.mailed_at <= at - SILENCE,
        )
        waits = (news_address.c.state == NewsState.CONFIRMED.value, news_address.c.news_at <= at - delay)
        return self._first(select(news_address).where(*waits, free, _due(at)).order_by(news_address.c.news_at))

    def ask(self, found: NewsAddress) -> str:
        """Return a new token by which the question can be answered; the former one answers nothing any more."""
        token = secrets.token_hex(TOKEN_BYTES)
        self._set(found.id, question_digest=self._digest("question", token))
        return token

    def asked(self, found: NewsAddress, at: datetime) -> None:
        """Remember that the question was sent."""
        self._set(found.id, asked_at=at, attempts=0, next_attempt_at=None)

    def mailed(self, found: NewsAddress, at: datetime) -> None:
        """Remember that she was told that there is news."""
        self._set(found.id, mailed_at=at, news_at=None, attempts=0, next_attempt_at=None)

    def try_again(self, found: NewsAddress, at: datetime) -> None:
        """Try the same mail again at `at`."""
        self._set(found.id, attempts=found.attempts + 1, next_attempt_at=at)

    def give_up(self, found: NewsAddress) -> None:
        """Let the news go untold; the next begins anew."""
        self._set(found.id, news_at=None, attempts=0, next_attempt_at=None)

    # ---- What happens to it ---------------------------------------------------------------------------------

    def tell(self, case_id: int, at: datetime) -> None:
        """There is news in a case, from `at` on where there was none before."""
        self._connection.execute(
            update(news_address)
            .where(news_address.c.case_id == case_id, news_address.c.state.in_(_LIVE), news_address.c.news_at.is_(None))
            .values(news_at=at)
        )

    def looked(self, found: NewsAddress, at: datetime) -> None:
        """She looked how her case stands: there is nothing left to tell."""
        self._set(found.id, looked_at=at, news_at=None, attempts=0, next_attempt_at=None)

    def by_question(self, token: str, at: datetime) -> NewsAddress:
        """Return the address that a token answers for; `NotFound` where it answers for none, or not any more."""
        digest = self._digest("question", token)
        known = news_address.c.question_digest == digest, news_address.c.asked_at > at - ANSWER_WITHIN
        return self._one(*known, news_address.c.state == NewsState.UNCONFIRMED.value)

    def by_stop(self, token: str) -> NewsAddress:
        """Return the address whose mail a token stops; `NotFound` where it stops none."""
        return self._one(news_address.c.stop_digest == self._digest("stop", token))

    def by_tag(self, tag: str) -> NewsAddress:
        """Return the address whose mail comes back by a tag; `NotFound` where there is none."""
        return self._one(news_address.c.tag_digest == self._digest("tag", tag))

    def by_public_id(self, public_id: str) -> NewsAddress:
        """Return one address; `NotFound` where there is none."""
        return self._one(news_address.c.public_id == public_id)

    def confirm(self, found: NewsAddress) -> None:
        """Let an address get mail; the token that said so says nothing more."""
        self._set(found.id, state=NewsState.CONFIRMED.value, question_digest=None)

    def erase(self, found: NewsAddress, state: NewsState = NewsState.ENDED) -> str:
        """Erase an address; return its data key, which is to be destroyed after the commit."""
        nothing = dict.fromkeys(
            ("sealed", "question_digest", "stop_digest", "tag_digest", "news_at", "next_attempt_at")
        )
        self._set(found.id, state=state.value, **nothing)
        return found.key_id

    def to_end(self, at: datetime) -> list[NewsAddress]:
        """Return the addresses that are to be erased by now: their case is closed, or they were never confirmed."""
        unconfirmed = news_address.c.state == NewsState.UNCONFIRMED.value
        since = func.coalesce(news_address.c.asked_at, news_address.c.given_at)
        told = or_(news_address.c.news_at.is_(None), unconfirmed)
        reasons = or_(
            and_(unconfirmed, since <= at - ANSWER_WITHIN),
            and_(case.c.closed_at.is_not(None), or_(told, case.c.closed_at <= at - LAST_NEWS_WITHIN)),
            and_(
                case.c.state == CaseState.REMOVED.value, case.c.decided_at <= at - KEPT_AFTER_REMOVAL, told
            ),
        )  # fmt: skip
        joined = news_address.join(case, case.c.id == news_address.c.case_id)
        query = select(news_address).select_from(joined).where(news_address.c.state.in_(_LIVE), reasons)
        return [_found(row) for row in self._connection.execute(query.order_by(news_address.c.id))]

    def live(self) -> list[NewsAddress]:
        """Return every address that is kept."""
        query = select(news_address).where(news_address.c.state.in_(_LIVE)).order_by(news_address.c.id)
        return [_found(row) for row in self._connection.execute(query)]

    def erased_key_ids(self) -> list[str]:
        """Return the data keys of erased addresses: whichever still exist are to be destroyed."""
        rows = self._connection.execute(select(news_address.c.key_id).where(news_address.c.sealed.is_(None)))
        return [row.key_id for row in rows]

    def _digest(self, what: str, token: str) -> bytes:
        return self._keyring.keyed_receipt(f"news/{what}/{token}")

    def _count(self, *where: ColumnElement[bool]) -> int:
        return int(self._connection.execute(select(func.count()).select_from(news_address).where(*where)).scalar_one())

    def _one(self, *where: ColumnElement[bool]) -> NewsAddress:
        row = self._connection.execute(select(news_address).where(*where)).first()
        if row is None:
            raise NotFound("No address for news belongs to this.", advice="It may be answered, stopped or too old.")
        return _found(row)

    def _first(self, query: Select[tuple[object, ...]]) -> NewsAddress | None:
        row = self._connection.execute(query.limit(1)).first()
        return None if row is None else _found(row)

    def _set(self, address_id: int, **columns: object) -> None:
        self._connection.execute(update(news_address).where(news_address.c.id == address_id).values(**columns))


def _due(at: datetime) -> ColumnElement[bool]:
    return or_(news_address.c.next_attempt_at.is_(None), news_address.c.next_attempt_at <= at)


def _new_tag() -> str:
    """Return 128 random bits in letters that survive a mail server that knows no capitals: 26 of base32."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()


def _found(row: Row[tuple[object, ...]]) -> NewsAddress:
    return NewsAddress(
        row.id, row.public_id, row.case_id, NewsState(row.state), row.language, row.key_id, row.given_at, row.asked_at,
        row.news_at, row.mailed_at, row.looked_at, row.attempts,
    )  # fmt: skip
