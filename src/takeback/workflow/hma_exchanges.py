"""
Outside lists as HMA's clients set them up: kept, with their credentials sealed.

Nothing fetches them yet. What is said of a fetch is what is true: there was none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from takeback.audit.event import EventKind, Json
from takeback.bank import Thresholds
from takeback.errors import InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.hma_exchanges import HmaExchange

_MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an exchange, or its credentials, is told: `kind` is HMA's word for what it is."""

    name: str
    kind: str
    required: bool
    help: str
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ExchangeApi:
    """One kind of outside list: what it is told, and what its credentials are; None where it asks for none."""

    name: str
    config: tuple[Field, ...]
    credentials: tuple[Field, ...] | None


_NCMEC_ENVIRONMENTS = (
    "https://report.cybertip.org/hashsharing",
    "https://hashsharing.ncmec.org/npo",
    "https://hashsharing.ncmec.org/exploitative",
    "https://exttest.cybertip.org/hashsharing",
    "https://hashsharing-test.ncmec.org/npo",
    "https://hashsharing-test.ncmec.org/exploitative",
)

APIS: Mapping[str, ExchangeApi] = {
    api.name: api
    for api in (
        ExchangeApi("sample", (), None),
        ExchangeApi(
            "fb_threatexchange",
            (Field("privacy_group", "number", True, "The privacy group's number."),),
            (Field("api_token", "string", True, "Access token of the application."),),
        ),
        ExchangeApi(
            "ncmec",
            (
                Field("environment", "enum", True, "Which of NCMEC's databases.", _NCMEC_ENVIRONMENTS),
                Field("only_esp_ids", "set_of_number", False, "Take entries of these members alone."),
            ),
            (
                Field("user", "string", True, "User name at NCMEC's hash sharing."),
                Field("password", "string", True, "Password for it."),
            ),
        ),
        ExchangeApi(
            "stop_ncii",
            (),
            (
                Field("subscription_key", "string", True, "Sent with every request."),
                Field("fetch_function_key", "string", True, "For fetching hashes."),
                Field("additional_function_keys", "object", False, "For the other functions, by name."),
                Field("base_url_override", "string", False, "Another address than StopNCII's own."),
            ),
        ),
    )
}
"""The kinds of HMA's own set-up, by HMA's names."""


def add_exchange(
    store: Store, name: str, api: str, config: Mapping[str, Any], credentials: Mapping[str, Any] | None, *,
    enabled: bool, actor: str, at: datetime,
) -> None:  # fmt: skip
    """Keep an exchange and make the bank that it is to fill; `InputError` where the name is taken or a field wrong."""
    kind = api_of(api)
    _check("api_json", kind.config, config)
    if credentials is not None:
        _check_credentials(kind, credentials)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        bank = tx.banks.add_bank(name, Thresholds(), at)
        tx.hma_exchanges.add(bank.id, api, enabled=enabled, config=config, at=at)
        if credentials is not None:
            tx.hma_exchanges.set_credentials(bank.id, credentials, key)
        _note(tx, {"bank": bank.public_id, "exchange": api, "enabled": enabled}, actor=actor, at=at)
    if credentials is None:
        store.keyring.destroy([key[0]], in_snapshots=False)


def enable_exchange(store: Store, name: str, enabled: bool, *, actor: str, at: datetime) -> HmaExchange:
    """Say whether an exchange is to be fetched."""
    with store.write() as tx:
        exchange = tx.hma_exchanges.by_name(name)
        tx.hma_exchanges.enable(exchange.bank_id, enabled)
        _note(tx, {"exchange": exchange.api, "name": name, "enabled": enabled}, actor=actor, at=at)
        return tx.hma_exchanges.by_name(name)


def set_credentials(
    store: Store, name: str, credentials: Mapping[str, Any] | None, *, actor: str, at: datetime
) -> HmaExchange:
    """Seal an exchange's own credentials, or forget them."""
    with store.read() as tx:
        exchange = tx.hma_exchanges.by_name(name)
    if credentials is not None:
        _check_credentials(api_of(exchange.api), credentials)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        gone = tx.hma_exchanges.set_credentials(exchange.bank_id, credentials, key)
        facts: dict[str, Json] = {"exchange": exchange.api, "name": name, "credentials": credentials is not None}
        _note(tx, facts, actor=actor, at=at)
        exchange = tx.hma_exchanges.by_name(name)
    store.keyring.destroy(gone if credentials is not None else [*gone, key[0]], in_snapshots=False)
    return exchange


def set_api_credentials(
    store: Store, api: str, credentials: Mapping[str, Any] | None, *, actor: str, at: datetime
) -> None:
    """Seal what all exchanges of one kind use that have none of their own, or forget it."""
    if credentials is not None:
        _check_credentials(api_of(api), credentials)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        gone = tx.hma_exchanges.set_api_credentials(api, credentials, key)
        _note(tx, {"exchange": api, "credentials": credentials is not None}, actor=actor, at=at)
    store.keyring.destroy(gone if credentials is not None else [*gone, key[0]], in_snapshots=False)


def api_of(name: str) -> ExchangeApi:
    """Return a kind of exchange; `NotFound` where there is none of this name."""
    if name not in APIS:
        raise NotFound(f"There is no kind of exchange that is called {name[:64]!r}.")
    return APIS[name]


def _check_credentials(kind: ExchangeApi, credentials: Mapping[str, Any]) -> None:
    if kind.credentials is None:
        raise InputError(f"{kind.name} asks for no credentials.")
    _check("credential_json", kind.credentials, credentials)


def _check(where: str, fields: tuple[Field, ...], given: Mapping[str, Any]) -> None:
    """Raise `InputError`, which never quotes a value: it may be a secret."""
    unknown = sorted(set(given) - {field.name for field in fields})
    if unknown:
        raise InputError(f"`{where}` has fields that it does not take: {', '.join(unknown)[:200]}.")
    for field in fields:
        if field.name not in given or given[field.name] is None:
            if field.required:
                raise InputError(f"`{where}` needs the field `{field.name}`.")
        elif not _fits(field, given[field.name]):
            raise InputError(f"The field `{field.name}` of `{where}` is no {field.kind} that it takes.")


def _fits(field: Field, value: Any) -> bool:
    match field.kind:
        case "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "set_of_number":
            return isinstance(value, list) and all(isinstance(each, int) for each in value)
        case "object":
            return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and (not field.choices or value in field.choices)


def _note(tx: Transaction, facts: Mapping[str, Json], *, actor: str, at: datetime) -> None:
    tx.audit.append(EventKind.SETTINGS_CHANGED, at=at, actor=actor, facts=dict(facts))
