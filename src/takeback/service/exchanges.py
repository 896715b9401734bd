"""`/api/v1/exchanges`: outside lists, what they brought, what they are told. No fingerprint and no key comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import Field, StrictBool

from takeback.service.auth import Administrator, Moderator, ServiceParts
from takeback.service.body import StrictRoute
from takeback.service.prints import Strict
from takeback.store import Transaction
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.workflow.banks import remove_bank
from takeback.workflow.exchanges import (
    add_exchange,
    enable_exchange,
    fetch_again,
    let_list_hold,
    report_to,
    set_credentials,
    share_entries,
)
from takeback.workflow.list_standing import list_standing

router = APIRouter(prefix="/api/v1/exchanges", tags=["exchanges"], route_class=StrictRoute)


class ExchangeIn(Strict):
    """An outside list: the bank that it fills gets its name."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")
    kind: str = Field(min_length=1, max_length=64)
    """`stop_ncii`, or another that `docs/exchanges.md` names."""
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] | None = None
    """Sealed at once, and shown to nobody."""
    holds: StrictBool = True
    """Whether what it matches is hidden before a person has looked."""
    enabled: StrictBool = True
    report_to: list[str] = Field(default_factory=list, max_length=10)
    """Of a list of what may show minors: who reports for you, as `mailto:` or https; it is not fetched before."""


class ExchangeChange(Strict):
    """What is to be otherwise; what is left out stays."""

    enabled: StrictBool | None = None
    holds: StrictBool | None = None
    report_to: list[str] | None = Field(None, max_length=10)
    credentials: dict[str, Any] | None = None


class FetchIn(Strict):
    """How much is to be fetched."""

    whole: StrictBool = False
    """From the beginning of the list."""


class ShareIn(Strict):
    """What is to be put on the list."""

    bank: str = Field(min_length=1, max_length=100)


class SharedOut(Strict):
    """How many entries are to be put on the list; it is told within a minute, or when it answers again."""

    entries: int


class ExchangeOut(Strict):
    """A list, and how it stands."""

    name: str
    kind: str
    enabled: bool
    holds: bool
    of_minors: bool
    fetched_at: datetime | None
    """When a page of it was read last."""
    complete_at: datetime | None
    """When it was read to its end last."""
    reading_since: datetime | None
    """Since when it is being read; null where it is at its end for now."""
    next_at: datetime | None
    problem: str | None
    """What was wrong with the last fetch."""


class ExchangeWhole(ExchangeOut):
    """The same with what it holds: records by what they stand at, and what people said of its matches."""

    records: dict[str, int]
    """`live`, `doubted`, `ended`, `unread` (of a kind that is not compared here), `flawed`."""
    flaws: dict[str, int]
    """What is wrong with the flawed ones."""
    confirmed: int
    """Copies found by it that a person confirmed first."""
    unconfirmed: int
    to_tell: int
    """Words that it is still to be told."""


@router.get("")
def list_exchanges(_caller: Moderator, parts: ServiceParts) -> list[ExchangeOut]:
    """List the outside lists and how they stand."""
    with parts.store.read() as tx:
        return [ExchangeOut(**_told(row)) for row in tx.exchanges.every()]


@router.post("", status_code=201)
def new_exchange(body: ExchangeIn, caller: Administrator, parts: ServiceParts) -> ExchangeOut:
    """Set an outside list up; it is fetched at once, and its matches are decided under the laws of the settings."""
    new = NewExchange(
        body.kind, body.settings, body.enabled, laws=parts.settings.laws, holds=body.holds, report_to=body.report_to
    )
    add_exchange(parts.store, body.name, new, body.credentials, actor=caller.actor, at=parts.now())
    with parts.store.read() as tx:
        return ExchangeOut(**_told(tx.exchanges.by_name(body.name)))


@router.get("/{name}")
def show_exchange(name: str, _caller: Moderator, parts: ServiceParts) -> ExchangeWhole:
    """Show one list with what it holds and how often it was right."""
    with parts.store.read() as tx:
        return _whole(tx, tx.exchanges.by_name(name))


@router.patch("/{name}")
def change_exchange(name: str, body: ExchangeChange, caller: Administrator, parts: ServiceParts) -> ExchangeOut:
    """Switch a list on or off, let it hold or not, or give other credentials."""
    if body.enabled is not None:
        enable_exchange(parts.store, name, body.enabled, actor=caller.actor, at=parts.now())
    if body.holds is not None:
        let_list_hold(parts.store, name, body.holds, actor=caller.actor, at=parts.now())
    if body.report_to is not None:
        report_to(parts.store, name, body.report_to, actor=caller.actor, at=parts.now())
    if body.credentials is not None:
        set_credentials(parts.store, name, body.credentials or None, actor=caller.actor, at=parts.now())
    with parts.store.read() as tx:
        return ExchangeOut(**_told(tx.exchanges.by_name(name)))


@router.post("/{name}/fetch")
def fetch(name: str, body: FetchIn, caller: Administrator, parts: ServiceParts) -> ExchangeOut:
    """Have a list fetched at once, what is new of it or the whole; nothing comes in twice."""
    return ExchangeOut(**_told(fetch_again(parts.store, name, whole=body.whole, actor=caller.actor, at=parts.now())))


@router.post("/{name}/share")
def share(name: str, body: ShareIn, caller: Administrator, parts: ServiceParts) -> SharedOut:
    """Put what an own bank holds on a list: never what came with a notice, nor what came from a list."""
    return SharedOut(entries=share_entries(parts.store, name, body.bank, actor=caller.actor, at=parts.now()))


@router.delete("/{name}", status_code=204)
def drop_exchange(name: str, caller: Administrator, parts: ServiceParts) -> None:
    """Remove a list with the bank that it filled: nothing matches it from then on."""
    with parts.store.read() as tx:
        tx.exchanges.by_name(name)
    remove_bank(parts.store, name, actor=caller.actor, at=parts.now())


def _told(row: ExchangeRow) -> dict[str, Any]:
    same = ("name", "enabled", "holds", "of_minors", "fetched_at", "complete_at", "next_at", "problem")
    return {"kind": row.api, "reading_since": row.began_at, **{name: getattr(row, name) for name in same}}


def _whole(tx: Transaction, row: ExchangeRow) -> ExchangeWhole:
    found = list_standing(tx, row)
    same = ("records", "flaws", "confirmed", "unconfirmed", "to_tell")
    return ExchangeWhole(**_told(row), **{name: getattr(found, name) for name in same})
