"""
The one door for outgoing HTTP.

Takeback asks addresses that others wrote: a webhook's, a link that a person sent. So nothing here follows a
redirect, reads a proxy from the environment, keeps a cookie or a connection, or goes to a private address
unless its host is allowed by name; and every answer is bounded in bytes and time.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from urllib.parse import urljoin

import httpcore

from takeback.actions.address import is_public, is_written_private
from takeback.actions.destination import Destination, PrivateHosts
from takeback.actions.retry import retry_after_seconds
from takeback.errors import DeliveryError

USER_AGENT = "Takeback"

MAX_ANSWER_BYTES = 64 * 1024
"""Most bytes of an answer to a POST: a thousand item ids of 64 characters."""

MAX_REFUSAL_BYTES = 16 * 1024
"""How much is read of what an API says with a refusal; what is longer is cut off there."""

MAX_ADDRESSES = 4
"""Most addresses of one host that are tried: two of each family."""

_RESERVED = frozenset({"host", "user-agent", "connection", "content-length", "transfer-encoding", "cookie"})
_TRY_AGAIN = frozenset({408, 425, 429})
"""Statuses of the 4xx class that are not about the request: timeout, too early, too many."""

_TELLING = frozenset({409})
"""Statuses beside 2xx whose body is read: a witness says in it where a log has to go on (c2sp.org/tlog-witness)."""

_PERMANENT_REDIRECTS = frozenset({301, 308})

type Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses in digits; raises `OSError` where there are none."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long connecting, one read or write, and the whole exchange may take."""

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: `headers` by their names in lower case, `body` empty unless `status` is 2xx, 409 or `ask` was used."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def require_success(self, *, now: datetime) -> None:
        """
        Raise `DeliveryError` unless the status is 2xx.

        It is permanent for 4xx but 408, 425 and 429, and carries the wait of a `Retry-After`.
        """
        if 200 <= self.status < 300:
            return
        wait_seconds = retry_after_seconds(self.headers.get("retry-after", ""), now=now)
        permanent = 400 <= self.status < 500 and self.status not in _TRY_AGAIN
        message = f"The other system answered with HTTP status {self.status}."
        raise DeliveryError(message, permanent=permanent, retry_after_seconds=wait_seconds)


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses of `host` in the order in which the system prefers them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class OutgoingHttp:
    """
    Sends requests to other systems; safe to share between tasks.

    `allowed_private` names hosts, as `host` or `host:port`, that may have private addresses and be spoken to
    without TLS; any other host must have only public addresses, and https. `tls` replaces the usual
    authorities, for a site with its own. Everything that goes wrong outside is a `DeliveryError`.
    """

    def __init__(
        self,
        allowed_private: Collection[str] = (),
        *,
        timeouts: Timeouts | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        resolver: Resolver = resolve_by_system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = PrivateHosts.of(allowed_private)
        self._timeouts = timeouts or Timeouts()
        self._max_answer_bytes = max_answer_bytes
        self._network = _GuardedNetwork(self._allowed, resolver)
        self._tls = tls or _usual_tls()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send `body`; raises `DeliveryError` where no whole answer came. Any status is an answer but 3xx."""
        return await self._send("POST", url, headers, body, self._max_answer_bytes)

    async def get(self, url: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Response:
        """Fetch `url`, at most `max_bytes` of it; raises `DeliveryError` as `post` does."""
        return await self._send("GET", url, {"Accept": "*/*", **(headers or {})}, None, max_bytes)

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, max_bytes: int
    ) -> Response:
        """
        Send what another system's API takes, by any method; raises `DeliveryError` as `post` does.

        Any status is an answer, a redirect too, which is told and not followed: nothing that was sent, and so no
        token, goes anywhere but to `url`. What is said with any status but 2xx is read as far as 16 KiB.
        """
        return await self._send(method, url, headers, body, max_bytes, is_api=True)

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        max_bytes: int,
        *,
        is_api: bool = False,
    ) -> Response:
        # 1. The URL is one, and asks for TLS.
        to = Destination.parse(url)
        if to.scheme == "http" and not self._allowed.allow(to.host, to.port):
            raise DeliveryError(
                "The address of the other system is plain http, which anyone on the way can read and change.",
                permanent=True,
                advice="Use https, or list the host in `allowed_private_hosts` if it is yours.",
            )
        # 2. The exchange, of which nothing foreign escapes.
        try:
            async with asyncio.timeout(self._timeouts.total_seconds):
                return await self._exchange(method, to, _own(headers, to), body, max_bytes, is_api)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise DeliveryError("The other system did not answer in time.") from error
        except httpcore.ConnectError as error:
            raise _not_connected(error) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
            raise DeliveryError("The other system broke off, or did not answer in HTTP.") from error

    async def _exchange(
        self,
        method: str,
        to: Destination,
        headers: list[tuple[str, str]],
        body: bytes | None,
        max_bytes: int,
        is_api: bool,
    ) -> Response:
        url = httpcore.URL(scheme=to.scheme, host=to.host, port=to.port, target=to.target)
        timeouts = {
            "connect": self._timeouts.connect_seconds,
            "read": self._timeouts.read_seconds,
            "write": self._timeouts.read_seconds,
        }
        # A connection of its own for each request: no state is shared, and each is checked anew.
        async with (
            httpcore.AsyncHTTPConnection(url.origin, self._tls, network_backend=self._network) as connection,
            connection.stream(method, url, headers=headers, content=body, extensions={"timeout": timeouts}) as answer,
        ):
            found = _headers(answer)
            if method == "HEAD":
                # What its headers say of length and coding is of a body that does not come.
                return Response(answer.status, found, b"")
            if is_api and not 200 <= answer.status < 300:
                return Response(answer.status, found, await _beginning(answer, found))
            if 300 <= answer.status < 400:
                raise _redirected(to, answer.status, found.get("location", ""))
            if not (200 <= answer.status < 300 or answer.status in _TELLING):
                return Response(answer.status, found, b"")
            return Response(answer.status, found, await _body(answer, found, max_bytes))


@cache
def _usual_tls() -> ssl.SSLContext:
    # Reading all authorities takes longer than many a request.
    return httpcore.default_ssl_context()


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """
    Opens a connection only to an address that was checked.

    The name is resolved once, here, all its addresses are judged, and the connection goes to one of them
    in digits: a name that resolves differently a moment later (DNS rebinding) leads nowhere else. TLS
    still checks the certificate against the name.
    """

    def __init__(self, allowed: PrivateHosts, resolver: Resolver) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async with asyncio.timeout(timeout):
            addresses = await self._addresses(host, port)
            share = None if timeout is None else timeout / len(addresses)
            for address in addresses[:-1]:
                try:
                    return await self._network.connect_tcp(address, port, share, local_address, socket_options)
                except (httpcore.ConnectError, httpcore.ConnectTimeout):
                    continue
            return await self._network.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise DeliveryError("The name of the other system has no address.") from error
        if not addresses:
            raise DeliveryError("The name of the other system has no address.")
        # Any private address among them refuses the host, since which one is used is not the name's to say.
        if not self._allowed.allow(host, port) and not all(is_public(each) for each in addresses):
            raise DeliveryError(
                "The address of the other system is private.",
                permanent=True,
                advice="If the host is yours, list it by name in `allowed_private_hosts`.",
            )
        return list(dict.fromkeys(addresses))[:MAX_ADDRESSES]


def _own(headers: Mapping[str, str], to: Destination) -> list[tuple[str, str]]:
    """Return `headers` with those that are the door's own; `ValueError` where a caller sets one of them."""
    if any(name.lower() in _RESERVED for name in headers):
        raise ValueError(f"the door itself sends {', '.join(sorted(_RESERVED))}")
    if not all(part.isascii() and part.isprintable() for header in headers.items() for part in header):
        raise ValueError("a header is printable ASCII")
    ours = {"Host": to.authority, "User-Agent": USER_AGENT, "Connection": "close", "Accept-Encoding": "identity"}
    return [*ours.items(), *headers.items()]


def _headers(answer: httpcore.Response) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in answer.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        # RFC 9110 section 5.3: fields of one name are one list.
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


async def _body(answer: httpcore.Response, headers: Mapping[str, str], max_bytes: int) -> bytes:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise DeliveryError("The other system compressed its answer unasked.")
    declared = headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for part in answer.aiter_stream():
        body += part
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


async def _beginning(answer: httpcore.Response, headers: Mapping[str, str]) -> bytes:
    if headers.get("content-encoding", "identity").lower() != "identity":
        return b""
    body = bytearray()
    async for part in answer.aiter_stream():
        body += part
        if len(body) >= MAX_REFUSAL_BYTES:
            break
    return bytes(body[:MAX_REFUSAL_BYTES])


def _too_large(max_bytes: int) -> DeliveryError:
    return DeliveryError(f"The other system answered with more than {max_bytes} bytes.")


def _redirected(to: Destination, status: int, location: str) -> DeliveryError:
    """Say where a redirect points only in kind: the address itself may tell what nobody should read."""
    try:
        inside = is_written_private(
            Destination.parse(urljoin(f"{to.scheme}://{to.authority}{to.target}", location)).host
        )
    except (DeliveryError, ValueError):
        inside = False
    return DeliveryError(
        "The other system redirected to a private address." if inside else "The other system redirected.",
        permanent=inside or status in _PERMANENT_REDIRECTS,
        advice="Give the address that answers itself; redirects are not followed.",
    )


def _not_connected(error: httpcore.ConnectError) -> DeliveryError:
    reason = _tls_error(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return DeliveryError(
            "The other system's TLS certificate is not valid for its name.",
            advice="Check its certificate: expired, of another name, or of an unknown authority.",
        )
    if reason is not None:
        return DeliveryError("The other system and Takeback found no way to speak TLS.")
    return DeliveryError("The other system could not be reached.")


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    # A connection closed in the handshake comes wrapped once more than a certificate refused.
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause
