"""
`takeback serve`: one command, a small tree of processes.

    supervisor ─┬─ decoders (server and children; no key, no file, no network)
                ├─ worker … (HTTP; each with its own indexes, all on one listening socket)
                ├─ gates    (uploads in the protocols of antivirus, proxies, pict-rs; where the settings name any)
                ├─ hma      (HMA's interface, where it is turned on; on a socket of its own)
                ├─ stopncii (StopNCII's interface, likewise)
                ├─ lists    (outside lists are fetched; one by lease; a process of its own reads a long one)
                └─ jobs     (orders to sites, links, items that are gone; one by lease)

The decoders start before the master key is read. Workers and jobs are forked after everything is
imported, so that they share its memory; each opens the store itself. A child that dies is started again,
later each time. When the supervisor dies, the kernel ends its children.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from takeback.actions.mail import smtp_sender
from takeback.allocator import keep_freed_memory
from takeback.assembly import (
    EXCHANGE_TIMEOUTS,
    Parts,
    identity_provider,
    open_parts,
    open_store,
    read_master_key,
    start_decoders,
    utc_now,
)
from takeback.cases.law import check_laws
from takeback.cases.statement import check_statements
from takeback.config import Settings
from takeback.errors import BadSetting, TakebackError
from takeback.fingerprint.in_browser import read_page_model
from takeback.gates.address import read_address
from takeback.gates.hma.app import create_hma_app, hma_peers
from takeback.gates.line import GateLine, gate_lines
from takeback.gates.listening import Listening, listen_on, listening
from takeback.gates.process import check_gates, run_gates
from takeback.gates.stopncii.app import create_stopncii_app
from takeback.jobs.page_reader import ReaderSource
from takeback.jobs.runner import run_jobs, run_lists
from takeback.media.sandbox import PoolProcess
from takeback.runtime import is_in_memory, runtime_folder
from takeback.service.app import create_app
from takeback.service.logs import set_up_logs
from takeback.service.pages.mails import MailTexts
from takeback.store import MasterKey
from takeback.store.access import KeyRole
from takeback.store.journal import Journal
from takeback.store.serving_lock import serving
from takeback.workflow.banks import finish_removals
from takeback.workflow.register import set_up
from takeback.workflow.snapshot import prepare_snapshots
from takeback.workflow.sweep import ACTOR
from takeback.workflow.withdraw import finish_withdrawals

_PR_SET_PDEATHSIG = 1  # prctl(2)
_BACKLOG = 512
_MAX_WAIT_SECONDS = 10.0
_STOP_SECONDS = 10.0
_TICK_SECONDS = 0.2
_ENDING = (signal.SIGTERM, signal.SIGINT)
_COLLECTED_AFTER = 20_000
"""Objects made since the last look for cycles: at Python's 700 a page of a list is looked through while it is read."""

log = logging.getLogger("takeback.supervisor")


@dataclass(slots=True)
class Child:
    """A process that is to be running."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    deaths: int = 0
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the very first start made; shown once."""

    address: str
    keys: dict[KeyRole, str]
    master_key_path: Path | None
    """Where a new master key was written; None where there was one."""
    gates: Sequence[tuple[str, str]] = ()
    """Each gate's protocol, and where it listens."""


def serve(settings: Settings, announce: Callable[[FirstStart], None]) -> int:
    """
    Serve until SIGTERM or SIGINT; returns the exit code.

    `announce` is called once the port listens, with the keys that the first start made. Raises
    `TakebackError` where it cannot start.
    """
    set_up_logs()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold keys and fingerprints
    check_laws(settings)
    check_statements(settings)
    read_page_model(settings)
    lines = gate_lines(settings)
    hma_peers(settings)
    _warn_of_one_disk(settings)
    with ExitStack() as stack:
        # 1. A private place for this run's sockets and snapshots.
        runtime = stack.enter_context(runtime_folder(settings.runtime_dir))
        # 2. Decoders, before any key is loaded.
        decoders = start_decoders(settings, runtime / "decoders")
        stack.callback(lambda: decoders.stop())
        for missing in decoders.sandbox.missing:
            log.warning("the decoders run without %s; `takeback doctor` says more", missing)
        # 3. The key, the store, and what an earlier run left unfinished.
        key_path = settings.master_key_path
        new_key = None if key_path.exists() else key_path
        master = read_master_key(settings, make=True)
        stack.enter_context(serving(settings.data))  # the children inherit it: held while any of them lives
        smtp_sender(settings)  # its password can be read
        identity_provider(settings)  # so can its secret
        keys = _prepare_store(settings, master, lines)
        _prepare_snapshots(settings, master, runtime)
        # 4. The port, then the processes that serve it.
        listener = stack.enter_context(_listen(settings))
        gates = stack.enter_context(listening(lines))
        hma = _listen_for("hma", settings.hma, stack)
        stopncii = _listen_for("stopncii", settings.stopncii, stack)
        host, port = listener.getsockname()[:2]
        supervisor = Supervisor(replace(settings, port=port), master, decoders, listener, gates, hma, stopncii)
        supervisor.start()
        opened = [(gate.line.protocol.value, gate.address) for gate in gates]
        opened += [("hma", settings.hma)] if hma is not None else []
        opened += [("stopncii", settings.stopncii)] if stopncii is not None else []
        announce(FirstStart(f"http://{host}:{port}", keys, new_key, opened))
        return supervisor.watch()


class Supervisor:
    """Keeps the children running until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        master: MasterKey,
        decoders: PoolProcess,
        listener: socket.socket,
        gates: Sequence[Listening],
        hma: socket.socket | None = None,
        stopncii: socket.socket | None = None,
    ) -> None:
        self._settings = settings
        self._master = master
        self._decoders = decoders
        self._listener = listener
        self._gates = gates
        self._hma = hma
        self._stopncii = stopncii
        self._stopping = False
        self._children = [Child("jobs", self._run_jobs), Child("lists", self._run_lists)]
        self._children += [Child(f"worker-{number}", self._run_worker) for number in range(settings.workers)]
        self._children += [Child("gates", self._run_gates)] if gates else []
        self._children += [Child("hma", self._run_hma)] if hma is not None else []
        self._children += [Child("stopncii", self._run_stopncii)] if stopncii is not None else []

    def start(self) -> None:
        """Fork every child."""
        for number in _ENDING:
            signal.signal(number, self._on_stop)
        gc.collect()
        gc.freeze()  # what is imported stays in pages that parent and children share
        gc.set_threshold(_COLLECTED_AFTER)
        for child in self._children:
            self._fork(child)

    def watch(self) -> int:
        """Start again what dies, until stopped; then end everything and return the exit code."""
        while not self._stopping:
            self._reap()
            self._restart()
            time.sleep(_TICK_SECONDS)
        self._end()
        return 0

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _fork(self, child: Child) -> None:
        parent = os.getpid()
        # A signal that comes while the child still has our handlers would be swallowed there: it waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        child.pid = os.fork()
        if child.pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        else:
            code = 1
            try:
                _die_with(parent)
                for number in _ENDING:
                    signal.signal(number, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
                child.run()
                code = 0
            except TakebackError as problem:
                log.error("%s could not run: %s", child.name, problem.message)
            except BaseException:
                log.exception("%s failed", child.name)
            finally:
                sys.stderr.flush()
                os._exit(code)

    def _reap(self) -> None:
        for child in self._children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                child.pid = 0
                child.deaths += 1
                wait_seconds = min(0.1 * 2.0 ** min(child.deaths, 10), _MAX_WAIT_SECONDS)
                child.not_before = time.monotonic() + wait_seconds
                log.warning("%s ended and will be started again", child.name)

    def _restart(self) -> None:
        if not self._decoders.is_running:
            log.warning("the decoders ended and are started again")
            self._decoders = start_decoders(self._settings, self._decoders.socket_path)
        for child in self._children:
            if not child.pid and time.monotonic() >= child.not_before:
                self._fork(child)

    def _end(self) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, signal.SIGTERM)
        ends = time.monotonic() + _STOP_SECONDS
        while any(child.pid for child in self._children):
            for child in self._children:
                if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                    child.pid = 0
                elif child.pid and time.monotonic() > ends:
                    os.kill(child.pid, signal.SIGKILL)
            time.sleep(0.02)
        self._decoders.stop()

    def _run_worker(self) -> None:
        keep_freed_memory()
        self._listen_only_on(self._listener)
        self._serve(create_app(self._opened()), self._listener)

    def _run_hma(self) -> None:
        keep_freed_memory()
        assert self._hma is not None
        self._listen_only_on(self._hma)
        self._serve(create_hma_app(self._opened()), self._hma)

    def _run_stopncii(self) -> None:
        keep_freed_memory()
        assert self._stopncii is not None
        self._listen_only_on(self._stopncii)
        self._serve(create_stopncii_app(self._opened()), self._stopncii)

    def _opened(self) -> Parts:
        return open_parts(self._settings, self._master, self._decoders.socket_path)

    def _listen_only_on(self, *mine: socket.socket) -> None:
        """Close, in a child, what other children listen on."""
        for each in (self._listener, self._hma, self._stopncii, *(gate.listener for gate in self._gates)):
            if each is not None and each not in mine:
                each.close()

    def _serve(self, app: FastAPI, listener: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=20,
        )
        uvicorn.Server(config).run(sockets=[listener])

    def _run_gates(self) -> None:
        keep_freed_memory()
        self._listen_only_on(*(gate.listener for gate in self._gates))
        parts = self._opened()
        _run_until_stopped(lambda stop: run_gates(parts, self._gates, stop))

    def _run_jobs(self) -> None:
        self._listen_only_on()
        parts = open_parts(self._settings, self._master, self._decoders.socket_path, does="jobs")
        _run_until_stopped(lambda stop: run_jobs(parts, stop, MailTexts()))

    def _run_lists(self) -> None:
        self._listen_only_on()
        parts = open_parts(self._settings, self._master, self._decoders.socket_path, does="lists")
        source = ReaderSource(
            self._master, parts.store.keyring.path, self._settings.allowed_private_hosts, EXCHANGE_TIMEOUTS
        )
        _run_until_stopped(lambda stop: run_lists(parts, stop, source))


def _run_until_stopped(work: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    async def until_stopped() -> None:
        stop = asyncio.Event()
        for number in _ENDING:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(stop)

    asyncio.run(until_stopped())


def _listen_for(name: str, where: str, stack: ExitStack) -> socket.socket | None:
    """Listen for an interface of others' that a setting of the same name turns on; None where it says nowhere."""
    if not where:
        return None
    address = read_address(where, setting=name)
    listener = stack.enter_context(listen_on(address, gate=name))
    if address.path is not None:
        stack.callback(address.path.unlink, missing_ok=True)
    return listener


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as problem:
        listener.close()
        raise BadSetting(
            f"Port {settings.port} of {settings.host} cannot be listened on: {problem.strerror}.",
            advice="Stop what listens there, or name another with --port.",
        ) from problem
    return listener


def _warn_of_one_disk(settings: Settings) -> None:
    if settings.journal_path.resolve().is_relative_to(settings.data.resolve()):
        log.warning("the journal of withdrawals lies in the data directory: a total loss of the disk loses both")


def _prepare_store(settings: Settings, master: MasterKey, lines: Sequence[GateLine]) -> dict[KeyRole, str]:
    """Open the store once before forking: make it, finish what a crash cut short, and close it again."""
    store = open_store(settings, master)
    try:
        check_gates(store, lines)
        keys = set_up(store, at=utc_now())
        finish_withdrawals(store, Journal(settings.journal_path, store.keyring.journal_key), at=utc_now())
        finish_removals(store, actor=ACTOR, at=utc_now())
        return keys
    finally:
        store.close()


def _prepare_snapshots(settings: Settings, master: MasterKey, runtime: Path) -> None:
    """
    Write the snapshots that the children will share, in a process that ends with it: what it reads is large.

    Where it fails each child reads the store for itself.
    """
    if not is_in_memory(runtime):
        log.warning("the runtime directory is not in memory, so each process holds the indexes for itself")
        return
    parent = os.getpid()
    pid = os.fork()
    if pid:
        if os.waitpid(pid, 0)[1] != 0:
            log.warning("no snapshots could be written, so each process holds the indexes for itself")
        return
    code = 1
    try:
        _die_with(parent)
        store = open_store(settings, master)
        prepare_snapshots(store, folder=runtime, data=settings.data)
        store.close()
        code = 0
    except TakebackError as problem:
        log.error("the snapshots of the indexes: %s", problem.message)
    except BaseException:
        log.exception("the snapshots of the indexes")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _die_with(parent: int) -> None:
    """Have the kernel end this process when `parent` ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
