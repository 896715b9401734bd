"""
One line of settings makes one gate: where it listens, whose uploads come through, what follows where nothing is known.

    127.0.0.1:3310
    unix:/run/takeback/clamd.sock site=forum space=limited fault=refuse behind=unix:/run/clamav/clamd.ctl
    10.0.0.5:1344 peer=10.0.0.0/24
    127.0.0.1:8471 onward=127.0.0.1:3000
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from takeback.config import ON, Settings
from takeback.errors import BadSetting
from takeback.gates.address import Address, Network, read_address, read_network
from takeback.workflow.gate import Space


class Protocol(StrEnum):
    """What a gate speaks."""

    CLAMD = "clamd"
    ICAP = "icap"
    PICTRS = "pictrs"
    SUBREQUEST = "subrequest"


class Fault(StrEnum):
    """What is answered where an upload cannot be judged, or the service cannot do its work."""

    PASS = "pass"  # noqa: S105 (no password)
    """It passes, and is reported."""
    REFUSE = "refuse"
    ERROR = "error"
    """The protocol's own word for "could not be checked": the platform's setting for that decides."""


@dataclass(frozen=True, slots=True)
class GateLine:
    """What one line says. `site` is a site's name; `peers` are who may ask, `folders` what may be named by path."""

    protocol: Protocol
    address: Address
    site: str = ""
    space: Space = Space.PUBLIC
    fault: Fault = Fault.PASS
    peers: tuple[Network, ...] = ()
    folders: tuple[Path, ...] = ()
    behind: Address | None = None
    onward: Address | None = None
    """Where an upload that may pass goes on from here; None where whoever asks sends it on."""

    def lets_ask(self, peer: str) -> bool:
        """Whether whoever is at the address `peer` may ask; everyone who reaches a Unix socket may."""
        if self.address.path is not None:
            return True
        found = ip_address(peer.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        found = found if mapped is None else mapped
        return any(found in network for network in self.peers) if self.peers else found.is_loopback


_OWN_WORDS = {Protocol.CLAMD: {"behind", "path"}, Protocol.SUBREQUEST: {"onward"}}


@dataclass(slots=True)
class _Options:
    one: dict[str, str] = field(default_factory=dict)
    many: dict[str, list[str]] = field(default_factory=lambda: {"peer": [], "path": []})


def gate_lines(settings: Settings) -> list[GateLine]:
    """Return every gate that the settings ask for; `BadSetting` says which line cannot be used, and why."""
    lines = [_line(protocol, text, settings) for protocol in Protocol for text in getattr(settings, protocol.value)]
    _check_distinct(lines)
    return lines


def _line(protocol: Protocol, text: str, settings: Settings) -> GateLine:
    name = protocol.value
    address_text, *words = text.split()
    address = read_address(address_text, setting=name)
    options = _options(name, words, protocol)
    peers = tuple(read_network(each, setting=name) for each in options.many["peer"])
    if not address.is_here and not peers:
        raise BadSetting(
            f"{name} would listen on {address}, where other machines could ask: the protocol knows no keys.",
            advice="Say who may with peer=10.0.0.5 or peer=10.0.0.0/24, or listen on 127.0.0.1 or a Unix socket.",
        )
    space = _choice(name, "space", options.one.get("space", "public"), Space)
    if space is Space.PRIVATE and settings.private_messages != ON:
        raise BadSetting(
            f"{name} stands before private messages, which are not looked at unless private_messages is on.",
            advice="Read docs/gates.md first: in many countries this needs a legal ground. Else choose another space.",
        )
    behind, onward = options.one.get("behind"), options.one.get("onward")
    return GateLine(
        protocol,
        address,
        site=options.one.get("site", ""),
        space=space,
        fault=_choice(name, "fault", options.one.get("fault", "pass"), Fault),
        peers=peers,
        folders=tuple(_folder(name, each) for each in options.many["path"]),
        behind=None if behind is None else read_address(behind, setting=name),
        onward=None if onward is None else read_address(onward, setting=name),
    )


def _options(name: str, words: Sequence[str], protocol: Protocol) -> _Options:
    known = {"site", "space", "fault", "peer"} | _OWN_WORDS.get(protocol, set())
    options = _Options()
    for word in words:
        key, equals, value = word.partition("=")
        if key not in known or not equals or not value or key in options.one:
            raise BadSetting(
                f"{name} has {word!r} after the address, which says nothing that is known, or says it again.",
                advice=f"Known are {', '.join(f'{each}=' for each in sorted(known))}",
            )
        if key in options.many:
            options.many[key].append(value)
        else:
            options.one[key] = value
    return options


def _choice[T: StrEnum](name: str, key: str, value: str, kind: type[T]) -> T:
    try:
        return kind(value)
    except ValueError as problem:
        known = ", ".join(each.value for each in kind)
        raise BadSetting(f"{name} has {key}={value}.", advice=f"It is one of {known}.") from problem


def _folder(name: str, text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or path == Path("/"):
        raise BadSetting(f"{name} has path={text}.", advice="Name the folder of the uploads, from / on, and no wider.")
    return path


def _check_distinct(lines: Sequence[GateLine]) -> None:
    seen: set[str] = set()
    for line in lines:
        text = str(line.address)
        if text in seen and not (line.address.path is None and line.address.port == 0):
            raise BadSetting(f"Two gates would listen on {text}.", advice="Give each an address of its own.")
        seen.add(text)
