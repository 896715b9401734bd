"""The door opens to no private address unless its host is allowed by name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from takeback.actions.outgoing import OutgoingHttp, Timeouts, resolve_by_system
from takeback.errors import DeliveryError

if TYPE_CHECKING:
    from tests.unit.actions.conftest import Serve

PATIENT = Timeouts(connect_seconds=30, read_seconds=30, total_seconds=60)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Public in form, given to nobody by IANA (2d00::/8 is unassigned); no test connects to it.
NOBODY = "2d00::1"


class Names:
    """A resolver with a table of its own that remembers what it was asked."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _refused(url: str, allowed: Sequence[str] = (), names: Names | None = None) -> DeliveryError:
    door = OutgoingHttp(allowed, timeouts=PATIENT, resolver=names or resolve_by_system)
    with pytest.raises(DeliveryError) as refusal:
        asyncio.run(door.get(url, 1_000))
    return refusal.value


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fd00::1"),
        *("::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "not an address"),
    ],
)
def test_a_name_that_resolves_to_a_private_address_is_refused_for_good(address: str) -> None:
    error = _refused("https://site.example/", names=Names([address]))

    assert error.message == "The address of the other system is private."
    assert error.permanent
    assert "allowed_private_hosts" in error.advice


@pytest.mark.parametrize("addresses", [[NOBODY, "10.0.0.1"], ["10.0.0.1", NOBODY]])
def test_one_private_address_among_several_refuses_the_name(addresses: list[str]) -> None:
    names = Names(addresses)

    assert "is private" in _refused("https://site.example/", names=names).message


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://017700000001/"),
        *("https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/", "https://0/", "https://localhost/"),
        *("https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://LOCALHOST/"),
    ],
)
def test_a_private_address_in_any_writing_is_refused_with_the_systems_own_resolver(url: str) -> None:
    assert "is private" in _refused(url).message


@pytest.mark.parametrize(
    "url", ["http://site.example/", "http://8.8.8.8/", "http://127.0.0.1/", "http://localhost:8080/"]
)
def test_plain_http_is_refused_before_a_name_is_looked_up(url: str) -> None:
    names = Names(["127.0.0.1"])
    error = _refused(url, allowed=["localhost:80"], names=names)

    assert "plain http" in error.message
    assert error.permanent
    assert names.asked == []


def test_a_url_that_is_none_is_refused_before_a_name_is_looked_up() -> None:
    names = Names(["127.0.0.1"])

    assert _refused("file:///etc/passwd", names=names).permanent
    assert names.asked == []


def test_a_name_is_looked_up_once_and_cannot_change_its_mind(
    serve: Serve,
) -> None:
    # Loopback only: nobody listens at the first address, the site at the second, which must not be asked for.
    names = Names(["127.0.0.2"], ["127.0.0.1"])

    async def run() -> list[bytes]:
        async with serve(OK) as site:
            door = OutgoingHttp(["site.example"], timeouts=PATIENT, resolver=names)
            with pytest.raises(DeliveryError):
                await door.get(f"http://site.example:{site.port}/", 1_000)
            return site.requests

    assert asyncio.run(run()) == []
    assert len(names.asked) == 1


@pytest.mark.parametrize("entry", ["site.example", "site.example:{port}"])
def test_an_allowed_name_is_reached_at_the_address_that_was_looked_up(serve: Serve, entry: str) -> None:
    names = Names(["127.0.0.1"])

    async def run() -> tuple[int, bytes, int]:
        async with serve(OK) as site:
            door = OutgoingHttp([entry.format(port=site.port)], timeouts=PATIENT, resolver=names)
            response = await door.get(f"http://site.example:{site.port}/a?b", 1_000)
            return response.status, site.requests[0], site.port

    status, request, port = asyncio.run(run())

    assert status == 200
    assert request.startswith(b"GET /a?b HTTP/1.1\r\nHost: site.example:%d\r\n" % port)
    assert names.asked == [("site.example", port)]


def test_an_allowed_host_is_allowed_on_its_port_only(serve: Serve) -> None:
    async def run() -> list[bytes]:
        async with serve(OK) as site:
            door = OutgoingHttp([f"127.0.0.1:{site.port + 1}"], timeouts=PATIENT)
            with pytest.raises(DeliveryError, match="plain http"):
                await door.get(site.url, 1_000)
            with pytest.raises(DeliveryError, match="is private"):
                await door.get(site.url.replace("http:", "https:"), 1_000)
            return site.requests

    assert asyncio.run(run()) == []


def test_the_next_address_is_tried_where_one_does_not_answer(serve: Serve) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])

    async def run() -> int:
        async with serve(OK) as site:
            door = OutgoingHttp(["site.example"], timeouts=PATIENT, resolver=names)
            return (await door.get(f"http://site.example:{site.port}/", 1_000)).status

    assert asyncio.run(run()) == 200


@pytest.mark.parametrize("answer", [OSError("no such name"), UnicodeError("label too long"), []])
def test_a_name_without_an_address_may_have_one_later(answer: Sequence[str] | Exception) -> None:
    error = _refused("https://site.example/", names=Names(answer))

    assert error.message == "The name of the other system has no address."
    assert not error.permanent


def test_a_resolver_that_hangs_is_cut_off() -> None:
    async def hangs(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(1)
        return []

    door = OutgoingHttp(timeouts=Timeouts(connect_seconds=0.05, total_seconds=60), resolver=hangs)
    with pytest.raises(DeliveryError, match="in time"):
        asyncio.run(door.get("https://site.example/", 1_000))


def test_a_proxy_in_the_environment_is_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def run() -> int:
        async with serve(OK) as site:
            return (await OutgoingHttp([site.name], timeouts=PATIENT).get(site.url, 1_000)).status

    assert asyncio.run(run()) == 200
