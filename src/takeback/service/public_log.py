"""`/api/v1/log`: the public log, which anyone may check; and, as a witness, what is signed of others' logs."""

from __future__ import annotations

import base64
from http import HTTPStatus

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from takeback.audit.witness import MAX_REQUEST_CHARACTERS, Conflict, NotConsistent
from takeback.errors import MediaTooLarge, ProofBroken
from takeback.service.auth import ServiceParts
from takeback.service.prints import Strict
from takeback.service.problem import problem_response
from takeback.workflow.publish import bundle_key, consistency, log_key, signed_head, witness_key
from takeback.workflow.witnessing import cosign, witness_keys

router = APIRouter(prefix="/api/v1", tags=["log"])

SIZE_TYPE = "text/x.tlog.size"
_MOST = 2**63 - 1


class KeysOut(Strict):
    """The keys by which this service's signatures are checked, in the form of signed notes."""

    log: str
    """Of its public log."""
    witness: str
    """Of what it signs as a witness of others."""
    bundle: str
    """Of its evidence bundles."""
    witnesses: list[str]
    """Of the witnesses that it asks to sign its log."""


class ConsistencyOut(Strict):
    """That the log of `second` entries begins with that of `first` (RFC 6962 section 2.1.2), in base64."""

    first: int
    second: int
    proof: list[str]


@router.get("/log/keys")
def read_keys(parts: ServiceParts) -> KeysOut:
    """Return the keys; keep them from the first day, and compare."""
    store, name = parts.store, parts.settings.log_name
    return KeysOut(
        log=str(log_key(store)),
        witness=str(witness_key(store, name)),
        bundle=str(bundle_key(store, name)),
        witnesses=[str(each) for each in witness_keys(store)],
    )


@router.get("/log/checkpoint", response_class=PlainTextResponse)
def read_checkpoint(parts: ServiceParts) -> PlainTextResponse:
    """Return the signed head of the public log (c2sp.org/tlog-checkpoint)."""
    return PlainTextResponse(signed_head(parts.store).note)


@router.get("/log/consistency")
def read_consistency(
    parts: ServiceParts, first: int = Query(ge=1, le=_MOST), second: int = Query(ge=1, le=_MOST)
) -> ConsistencyOut:
    """Prove that the log only grew between two heads."""
    proof = consistency(parts.store, first, second)
    return ConsistencyOut(first=first, second=second, proof=[base64.b64encode(each).decode() for each in proof])


@router.post(
    "/witness/add-checkpoint",
    response_class=PlainTextResponse,
    responses={HTTPStatus.CONFLICT: {"description": "The size that is known.", "content": {SIZE_TYPE: {}}}},
)
async def add_checkpoint(request: Request, parts: ServiceParts) -> Response:
    """Sign the head of a log that is witnessed here, if it grew out of the last one (c2sp.org/tlog-witness)."""
    text = await _read(request)
    try:
        line = await run_in_threadpool(cosign, parts.store, parts.settings.log_name, text, at=parts.now())
    except Conflict as problem:
        return Response(f"{problem.size}\n", HTTPStatus.CONFLICT, headers={"Content-Type": SIZE_TYPE})
    except NotConsistent:
        raise
    except ProofBroken as problem:
        # What is no request at all; the format tells it from a head that did not grow (422).
        return problem_response(HTTPStatus.BAD_REQUEST, problem.code, problem.message, problem.advice)
    return PlainTextResponse(line)


async def _read(request: Request) -> str:
    """Read the body as text, bounded while it arrives."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST_CHARACTERS:
            raise MediaTooLarge("This is too long for a request to a witness.", advice="Send one head and one proof.")
    return body.decode("utf-8", "replace")
