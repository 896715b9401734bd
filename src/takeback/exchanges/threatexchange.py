"""
ThreatExchange's updates of a privacy group (Graph API 21.0, as facebook/ThreatExchange speaks it,
`exchanges/clients/fb_threatexchange`, 1.2.17): JSON, each update the present state of one indicator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from takeback.exchanges.interface import (
    Algorithm,
    FetchCheckpoint,
    Mark,
    Page,
    ReadOnly,
    Record,
    Request,
    Standing,
    Unread,
    malformed,
    signal_of,
)

BASE_URL = "https://graph.facebook.com/v21.0"
_PAGE_RECORDS = 500
_FIELDS = "id,indicator,type,last_updated,should_delete,descriptors{id,status}"
_KINDS = {
    "HASH_PDQ": Algorithm.PDQ, "HASH_MD5": Algorithm.MD5, "HASH_VIDEO_MD5": Algorithm.MD5, "HASH_SHA1": Algorithm.SHA1,
    "HASH_SHA256": Algorithm.SHA256, "HASH_VIDEO_SHA256": Algorithm.SHA256,
}  # fmt: skip


def threatexchange(config: Mapping[str, Any], credentials: Mapping[str, Any] | None) -> ThreatExchange:
    """Return a privacy group's updates as they were set up; `ExchangeError` without credentials."""
    if credentials is None:
        raise malformed("ThreatExchange asks for an access token, and there is none.")
    base_url = credentials.get("base_url_override") or BASE_URL
    return ThreatExchange(int(config["privacy_group"]), credentials["api_token"], base_url)


class ThreatExchange(ReadOnly):
    """The updates of one privacy group."""

    is_of_minors = False
    is_whole = False

    def __init__(self, group: int, token: str, base_url: str = BASE_URL) -> None:
        self._group = group
        self._token = token
        self._base_url = base_url.rstrip("/")

    def request(self, checkpoint: FetchCheckpoint, at: datetime) -> Request:
        """Ask for one page of updates since a second (`Exchange.request`)."""
        marks: Mapping[str, Any] = checkpoint.marks
        asked: dict[str, str | int] = {"limit": _PAGE_RECORDS, "fields": _FIELDS, "start_time": marks.get("start", 0)}
        if marks.get("after"):
            asked["after"] = str(marks["after"])
        url = f"{self._base_url}/{self._group}/threat_updates/?{urlencode(asked)}"
        return Request("GET", url, {"Authorization": f"Bearer {self._token}"})

    def read(self, body: bytes, checkpoint: FetchCheckpoint, at: datetime) -> Page:
        """Read one page (`Exchange.read`)."""
        marks: Mapping[str, Any] = checkpoint.marks
        try:
            found = json.loads(body)
            updates = found["data"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return Page(checkpoint, problem="The page is cut off, or no page.")
        if not isinstance(updates, list):
            return Page(checkpoint, problem="The page is cut off, or no page.")
        read = [_read(each) for each in updates]
        newest = max([_second(each) for each in updates] + [int(marks.get("newest", 0))])
        start = int(marks.get("start", 0))
        following = _cursor(found)
        problem = None
        if following and following == marks.get("after"):
            following, problem = "", "The list always points to the same page."
        after: dict[str, Mark] = {"start": max(newest, start)}
        if following:
            after = {"start": start, "newest": newest, "after": following}
        records = [each for each in read if isinstance(each, Record)]
        unread = [each for each in read if isinstance(each, Unread)]
        return Page(FetchCheckpoint(after), records, unread, is_last=not following and problem is None, problem=problem)

    def refused(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Begin the series of pages anew (`Exchange.refused`)."""
        marks: Mapping[str, Any] = checkpoint.marks
        return FetchCheckpoint({"start": marks.get("start", 0)})


def _read(given: object) -> Record | Unread:
    if not isinstance(given, dict) or not isinstance(given.get("id"), str):
        return Unread(json.dumps(given, sort_keys=True, default=str)[:200], "no update", is_flawed=True)
    name, kind = given["id"], given.get("type")
    if given.get("should_delete") is True or "descriptors" not in given:
        # An indicator that nobody describes any more is deleted (facebook/ThreatExchange#834).
        return Record(name, Standing.ENDED)
    if not isinstance(kind, str) or kind not in _KINDS:
        return Unread(name, "a kind of indicator that is not compared here", is_flawed=False)
    signal = signal_of(_KINDS[kind], str(given.get("indicator")))
    if signal is None:
        return Unread(name, "a hash that is none", is_flawed=True)
    return Record(name, _standing(given["descriptors"]), (signal,))


def _standing(descriptors: object) -> Standing:
    """One that somebody there calls malicious, or nobody harmless, is looked for; else they disagree, or say no."""
    data = descriptors.get("data") if isinstance(descriptors, dict) else None
    said = {each.get("status") for each in data if isinstance(each, dict)} if isinstance(data, list) else set()
    return Standing.DOUBTED if "NON_MALICIOUS" in said else Standing.LIVE


def _cursor(found: Mapping[str, Any]) -> str:
    """Return the cursor of the next page, from its address, which would also hold the token."""
    paging = found.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    if not isinstance(following, str):
        return ""
    return parse_qs(urlsplit(following).query).get("after", [""])[0]


def _second(update: object) -> int:
    moment = update.get("last_updated") if isinstance(update, dict) else None
    return int(moment) if isinstance(moment, int | str) and str(moment).isdecimal() else 0
