"""Outside lists as HMA's clients set them up, with credentials sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from takeback.errors import NotFound
from takeback.store.keyring import Keyring
from takeback.store.seal import seal, unseal
from takeback.store.tables import bank, hma_api, hma_exchange

_PURPOSE = "hma-credentials"

type Credentials = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HmaExchange:
    """One outside list, named as the bank that it fills; whether it has credentials of its own, never which."""

    bank_id: int
    name: str
    api: str
    enabled: bool
    config: Mapping[str, Any]
    has_credentials: bool


class HmaExchangeStore:
    """Keeps exchanges and their credentials; a data key of its own seals each of these."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, bank_id: int, api: str, *, enabled: bool, config: Mapping[str, Any], at: datetime) -> None:
        """Let an outside list fill a bank."""
        values = {"bank_id": bank_id, "api": api, "enabled": enabled, "config": dict(config), "created_at": at}
        self._connection.execute(insert(hma_exchange).values(values))

    def every(self) -> list[HmaExchange]:
        """Return all of them, oldest first."""
        return [_exchange(row) for row in self._connection.execute(_exchanges().order_by(hma_exchange.c.id))]

    def by_name(self, name: str) -> HmaExchange:
        """Return one; `NotFound` where there is none."""
        row = self._connection.execute(_exchanges().where(bank.c.name == name)).first()
        if row is None:
            raise NotFound("There is no exchange of this name.")
        return _exchange(row)

    def enable(self, bank_id: int, enabled: bool) -> None:
        """Say whether it is to be fetched."""
        mine = hma_exchange.c.bank_id == bank_id
        self._connection.execute(update(hma_exchange).where(mine).values(enabled=enabled))

    def remove(self, bank_id: int) -> list[str]:
        """Forget an exchange; return the data keys to destroy."""
        gone = self._key_ids(bank_id)
        self._connection.execute(delete(hma_exchange).where(hma_exchange.c.bank_id == bank_id))
        return gone

    def set_credentials(self, bank_id: int, credentials: Credentials | None, key: tuple[str, bytes]) -> list[str]:
        """Seal an exchange's own credentials under `key` (id, key), or forget them; return the data keys to destroy."""
        gone = self._key_ids(bank_id)
        sealed = None if credentials is None else _sealed(key[1], credentials)
        values = {"key_id": None if sealed is None else key[0], "sealed_credentials": sealed}
        self._connection.execute(update(hma_exchange).where(hma_exchange.c.bank_id == bank_id).values(values))
        return gone

    def set_api_credentials(self, api: str, credentials: Credentials | None, key: tuple[str, bytes]) -> list[str]:
        """The same for all exchanges of one kind that have none of their own."""
        gone = [row.key_id for row in self._connection.execute(select(hma_api.c.key_id).where(hma_api.c.api == api))]
        self._connection.execute(delete(hma_api).where(hma_api.c.api == api))
        if credentials is not None:
            values = {"api": api, "key_id": key[0], "sealed_credentials": _sealed(key[1], credentials)}
            self._connection.execute(insert(hma_api).values(values))
        return gone

    def has_api_credentials(self, api: str) -> bool:
        """Whether exchanges of one kind have credentials in common."""
        return self._connection.execute(select(hma_api.c.api).where(hma_api.c.api == api)).first() is not None

    def credentials(self, exchange: HmaExchange) -> Credentials | None:
        """Open what an exchange says who we are with: its own, else that of its kind; None where there is neither."""
        own = select(hma_exchange.c.key_id, hma_exchange.c.sealed_credentials)
        for query in (
            own.where(hma_exchange.c.bank_id == exchange.bank_id, hma_exchange.c.key_id.is_not(None)),
            select(hma_api.c.key_id, hma_api.c.sealed_credentials).where(hma_api.c.api == exchange.api),
        ):
            row = self._connection.execute(query).first()
            if row is not None:
                opened: Credentials = json.loads(
                    unseal(self._keyring.data_key(row.key_id), row.sealed_credentials, _PURPOSE)
                )
                return opened
        return None

    def _key_ids(self, bank_id: int) -> list[str]:
        mine = (hma_exchange.c.bank_id == bank_id, hma_exchange.c.key_id.is_not(None))
        return [row.key_id for row in self._connection.execute(select(hma_exchange.c.key_id).where(*mine))]


def _sealed(secret: bytes, credentials: Credentials) -> bytes:
    return seal(secret, json.dumps(dict(credentials)).encode(), _PURPOSE)


def _exchanges() -> Select[tuple[object, ...]]:
    columns = (hma_exchange, bank.c.name.label("name"))
    return select(*columns).join(bank, bank.c.id == hma_exchange.c.bank_id)


def _exchange(row: Row[tuple[object, ...]]) -> HmaExchange:
    return HmaExchange(row.bank_id, row.name, row.api, row.enabled, row.config, row.key_id is not None)
