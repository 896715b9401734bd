"""
The gates that are asked over HTTP: by pict-rs (Lemmy) about each upload, by a reverse proxy before it lets one through.

pict-rs posts the file and stores it where the answer is 2xx. A proxy sends the whole request of an upload; it is
answered 204 where it may go on, or the status that the proxy asks for with `X-Takeback-Pass`: nginx goes on only after
an error that it was told to expect. What is refused is answered 422, with why and where to object. Where the line says
`onward=`, what may go on is sent there from here (`onward`), for a proxy that cannot.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from takeback.errors import MediaTooLarge, TakebackError
from takeback.gates.connection import IDLE_SECONDS, STREAM_SECONDS
from takeback.gates.form import opener
from takeback.gates.line import GateLine, Protocol
from takeback.gates.onward import Onward
from takeback.gates.refusal import Refusal
from takeback.gates.screener import Answer, Opened, Screener, Told, whole
from takeback.gates.spool import Spool
from takeback.workflow.gate import Gate

PASS_HEADER = "x-takeback-pass"  # noqa: S105 (no password)
PASS_STATUSES = range(200, 600)
_METHODS = ["POST", "PUT", "PATCH"]


class HttpGate:
    """Answers the requests of one gate."""

    def __init__(self, line: GateLine, gate: Gate, screener: Screener, refusal: Refusal) -> None:
        self._line = line
        self._gate = gate
        self._screener = screener
        self._refusal = refusal
        self._onward = None if line.onward is None else Onward(line.onward)

    def app(self) -> Starlette:
        """Return the application; any path is taken, since a proxy sends the one that it was asked for."""
        return Starlette(
            routes=[Route("/{path:path}", self.answer, methods=_METHODS)],
            middleware=[Middleware(_Peers, line=self._line)],
        )

    async def answer(self, request: Request) -> Response:
        """Look at an upload."""
        with self._screener.spool() as spool:
            try:
                await _receive(request, spool)
            except (ClientDisconnect, TimeoutError):
                return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)
            except TakebackError as problem:
                return self._not_whole(problem, request)
            found = await self._screener.answer(spool, self._line, self._gate, opened=self._opened(request))
            if self._onward is not None and found.answer is Answer.PASS:
                # The platform has the whole of it before the spool is closed.
                return await self._onward.send(request, spool)
        return self._told(found, request)

    def _not_whole(self, problem: TakebackError, request: Request) -> Response:
        """Answer what could not be received; it can pass where somebody else has it, and only then."""
        told = Told(self._screener.fault(self._line, self._gate, problem.message))
        if self._onward is None or told.answer is not Answer.PASS:
            return self._told(told, request)
        is_large = isinstance(problem, MediaTooLarge)
        return Response(
            status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_large else HTTPStatus.SERVICE_UNAVAILABLE
        )  # fmt: skip

    def _opened(self, request: Request) -> Opened:
        if self._line.protocol is Protocol.PICTRS:
            return whole
        return opener(request.headers.get("content-type", ""), request.headers.get("content-encoding", ""))

    def _told(self, told: Told, request: Request) -> Response:
        match told.answer:
            case Answer.PASS:
                return Response(status_code=_pass_status(request))
            case Answer.ERROR:
                return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        language = request.headers.get("accept-language", "")
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(self._refusal.as_page(told, language), HTTPStatus.UNPROCESSABLE_ENTITY)
        return JSONResponse(self._refusal.as_object(told, language), HTTPStatus.UNPROCESSABLE_ENTITY)


class _Peers:
    """Turns away whoever may not ask."""

    def __init__(self, app: ASGIApp, line: GateLine) -> None:
        self._app = app
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] == "http" and client is not None and not self._line.lets_ask(client[0]):
            await Response(status_code=HTTPStatus.FORBIDDEN)(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _receive(request: Request, spool: Spool) -> None:
    """Receive the body; `TimeoutError` where the sender is silent, or takes too long."""
    pieces = request.stream()
    async with asyncio.timeout(STREAM_SECONDS):
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await anext(pieces, None)
            if piece is None:
                return
            await spool.write(piece)


def _pass_status(request: Request) -> int:
    asked = request.headers.get(PASS_HEADER, "")
    status = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 3 else 0
    return status if status in PASS_STATUSES else HTTPStatus.NO_CONTENT
