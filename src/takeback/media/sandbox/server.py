"""
The pool's server: one process, one thread, that keeps children alive and never reads what clients send.

Run by `start_pool` as `python -I -m takeback.media.sandbox.server PLAN`, PLAN being JSON. It accepts a
connection only when a child is idle, hands it over, and keeps its own copy until the child is done: so a
child's death can be answered, with its reason, and a child that is over its time can be killed by someone
that it cannot talk out of it. It lives as long as its standard input is open.
"""

from __future__ import annotations

import codecs
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from takeback.allocator import keep_freed_memory
from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.media.limits import MediaLimits
from takeback.media.sandbox import wire
from takeback.media.sandbox.child import JOB_DONE, Terms, run_child
from takeback.media.sandbox.confinement import die_with, hide_memory

BACKLOG: Final = 128
"""Clients that may wait for an idle child; the next one is told at once that there is no room."""

_MAX_CHILD_SECONDS: Final = 600.0
"""No child outlives ten minutes by more than one job: nor does whatever took it over."""

_FREE_DEATHS: Final = 3
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 2.0
"""After three deaths in a row without one finished job, replacements come ever more slowly, up to this."""

# Modules that Python loads when text in one of them is first met; a child can load nothing.
_ENCODINGS: Final = ("ascii", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")

_MAX_REPORT_BYTES: Final = 4096


@dataclass(slots=True, eq=False)
class _Child:
    """A forked child; `client` and `deadline` while it has a job, `is_idle` when it waits for one."""

    pid: int
    control: socket.socket
    started: float
    jobs: int = 0
    is_idle: bool = False
    client: socket.socket | None = None
    deadline: float | None = None
    is_over_time: bool = False


class _Server:
    def __init__(self, listener: socket.socket, terms: Terms, children: int) -> None:
        self._listener = listener
        self._terms = terms
        self._wanted = children
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ, self._supervisor_left)
        self._is_listening = False
        self._is_leaving = False
        self._has_announced = False
        self._deaths_in_a_row = 0
        self._next_fork = 0.0

    def serve(self) -> None:
        """Keep children and hand them connections until the supervisor leaves and every job is answered."""
        while not self._is_leaving or any(child.client for child in self._children):
            self._replace_children()
            self._listen_if_a_child_is_idle()
            for key, _ in self._selector.select(self._seconds_to_next()):
                key.data()
            self._end_what_is_due()
        for child in self._children:
            os.kill(child.pid, signal.SIGKILL)

    def _supervisor_left(self) -> None:
        if not os.read(sys.stdin.fileno(), 1):
            self._selector.unregister(sys.stdin)
            self._is_leaving = True

    def _replace_children(self) -> None:
        while len(self._children) < self._wanted and not self._is_leaving and time.monotonic() >= self._next_fork:
            try:
                self._fork()
            except OSError:  # no memory or no process to spare: not now
                self._next_fork = time.monotonic() + _LONGEST_PAUSE_SECONDS

    def _fork(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                run_child(theirs, self._terms, server_pid)
            finally:
                os._exit(0)
        theirs.close()
        child = _Child(pid, ours, time.monotonic())
        self._children.append(child)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(child))

    def _hear(self, child: _Child) -> None:
        if child not in self._children:
            return  # buried since this was noticed
        try:
            told = child.control.recv(_MAX_REPORT_BYTES, socket.MSG_DONTWAIT)
        except OSError:
            told = b""
        # 1. A child's first word is what its sandbox is.
        if told and not child.is_idle and child.client is None:
            self._announce(told)
            child.is_idle = True
        # 2. Its others are that it has answered.
        elif told == JOB_DONE and child.client is not None:
            child.client.close()
            child.client, child.deadline, child.is_idle = None, None, True
            child.jobs += 1
            self._deaths_in_a_row = 0
            if child.jobs >= self._terms.jobs_per_child:
                self._bury(child)
        # 3. Anything else, and the silence of the dead, ends it.
        else:
            self._bury(child)

    def _announce(self, state: bytes) -> None:
        if not self._has_announced:
            self._has_announced = True
            _tell_supervisor({"sandbox": json.loads(state)})

    def _listen_if_a_child_is_idle(self) -> None:
        wants_client = any(child.is_idle for child in self._children) and not self._is_leaving
        if wants_client and not self._is_listening:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        elif self._is_listening and not wants_client:
            self._selector.unregister(self._listener)
        self._is_listening = wants_client

    def _accept(self) -> None:
        child = next((child for child in self._children if child.is_idle), None)
        if child is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # it did not wait
        child.is_idle, child.client = False, client
        child.deadline = time.monotonic() + self._terms.limits.wall_seconds
        try:
            socket.send_fds(child.control, [b"job"], [client.fileno()])
        except OSError:
            self._bury(child)

    def _seconds_to_next(self) -> float | None:
        moments = [child.deadline or child.started + _MAX_CHILD_SECONDS for child in self._children]
        if len(self._children) < self._wanted and not self._is_leaving:
            moments.append(self._next_fork)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _end_what_is_due(self) -> None:
        now = time.monotonic()
        for child in list(self._children):
            if child.deadline is not None and now >= child.deadline:
                child.is_over_time = True
                self._bury(child)
            elif child.client is None and now >= child.started + _MAX_CHILD_SECONDS:
                self._bury(child)

    def _bury(self, child: _Child) -> None:
        # 1. It is dead already, or has to be; its status says which.
        os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        self._selector.unregister(child.control)
        child.control.close()
        self._children.remove(child)
        # 2. Whoever waits for its answer gets ours.
        if child.client is not None:
            self._deaths_in_a_row += 1
            self._answer_for_the_dead(child.client, self._cause(child, status))
        elif not child.is_idle:
            self._deaths_in_a_row += 1
        # 3. A storm of deaths is not answered with a storm of forks.
        excess = self._deaths_in_a_row - _FREE_DEATHS
        pause = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(excess, 10), _LONGEST_PAUSE_SECONDS) if excess > 0 else 0.0
        self._next_fork = time.monotonic() + pause

    def _cause(self, child: _Child, status: int) -> InputError:
        limits = self._terms.limits
        if child.is_over_time:
            return MediaTooLarge(
                f"Reading the file took longer than the limit wall_seconds ({limits.wall_seconds}) allows."
            )
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return MediaTooLarge(
                f"Reading the file took more work than the limit cpu_seconds ({limits.cpu_seconds}) allows."
            )
        return UnreadableMedia(wire.STOPPED)

    @staticmethod
    def _answer_for_the_dead(client: socket.socket, error: InputError) -> None:
        try:
            client.send(wire.error_frames(error), socket.MSG_DONTWAIT)
        except OSError:
            pass
        finally:
            client.close()


def main(arguments: list[str]) -> None:
    """Load the handler, listen, tell the supervisor on standard output, and serve until it leaves."""
    plan: dict[str, Any] = json.loads(arguments[0])
    die_with(plan["supervisor_pid"])
    for ignored in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)  # a service manager tells every process; the supervisor decides
    hide_memory()
    keep_freed_memory()
    try:
        sys.path.extend(plan["search_path"])
        terms = Terms(
            handler=_load(plan["handler"]),
            limits=MediaLimits.from_options(plan["limits"]),
            jobs_per_child=plan["jobs_per_child"],
        )
        if plan["warm_up"]:
            _load(plan["warm_up"])()
        for encoding in _ENCODINGS:
            codecs.lookup(encoding)
        listener = _listen(plan["socket_path"])
    except Exception as error:
        _tell_supervisor({"error": f"{type(error).__name__}: {error}"})
        return
    # What is loaded now is shared by every child; the collector would unshare it page by page.
    gc.collect()
    gc.freeze()
    _Server(listener, terms, plan["children"]).serve()


def _load(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    loaded: Callable[..., Any] = getattr(import_module(module), function)
    return loaded


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o177)
    listener.bind(path)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def _tell_supervisor(news: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
