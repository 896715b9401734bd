"""Where HMA's interface is served: an address of this machine's, or a Unix socket."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from takeback.errors import BadSetting

_BACKLOG = 512
_UNIX = "unix:"
_SOCKET_MODE = 0o660
_ADVICE = "Write 127.0.0.1:5000, [::1]:5000 or unix:/run/takeback/hma.sock."

type Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, or the path of a socket."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read the setting `hma`; `BadSetting` where it is neither."""
        if text.startswith(_UNIX):
            path = Path(text.removeprefix(_UNIX))
            if not path.is_absolute():
                raise BadSetting("The path of hma's socket does not begin with a slash.", advice=_ADVICE)
            return cls(path=path)
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not port.isdigit() or int(port) > 65_535 or not _is_address(host):
            raise BadSetting(f"hma is {text!r}, which is no address to listen on.", advice=_ADVICE)
        return cls(host, int(port))

    def listen(self) -> socket.socket:
        """Return a socket that listens there; `BadSetting` where it cannot."""
        try:
            return self._listening()
        except OSError as problem:
            raise BadSetting(
                f"HMA's interface cannot listen on {self}: {problem.strerror}.",
                advice="Stop what listens there, or name another with --hma.",
            ) from problem

    def _listening(self) -> socket.socket:
        if self.path is not None:
            return _listen_at(self.path)
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def __str__(self) -> str:
        if self.path is not None:
            return f"{_UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_peers(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Read the setting `hma_peers`: addresses and networks; `BadSetting` names one that is neither."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as problem:
            advice = "Write an address or a network, as in 10.0.0.7 or 10.0.0.0/24; names are not looked up."
            raise BadSetting(f"hma_peers names {text!r}, which is no address.", advice=advice) from problem
    return tuple(found)


def _listen_at(path: Path) -> socket.socket:
    """Listen on a Unix socket that owner and group may use; one that a former run left is taken away."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode) and not _answers(path):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_SOCKET_MODE)
    try:
        listener.bind(str(path))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
