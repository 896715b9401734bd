"""Where gates listen: opened before any process is forked, so that a fault is told at the start."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from takeback.errors import BadSetting
from takeback.gates.address import Address
from takeback.gates.line import GateLine

SOCKET_MODE = 0o660
"""Whoever may use a Unix socket: its owner and its group, which is the folder's where that has the setgid bit."""
BACKLOG = 1_024
"""Connections that wait to be taken; the kernel's `net.core.somaxconn` may be less."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A gate and its socket."""

    line: GateLine
    listener: socket.socket

    @property
    def address(self) -> str:
        """Where it really listens: a port of 0 has become one."""
        if self.line.address.path is not None:
            return str(self.line.address)
        host, port = self.listener.getsockname()[:2]
        return str(Address(host, port))


@contextmanager
def listening(lines: Sequence[GateLine]) -> Iterator[list[Listening]]:
    """Listen for a `with` block; `BadSetting` where an address cannot be had. Unix sockets are removed at its end."""
    with ExitStack() as stack:
        found = []
        for line in lines:
            listener = stack.enter_context(listen_on(line.address, gate=line.protocol.value))
            if line.address.path is not None:
                stack.callback(line.address.path.unlink, missing_ok=True)
            found.append(Listening(line, listener))
        yield found


def listen_on(address: Address, *, gate: str) -> socket.socket:
    """Return a socket that listens there; `BadSetting` where `gate` cannot have the address."""
    try:
        return _listening_on(address, gate)
    except OSError as problem:
        raise BadSetting(
            f"The gate {gate} cannot listen on {address}: {problem.strerror}.",
            advice="Stop what listens there, or name another address; the folder of a socket has to be there.",
        ) from problem


def _listening_on(address: Address, gate: str) -> socket.socket:
    if address.path is not None:
        _remove_left(address.path, gate)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # The file of a socket is never open to more than it will be, not for a moment.
    before = os.umask(0o777 & ~SOCKET_MODE)
    try:
        listener.bind(str(address.path) if address.path is not None else (address.host, address.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _remove_left(path: Path, gate: str) -> None:
    """Remove a socket that an earlier run left behind; never one that is listened on, or another file."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise BadSetting(f"The gate {gate} cannot listen on {path}: another file is there.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return  # `bind` says what is wrong
