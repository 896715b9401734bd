"""Trust lists: the certificates under which an operator believes who signed, and when, each list by its own name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from takeback.errors import BadSetting

if TYPE_CHECKING:
    from takeback.config import Settings

MAX_LIST_BYTES: Final = 1 << 20
"""Of one file: the official list of C2PA has about a tenth of it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9 ._-]{0,39}", re.IGNORECASE)
_ADVICE = "Write it as NAME=FILE, as in official=/etc/takeback/c2pa-trust-list.pem: a file with certificates in PEM."


class Vouching(StrEnum):
    """What the certificates of a list vouch for, as C2PA's library calls it."""

    SIGNERS = "manifest"
    TIMES = "tsa"


@dataclass(frozen=True, slots=True)
class TrustList:
    """Certificates in PEM, under the name that a person is told."""

    name: str
    vouching: Vouching
    pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TrustLists:
    """Every list that an operator set: none by default, and none is shipped."""

    lists: tuple[TrustList, ...] = ()

    def vouch_for(self, vouching: Vouching) -> bool:
        """Say whether any list vouches for signers, or for times."""
        return any(each.vouching is vouching for each in self.lists)

    def as_bytes(self) -> bytes:
        """Return all of it, to travel to a decoder behind a file."""
        return json.dumps([[each.name, each.vouching.value, each.pem] for each in self.lists]).encode()

    @classmethod
    def from_bytes(cls, written: bytes) -> TrustLists:
        """Read what `as_bytes` wrote."""
        return cls(tuple(TrustList(name, Vouching(vouching), pem) for name, vouching, pem in json.loads(written)))


NO_LISTS: Final = TrustLists()


def read_trust_lists(settings: Settings) -> TrustLists:
    """Read the files that `settings` names; raises `BadSetting` for one that cannot be read, or is no list."""
    signers = _read(settings.signer_trust_lists, Vouching.SIGNERS)
    return TrustLists((*signers, *_read(settings.timestamp_trust_lists, Vouching.TIMES)))


@cache
def distinct(trust: TrustLists) -> tuple[TrustList, ...]:
    """
    Return the lists with each certificate once, those for signers first, and none that is empty then.

    The library takes any list for anything, and of two with one certificate names now one, now the other.
    """
    seen: set[bytes] = set()
    kept: list[TrustList] = []
    for each in sorted(trust.lists, key=lambda each: each.vouching is not Vouching.SIGNERS):
        own = [
            one for one in load_pem_x509_certificates(each.pem.encode()) if one.public_bytes(Encoding.DER) not in seen
        ]
        seen.update(one.public_bytes(Encoding.DER) for one in own)
        if own:
            kept.append(replace(each, pem="".join(one.public_bytes(Encoding.PEM).decode() for one in own)))
    return tuple(kept)


def _read(entries: Iterable[str], vouching: Vouching) -> Iterable[TrustList]:
    for entry in entries:
        name, _, path = (part.strip() for part in entry.partition("="))
        if not _NAME.fullmatch(name) or not path:
            raise BadSetting(f"A trust list is {entry!r}, which is no name and file.", advice=_ADVICE)
        yield TrustList(name, vouching, _certificates(name, Path(path).expanduser()))


def _certificates(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            pem = file.read(MAX_LIST_BYTES + 1)
    except OSError as problem:
        raise BadSetting(f"The trust list {name} cannot be read: {problem.strerror}.", advice=_ADVICE) from problem
    if len(pem) > MAX_LIST_BYTES:
        raise BadSetting(f"The trust list {name} has over {MAX_LIST_BYTES:,} bytes.", advice=_ADVICE)
    try:
        load_pem_x509_certificates(pem)
        return pem.decode("utf-8")
    except ValueError as problem:
        raise BadSetting(f"The trust list {name} holds no certificates that can be read.", advice=_ADVICE) from problem
