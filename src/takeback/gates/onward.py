"""
The platform behind a gate: an upload that may pass goes on to it from here, as it came.

For proxies that cannot ask with a body and then send it to another place (Caddy, Traefik): what was read once is gone.
Such a proxy sends uploads to the gate, and the gate is the proxy of what passes (RFC 9110, section 7.6).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus

import httpcore
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from takeback.gates.address import Address
from takeback.gates.spool import Spool

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 300.0
"""How long the platform may be silent: what it does with a video takes a while."""

_OF_ONE_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"proxy-connection")
)  # fmt: skip
_OURS = frozenset((b"content-length", b"expect", b"x-takeback-pass"))
_TIMEOUTS = {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS, "pool": CONNECT_SECONDS}

type Headers = Iterable[tuple[bytes, bytes]]

log = logging.getLogger("takeback.gates")


class Onward:
    """One platform, on this machine or where the line of the gate says."""

    def __init__(self, address: Address) -> None:
        self._address = address
        uds = None if address.path is None else str(address.path)
        self._connections = httpcore.AsyncConnectionPool(max_connections=None, max_keepalive_connections=0, uds=uds)

    async def send(self, request: Request, spool: Spool) -> Response:
        """Send a request with the body in `spool`; return what the platform answers, or 502 where it does not."""
        length = (b"content-length", str(spool.size).encode())
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=b"http", host=self._host, port=self._address.port or 80, target=_target(request)),
            headers=[*_through(request.headers.raw, besides=_OURS), length],
            content=_body(spool),
            extensions={"timeout": _TIMEOUTS},
        )
        try:
            answer = await self._connections.handle_async_request(asked)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
            log.warning("the platform at %s did not take an upload: %s", self._address, type(problem).__name__)
            return Response(status_code=HTTPStatus.BAD_GATEWAY)
        told = StreamingResponse(_pieces(answer), status_code=answer.status)
        told.raw_headers = _through(answer.headers)
        return told

    @property
    def _host(self) -> bytes:
        return (self._address.host or "localhost").encode()


def _through(headers: Headers, *, besides: frozenset[bytes] = frozenset()) -> list[tuple[bytes, bytes]]:
    """Return the headers that go through, without those of one connection, also those that `Connection` names."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {
        each.strip().lower() for name, value in pairs if name == b"connection" for each in value.split(b",")
    }  # fmt: skip
    return [(name, value) for name, value in pairs if name not in _OF_ONE_HOP | besides | named]


def _target(request: Request) -> bytes:
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


async def _pieces(answer: httpcore.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_stream():
            yield piece
    finally:
        await answer.aclose()


async def _body(spool: Spool) -> AsyncIterator[bytes]:
    async for block in spool.blocks():
        yield block
