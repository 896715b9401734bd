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
from takeback.gates.line import Address, GateLine

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
            listener = stack.enter_context(_listen(line))
            if line.address.path is not None:
                stack.callback(line.address.path.unlink, missing_ok=True)
            found.append(Listening(line, listener))
        yield found


def _listen(line: GateLine) -> socket.socket:
    address = line.address
    if address.path is not None:
        _remove_left(address.path, line)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(str(address.path) if address.path is not None else (address.host, address.port))
        if address.path is not None:
            os.chmod(address.path, SOCKET_MODE)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as problem:
        listener.close()
        raise BadSetting(
            f"The gate {line.protocol.value} cannot listen on {address}: {problem.strerror}.",
            advice="Stop what listens there, or name another address; the folder of a socket has to be there.",
        ) from problem
    return listener


def _remove_left(path: Path, line: GateLine) -> None:
    """Remove a socket that an earlier run left behind; never one that is listened on, or another file."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise BadSetting(f"The gate {line.protocol.value} cannot listen on {path}: another file is there.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return  # `bind` says what is wrong
