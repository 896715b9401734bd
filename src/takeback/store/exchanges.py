"""Outside lists: who we are there, how far each was read, what it said of each record, and what it is still told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import batched
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from takeback.errors import NotFound
from takeback.exchanges.interface import FetchCheckpoint, Standing
from takeback.store.bulk import give_room, replace_rows, stored_moment
from takeback.store.keyring import Keyring
from takeback.store.prints import MAX_IDS
from takeback.store.seal import seal, unseal
from takeback.store.tables import bank, entry, exchange, exchange_account, exchange_record, exchange_word

INSTANCE = "takeback"
"""The kind of list that another instance is, which forwards notices (`takeback.workflow.received`)."""
_PURPOSE = "hma-credentials"
"""As the first release sealed them, when only HMA's clients set lists up: another one would open none of them."""
_NAME = "exchange-record/name"
UNREAD, FLAWED = "unread", "flawed"
"""What stands in place of a `Standing`, for what is not compared here, and for what is not as its format says."""

type Credentials = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One outside list, named as the bank that it fills; whether it has credentials of its own, never which."""

    id: int
    bank_id: int
    name: str
    api: str
    enabled: bool
    config: Mapping[str, Any]
    has_credentials: bool
    laws: tuple[str, ...] | None
    holds: bool
    of_minors: bool
    report_to: tuple[str, ...]
    """Who is told of each match of a list of what may show minors: routes as those of the desk's alerts."""
    checkpoint: FetchCheckpoint
    began_at: datetime | None
    """When the reading of it began that is not at its end yet."""
    fetched_at: datetime | None
    """When a page of it was read last."""
    complete_at: datetime | None
    """When it was read to its end last."""
    problem: str | None
    attempts: int
    """How often the same page failed."""
    next_at: datetime | None
    swept_id: int
    """The last of its entries that what the sites store was compared with."""


@dataclass(frozen=True, slots=True)
class NewExchange:
    """What an outside list is set up with."""

    api: str
    config: Mapping[str, Any]
    enabled: bool = True
    laws: Sequence[str] = ()
    holds: bool = True
    of_minors: bool = False
    report_to: Sequence[str] = ()


class KnownRecord(NamedTuple):
    """What a list said of a record before."""

    keyed: bytes
    content: bytes | None
    standing: str
    entry_id: int | None
    sealed_name: bytes | None


class Said(NamedTuple):
    """What is written down of one record; `sealed_name` under its entry's data key."""

    keyed: bytes
    standing: str
    content: bytes | None = None
    entry_id: int | None = None
    sealed_name: bytes | None = None
    why: str | None = None


def seal_record_name(secret: bytes, name: str) -> bytes:
    """Seal the name of a record under its entry's data key."""
    return seal(secret, name.encode(), _NAME)


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a list is to be told of an entry."""

    id: int
    entry_id: int
    word: str
    attempts: int


class ExchangeStore:
    """Keeps exchanges and their credentials, which a data key of its own seals each, and what they said."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    # Lists

    def add(self, bank_id: int, new: NewExchange, at: datetime) -> None:
        """Let an outside list fill a bank."""
        values = {
            "bank_id": bank_id,
            "api": new.api,
            "enabled": new.enabled,
            "config": dict(new.config),
            "laws": list(new.laws) or None,
            "holds": new.holds,
            "of_minors": new.of_minors,
            "report_to": list(new.report_to) or None,
            "created_at": at,
        }
        self._connection.execute(insert(exchange).values(values))

    def every(self) -> list[ExchangeRow]:
        """Return all outside lists, oldest first."""
        return [_exchange(row) for row in self._connection.execute(_lists().order_by(exchange.c.id))]

    def with_instances(self) -> list[ExchangeRow]:
        """Return all that fill a bank, oldest first: outside lists, and other instances."""
        return [_exchange(row) for row in self._connection.execute(_exchanges().order_by(exchange.c.id))]

    def any(self) -> bool:
        """Whether there is one: a microsecond's question, asked with each upload."""
        return self._connection.execute(_ANY).first() is not None

    def due(self, at: datetime) -> list[ExchangeRow]:
        """Return those that are to be fetched now, the one that waited longest first."""
        waits = exchange.c.next_at.is_(None) | (exchange.c.next_at <= at)
        query = _lists().where(exchange.c.enabled, waits).order_by(exchange.c.next_at, exchange.c.id)
        return [_exchange(row) for row in self._connection.execute(query)]

    def by_name(self, name: str) -> ExchangeRow:
        """Return one outside list; `NotFound` where there is none."""
        row = self._connection.execute(_lists().where(bank.c.name == name)).first()
        if row is None:
            raise NotFound("There is no exchange of this name.")
        return _exchange(row)

    def of_bank(self, bank_id: int) -> ExchangeRow | None:
        """Return the list that fills a bank; None where none does."""
        row = self._connection.execute(_exchanges().where(exchange.c.bank_id == bank_id)).first()
        return None if row is None else _exchange(row)

    def of_entry(self, entry_id: int) -> ExchangeRow | None:
        """Return the list that an entry is on; None where it is on none."""
        of = select(entry.c.bank_id).where(entry.c.id == entry_id).scalar_subquery()
        row = self._connection.execute(_exchanges().where(exchange.c.bank_id == of)).first()
        return None if row is None else _exchange(row)

    def change(self, exchange_id: int, **columns: object) -> None:
        """Set columns of a list, such as `enabled`, `holds`, `next_at`."""
        self._connection.execute(update(exchange).where(exchange.c.id == exchange_id).values(**columns))

    def set_place(self, exchange_id: int, checkpoint: FetchCheckpoint, **columns: object) -> None:
        """Write down how far a list was read, and other columns with it."""
        self.change(exchange_id, marks=dict(checkpoint.marks), **columns)

    def remove(self, bank_id: int) -> list[str]:
        """Let a list be fetched no more, and forget who we are there; return the data keys to destroy."""
        gone = self._key_ids(bank_id)
        values: dict[str, object] = {
            "enabled": False,
            "key_id": None,
            "sealed_credentials": None,
            "config": {},
            "marks": None,
        }
        self._connection.execute(update(exchange).where(exchange.c.bank_id == bank_id).values(values))
        return gone

    def forget_removed(self, most: int) -> int:
        """Forget at most `most` of what lists of removed banks said, and then these; return how many are forgotten."""
        over = select(exchange.c.id).join(bank, bank.c.id == exchange.c.bank_id).where(bank.c.removed_at.is_not(None))
        forgotten = 0
        for table in (exchange_word, exchange_record):
            some = select(table.c.id).where(table.c.exchange_id.in_(over)).limit(most)
            forgotten += self._connection.execute(delete(table).where(table.c.id.in_(some))).rowcount
        if not forgotten:
            forgotten = self._connection.execute(delete(exchange).where(exchange.c.id.in_(over))).rowcount
        return int(forgotten)

    # Credentials

    def set_credentials(self, bank_id: int, credentials: Credentials | None, key: tuple[str, bytes]) -> list[str]:
        """Seal an exchange's own credentials under `key` (id, key), or forget them; return the data keys to destroy."""
        gone = self._key_ids(bank_id)
        sealed = None if credentials is None else _sealed(key[1], credentials)
        values = {"key_id": None if sealed is None else key[0], "sealed_credentials": sealed}
        self._connection.execute(update(exchange).where(exchange.c.bank_id == bank_id).values(values))
        return gone

    def set_api_credentials(self, api: str, credentials: Credentials | None, key: tuple[str, bytes]) -> list[str]:
        """The same for all exchanges of one kind that have none of their own."""
        of = exchange_account.c.api == api
        gone = [row.key_id for row in self._connection.execute(select(exchange_account.c.key_id).where(of))]
        self._connection.execute(delete(exchange_account).where(of))
        if credentials is not None:
            values = {"api": api, "key_id": key[0], "sealed_credentials": _sealed(key[1], credentials)}
            self._connection.execute(insert(exchange_account).values(values))
        return gone

    def has_api_credentials(self, api: str) -> bool:
        """Whether exchanges of one kind have credentials in common."""
        query = select(exchange_account.c.api).where(exchange_account.c.api == api)
        return self._connection.execute(query).first() is not None

    def credentials(self, row: ExchangeRow) -> Credentials | None:
        """Open what an exchange says who we are with: its own, else that of its kind; None where there is neither."""
        own = select(exchange.c.key_id, exchange.c.sealed_credentials)
        kind = select(exchange_account.c.key_id, exchange_account.c.sealed_credentials)
        for query in (
            own.where(exchange.c.bank_id == row.bank_id, exchange.c.key_id.is_not(None)),
            kind.where(exchange_account.c.api == row.api),
        ):
            found = self._connection.execute(query).first()
            if found is not None:
                opened = unseal(self._keyring.data_key(found.key_id), found.sealed_credentials, _PURPOSE)
                credentials: Credentials = json.loads(opened)
                return credentials
        return None

    def _key_ids(self, bank_id: int) -> list[str]:
        mine = (exchange.c.bank_id == bank_id, exchange.c.key_id.is_not(None))
        return [row.key_id for row in self._connection.execute(select(exchange.c.key_id).where(*mine))]

    # Records

    def give_room(self) -> None:
        """Keep more of the database in memory from now on: for whoever takes in a page."""
        give_room(self._connection)

    def known(self, exchange_id: int, keyed: Sequence[bytes]) -> dict[bytes, KnownRecord]:
        """Return what is known of those records that were read before."""
        found: dict[bytes, KnownRecord] = {}
        for some in batched(keyed, MAX_IDS):
            rows = self._connection.exec_driver_sql(_known(len(some)), (exchange_id, *some))
            found |= {row[0]: KnownRecord(*row) for row in rows}
        return found

    def named(self, exchange_id: int, names: Sequence[str]) -> list[KnownRecord]:
        """The same, by the names that the list has for them."""
        keyed = [self._keyring.record_digest(exchange_id, name) for name in names]
        return list(self.known(exchange_id, keyed).values())

    def say(self, exchange_id: int, said: Sequence[Said], at: datetime) -> None:
        """Write down what a list says of records, in place of what it said before."""
        moment = stored_moment(at)
        rows = [(exchange_id, moment, *each) for each in said]
        replace_rows(
            self._connection, exchange_record, ("exchange_id", "at", *Said._fields), rows,
            unique=("exchange_id", "keyed"),
        )  # fmt: skip

    def name_of(self, exchange_id: int, entry_id: int) -> str | None:
        """Open the name of the record that an entry is of; None where it is gone."""
        query = select(exchange_record.c.sealed_name, entry.c.key_id).join(
            entry, entry.c.id == exchange_record.c.entry_id
        )
        mine = (exchange_record.c.exchange_id == exchange_id, exchange_record.c.entry_id == entry_id)
        row = self._connection.execute(query.where(*mine)).first()
        if row is None or row.sealed_name is None:
            return None
        key = self._keyring.data_keys([row.key_id]).get(row.key_id)
        return None if key is None else unseal(key, row.sealed_name, _NAME).decode()

    def counts(self, exchange_id: int) -> dict[str, int]:
        """Return how many records stand at what."""
        query = select(exchange_record.c.standing, func.count().label("count"))
        mine = query.where(exchange_record.c.exchange_id == exchange_id).group_by(exchange_record.c.standing)
        return {str(standing): int(count) for standing, count in self._connection.execute(mine)}

    def flaws(self, exchange_id: int) -> dict[str, int]:
        """Return how many records are not as the list's format says, by what is wrong with them."""
        mine = (exchange_record.c.exchange_id == exchange_id, exchange_record.c.standing == FLAWED)
        query = select(exchange_record.c.why, func.count().label("count")).where(*mine).group_by(exchange_record.c.why)
        return {str(why): int(count) for why, count in self._connection.execute(query)}

    def live_before(self, exchange_id: int, before: datetime, most: int) -> list[KnownRecord]:
        """Return live records that a list did not name since a moment: for lists that are always whole."""
        columns = (exchange_record.c[name] for name in KnownRecord._fields)
        mine = (
            exchange_record.c.exchange_id == exchange_id,
            exchange_record.c.standing != Standing.ENDED.value,
            exchange_record.c.at < before,
        )
        return [KnownRecord(*row) for row in self._connection.execute(select(*columns).where(*mine).limit(most))]

    # Words

    def put_word(self, exchange_id: int, entry_id: int, word: str, at: datetime) -> None:
        """Have a list told something of an entry; what was to be told of it before is not told any more."""
        row = {"exchange_id": exchange_id, "entry_id": entry_id, "word": word}
        row |= {"created_at": at, "attempts": 0, "next_at": at}
        adding = upsert(exchange_word).values(row)
        again = {name: row[name] for name in ("word", "created_at", "attempts", "next_at")}
        self._connection.execute(adding.on_conflict_do_update(index_elements=["exchange_id", "entry_id"], set_=again))

    def words_due(self, exchange_id: int, at: datetime, most: int) -> list[Word]:
        """Return what a list is to be told now, oldest first."""
        mine = (exchange_word.c.exchange_id == exchange_id, exchange_word.c.next_at <= at)
        rows = self._connection.execute(select(exchange_word).where(*mine).order_by(exchange_word.c.id).limit(most))
        return [Word(row.id, row.entry_id, row.word, row.attempts) for row in rows]

    def words_waiting(self, exchange_id: int) -> int:
        """Return how much a list is still to be told."""
        query = select(func.count()).where(exchange_word.c.exchange_id == exchange_id)
        return int(self._connection.execute(query).scalar_one())

    def word_done(self, words: Sequence[Word]) -> None:
        """Forget what was told, or is for nobody any more."""
        self._connection.execute(delete(exchange_word).where(exchange_word.c.id.in_([each.id for each in words])))

    def word_later(self, words: Sequence[Word], next_at: datetime) -> None:
        """Have it told later."""
        mine = exchange_word.c.id.in_([each.id for each in words])
        again = {"attempts": exchange_word.c.attempts + 1, "next_at": next_at}
        self._connection.execute(update(exchange_word).where(mine).values(again))


_ANY = select(exchange.c.id).limit(1)


@cache
def _known(count: int) -> str:
    columns, marks = ", ".join(KnownRecord._fields), ", ".join("?" * count)
    return f"select {columns} from exchange_record where exchange_id = ? and keyed in ({marks})"  # noqa: S608 (our own)


def _sealed(secret: bytes, credentials: Credentials) -> bytes:
    return seal(secret, json.dumps(dict(credentials)).encode(), _PURPOSE)


def _exchanges() -> Select[tuple[object, ...]]:
    columns = (exchange, bank.c.name.label("name"))
    return select(*columns).join(bank, bank.c.id == exchange.c.bank_id).where(bank.c.removed_at.is_(None))


def _lists() -> Select[tuple[object, ...]]:
    """Select what is fetched from outside; instances bring what they forward by themselves."""
    return _exchanges().where(exchange.c.api != INSTANCE)


def _exchange(row: Row[tuple[object, ...]]) -> ExchangeRow:
    return ExchangeRow(
        row.id, row.bank_id, row.name, row.api, row.enabled, row.config, row.key_id is not None,
        None if row.laws is None else tuple(row.laws), row.holds, row.of_minors,
        tuple(row.report_to or ()), FetchCheckpoint(row.marks or {}),
        row.began_at, row.fetched_at, row.complete_at, row.problem, row.attempts, row.next_at,
        row.swept_id,
    )  # fmt: skip
