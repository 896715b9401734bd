"""`/c/banks` and `/c/bank/NAME`: banks, and what kinds of content and signal there are."""

from __future__ import annotations

import math
import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.bank import Thresholds
from takeback.errors import InputError, NotFound
from takeback.gates.hma.door import Curator, Matcher, Visitor
from takeback.gates.hma.matching import index_of, signal_types_asked
from takeback.gates.hma.media import json_object
from takeback.gates.hma.problem import NotOffered, Refused
from takeback.gates.hma.types import CONTENT_TYPES, PDQ, SIGNAL_TYPES, require_signal_type
from takeback.service.auth import ServiceParts
from takeback.store.banks import ORIGINALS_BANK, BankRow
from takeback.workflow.banks import remove_bank, rename_bank, switch_bank
from takeback.workflow.register import add_bank

router = APIRouter(prefix="/c", tags=["banks"])

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")


@router.get("/banks")
def list_banks(_visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """List the banks, that of notices too."""
    with parts.store.read() as tx:
        return JSONResponse([bank_out(bank) for bank in tx.banks.all_banks() if bank.name != ORIGINALS_BANK])


@router.post("/banks")
async def new_bank(request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Make a bank."""
    return await run_in_threadpool(_new_bank, parts, visitor, await json_object(request))


def _new_bank(parts: Parts, visitor: Visitor, given: dict[str, Any]) -> JSONResponse:
    name, ratio = read_name(given.get("name")), _ratio(given)
    require_new(parts, name)
    bank = add_bank(parts.store, name, Thresholds(), actor=visitor.actor, at=parts.now())
    if ratio is not None and ratio != bank.enabled_ratio:
        bank = switch_bank(parts.store, name, ratio, actor=visitor.actor, at=parts.now())
    return JSONResponse(bank_out(bank), 201)


@router.get("/bank/{name}")
def show_bank(name: str, _visitor: Matcher, parts: ServiceParts) -> JSONResponse:
    """Show one bank."""
    return JSONResponse(bank_out(bank_of(parts, name)))


@router.put("/bank/{name}")
async def change_bank(name: str, request: Request, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Rename a bank, or switch it off or on."""
    return await run_in_threadpool(_change_bank, parts, visitor, name, await json_object(request))


def _change_bank(parts: Parts, visitor: Visitor, name: str, given: dict[str, Any]) -> JSONResponse:
    bank, ratio = _own(bank_of(parts, name)), _ratio(given)
    new_name = name if given.get("name") is None else read_name(given["name"])
    if new_name != name:
        require_new(parts, new_name)
        bank = rename_bank(parts.store, name, new_name, actor=visitor.actor, at=parts.now())
    if ratio is not None:
        bank = switch_bank(parts.store, new_name, ratio, actor=visitor.actor, at=parts.now())
    return JSONResponse(bank_out(bank))


@router.delete("/bank/{name}")
def drop_bank(name: str, visitor: Curator, parts: ServiceParts) -> JSONResponse:
    """Remove a bank with all that is in it; one that there is not is gone already."""
    try:
        bank = _own(bank_of(parts, name))
    except NotFound:
        return JSONResponse({"message": "Done"})
    remove_bank(parts.store, bank.name, actor=visitor.actor, at=parts.now())
    return JSONResponse({"message": "Done"})


@router.get("/content_type")
def content_types(_visitor: Matcher) -> JSONResponse:
    """List HMA's content types, and whether they are taken here."""
    return JSONResponse([{"name": name, "enabled": enabled} for name, enabled in CONTENT_TYPES.items()])


@router.get("/signal_type")
def signal_types(_visitor: Matcher) -> JSONResponse:
    """List HMA's signal types, and whether they are compared here."""
    return JSONResponse([{"name": name, "enabled_ratio": ratio} for name, ratio in SIGNAL_TYPES.items()])


@router.get("/signal_type/index")
def signal_type_index(_visitor: Matcher, parts: ServiceParts, signal_type: str | None = None) -> JSONResponse:
    """Say how far the indexes are behind: they are not."""
    size, newest = index_of(parts)

    def state(size: int, newest: int) -> dict[str, Any]:
        built = {"index_size": size, "index_built_to": newest, "index_out_of_date": False}
        return {"db_size": size, "newest_db_item": newest, **built}

    names = signal_types_asked(signal_type)
    return JSONResponse({name: state(size, newest) if name == PDQ else state(0, -1) for name in names})


@router.put("/signal_type/{name}")
async def change_signal_type(name: str, request: Request, _visitor: Curator) -> Response:
    """Take note that a signal type stays what it is; another ratio is refused, and not taken for set."""
    ratio = read_ratio((await json_object(request)).get("enabled_ratio"))
    if name not in SIGNAL_TYPES or ratio is None:
        require_signal_type(name)
        raise InputError("`enabled_ratio` is missing.", advice="Send a number between 0 and 1.")
    if ratio != SIGNAL_TYPES[name]:
        raise NotOffered(
            f"The signal type {name} is not switched here.", advice="Switch banks off and on instead: PUT /c/bank/NAME."
        )
    return Response(status_code=204)


def bank_of(parts: Parts, name: str) -> BankRow:
    """Return a bank that HMA's clients may see; `NotFound` names it as they wrote it."""
    with parts.store.read() as tx:
        try:
            if name != ORIGINALS_BANK:
                return tx.banks.bank_by_name(name)
        except NotFound:
            pass
    raise NotFound(f"bank {name[:100]!r} not found:", advice="there is none of this name.")


def bank_out(bank: BankRow) -> dict[str, Any]:
    """Return a bank as HMA's clients read it."""
    return {"name": bank.name, "matching_enabled_ratio": bank.enabled_ratio}


def require_new(parts: Parts, name: str) -> None:
    """Refuse a name that is taken, as HMA does: by 403, and with words that its clients look for."""
    with parts.store.read() as tx:
        try:
            tx.banks.bank_by_name(name)
        except NotFound:
            return
    raise Refused(f"The bank {name} already exists.", advice="Choose another name.")


def read_name(text: object) -> str:
    """Read the name of a bank in HMA's spelling."""
    if text is None:
        raise InputError("`name` is missing.", advice="Send the bank's name.")
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise InputError("A bank's name is UPPER_WITH_UNDERSCORE, of at most 100 characters.")
    return text


def _own(bank: BankRow) -> BankRow:
    if bank.is_kept_by_cases:
        raise Refused(f"The bank {bank.name} is filled by notices, and kept by their cases.", advice="Leave it.")
    return bank


def _ratio(given: dict[str, Any]) -> float | None:
    """Return the ratio that is asked for: `enabled_ratio` first, else `enabled`; None where neither is."""
    if given.get("enabled_ratio") is not None:
        return read_ratio(given["enabled_ratio"])
    enabled = given.get("enabled")
    if isinstance(enabled, str):
        enabled = {"true": True, "1": True, "false": False, "0": False}.get(enabled.lower(), enabled)
    if enabled is not None and not isinstance(enabled, bool):
        raise InputError("`enabled` is true or false.")
    return None if enabled is None else float(enabled)


def read_ratio(value: object) -> float | None:
    """Read a ratio, as a number or as a text of one; None where it is absent."""
    if value is None:
        return None
    try:
        ratio = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        ratio = math.nan
    if not 0 <= ratio <= 1:
        raise InputError("`enabled_ratio` is a number between 0 and 1.")
    return ratio
