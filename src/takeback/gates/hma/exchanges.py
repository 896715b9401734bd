"""`/c/exchanges` and `/c/exchange/NAME`: outside lists, which the jobs fetch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.errors import InputError, NotFound
from takeback.gates.hma.banks import read_name, require_new
from takeback.gates.hma.door import Curator, Matcher, Visitor
from takeback.gates.hma.media import json_object
from takeback.service.auth import ServiceParts
from takeback.store.exchanges import ExchangeRow, NewExchange
from takeback.workflow.banks import remove_bank
from takeback.workflow.exchanges import (
    APIS,
    ExchangeApi,
    Field,
    add_exchange,
    api_of,
    enable_exchange,
    set_api_credentials,
    set_credentials,
)

router = APIRouter(prefix="/c", tags=["exchanges"])


@router.get("/exchanges/apis")
def list_apis(_visitor: Matcher) -> JSONResponse:
    """List the kinds of outside lists that can be set up."""
    return JSONResponse(list(APIS))


@router.get("/exchanges/api/{api}")
def show_api(api: str, _visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """Say whether a kind asks for credentials, and whether it has some: never which."""
    return _api_out(parts, _known(api))


@router.post("/exchanges/api/{api}")
async def change_api(api: str, request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Seal the credentials of a kind; empty ones forget what there was."""
    return await run_in_threadpool(_change_api, parts, visitor, _known(api), await json_object(request))


def _change_api(parts: Parts, visitor: Visitor, api: ExchangeApi, given: dict[str, Any]) -> JSONResponse:
    if given.get("credential_json") is not None:
        credentials = _credentials(given["credential_json"])
        set_api_credentials(parts.store, api.name, credentials, actor=visitor.actor, at=parts.now())
    return _api_out(parts, api)


@router.get("/exchanges/api/{api}/schema")
def show_schema(api: str, _visitor: Matcher) -> JSONResponse:
    """Describe what an exchange of a kind is told, and its credentials."""
    kind = api_of(api)
    credentials = None if kind.credentials is None else {"fields": [_field_out(each) for each in kind.credentials]}
    config = {"fields": [_field_out(each) for each in kind.config]}
    return JSONResponse({"config_schema": config, "credentials_schema": credentials})


@router.get("/exchanges")
def list_exchanges(_visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """List the names of the exchanges."""
    with parts.store.read() as tx:
        return JSONResponse([exchange.name for exchange in tx.exchanges.every()])


@router.post("/exchanges")
async def new_exchange(request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Set an exchange up, and make the bank that it is to fill."""
    return await run_in_threadpool(_new_exchange, parts, visitor, await json_object(request))


def _new_exchange(parts: Parts, visitor: Visitor, given: dict[str, Any]) -> JSONResponse:
    if given.get("bank") is None:
        raise InputError("`bank` is missing.", advice="Send the name of the bank that is to be filled.")
    name, api = read_name(given["bank"]), given.get("api")
    if not isinstance(api, str) or api not in APIS:
        raise InputError("`api` is no kind of exchange that is here.", advice="GET /c/exchanges/apis lists them.")
    config = given.get("api_json", {})
    if not isinstance(config, dict):
        raise InputError("`api_json` is a JSON object.")
    enabled = config.get("enabled", True)
    if not isinstance(enabled, bool):
        raise InputError("`enabled` in `api_json` is true or false.")
    require_new(parts, name)
    told = {key: value for key, value in config.items() if key not in ("name", "api", "enabled")}
    add_exchange(
        parts.store,
        name,
        NewExchange(api, told, enabled, laws=parts.settings.laws),
        _credentials(given.get("credential_json")),
        actor=visitor.actor,
        at=parts.now(),
    )
    return JSONResponse({"message": "Created successfully"}, 201)


@router.get("/exchange/{name}")
def show_exchange(name: str, _visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """Show one exchange as it was set up; its credentials are shown to nobody."""
    return JSONResponse(_exchange_out(parts, _exchange(parts, name)))


@router.put("/exchange/{name}")
async def change_exchange(name: str, request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Say whether an exchange is to be fetched."""
    return await run_in_threadpool(_change_exchange, parts, visitor, name, await json_object(request))


def _change_exchange(parts: Parts, visitor: Visitor, name: str, given: dict[str, Any]) -> JSONResponse:
    exchange, enabled = _exchange(parts, name), given.get("enabled")
    if enabled is not None:
        if not isinstance(enabled, bool):
            raise InputError("`enabled` is true or false.")
        exchange = enable_exchange(parts.store, exchange.name, enabled, actor=visitor.actor, at=parts.now())
    return JSONResponse(_exchange_out(parts, exchange))


@router.delete("/exchange/{name}")
def drop_exchange(name: str, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Remove an exchange with the bank that it filled; one that there is not is gone already."""
    try:
        exchange = _exchange(parts, name)
    except NotFound:
        return JSONResponse({"message": "Exchange deleted"})
    remove_bank(parts.store, exchange.name, actor=visitor.actor, at=parts.now())
    return JSONResponse({"message": "Exchange deleted"})


@router.get("/exchange/{name}/status")
def show_fetching(name: str, _visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """Say how far the list was read, and how the last fetch went; before the first, null."""
    exchange = _exchange(parts, name)
    with parts.store.read() as tx:
        items = sum(tx.exchanges.counts(exchange.id).values())
    was_fetched = exchange.fetched_at is not None or exchange.problem is not None
    return JSONResponse(
        {
            "checkpoint_ts": _second(exchange.fetched_at),
            "fetched_items": items,
            "last_fetch_complete_ts": _second(exchange.complete_at),
            "last_fetch_succeeded": exchange.problem is None if was_fetched else None,
            "running_fetch_start_ts": _second(exchange.began_at),
            "up_to_date": exchange.complete_at is not None and exchange.began_at is None,
        }
    )


@router.get("/exchange/{name}/credentials")
def show_credentials(name: str, _visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """Say whether an exchange has credentials, its own or its kind's: never which."""
    return JSONResponse(_credential_status(parts, _exchange(parts, name)))


@router.post("/exchange/{name}/credentials")
async def change_credentials(name: str, request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Seal an exchange's own credentials; empty ones forget what there was."""
    return await run_in_threadpool(_change_credentials, parts, visitor, name, await json_object(request))


def _change_credentials(parts: Parts, visitor: Visitor, name: str, given: dict[str, Any]) -> JSONResponse:
    if given.keys() != {"credential_json"}:
        raise InputError("The body has the field `credential_json` and no other.")
    exchange, credentials = _exchange(parts, name), _credentials(given["credential_json"])
    exchange = set_credentials(parts.store, exchange.name, credentials, actor=visitor.actor, at=parts.now())
    return JSONResponse(_credential_status(parts, exchange))


def _known(api: str) -> ExchangeApi:
    if api not in APIS:
        raise InputError("This is no kind of exchange that is here.", advice="GET /c/exchanges/apis lists them.")
    return APIS[api]


def _exchange(parts: Parts, name: str) -> ExchangeRow:
    with parts.store.read() as tx:
        try:
            return tx.exchanges.by_name(name)
        except NotFound as problem:
            raise NotFound(f"Exchange {name[:100]!r} not found:", advice="there is none of this name.") from problem


def _credentials(given: object) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise InputError("`credential_json` is a JSON object.")
    return given or None


def _api_out(parts: Parts, api: ExchangeApi) -> JSONResponse:
    with parts.store.read() as tx:
        has = tx.exchanges.has_api_credentials(api.name)
    return JSONResponse({"supports_authentification": api.credentials is not None, "has_set_authentification": has})


def _credential_status(parts: Parts, exchange: ExchangeRow) -> dict[str, Any]:
    with parts.store.read() as tx:
        shared = tx.exchanges.has_api_credentials(exchange.api)
    source = "exchange" if exchange.has_credentials else "api" if shared else None
    supports = api_of(exchange.api).credentials is not None
    return {"supports_auth": supports, "has_credentials": source is not None, "source": source}


def _exchange_out(parts: Parts, exchange: ExchangeRow) -> dict[str, Any]:
    told = {"name": exchange.name, "api": exchange.api, "enabled": exchange.enabled}
    return {**exchange.config, **told, "credential_status": _credential_status(parts, exchange)}


def _second(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())


def _field_out(field: Field) -> dict[str, Any]:
    choices = None if field.choices is None else list(field.choices)
    return {
        "name": field.name,
        "type": field.kind,
        "required": field.required,
        "default": None,
        "help": field.help,
        "choices": choices,
    }
