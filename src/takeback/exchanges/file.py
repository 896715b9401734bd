"""
A list as one file at an address: CSV, JSON lines, or one hash a line. It is always told whole, so that what it names no
more has ended.

    hash,algorithm,status          CSV, with a first line that names its columns; `hash` is needed
    {"hash": "…", "status": "…"}   JSON lines
    pdq f8f8…                      as the package `threatexchange` has them: a type and a hash, or a hash alone

`algorithm` is pdq, md5, sha1 or sha256, by the length where it is left out; `route` is `pixels` or `nearest-512`;
`status` is `active` where it is left out, `disputed`, or `withdrawn`.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from takeback.exchanges.interface import (
    Algorithm,
    FetchCheckpoint,
    Page,
    ReadOnly,
    Record,
    Request,
    Standing,
    Unread,
    signal_of,
)
from takeback.fingerprint import Route

_BY_DIGITS = {32: Algorithm.MD5, 40: Algorithm.SHA1, 64: Algorithm.PDQ}
"""A hash of 64 digits that nobody named is PDQ, as in the lists of the field."""
_STANDING = {
    "": Standing.LIVE, "active": Standing.LIVE, "received": Standing.LIVE, "disputed": Standing.DOUBTED,
    "withdrawn": Standing.ENDED, "deleted": Standing.ENDED,
}  # fmt: skip
_MAX_LINE = 4_096


def file(config: Mapping[str, Any], credentials: Mapping[str, Any] | None) -> FileList:
    """Return the list at an address as it was set up."""
    return FileList(config["url"], credentials)


class FileList(ReadOnly):
    """One file at an address, behind a user name and password where there are `credentials`."""

    is_of_minors = False
    is_whole = True

    def __init__(self, url: str, credentials: Mapping[str, Any] | None = None) -> None:
        self._url = url
        self._headers: Mapping[str, str] = {}
        if credentials is not None:
            pair = f"{credentials['user']}:{credentials['password']}".encode()
            self._headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def request(self, checkpoint: FetchCheckpoint, at: datetime) -> Request:
        """Ask for the file (`Exchange.request`)."""
        return Request("GET", self._url, self._headers)

    def read(self, body: bytes, checkpoint: FetchCheckpoint, at: datetime) -> Page:
        """Read the file; one without a single record is a fault of its keeper, and ends nothing (`Exchange.read`)."""
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            return Page(checkpoint, problem="The file is not text in UTF-8.")
        read = [_read(each) for each in _rows(text)]
        records = [each for each in read if isinstance(each, Record)]
        unread = [each for each in read if isinstance(each, Unread)]
        if not records:
            return Page(checkpoint, unread=unread, problem="The file holds no record.")
        return Page(FetchCheckpoint(), records, unread, is_last=True)


def _rows(text: str) -> Iterator[Mapping[str, Any] | str]:
    """Yield each line as columns, or as it is where it is none of a table."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and "hash" in [name.strip().lower() for name in lines[0].split(",")]:
        yield from _table(lines)
        return
    for line in lines:
        yield _json_line(line) if line.startswith("{") else _plain(line)


def _table(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO("\n".join(lines)), restval="")
    for row in reader:
        yield {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}


def _json_line(line: str) -> Mapping[str, Any] | str:
    try:
        found = json.loads(line[:_MAX_LINE])
    except (ValueError, RecursionError):
        return line
    return found if isinstance(found, dict) else line


def _plain(line: str) -> Mapping[str, Any] | str:
    words = line.replace(",", " ").split()
    if len(words) == 1:
        return {"hash": words[0]}
    return {"algorithm": words[0], "hash": words[1]} if len(words) == 2 else line


def _read(row: Mapping[str, Any] | str) -> Record | Unread:
    if isinstance(row, str):
        return Unread(row[:_MAX_LINE], "no record", is_flawed=True)
    value, named = str(row.get("hash", "")).strip().lower(), str(row.get("algorithm") or "").strip().lower()
    algorithm = next((each for each in Algorithm if each == named), None) if named else _BY_DIGITS.get(len(value))
    name = f"{named or algorithm}:{value}"
    if algorithm is None:
        return Unread(name, "a kind of hash that is not compared here", is_flawed=not named)
    route = next((each for each in Route if each == (row.get("route") or Route.PIXELS)), None)
    signal = None if route is None else signal_of(algorithm, value, route)
    if signal is None:
        return Unread(name, "a hash that is none", is_flawed=True)
    standing = _STANDING.get(str(row.get("status") or "").strip().lower(), Standing.DOUBTED)
    return Record(f"{algorithm}:{value}", standing, (signal,))
