"""Errors as problem+json (RFC 9457); this module alone knows status codes."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from takeback.errors import (
    IllegalTransition,
    IncompleteNotice,
    InputError,
    IntegrityError,
    MediaTooLarge,
    NotAllowed,
    NotFound,
    OutsideError,
    Overloaded,
    RateLimited,
    StoreError,
    TakebackError,
    TooMany,
    UnreadableMedia,
)
from takeback.service.work import puzzle

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[TakebackError], HTTPStatus], ...] = (
    (MediaTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnreadableMedia, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (IllegalTransition, HTTPStatus.CONFLICT),
    (OutsideError, HTTPStatus.BAD_GATEWAY),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (RateLimited, HTTPStatus.TOO_MANY_REQUESTS),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (IntegrityError, HTTPStatus.INTERNAL_SERVER_ERROR),
)

log = logging.getLogger("takeback.service")


def status_of(problem: TakebackError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    if isinstance(problem, NotAllowed):
        return HTTPStatus.FORBIDDEN if problem.known else HTTPStatus.UNAUTHORIZED
    return next((status for kind, status in _STATUS if isinstance(problem, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_response(status: HTTPStatus, code: str, detail: str, advice: str, **extra: object) -> JSONResponse:
    """Return one problem: what happened (`detail`) and what to do next (`advice`)."""
    headers = {"Cache-Control": "no-store"}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = "300"
    body = {
        "type": f"urn:takeback:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": int(status),
        "detail": detail,
        "advice": advice,
        **extra,
    }
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _extra(problem: TakebackError) -> dict[str, object]:
    if isinstance(problem, IncompleteNotice):
        return {"missing": list(problem.missing)}
    if isinstance(problem, TooMany):
        return {"work": puzzle(problem.challenge)}
    return {}


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error as a problem, the unexpected ones without their detail."""

    @app.exception_handler(TakebackError)
    async def _known(_request: Request, problem: TakebackError) -> JSONResponse:
        status = status_of(problem)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error(problem.message, extra={"code": problem.code})
        answer = problem_response(status, problem.code, problem.message, problem.advice, **_extra(problem))
        if isinstance(problem, RateLimited):
            answer.headers["Retry-After"] = str(problem.retry_after_seconds)
        return answer

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, problem: RequestValidationError) -> JSONResponse:
        # Where and why, never what was sent: it may be her words.
        fields = [
            {"field": ".".join(str(part) for part in error["loc"]), "why": str(error["msg"])}
            for error in problem.errors()
        ]
        return problem_response(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "bad-input",
            "The request does not have the form that this address takes.",
            "Correct the fields named in `fields`; /docs describes the form.",
            fields=fields,
        )

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, problem: HTTPException) -> JSONResponse:
        status = HTTPStatus(problem.status_code)
        code = status.phrase.lower().replace(" ", "-")
        return problem_response(
            status, code, f"{status.phrase}.", "Check the address and the method; /docs lists both."
        )

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, problem: Exception) -> JSONResponse:
        log.exception("unexpected error", exc_info=problem)
        return problem_response(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "error",
            "Something failed that should not have; it was logged.",
            "Send the request again; if it fails again, report the time at which it did.",
        )
