"""Every answer is bounded in bytes and time, and every failure is one of ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import uvloop

from takeback.actions.outgoing import OutgoingHttp, Response, Timeouts
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.conftest import Answer, Serve

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PATIENT = Timeouts(connect_seconds=30, read_seconds=30, total_seconds=60)
"""For whatever does not hang: a machine that does other work may pause for seconds."""
QUICK = Timeouts(connect_seconds=0.2, read_seconds=0.2, total_seconds=0.4)


def _post(
    serve: Serve, answer: bytes | Answer, headers: Mapping[str, str] | None = None, timeouts: Timeouts = PATIENT
) -> tuple[Response, bytes]:
    async def run() -> tuple[Response, bytes]:
        async with serve(answer) as site:
            door = OutgoingHttp([site.name], timeouts=timeouts, max_answer_bytes=1_000)
            return await door.post(site.url, headers or {}, b'{"a":1}'), site.requests[0]

    return asyncio.run(run())


def _failed(serve: Serve, answer: bytes | Answer, timeouts: Timeouts = PATIENT) -> DeliveryError:
    with pytest.raises(DeliveryError) as failure:
        _post(serve, answer, timeouts=timeouts)
    return failure.value


def _answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_an_answer_comes_back_whole(serve: Serve) -> None:
    response, request = _post(serve, _answer("200 OK", "X-Seen: one", "x-seen: two", body=b"done"), {"X-Mine": "yes"})
    head, _, body = request.partition(b"\r\n\r\n")
    sent = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])

    assert (response.status, response.body, response.headers["x-seen"]) == (200, b"done", "one, two")
    assert body == b'{"a":1}'
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert sent.pop(b"Host").startswith(b"127.0.0.1:")
    assert sent == {
        b"User-Agent": b"Takeback",
        b"Connection": b"close",
        b"Accept-Encoding": b"identity",
        b"X-Mine": b"yes",
        b"Content-Length": b"7",
    }


def test_it_works_on_the_loop_that_the_service_runs_on(serve: Serve) -> None:
    async def run() -> bytes:
        async with serve(_answer("200 OK", body=b"done")) as site:
            return (await OutgoingHttp([site.name], timeouts=PATIENT).get(site.url, 1_000)).body

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(run()) == b"done"


def test_many_requests_at_once_do_not_wait_for_each_other(serve: Serve) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.write(_answer("204 No Content"))
        await writer.drain()

    async def run() -> list[Response]:
        async with serve(slow) as site:
            door = OutgoingHttp([site.name], timeouts=Timeouts(10, 10, 10))  # one after the other takes 30 seconds
            return await asyncio.gather(*(door.get(site.url, 10) for _ in range(60)))

    assert [each.status for each in asyncio.run(run())] == [204] * 60


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_status_of_2xx_is_success(serve: Serve, status: int) -> None:
    response, _ = _post(serve, b"HTTP/1.1 %d X\r\n\r\n" % status)

    response.require_success(now=NOW)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((status, True) for status in (400, 401, 403, 404, 405, 410, 413, 422)),
        *((status, False) for status in (408, 425, 429, 500, 501, 502, 503, 504)),
    ],
)
def test_a_status_says_whether_asking_again_can_help(serve: Serve, status: int, permanent: bool) -> None:
    response, _ = _post(serve, _answer(f"{status} X", body=b"the page of an error" * 1_000))
    with pytest.raises(DeliveryError, match=f"HTTP status {status}") as failure:
        response.require_success(now=NOW)

    assert failure.value.permanent is permanent
    assert failure.value.retry_after_seconds is None
    assert response.body == b""


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30.0), ("Sun, 22 Nov 2026 09:02:00 GMT", 120.0), ("later", None)]
)
def test_a_wait_that_is_asked_for_is_passed_on(serve: Serve, value: str, seconds: float | None) -> None:
    response, _ = _post(serve, _answer("503 X", f"Retry-After: {value}"))
    with pytest.raises(DeliveryError) as failure:
        response.require_success(now=NOW)

    assert failure.value.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("status", "location", "message", "permanent"),
    [
        (302, "https://example.com/other", "redirected.", False),
        (303, "/elsewhere", "to a private address.", True),
        (307, "https://example.com/other", "redirected.", False),
        (301, "https://example.com/other", "redirected.", True),
        (308, "https://example.com/other", "redirected.", True),
        (302, "http://127.0.0.1:22/", "to a private address.", True),
        (302, "//127.1/", "to a private address.", True),
        (302, "http://[::1]/", "to a private address.", True),
        (302, "http://169.254.169.254/latest/meta-data/", "to a private address.", True),
        (302, "http://localhost/", "to a private address.", True),
        (302, "file:///etc/passwd", "redirected.", False),
        (302, "http://[", "redirected.", False),
        (304, "", "to a private address.", True),
    ],
)
def test_a_redirect_is_never_followed(serve: Serve, status: int, location: str, message: str, permanent: bool) -> None:
    error = _failed(serve, _answer(f"{status} X", f"Location: {location}"))

    assert error.message.endswith(message)
    assert error.permanent is permanent
    assert "example.com" not in error.message


def test_a_redirect_to_another_server_reaches_it_not(serve: Serve) -> None:
    async def run() -> list[bytes]:
        async with serve(_answer("200 OK")) as other:
            async with serve(_answer("307 X", f"Location: {other.url}")) as site:
                door = OutgoingHttp([site.name, other.name], timeouts=PATIENT)
                with pytest.raises(DeliveryError, match="redirected to a private address"):
                    await door.post(site.url, {}, b"")
            return other.requests

    assert asyncio.run(run()) == []


def test_an_answer_that_declares_too_much_is_not_read(serve: Serve) -> None:
    error = _failed(serve, b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")

    assert error.message == "The other system answered with more than 1000 bytes."
    assert not error.permanent


def test_an_answer_that_grows_too_large_is_cut_off(serve: Serve) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + bytes(1_024) + b"\r\n")
            await writer.drain()

    assert "more than 1000 bytes" in _failed(serve, endless).message


def test_an_answer_of_just_the_limit_is_read(serve: Serve) -> None:
    response, _ = _post(serve, _answer("200 OK", body=bytes(1_000)))

    assert len(response.body) == 1_000


def test_a_get_has_a_limit_of_its_own(serve: Serve) -> None:
    async def run() -> None:
        async with serve(_answer("200 OK", body=bytes(11))) as site:
            await OutgoingHttp([site.name], timeouts=PATIENT).get(site.url, 10)

    with pytest.raises(DeliveryError, match="more than 10 bytes"):
        asyncio.run(run())


async def _silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _dripping_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _informing(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("answer", [_silent, _dripping, _dripping_headers, _informing])
def test_a_site_that_does_not_come_to_an_end_is_left(serve: Serve, answer: Answer) -> None:
    error = _failed(serve, answer, QUICK)

    assert error.message == "The other system did not answer in time."
    assert not error.permanent


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01 this is not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut short",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
    ids=["nothing", "no HTTP", "cut short", "two lengths", "no chunks", "endless header"],
)
def test_an_answer_that_is_not_http_may_be_better_next_time(serve: Serve, answer: bytes) -> None:
    error = _failed(serve, answer)

    assert error.message == "The other system broke off, or did not answer in HTTP."
    assert not error.permanent


def test_a_change_of_protocol_is_no_success(serve: Serve) -> None:
    assert "did not answer in HTTP" in _failed(serve, b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n").message


def test_an_answer_compressed_unasked_is_not_taken(serve: Serve) -> None:
    assert "compressed" in _failed(serve, _answer("200 OK", "Content-Encoding: gzip", body=b"x")).message


def test_a_closed_port_may_open_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    door = OutgoingHttp(["127.0.0.1"], timeouts=PATIENT)
    with pytest.raises(DeliveryError, match="could not be reached") as failure:
        asyncio.run(door.get(f"http://127.0.0.1:{port}/", 10))

    assert not failure.value.permanent


@pytest.mark.parametrize("headers", [{"Host": "other"}, {"cookie": "a=b"}, {"X": "a\r\nY: b"}, {"X": "é"}])
def test_a_caller_does_not_send_the_doors_own_headers(serve: Serve, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"header is|door itself"):
        _post(serve, _answer("200 OK"), headers)


def test_a_caller_that_stops_waiting_is_let_go(serve: Serve) -> None:
    async def run() -> None:
        async with serve(_silent) as site:
            door = OutgoingHttp([site.name], timeouts=Timeouts())
            await asyncio.wait_for(door.get(site.url, 10), 0.1)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


# What an API says


def _ask(serve: Serve, answer: bytes | Answer, method: str, body: bytes | None = None) -> tuple[Response, bytes]:
    async def run() -> tuple[Response, bytes]:
        async with serve(answer) as site:
            door = OutgoingHttp([site.name], timeouts=PATIENT)
            headers = {"Authorization": "Bearer of-this-site"}
            return await door.ask(method, site.url, headers, body, max_bytes=1_000), site.requests[0]

    return asyncio.run(run())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_an_api_is_asked_by_any_method(serve: Serve, method: str) -> None:
    response, request = _ask(serve, _answer("200 OK", body=b"{}"), method, None if method == "GET" else b"[1]")
    assert (response.status, response.body) == (200, b"{}")
    assert request.startswith(f"{method} /hook HTTP/1.1\r\n".encode())
    assert request.endswith(b"" if method == "GET" else b"[1]")


def test_what_an_api_says_with_a_refusal_is_read_as_far_as_16_kib(serve: Serve) -> None:
    response, _ = _ask(serve, _answer("400 Bad", body=b'{"error": "no"}'), "POST", b"")
    assert (response.status, response.body) == (400, b'{"error": "no"}')
    response, _ = _ask(serve, _answer("500 Bad", body=b"x" * 100_000), "POST", b"")
    assert (response.status, len(response.body)) == (500, 16 * 1024)
    with pytest.raises(DeliveryError, match="more than 1000 bytes"):
        _ask(serve, _answer("200 OK", body=b"x" * 1_001), "POST", b"")


def test_a_redirect_of_an_api_is_an_answer_and_gets_no_token(serve: Serve) -> None:
    async def run() -> tuple[Response, list[bytes]]:
        async with serve(_answer("200 OK")) as other:
            answer = _answer("307 Moved", f"Location: {other.url}")
            async with serve(answer) as site:
                door = OutgoingHttp([site.name, other.name], timeouts=PATIENT)
                headers = {"Authorization": "Bearer of-this-site"}
                return await door.ask("POST", site.url, headers, b"", max_bytes=1_000), other.requests

    response, elsewhere = asyncio.run(run())
    assert response.status == 307
    assert elsewhere == []


def test_the_head_of_something_large_is_not_too_large(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\nContent-Encoding: gzip\r\n\r\n"
    response, _ = _ask(serve, head, "HEAD")
    assert (response.headers["content-length"], response.body) == ("5000000", b"")
