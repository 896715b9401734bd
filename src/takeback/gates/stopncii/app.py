"""The application that serves StopNCII's interface, in a process of its own; docs/partners.md says for whom."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

import takeback
from takeback.assembly import Parts
from takeback.errors import InputError, MediaTooLarge, RateLimited, TakebackError
from takeback.gates.stopncii.door import APartner
from takeback.gates.stopncii.records import feedback_of, page_out, read_asked, submitted_of
from takeback.service.app import SafeHeaders, following
from takeback.service.auth import ServiceParts
from takeback.service.body import read_json
from takeback.service.problem import status_of
from takeback.workflow.partner_list import list_changes
from takeback.workflow.partner_opinions import Said, say, submit

log = logging.getLogger("takeback.gates")


def create_stopncii_app(parts: Parts) -> FastAPI:
    """Return the application over `parts`."""
    app = unopened_stopncii_app()
    app.state.parts = parts
    return app


def unopened_stopncii_app() -> FastAPI:
    """Return the application with all its routes and nothing behind them."""
    app = FastAPI(
        lifespan=following,
        title="Takeback, in StopNCII's manner",
        version=takeback.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_api_route("/v1/FetchHashes", fetch_hashes, methods=["GET"])
    app.add_api_route("/v1/SubmitHashes", submit_hashes, methods=["POST"])
    app.add_api_route("/v1/SubmitFeedback", submit_feedback, methods=["POST"])
    _add_problem_handlers(app)
    app.add_middleware(SafeHeaders)
    return app


def fetch_hashes(
    partner: APartner, parts: ServiceParts, startTimestamp: str | None = None, pageSize: str | None = None,
    nextPageToken: str | None = None,
) -> JSONResponse:  # fmt: skip
    """Return what changed of the banks that are shared with a partner, a page at a time."""
    asked = read_asked(startTimestamp, pageSize, nextPageToken)
    listing = list_changes(
        parts.store, partner.partner_id, since=asked.since, after=asked.after, most=asked.size, at=parts.now()
    )  # fmt: skip
    return JSONResponse(page_out(listing, asked))


async def submit_hashes(request: Request, partner: APartner, parts: ServiceParts) -> JSONResponse:
    """Take fingerprints as the opinion of a partner: possible, until a person decides."""
    prints, left_out = submitted_of(await read_json(request))
    new = await run_in_threadpool(submit, parts.store, partner.partner_id, prints, at=parts.now())
    return JSONResponse(_counted(new, left_out))


async def submit_feedback(request: Request, partner: APartner, parts: ServiceParts) -> JSONResponse:
    """Keep what a partner says of fingerprints that it was given."""
    said, left_out = feedback_of(await read_json(request))
    opinions = [Said(pdq, value) for pdq, value in said]
    kept = await run_in_threadpool(say, parts.store, partner.partner_id, opinions, at=parts.now())
    return JSONResponse(_counted(kept, left_out))


def _counted(count: int, left_out: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": count, "leftOut": left_out}


def _add_problem_handlers(app: FastAPI) -> None:
    """Let every error leave as the service before StopNCII's functions writes it: `statusCode` and `message`."""

    @app.exception_handler(TakebackError)
    async def _known(_request: Request, problem: TakebackError) -> JSONResponse:
        is_plain_input = isinstance(problem, InputError) and not isinstance(problem, MediaTooLarge)
        status = HTTPStatus.BAD_REQUEST if is_plain_input else status_of(problem)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("StopNCII's interface: %s", problem.message)
        answer = _answer(status, f"{problem.message} {problem.advice}")
        if isinstance(problem, RateLimited):
            answer.headers["Retry-After"] = str(problem.retry_after_seconds)
        return answer

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, problem: HTTPException) -> JSONResponse:
        return _answer(HTTPStatus(problem.status_code), f"{HTTPStatus(problem.status_code).phrase}.")

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, problem: Exception) -> JSONResponse:
        log.exception("unexpected error", exc_info=problem)
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed that should not have; it was logged.")


def _answer(status: HTTPStatus, message: str) -> JSONResponse:
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    return JSONResponse({"statusCode": int(status), "message": message}, status, headers)
