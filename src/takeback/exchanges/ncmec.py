"""
NCMEC's hash sharing, version 2 (`report.cybertip.org/hashsharing/v2/documentation.pdf`, as far as
facebook/ThreatExchange, `exchanges/clients/ncmec/hash_api.py`, 1.2.17, speaks it): XML, a thousand entries a page.

Entries do not come in the order of time, so that how far the list was read moves only when all pages of a span were
read. The address of the next page holds for some hours; when it has run out, the span is begun anew.

What is on it shows minors. Nobody here looks at a match of it and so nobody has a word for NCMEC: their feedback is for
members whose own people examined a picture.
"""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from takeback.exchanges.interface import (
    Algorithm,
    FetchCheckpoint,
    Page,
    ReadOnly,
    Record,
    Request,
    Standing,
    Unread,
    malformed,
    signal_of,
)

_DATE = "%Y-%m-%dT%H:%M:%SZ"
_FIRST = "1970-01-01T00:00:00Z"
_OVERLAP = timedelta(minutes=10)
"""By which a span begins before the end of the last one: clocks differ, and nothing comes in twice."""
_TAGS = ("image", "video", "deletedImage", "deletedVideo")
_ALGORITHMS = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "sha256": Algorithm.SHA256, "pdq": Algorithm.PDQ}


def ncmec(config: Mapping[str, Any], credentials: Mapping[str, Any] | None) -> Ncmec:
    """Return NCMEC's list as it was set up; `ExchangeError` without credentials."""
    if credentials is None:
        raise malformed("NCMEC asks for credentials, and there are none.")
    base_url = credentials.get("base_url_override") or config["environment"]
    members = frozenset(int(each) for each in config.get("only_esp_ids") or ())
    return Ncmec(base_url, credentials["user"], credentials["password"], members)


class Ncmec(ReadOnly):
    """One of NCMEC's databases; of some members alone, where `members` names any."""

    is_of_minors = True
    is_whole = False

    def __init__(self, base_url: str, user: str, password: str, members: frozenset[int] = frozenset()) -> None:
        self._base_url = base_url.rstrip("/")
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._members = members

    def request(self, checkpoint: FetchCheckpoint, at: datetime) -> Request:
        """Ask for one page of what changed in a span of time (`Exchange.request`)."""
        marks: Mapping[str, Any] = checkpoint.marks
        if marks.get("next"):
            return self._get(str(marks["next"]))
        span = {"from": marks.get("from", _FIRST), "to": marks.get("to") or at.astimezone(UTC).strftime(_DATE)}
        return self._get(f"/v2/entries?{urlencode(span)}")

    def read(self, body: bytes, checkpoint: FetchCheckpoint, at: datetime) -> Page:
        """Read one page (`Exchange.read`)."""
        marks: Mapping[str, Any] = checkpoint.marks
        begin, end = str(marks.get("from", _FIRST)), str(marks.get("to") or at.astimezone(UTC).strftime(_DATE))
        root = _document(body)
        if root is None:
            return Page(checkpoint, problem="The page is cut off, or no page.")
        read = [each for entry in _entries(root) if (each := self._read(entry)) is not None]
        following = (root.findtext("paging/next") or "").strip()
        problem = None
        if following and (not following.startswith("/") or following == marks.get("next")):
            following, problem = "", "The list points to no further page of its own."
        if following:
            after = FetchCheckpoint({"from": begin, "to": end, "next": following})
        elif problem is not None:
            after = FetchCheckpoint({"from": begin, "to": end})
        else:
            after = FetchCheckpoint({"from": (_moment(end) - _OVERLAP).strftime(_DATE)})
        records = [each for each in read if isinstance(each, Record)]
        unread = [each for each in read if isinstance(each, Unread)]
        return Page(after, records, unread, is_last=not following and problem is None, problem=problem)

    def refused(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Begin the span anew: the address of a page does not hold for ever (`Exchange.refused`)."""
        return FetchCheckpoint({name: value for name, value in checkpoint.marks.items() if name != "next"})

    def _get(self, path: str) -> Request:
        return Request("GET", self._base_url + path, {"Authorization": self._authorization})

    def _read(self, entry: ElementTree.Element) -> Record | Unread | None:
        """Read one entry; None for one of a member that is not asked for."""
        member, number = _text(entry.find("member"), "id"), (entry.findtext("id") or "").strip()
        if not number or not member.isascii() or not member.isdecimal():
            text = ElementTree.tostring(entry, encoding="unicode")
            return Unread(hashlib.sha256(text.encode()).hexdigest()[:16], "no number, or no member", is_flawed=True)
        if self._members and int(member) not in self._members:
            return None
        name = f"{member}/{entry.tag.removeprefix('deleted').lower()}/{number}"
        if entry.tag.startswith("deleted"):
            return Record(name, Standing.ENDED)
        given = [(each.tag, (each.text or "").strip()) for each in entry.iterfind("fingerprints/*")]
        known = [(_ALGORITHMS[kind.lower()], value) for kind, value in given if kind.lower() in _ALGORITHMS]
        signals = [signal for each in known if (signal := signal_of(*each)) is not None]
        if signals:
            return Record(name, Standing.LIVE, tuple(signals))
        why = "a hash that is none" if known else "kinds of hashes that are not compared here"
        return Unread(name, why, is_flawed=bool(known))


def _document(body: bytes) -> ElementTree.Element | None:
    """Return the root of a document without namespaces; None for what is none, or declares anything."""
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        return None
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (no DTD)
    except (ElementTree.ParseError, LookupError, ValueError):
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _entries(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for group in ("images", "videos"):
        yield from (entry for entry in root.iterfind(f"{group}/*") if entry.tag in _TAGS)


def _text(element: ElementTree.Element | None, attribute: str) -> str:
    return "" if element is None else element.get(attribute, "")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _DATE).replace(tzinfo=UTC)
