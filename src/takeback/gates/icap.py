"""
The gate that speaks ICAP (RFC 3507): proxies and clouds ask it about what goes up (REQMOD) or comes down (RESPMOD).

    OPTIONS    what the service does: previews, and 204 for "unchanged"
    REQMOD     an HTTP request with an upload: the body, or each file of a form, is looked at
    RESPMOD    an HTTP response: its body is

What may pass is answered 204, or sent back as it came to whoever does not take 204. What is refused is replaced by a
page that says why and where to object. Any service name is answered, since each product has its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from takeback.errors import TakebackError
from takeback.gates.connection import MAX_CONNECTIONS, STREAM_SECONDS, Gone, Wire
from takeback.gates.form import opened_body
from takeback.gates.icap_message import LAST_CHUNK, Body, Malformed, Request, chunk, read_request, response
from takeback.gates.line import GateLine
from takeback.gates.refusal import Refusal
from takeback.gates.screener import Answer, Screener, Told
from takeback.gates.spool import Spool
from takeback.workflow.gate import Gate

THREAT = "Takeback.Refused"
PREVIEW_BYTES = 4096
"""What is asked for first: the whole is always asked for after it, since a digest needs every byte."""
OPTIONS_SECONDS = 3600


class IcapGate:
    """Talks to the clients of one gate."""

    def __init__(
        self, line: GateLine, gate: Gate, screener: Screener, refusal: Refusal, state: Callable[[], int]
    ) -> None:
        self._line = line
        self._gate = gate
        self._screener = screener
        self._refusal = refusal
        self._state = state

    async def talk(self, wire: Wire) -> None:
        """Answer requests until the client leaves."""
        while True:
            try:
                request = await read_request(wire)
                stays = await self._answer(wire, request)
            except Malformed:
                await wire.send(response("400 Bad request", {**self._fields(), "Connection": "close"}))
                return
            if not stays or request.head.says("connection", "close"):
                return

    async def _answer(self, wire: Wire, request: Request) -> bool:
        """Answer one request; return whether the next can be read."""
        if request.method == "OPTIONS":
            await wire.send(response("200 OK", self._options()))
            return True
        if request.method not in ("REQMOD", "RESPMOD"):
            await wire.send(response("405 Method not allowed", {**self._fields(), "Connection": "close"}))
            return False
        with self._screener.spool() as spool:
            if not request.has_body:
                await self._send_back(wire, request, spool, by_204=request.allows_204)
                return True
            try:
                by_204 = await self._receive(wire, request, spool) or request.allows_204
            except TakebackError as problem:
                answer = self._screener.fault(self._line, self._gate, problem.message)
                return await self._cut_short(wire, request, answer)
            head = request.request_head if request.method == "REQMOD" else request.response_head
            told = await self._screener.answer(spool, self._line, self._gate, opened=opened_body(head))
            await self._tell(wire, request, spool, told, by_204=by_204)
        return True

    async def _receive(self, wire: Wire, request: Request, spool: Spool) -> bool:
        """Receive the body, and the rest of it after a preview; return whether the preview was the whole."""
        body = Body(wire, stops_early=request.preview is not None)
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                async for piece in body.pieces():
                    await spool.write(piece)
                if not body.is_preview:
                    return body.stops_early
                await wire.send(b"ICAP/1.0 100 Continue\r\n\r\n")
                async for piece in Body(wire, stops_early=False).pieces():
                    await spool.write(piece)
                return False
        except TimeoutError as problem:
            raise Gone from problem

    async def _tell(self, wire: Wire, request: Request, spool: Spool, told: Told, *, by_204: bool) -> None:
        match told.answer:
            case Answer.PASS:
                await self._send_back(wire, request, spool, by_204=by_204)
            case Answer.ERROR:
                await wire.send(response("500 Server error", self._fields()))
            case _:
                await self._refuse(wire, request, told)

    async def _cut_short(self, wire: Wire, request: Request, answer: Answer) -> bool:
        """
        Answer before the body was read to its end, which is not kept; return that nothing can follow.

        To whoever takes no 204 what has come cannot be sent back.
        """
        fields = {**self._fields(), "Connection": "close"}
        if answer in (Answer.REFUSE, Answer.UNCHECKED):
            await self._refuse(wire, request, Told(answer), stays=False)
        elif answer is Answer.PASS and request.allows_204:
            await wire.send(response("204 No content", fields))
        else:
            await wire.send(response("500 Server error", fields))
        return False

    async def _send_back(self, wire: Wire, request: Request, spool: Spool, *, by_204: bool) -> None:
        """Say that nothing is changed, or send back what came."""
        if by_204:
            await wire.send(response("204 No content", self._fields()))
            return
        name = "req" if request.method == "REQMOD" else "res"
        head = request.http if name == "req" else _response_part(request)
        kind = f"{name}-body" if request.has_body else "null-body"
        fields = {**self._fields(), "Encapsulated": f"{name}-hdr=0, {kind}={len(head)}"}
        await wire.send(response("200 OK", fields, head))
        if request.has_body:
            async for block in spool.blocks():
                await wire.send(chunk(block))
            await wire.send(LAST_CHUNK)

    async def _refuse(self, wire: Wire, request: Request, told: Told, *, stays: bool = True) -> None:
        http, page = self._refusal.as_http(told, request.request_head)
        fields = {
            **self._fields(),
            "X-Infection-Found": f"Type=2; Resolution=2; Threat={THREAT};",
            "Encapsulated": f"res-hdr=0, res-body={len(http)}",
        }
        if not stays:
            fields["Connection"] = "close"
        await wire.send(response("200 OK", fields, http) + chunk(page) + LAST_CHUNK)

    def _fields(self) -> dict[str, str]:
        # A proxy that keeps answers drops them when this changes: what is looked for has changed.
        return {"ISTag": f'"takeback-{self._state()}"', "Service": "Takeback"}

    def _options(self) -> dict[str, str]:
        return {
            **self._fields(),
            "Methods": "REQMOD, RESPMOD",
            "Allow": "204",
            "Preview": str(PREVIEW_BYTES),
            "Transfer-Preview": "*",
            "Max-Connections": str(MAX_CONNECTIONS),
            "Options-TTL": str(OPTIONS_SECONDS),
            "Encapsulated": "null-body=0",
        }


def _response_part(request: Request) -> bytes:
    """Return the response's head out of what came: the request's, where there is one, comes before it."""
    if request.request_head is None:
        return request.http
    return request.http.partition(b"\r\n\r\n")[2]
