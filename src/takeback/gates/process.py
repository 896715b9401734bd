"""The process that serves all gates: apart from the others, so that a flood at a gate leaves the desk's pages alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Iterator, Sequence
from typing import Protocol as Interface

import uvicorn

from takeback.assembly import Parts, keep_following
from takeback.errors import BadSetting
from takeback.gates.clamd import ClamdGate
from takeback.gates.connection import MAX_CONNECTIONS, Door, Talk
from takeback.gates.http import HttpGate
from takeback.gates.icap import IcapGate
from takeback.gates.icap_message import MAX_HEAD_BYTES
from takeback.gates.line import GateLine, Protocol
from takeback.gates.listening import BACKLOG, Listening
from takeback.gates.refusal import Refusal
from takeback.gates.screener import COUNT_SECONDS, Screener
from takeback.store import Store
from takeback.workflow.gate import Gate

STOP_SECONDS = 5.0
"""How long those are waited for who are being answered at the end."""
_CLAMD_LINE_BYTES = 16 * 1024

log = logging.getLogger("takeback.gates")


class Server(Interface):
    """A gate that is being served."""

    async def stop(self) -> None:
        """Take nobody in any more, and wait a little for those who are inside."""


async def run_gates(parts: Parts, gates: Sequence[Listening], stop: asyncio.Event) -> None:
    """Serve every gate until `stop`."""
    _allow_files()
    screener = Screener(parts)
    refusal = Refusal(parts.settings)
    chores = [asyncio.create_task(keep_following(parts)), asyncio.create_task(_count(screener))]
    servers: list[Server] = []
    for each in gates:
        servers.append(await _serve(each, parts, screener, refusal))
        log.info("the gate %s listens on %s", each.line.protocol.value, each.address)
    await stop.wait()
    await asyncio.gather(*(server.stop() for server in servers))
    for chore in chores:
        chore.cancel()
    await asyncio.to_thread(screener.close)


def check_gates(store: Store, lines: Sequence[GateLine]) -> None:
    """Raise `BadSetting` where a line names a site that there is not."""
    for line in lines:
        _gate_of(store, line)


def _gate_of(store: Store, line: GateLine, alert_routes: tuple[str, ...] = ()) -> Gate:
    if not line.site:
        return Gate(line.protocol.value, line.space, alert_routes=alert_routes)
    with store.read() as tx:
        site = next((each for each in tx.sites.all() if each.name == line.site), None)
    if site is None:
        raise BadSetting(
            f"{line.protocol.value} names the site {line.site!r}, which there is not.",
            advice="`takeback site list` shows the names; `takeback site add` adds one.",
        )
    return Gate(line.protocol.value, line.space, site, alert_routes)


async def _serve(listening: Listening, parts: Parts, screener: Screener, refusal: Refusal) -> Server:
    line, listener = listening.line, listening.listener
    gate = _gate_of(parts.store, line, parts.settings.alert_routes)
    match line.protocol:
        case Protocol.CLAMD:
            return await _serve_stream(line, listener, ClamdGate(line, gate, screener).talk, _CLAMD_LINE_BYTES)
        case Protocol.ICAP:
            icap = IcapGate(line, gate, screener, refusal, lambda: parts.replica.seq)
            return await _serve_stream(line, listener, icap.talk, MAX_HEAD_BYTES)
        case Protocol.PICTRS | Protocol.SUBREQUEST:
            return await _serve_http(listener, HttpGate(line, gate, screener, refusal))


class _StreamServer:
    """A gate of a protocol of its own."""

    def __init__(self, server: asyncio.Server, door: Door) -> None:
        self._server = server
        self._door = door

    async def stop(self) -> None:
        self._server.close()
        await self._door.drain(STOP_SECONDS)


async def _serve_stream(line: GateLine, listener: socket.socket, talk: Talk, limit: int) -> _StreamServer:
    door = Door(line, talk)
    start = asyncio.start_server if line.address.path is None else asyncio.start_unix_server
    # It listens anew, with a backlog of 100 unless told: of a thousand that come at once many would be turned away.
    return _StreamServer(await start(door.let_in, sock=listener, limit=limit, backlog=BACKLOG), door)


class _Uvicorn(uvicorn.Server):
    """Several in one loop: none takes the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _HttpServer:
    """A gate that is asked over HTTP."""

    def __init__(self, server: _Uvicorn, task: asyncio.Task[None]) -> None:
        self._server = server
        self._task = task

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task


async def _serve_http(listener: socket.socket, gate: HttpGate) -> _HttpServer:
    config = uvicorn.Config(
        gate.app(),
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=MAX_CONNECTIONS,
        backlog=BACKLOG,
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )
    server = _Uvicorn(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    return _HttpServer(server, task)


async def _count(screener: Screener) -> None:
    """Write down what was counted, every few seconds."""
    while True:
        await asyncio.sleep(COUNT_SECONDS)
        if counts := screener.take_counts():
            await asyncio.to_thread(screener.write_counts, counts)


def _allow_files() -> None:
    """Let this process have as many connections and waiting files as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
