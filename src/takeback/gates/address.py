"""Where a gate listens, and who may ask, as settings say it: in digits, since no name is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from takeback.errors import BadSetting

UNIX = "unix:"
_TCP = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")
_ADVICE = "Write 127.0.0.1:3310, [::1]:3310 or unix:/run/takeback/gate.sock."
_MAX_SOCKET_PATH = 107
"""What the kernel takes (unix(7))."""

type Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens: `path` of a Unix socket, or `host`, in digits, and `port`."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return f"{UNIX}{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_here(self) -> bool:
        """Whether only programs on this machine reach it."""
        return self.path is not None or ip_address(self.host).is_loopback


def read_address(text: str, *, setting: str) -> Address:
    """Return an address as it is written in settings; `BadSetting` for anything else, names of hosts too."""
    if text.startswith(UNIX):
        path = Path(text.removeprefix(UNIX))
        if not path.is_absolute() or len(str(path).encode()) > _MAX_SOCKET_PATH:
            raise BadSetting(f"{setting} names the socket {str(path)!r}, which is no short, absolute path.")
        return Address(path=path)
    found = _TCP.fullmatch(text)
    try:
        host = str(ip_address((found["six"] or found["four"]) if found else ""))
    except ValueError as problem:
        raise BadSetting(f"{setting} names {text!r}, which is no address.", advice=_ADVICE) from problem
    assert found is not None
    port = int(found["port"])
    if port > 65_535:
        raise BadSetting(f"{setting} names the port {port}; the last is 65535.", advice=_ADVICE)
    return Address(host, port)


def read_network(text: str, *, setting: str) -> Network:
    """Return an address or a network of those who may ask; `BadSetting` for anything else."""
    try:
        return ip_network(text)
    except ValueError as problem:
        advice = "Write an address or a network, as in 10.0.0.7 or 10.0.0.0/24; names are not looked up."
        raise BadSetting(f"{setting} names the peer {text!r}, which is no address.", advice=advice) from problem
