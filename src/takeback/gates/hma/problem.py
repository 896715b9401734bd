"""Errors as HMA's clients read them: a status, and `{"message": …}`."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from takeback.errors import InputError, MediaTooLarge, OutsideError, TakebackError, UnreadableMedia
from takeback.service.problem import status_of

log = logging.getLogger("takeback.gates")


class Refused(Exception):
    """A request that HMA answers with 403: the name is taken, the bank is not the client's to change, a part is off."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__(f"{message} {advice}")


class NotOffered(Refused):
    """Something of HMA's that is not here."""

    status = HTTPStatus.NOT_IMPLEMENTED


def hma_status(problem: TakebackError) -> HTTPStatus:
    """Return the status that HMA has for an error; what it has none for is answered as our own interface does."""
    if isinstance(problem, MediaTooLarge | UnreadableMedia):
        return status_of(problem)
    if isinstance(problem, InputError | OutsideError):
        return HTTPStatus.BAD_REQUEST
    return status_of(problem)


def add_hma_problem_handlers(app: FastAPI) -> None:
    """Let every error leave as HMA's clients read them."""

    @app.exception_handler(TakebackError)
    async def _known(_request: Request, problem: TakebackError) -> JSONResponse:
        status = hma_status(problem)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("HMA's interface: %s", problem.message)
        return _answer(status, f"{problem.message} {problem.advice}", code=problem.code)

    @app.exception_handler(Refused)
    async def _refused(_request: Request, problem: Refused) -> JSONResponse:
        return _answer(problem.status, str(problem))

    @app.exception_handler(RequestValidationError)
    async def _malformed(_request: Request, problem: RequestValidationError) -> JSONResponse:
        # As HMA's own framework does: a list of what is wrong, and where. What was sent is not repeated.
        faults = [
            {"type": error["type"], "loc": [str(part) for part in error["loc"][1:]], "msg": error["msg"]}
            for error in problem.errors()
        ]
        return JSONResponse(faults, HTTPStatus.UNPROCESSABLE_ENTITY)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, problem: HTTPException) -> JSONResponse:
        status = HTTPStatus(problem.status_code)
        return _answer(status, f"{status.phrase}.", headers=dict(problem.headers or {}))

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, problem: Exception) -> JSONResponse:
        log.exception("unexpected error", exc_info=problem)
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed that should not have; it was logged.")


def _answer(status: HTTPStatus, message: str, *, code: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    headers = headers or {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if code:
        headers["X-Takeback-Problem"] = code
    return JSONResponse({"message": message}, status, headers)
