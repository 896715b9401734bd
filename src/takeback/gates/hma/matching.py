"""`/m`: which banks know a picture."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.cases.notice import ReportedPicture
from takeback.errors import InputError
from takeback.fingerprint.pdq import MATCH_RADIUS
from takeback.gates.hma.door import Hasher, Matcher
from takeback.gates.hma.media import Sent, json_object, sent_by_address, sent_by_form
from takeback.gates.hma.types import PDQ, SIGNAL_TYPES, read_flag, read_pdq, require_signal_type
from takeback.service.auth import ServiceParts
from takeback.workflow.check import sums_for_lists
from takeback.workflow.lookup import Found, look_up, look_up_picture
from takeback.workflow.picture import look_at
from takeback.workflow.query import query_of_reported

router = APIRouter(prefix="/m", tags=["matching"])

type ByBank = dict[str, list[dict[str, Any]]]

Banks = Annotated[str | None, Query(description="Names of banks to look in, with commas between; absent: in all.")]
Seed = Annotated[str | None, Query(description="Makes the chance of a bank's ratio the same each time.")]
Bypass = Annotated[str | None, Query(description="true: leave nothing to chance, and look in banks that are off too.")]


@router.get("/raw_lookup")
def raw_lookup(
    _visitor: Matcher, parts: ServiceParts, signal: str, signal_type: str, banks: Banks = None,
    include_distance: str | None = None,
) -> JSONResponse:  # fmt: skip
    """Look a fingerprint up: the numbers of what it matches, nearest first, with distances where they are asked for."""
    found = _look_up(parts, signal, signal_type, banks, coin=0.0)
    with_distance = read_flag("include_distance", include_distance)
    return JSONResponse({"matches": [_match(each) if with_distance else each.number for each in found]})


@router.get("/lookup")
async def lookup(
    request: Request, _visitor: Matcher, parts: ServiceParts, signal: str | None = None,
    signal_type: str | None = None, url: str | None = None, content_type: str | None = None, types: str | None = None,
    banks: Banks = None, seed: Seed = None, bypass_coinflip: Bypass = None,
) -> JSONResponse:  # fmt: skip
    """Look a fingerprint up, or what is at an address: what matches, by bank."""
    coin = _coin(seed, bypass_coinflip)
    if url:
        found = await _look_up_sent(parts, await sent_by_address(request, url, content_type, types), banks, coin)
        return JSONResponse(_by_bank(found) if signal_type == PDQ else {PDQ: _by_bank(found)})
    if not signal or not signal_type:
        raise InputError("A look needs `url`, or `signal` and `signal_type`.")
    found = await run_in_threadpool(_look_up, parts, signal, signal_type, banks, coin=coin)
    return JSONResponse(_by_bank(found))


@router.post("/lookup")
async def lookup_file(
    request: Request, _visitor: Matcher, parts: ServiceParts, types: str | None = None, banks: Banks = None,
    seed: Seed = None, bypass_coinflip: Bypass = None,
) -> JSONResponse:  # fmt: skip
    """Look a file up that is sent as a form, in the field `photo`."""
    coin = _coin(seed, bypass_coinflip)
    found = await _look_up_sent(parts, await sent_by_form(request, parts, types), banks, coin)
    return JSONResponse({PDQ: _by_bank(found)})


@router.post("/compare")
async def compare(request: Request, _visitor: Hasher) -> JSONResponse:
    """Say how far two fingerprints are from each other, and whether that is a match."""
    answer = {}
    for name, pair in (await json_object(request)).items():
        require_signal_type(name)
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(f"Two signals of type {name} are compared, in a list.")
        distance = read_pdq(pair[0]).distance(read_pdq(pair[1]))
        answer[name] = [distance <= MATCH_RADIUS, {"distance": distance}]
    return JSONResponse(answer)


@router.get("/index/status")
def index_status(_visitor: Matcher, parts: ServiceParts, signal_type: str | None = None) -> JSONResponse:
    """Say how much the indexes hold, and of when."""
    size, newest = index_of(parts)
    here = {"present": True, "built_to": newest, "size": size}
    absent = {"present": False, "built_to": -1, "size": 0}
    return JSONResponse({name: here if name == PDQ else absent for name in signal_types_asked(signal_type)})


def signal_types_asked(name: str | None) -> list[str]:
    """Return the signal types that a question is about: one, or all."""
    if name is None:
        return list(SIGNAL_TYPES)
    if name not in SIGNAL_TYPES:
        raise InputError(f"There is no signal type {name[:64]!r}.")
    return [name]


def index_of(parts: Parts) -> tuple[int, int]:
    """Return how many fingerprints may match, and the second of the epoch when the newest came; -1 where none did."""
    with parts.store.read() as tx:
        parts.replica.catch_up(tx)
        newest: datetime | None = tx.banks.newest_at()
        return len(parts.replica.entries.pdq), -1 if newest is None else int(newest.timestamp())


def _look_up(parts: Parts, signal: str, signal_type: str, banks: str | None, *, coin: float | None) -> list[Found]:
    require_signal_type(signal_type)
    query = query_of_reported([ReportedPicture(pdq=read_pdq(signal))])
    return look_up(parts.store, parts.replica, query, banks=_named(banks), coin=coin, at=parts.now())


async def _look_up_sent(parts: Parts, sent: Sent, banks: str | None, coin: float | None) -> list[Found]:
    def looked() -> list[Found]:
        picture = look_at(parts.decoder, sent.data, sums=sums_for_lists(parts.store, sent.data))
        return look_up_picture(
            parts.store, parts.replica, picture, banks=_named(banks), coin=coin, at=parts.now()
        )  # fmt: skip

    return await run_in_threadpool(looked)


def _coin(seed: str | None, bypass: str | None) -> float | None:
    """Return the chance of one look, as HMA draws it: the same seed, the same chance; None bypasses it."""
    if read_flag("bypass_coinflip", bypass):
        return None
    return random.Random(seed).random()  # noqa: S311 (no secret: which share of looks a bank answers)


def _named(banks: str | None) -> frozenset[str] | None:
    return frozenset(banks.split(",")) if banks else None


def _by_bank(found: Sequence[Found]) -> ByBank:
    by_bank: ByBank = {}
    for each in found:
        by_bank.setdefault(each.bank, []).append(_match(each))
    return by_bank


def _match(found: Found) -> dict[str, Any]:
    return {"bank_content_id": found.number, "distance": str(found.distance)}
