"""Starting a pool, and ending it."""

from __future__ import annotations

import json
import os
import selectors
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from takeback.config import KERNEL_VARIABLE
from takeback.errors import BadSetting, TakebackError
from takeback.media.limits import MediaLimits
from takeback.media.sandbox.client import DecoderPool
from takeback.media.sandbox.confinement import SandboxState
from takeback.media.sandbox.wire import read_object

WARM_UP: Final = "takeback.media.warm_up:decode_every_format"
"""Decodes one tiny file of each format, so that children find everything loaded."""

_MAX_SOCKET_PATH_BYTES: Final = 107
"""sockaddr_un.sun_path holds 108, the last one 0 (unix(7))."""

_START_SECONDS: Final = 30.0
_STOP_GRACE_SECONDS: Final = 5.0

# Nothing of the supervisor's environment. Children are small, single-threaded, and give back what a large
# picture took (a tenth slower for it; 20 MB held instead of 65 after 22 megapixels).
_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}


class PoolProcess:
    """A running pool: its server's `pid`, where it listens, and what its children gave up."""

    def __init__(
        self, server: subprocess.Popen[bytes], socket_path: Path, limits: MediaLimits, sandbox: SandboxState
    ) -> None:
        self._server = server
        self._limits = limits
        self.socket_path = socket_path
        self.sandbox = sandbox

    @property
    def pid(self) -> int:
        """The server's process; its children are the decoders."""
        return self._server.pid

    @property
    def is_running(self) -> bool:
        """Whether the server lives; if not, start another pool."""
        return self._server.poll() is None

    def stop(self) -> None:
        """End the pool when the jobs that it has are answered; calling it again does nothing."""
        _end(self._server, self._limits.wall_seconds + _STOP_GRACE_SECONDS)
        self.socket_path.unlink(missing_ok=True)


def start_pool(
    handler: str,
    *,
    socket_path: Path,
    children: int = 2,
    limits: MediaLimits = MediaLimits(),
    warm_up: str | None = WARM_UP,
    jobs_per_child: int = 200,
    search_path: Sequence[Path] = (),
) -> PoolProcess:
    """
    Start the server of a pool whose children run `handler` ("module:function"), and wait until it serves.

    `handler(payload: bytes, options: dict) -> Answer` runs in a child without files, network or processes: it
    has to have imported all it needs. Call this before any key is loaded, from a thread that lives as long
    as the pool: the kernel kills the server when that thread ends, and so when the process does. The folder
    of `socket_path` is made (0700) if it is missing, and has to be its owner's alone. `search_path` adds
    folders to import from. Raises `BadSetting` for a bad path or number, `TakebackError` if it did not start.
    """
    _check(socket_path, children, jobs_per_child)
    plan = {
        "handler": handler,
        "warm_up": warm_up,
        "socket_path": str(socket_path),
        "children": children,
        "jobs_per_child": jobs_per_child,
        "limits": limits.as_options(),
        "search_path": [str(folder) for folder in search_path],
        "supervisor_pid": os.getpid(),
    }
    server = subprocess.Popen(
        [sys.executable, "-I", "-m", "takeback.media.sandbox.server", json.dumps(plan)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    return PoolProcess(server, socket_path, limits, _await_start(server))


@contextmanager
def temporary_pool(
    handler: str,
    *,
    children: int = 2,
    limits: MediaLimits = MediaLimits(),
    warm_up: str | None = WARM_UP,
    search_path: Sequence[Path] = (),
) -> Iterator[DecoderPool]:
    """Start a pool for the length of a `with` block, its socket in a private folder of its own."""
    with tempfile.TemporaryDirectory(prefix="takeback-") as folder:
        socket_path = Path(folder) / "decoders"
        process = start_pool(
            handler,
            socket_path=socket_path,
            children=children,
            limits=limits,
            warm_up=warm_up,
            search_path=search_path,
        )
        try:
            yield DecoderPool(socket_path, limits=limits)
        finally:
            process.stop()


def sandbox_state() -> SandboxState:
    """Say what a decoder gives up on this machine, by starting one: for `takeback doctor`."""
    with tempfile.TemporaryDirectory(prefix="takeback-") as folder:
        process = start_pool(
            "takeback.media.warm_up:decode_every_format",
            socket_path=Path(folder) / "decoders",
            children=1,
            warm_up=None,
        )
        process.stop()
        return process.sandbox


def _environment() -> dict[str, str]:
    """Return the environment of the server and its children: nothing of ours but the kernel's instructions."""
    level = os.environ.get(KERNEL_VARIABLE)
    return _ENVIRONMENT if level is None else {**_ENVIRONMENT, KERNEL_VARIABLE: level}


def _check(socket_path: Path, children: int, jobs_per_child: int) -> None:
    if children < 1 or jobs_per_child < 1:
        raise BadSetting("A pool needs at least one child, and each child at least one job.")
    if not socket_path.is_absolute() or len(os.fsencode(socket_path)) > _MAX_SOCKET_PATH_BYTES:
        raise BadSetting(f"The decoders' socket needs an absolute path of at most {_MAX_SOCKET_PATH_BYTES} bytes.")
    try:
        socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = socket_path.parent.stat()
        if folder.st_uid != os.geteuid() or folder.st_mode & 0o077:
            raise BadSetting("The folder of the decoders' socket has to be its owner's alone (mode 0700).")
        # Left by a pool that was killed.
        if socket_path.exists() and stat.S_ISSOCK(socket_path.stat().st_mode):
            socket_path.unlink()
    except OSError as error:
        raise BadSetting(f"The folder of the decoders' socket cannot be used: {error.strerror}.") from None


def _await_start(server: subprocess.Popen[bytes]) -> SandboxState:
    assert server.stdout is not None
    try:
        news = read_object(_line_within(server.stdout, _START_SECONDS))
        sandbox = news.get("sandbox")
        if isinstance(sandbox, dict):
            return SandboxState.from_json(sandbox)
        reason = str(news.get("error", "no reason given"))
    except ValueError as error:
        reason = str(error)
    finally:
        server.stdout.close()
    _end(server, 0.0)
    raise TakebackError(f"The decoders did not start ({reason}).")


def _line_within(stream: IO[bytes], seconds: float) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        if not selector.select(seconds):
            raise ValueError(f"no word within {seconds:.0f} seconds")
    return stream.readline()


def _end(server: subprocess.Popen[bytes], seconds: float) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
