"""
Outside lists are set up: which, who we are there with credentials that are sealed, and what their matches may do.

The kinds and their fields are those of HMA's own set-up, whose clients set lists up too (`takeback.gates.hma`);
`takeback.jobs.exchange` fetches them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from takeback.audit.event import EventKind, Json
from takeback.bank import Thresholds
from takeback.errors import InputError, NotFound
from takeback.store import Store, Transaction
from takeback.store.exchanges import ExchangeRow, NewExchange

_MAX_TEXT = 2_000
SHARED = "share"
"""The word to a list that an entry is to be put on it; the others are those of `takeback.exchanges.interface.Said`."""


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
    of_minors: bool = False
    """Whether what is on it shows minors."""


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
            (
                Field("api_token", "string", True, "Access token of the application."),
                Field("base_url_override", "string", False, "Another address than the Graph API's own."),
            ),
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
                Field("base_url_override", "string", False, "Another address than the environment's own."),
            ),
            of_minors=True,
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
        ExchangeApi(
            "file",
            (Field("url", "string", True, "Where the list lies, as CSV, JSON lines or one hash a line."),),
            (
                Field("user", "string", True, "User name for the address."),
                Field("password", "string", True, "Password for it."),
            ),
        ),
    )
}
"""The kinds by HMA's names; `file` is our own."""


def add_exchange(
    store: Store, name: str, new: NewExchange, credentials: Mapping[str, Any] | None, *, actor: str, at: datetime
) -> None:
    """Keep an exchange and make the bank that it is to fill; `InputError` where the name is taken or a field wrong."""
    kind = api_of(new.api)
    _check("api_json", kind.config, new.config)
    _check_routes(new.report_to)
    if credentials is not None:
        _check_credentials(kind, credentials)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        bank = tx.banks.add_bank(name, Thresholds(), at)
        tx.exchanges.add(bank.id, replace(new, of_minors=kind.of_minors), at)
        if credentials is not None:
            tx.exchanges.set_credentials(bank.id, credentials, key)
        facts: dict[str, Json] = {"bank": bank.public_id, "exchange": new.api, "enabled": new.enabled}
        _note(tx, {**facts, "holds": new.holds, "laws": list(new.laws)}, actor=actor, at=at)
    if credentials is None:
        store.keyring.destroy([key[0]], in_snapshots=False)


def fetch_again(store: Store, name: str, *, whole: bool, actor: str, at: datetime) -> ExchangeRow:
    """Have an exchange fetched at once; `whole` from its beginning, where what is known already changes nothing."""
    with store.write() as tx:
        exchange = tx.exchanges.by_name(name)
        anew: dict[str, object] = {"marks": None, "began_at": None, "complete_at": None} if whole else {}
        tx.exchanges.change(exchange.id, next_at=None, attempts=0, problem=None, **anew)
        _note(tx, {"exchange": exchange.api, "name": name, "fetched_again": True, "whole": whole}, actor=actor, at=at)
        return tx.exchanges.by_name(name)


def report_to(store: Store, name: str, routes: Sequence[str], *, actor: str, at: datetime) -> ExchangeRow:
    """Say who reports what a list of what may show minors matches; without anybody it is not fetched."""
    _check_routes(routes)
    with store.write() as tx:
        exchange = tx.exchanges.by_name(name)
        tx.exchanges.change(exchange.id, report_to=list(routes) or None, next_at=None, attempts=0, problem=None)
        _note(tx, {"exchange": exchange.api, "name": name, "report_to": len(routes)}, actor=actor, at=at)
        return tx.exchanges.by_name(name)


def _check_routes(routes: Sequence[str]) -> None:
    for route in routes:
        if not route.isascii() or not (route.startswith("https://") or (route[:7] == "mailto:" and "@" in route)):
            raise InputError(
                "Whoever reports is named as mailto:name@host, or as an https address.",
                advice="Name a mailbox that somebody reads every day.",
            )


def share_entries(store: Store, name: str, bank_name: str, *, actor: str, at: datetime) -> int:
    """
    Have what an own bank holds put on a list, as far as a person answers for it; return how many entries.

    `InputError` where the bank is kept by cases, or a list fills it: what people report goes nowhere from here.
    """
    with store.write() as tx:
        exchange, bank = tx.exchanges.by_name(name), tx.banks.bank_by_name(bank_name)
        if bank.is_kept_by_cases or tx.exchanges.of_bank(bank.id) is not None:
            raise InputError(
                f"What is in {bank_name} is not yours to share.", advice="Share a bank that you filled yourself."
            )
        entry_ids = tx.banks.own_decided(bank.id)
        for entry_id in entry_ids:
            tx.exchanges.put_word(exchange.id, entry_id, SHARED, at)
        facts: dict[str, Json] = {"exchange": exchange.api, "name": name, "shared": bank.public_id}
        _note(tx, {**facts, "entries": len(entry_ids)}, actor=actor, at=at)
        return len(entry_ids)


def let_list_hold(store: Store, name: str, holds: bool, *, actor: str, at: datetime) -> ExchangeRow:
    """
    Say whether what a list matches is hidden before a person has looked, from the next match on.

    `InputError` for a list of what may show minors, whose matches are always hidden.
    """
    with store.write() as tx:
        exchange = tx.exchanges.by_name(name)
        if exchange.of_minors:
            raise InputError("What may show minors is always hidden.", advice="Switch the exchange off instead.")
        tx.exchanges.change(exchange.id, holds=holds)
        _note(tx, {"exchange": exchange.api, "name": name, "holds": holds}, actor=actor, at=at)
        return tx.exchanges.by_name(name)


def enable_exchange(store: Store, name: str, enabled: bool, *, actor: str, at: datetime) -> ExchangeRow:
    """Say whether an exchange is to be fetched."""
    with store.write() as tx:
        exchange = tx.exchanges.by_name(name)
        tx.exchanges.change(exchange.id, enabled=enabled, next_at=None)
        _note(tx, {"exchange": exchange.api, "name": name, "enabled": enabled}, actor=actor, at=at)
        return tx.exchanges.by_name(name)


def set_credentials(
    store: Store, name: str, credentials: Mapping[str, Any] | None, *, actor: str, at: datetime
) -> ExchangeRow:
    """Seal an exchange's own credentials, or forget them."""
    with store.read() as tx:
        exchange = tx.exchanges.by_name(name)
    if credentials is not None:
        _check_credentials(api_of(exchange.api), credentials)
    (key,) = store.keyring.new_data_keys()
    with store.write() as tx:
        gone = tx.exchanges.set_credentials(exchange.bank_id, credentials, key)
        # With others it may be let in: it is asked at once.
        tx.exchanges.change(exchange.id, next_at=None, attempts=0, problem=None)
        facts: dict[str, Json] = {"exchange": exchange.api, "name": name, "credentials": credentials is not None}
        _note(tx, facts, actor=actor, at=at)
        exchange = tx.exchanges.by_name(name)
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
        gone = tx.exchanges.set_api_credentials(api, credentials, key)
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
