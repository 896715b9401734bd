"""The contract of every outside list: records in pages, and how far they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from takeback.errors import ExchangeError, MalformedHash
from takeback.fingerprint import PdqHash, Route
from takeback.fingerprint.pdq import plausible_code_from_hex

type Mark = str | int | list[str] | list[list[int]]
"""What an exchange writes down of where it is: values of JSON."""


@dataclass(frozen=True, slots=True)
class FetchCheckpoint:
    """
    How far a list was read. Only the exchange that made it reads it; it is stored with the page that led to it, so that
    a crash leaves both or neither.
    """

    marks: Mapping[str, Mark] = field(default_factory=dict)


class Algorithm(StrEnum):
    """What the fingerprints and digests of lists are made by, as far as they are compared here."""

    PDQ = "pdq"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PIXELS = "pixels"
    """SHA-256 of canonical pixels (`takeback.fingerprint.pixel_digest`): what other instances know a picture by."""


DIGEST_BYTES: Mapping[Algorithm, int] = {
    Algorithm.MD5: 16, Algorithm.SHA1: 20, Algorithm.SHA256: 32, Algorithm.PIXELS: 32
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One fingerprint or digest of a record: a `PdqHash` by `route`, or the bytes of a file's digest.

    It stays out of `repr`: what a list holds is never logged.
    """

    algorithm: Algorithm
    value: bytes = field(repr=False)
    route: Route = Route.PIXELS

    @property
    def pdq(self) -> PdqHash:
        """The fingerprint; lists tell no quality, since what is on them passed a bound of their own."""
        return PdqHash(self.value, 100)


def signal_of(algorithm: Algorithm, text: str, route: Route = Route.PIXELS) -> Signal | None:
    """Read a fingerprint or digest as lists write it, in hexadecimal; None for what is none, or no photograph's."""
    try:
        if algorithm is Algorithm.PDQ:
            return Signal(algorithm, plausible_code_from_hex(text.strip()), route)
        digest = bytes.fromhex(text.strip())
    except (MalformedHash, ValueError):
        return None
    return Signal(algorithm, digest) if len(digest) == DIGEST_BYTES[algorithm] else None


class Standing(StrEnum):
    """What a list says of a record now."""

    LIVE = "live"
    """It is to be found."""
    DOUBTED = "doubted"
    """Its keeper says something of it that is not known here: it is never more than *possible*."""
    ENDED = "ended"
    """Withdrawn, deleted, or on the list no more: it matches nothing from now on."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One thing on a list, whole: what is read later takes the place of what was read before.

    `name` tells it from all others on the list; it is stored under an HMAC, and sealed unless it `is_its_signal`: its
    one signal says the same.
    """

    name: str = field(repr=False)
    standing: Standing
    signals: tuple[Signal, ...] = ()
    is_its_signal: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """
    Something on a list that is not compared, and why, in words without anything of it.

    `is_flawed` tells what is not as the list's format says from what is of a kind that is not compared here.
    """

    name: str = field(repr=False)
    why: str
    is_flawed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """
    What one answer of a list holds, and where to go on.

    `is_last` says that the list is read to its end for now. `problem` says what was wrong with the page as a whole:
    then the same, or a part of it, is asked again.
    """

    after: FetchCheckpoint
    records: Sequence[Record] = ()
    unread: Sequence[Unread] = ()
    is_last: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What to send: it may hold secrets, and stays out of `repr`."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    body: bytes | None = field(repr=False, default=None)


class Said(StrEnum):
    """What a person decided of what a list's entry matched."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"


class Exchange(Protocol):
    """One kind of outside list, with who we are there. No method waits, reads a clock or keeps anything."""

    is_of_minors: bool
    """Whether what is on it shows minors: nobody looks at a match, and the site is told to preserve and report it."""

    is_whole: bool
    """Whether it is always told whole, so that what it names no more has ended."""

    def request(self, checkpoint: FetchCheckpoint, at: datetime) -> Request:
        """Return what to ask for the page at `checkpoint`; an empty one begins anew. `at` is now."""

    def read(self, body: bytes, checkpoint: FetchCheckpoint, at: datetime) -> Page:
        """
        Read the answer. What of it cannot be read is named in `Page.unread`, or in `Page.problem`; nothing is raised.
        """

    def broken_off(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Return where to go on after the same page broke off again and again: with less of it at a time."""

    def refused(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Return where to go on after the page was refused as no page of this list: its token may have run out."""

    def feedback(self, said: Sequence[tuple[Record, Said]]) -> Request | None:
        """
        Return what tells the list what a person decided; None where it takes no word.

        Each record has its name, or where that is its signal, its fingerprint.
        """

    def submission(self, signals: Sequence[Signal]) -> Request | None:
        """Return what puts fingerprints on the list; None where it takes none."""


class ReadOnly:
    """What is common to lists that take no word, and whose pages cannot be made smaller."""

    def broken_off(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Ask the same again (`Exchange.broken_off`)."""
        return checkpoint

    def refused(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Ask the same again (`Exchange.refused`)."""
        return checkpoint

    def feedback(self, said: Sequence[tuple[Record, Said]]) -> Request | None:
        """Say nothing (`Exchange.feedback`)."""
        return None

    def submission(self, signals: Sequence[Signal]) -> Request | None:
        """Put nothing there (`Exchange.submission`)."""
        return None


def malformed(problem: str) -> ExchangeError:
    """Return the error of a setting or credential that an exchange cannot work with."""
    return ExchangeError(problem, permanent=True, advice="Give the exchange's settings and credentials again.")
