"""`/h`: what a picture is known by."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from takeback.assembly import Parts
from takeback.fingerprint import Fingerprints, PdqHash
from takeback.gates.hma.door import Hasher
from takeback.gates.hma.media import Sent, sent_by_address, sent_by_form
from takeback.gates.hma.types import PDQ
from takeback.service.auth import ServiceParts

router = APIRouter(prefix="/h", tags=["hashing"])

QUALITY = "X-PDQ-Quality"
"""0 to 100; below 50 a fingerprint says nothing, and is not told."""


@router.get("/hash")
async def hash_address(
    request: Request, _visitor: Hasher, parts: ServiceParts, url: str, content_type: str | None = None,
    types: str | None = None,
) -> JSONResponse:  # fmt: skip
    """Hash what is at an address of a host that is named in `hma_fetch_hosts`."""
    return await _hashed(parts, await sent_by_address(request, url, content_type, types))


@router.post("/hash")
async def hash_file(request: Request, _visitor: Hasher, parts: ServiceParts, types: str | None = None) -> JSONResponse:
    """Hash a file that is sent as a form, in the field `photo`."""
    return await _hashed(parts, await sent_by_form(request, parts, types))


async def _hashed(parts: Parts, sent: Sent) -> JSONResponse:
    prints = await run_in_threadpool(parts.decoder.fingerprints, sent.data)
    upright = upright_of(prints)
    return JSONResponse(signals_of(prints), headers={QUALITY: str(upright.quality)})


def signals_of(prints: Fingerprints) -> dict[str, Any]:
    """Return the signals of a picture, empty where it has too little detail, as HMA does."""
    upright = upright_of(prints)
    return {PDQ: upright.hex() if upright.is_telling else ""}


def upright_of(prints: Fingerprints) -> PdqHash:
    """Return the fingerprint of the first frame that has any detail."""
    return prints.telling_frames[0].upright
