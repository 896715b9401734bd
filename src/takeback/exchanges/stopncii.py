"""
StopNCII's list (`api.stopncii.org/v1`; what is known of it stands in facebook/ThreatExchange,
`exchanges/clients/stopncii/api.py`, 1.2.17).

A page is asked by a timestamp in seconds, a number of records, and the token of the page before. Each record is a whole
snapshot of one hash: its status, and that of each case that it belongs to. People withdraw a case, not a hash; so a
hash ends when none of its cases is received or active any more.

A page that cannot be read is asked three times; then in smaller ones, down to one record; and what cannot be read even
so is stepped over by a second, two, four and so on, up to ten minutes. What was stepped over is written down and asked
again every day. facebook/ThreatExchange#2004 and #2005 are what else happens: to stand still for ever, or to lose ten
minutes of the list for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from takeback.exchanges.interface import (
    Algorithm,
    FetchCheckpoint,
    Mark,
    Page,
    Record,
    Request,
    Said,
    Signal,
    Standing,
    Unread,
    malformed,
    signal_of,
)
from takeback.fingerprint import Route

BASE_URL = "https://api.stopncii.org/v1"
FIRST_TIMESTAMP = 10
"""From when their own client asks: 0 is not taken."""
PAGE_RECORDS = 800
"""As many as their own client asks for."""
_TRIES = 3
_SMALLER = 8
"""By how much a page that cannot be read is made smaller."""
_LONGEST_STEP_SECONDS = 600
_GAPS_AGAIN_SECONDS = 24 * 3600
_MAX_GAPS = 50
_TOKENS_KEPT = 20
_LATEST_SECOND = 2**53

_LIVE = ("Received", "Active")
_ENDED = ("Withdrawn", "Deleted")
_FEEDBACK = {Said.COVERED: "Blocked", Said.NOT_COVERED: "NotBlocked"}
_ALGORITHMS = {"ImagePDQ": Algorithm.PDQ, "VideoMD5": Algorithm.MD5}
_TYPE = {algorithm: kind for kind, algorithm in _ALGORITHMS.items()}
_NOT_COMPARED = ("VideoTMK", "Text", "URL", "ImagePhotoDNA", "PhotoDNA")


@dataclass(frozen=True, slots=True)
class Keys:
    """Who we are there: the subscription's key, and one for each function that is asked."""

    subscription: str
    fetch: str
    submit: str = ""
    tell: str = ""


def stopncii(config: Mapping[str, Any], credentials: Mapping[str, Any] | None) -> StopNcii:
    """Return StopNCII's list as it was set up; `ExchangeError` without credentials."""
    if credentials is None:
        raise malformed("StopNCII asks for credentials, and there are none.")
    more = credentials.get("additional_function_keys") or {}
    keys = Keys(
        credentials["subscription_key"],
        credentials["fetch_function_key"],
        submit=more.get("SubmitHashes", ""),
        tell=more.get("SubmitFeedback", ""),
    )
    return StopNcii(keys, credentials.get("base_url_override") or BASE_URL)


class StopNcii:
    """StopNCII's list, or that of anyone who speaks as it does."""

    is_of_minors = False
    is_whole = False

    def __init__(self, keys: Keys, base_url: str = BASE_URL) -> None:
        self._keys = keys
        self._base_url = base_url.rstrip("/")

    def request(self, checkpoint: FetchCheckpoint, at: datetime) -> Request:
        """Ask for one page of records, oldest change first (`Exchange.request`)."""
        place = _Place.of(checkpoint)
        asked: dict[str, str | int] = {"startTimestamp": place.start, "pageSize": place.size}
        if place.token:
            asked["nextPageToken"] = place.token
        return Request("GET", f"{self._base_url}/FetchHashes?{urlencode(asked)}", self._headers(self._keys.fetch))

    def read(self, body: bytes, checkpoint: FetchCheckpoint, at: datetime) -> Page:
        """Read one page (`Exchange.read`)."""
        place = _Place.of(checkpoint)
        found = _object(body)
        records = None if found is None else found.get("hashRecords")
        if found is None or not isinstance(records, list):
            # 1. No page: what is whole in it is taken, and the rest asked again.
            read = [_read(each) for each in _whole_records(body)]
            return _page(read, _narrowed(place, step_at=at).checkpoint, problem="The page is cut off, or no page.")
        # 2. Each record by itself.
        read = [_read(each) for each in records]
        newest = max((_second(each.get("lastModtimestamp")) for each in records if isinstance(each, dict)), default=0)
        after, is_last, problem = _following(place, found, newest, at)
        return _page(read, after.checkpoint, is_last=is_last, problem=problem)

    def broken_off(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Ask for less at a time; nothing is stepped over: it may be the line that breaks (`Exchange.broken_off`)."""
        return _narrowed(_Place.of(checkpoint)).checkpoint

    def refused(self, checkpoint: FetchCheckpoint) -> FetchCheckpoint:
        """Begin the pages anew where they began: a token does not hold for ever (`Exchange.refused`)."""
        return _Place(start=_Place.of(checkpoint).start).checkpoint

    def feedback(self, said: Sequence[tuple[Record, Said]]) -> Request | None:
        """Say of each hash whether a match of it was removed: `Blocked`, or `NotBlocked` (`Exchange.feedback`)."""
        told = [{"hashValue": _hash_of(record), "feedbackValue": _FEEDBACK[word], "tags": []} for record, word in said]
        if not told or not self._keys.tell:
            return None
        return self._post("SubmitFeedback", self._keys.tell, {"count": len(told), "hashFeedbacks": told})

    def submission(self, signals: Sequence[Signal]) -> Request | None:
        """Put hashes on the list that the operator's own people found covered (`Exchange.submission`)."""
        if not signals or not self._keys.submit:
            return None
        records = [
            {
                "lastModtimestamp": 0,
                "signalType": _TYPE[signal.algorithm],
                "hashValue": signal.value.hex(),
                "CSPFeedbacks": [{"feedbackValue": "Blocked", "tags": []}],
            }
            for signal in signals
            if signal.algorithm in _TYPE
        ]
        return self._post("SubmitHashes", self._keys.submit, {"count": len(records), "hashRecords": records})

    def _post(self, endpoint: str, key: str, body: Mapping[str, object]) -> Request:
        headers = {**self._headers(key), "Content-Type": "application/json"}
        return Request("POST", f"{self._base_url}/{endpoint}", headers, json.dumps(body).encode())

    def _headers(self, key: str) -> dict[str, str]:
        return {"x-functions-key": key, "Ocp-Apim-Subscription-Key": self._keys.subscription}


# ---- Where we are ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """
    The place of one page.

    `start` is where this series of pages began, `resume` where the next may begin without losing anything, `tokens`
    digests of the last ones, by which a list that goes in a circle is seen. `gaps` are seconds that were stepped over,
    from and to; `gaps_at` is when they are asked again.
    """

    start: int = FIRST_TIMESTAMP
    token: str = ""
    size: int = PAGE_RECORDS
    tries: int = 0
    step: int = 1
    resume: int = 0
    tokens: tuple[str, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    gaps_at: int = 0

    @classmethod
    def of(cls, checkpoint: FetchCheckpoint) -> _Place:
        marks: Mapping[str, Any] = checkpoint.marks
        gaps = tuple((int(begin), int(end)) for begin, end in marks.get("gaps", ()))
        given = {name: marks[name] for name in cls.__slots__ if name in marks}
        return cls(**{**given, "tokens": tuple(marks.get("tokens", ())), "gaps": gaps})

    @property
    def checkpoint(self) -> FetchCheckpoint:
        marks: dict[str, Mark] = {
            "start": self.start, "token": self.token, "size": self.size, "tries": self.tries, "step": self.step,
            "resume": self.resume, "tokens": list(self.tokens), "gaps": [list(gap) for gap in self.gaps],
            "gaps_at": self.gaps_at,
        }  # fmt: skip
        return FetchCheckpoint(marks)

    def anew(self, start: int) -> _Place:
        """Return the first page of a new series from `start` on."""
        return _Place(start=max(start, FIRST_TIMESTAMP), gaps=self.gaps, gaps_at=self.gaps_at)


def _following(place: _Place, found: Mapping[str, Any], newest: int, at: datetime) -> tuple[_Place, bool, str | None]:
    """Return the place after a page that was read, whether it was the last, and what is wrong with where it points."""
    set_at = _second(found.get("nextSetTimestamp"))
    if found.get("hasMoreRecords") is not True:
        return _at_end(place, set_at or newest, at), True, None
    token = found.get("nextPageToken")
    resume = max(place.resume, min(set_at or newest, newest or set_at))
    if isinstance(token, str) and token and (mark := _digest(token)) not in place.tokens:
        tokens = (*place.tokens, mark)[-_TOKENS_KEPT:]
        # A page that was made smaller was read: the next is a little larger.
        size = min(PAGE_RECORDS, place.size * _SMALLER)
        return _with(place, token=token, tokens=tokens, size=size, tries=0, step=1, resume=resume), False, None
    # It promises more, and says not where, or where we were: a new series goes on behind what was read.
    if resume > place.start:
        return place.anew(resume), False, None
    return place.anew(place.start), True, "The list says that there is more, and always points to the same page."


def _at_end(place: _Place, set_at: int, at: datetime) -> _Place:
    """Return where the next fetch begins: at the list's own word, or at what was stepped over a day ago."""
    after = place.anew(max(set_at, place.start))
    now = int(at.timestamp())
    if place.gaps and now >= place.gaps_at:
        begin = min(gap[0] for gap in place.gaps)
        return _with(place.anew(begin), gaps=(), gaps_at=0)
    return after


def _narrowed(place: _Place, *, step_at: datetime | None = None) -> _Place:
    """Return where to go on after an unreadable page; a day after `step_at` what is stepped over is asked again."""
    if place.tries + 1 < _TRIES:
        return _with(place, tries=place.tries + 1)
    if place.size > 1:
        return _with(place, tries=0, size=max(1, place.size // _SMALLER))
    if step_at is None:
        return place
    begin = max(place.resume, place.start)
    gaps = (*place.gaps, (begin, begin + place.step))[-_MAX_GAPS:]
    after = place.anew(begin + place.step)
    step = min(2 * place.step, _LONGEST_STEP_SECONDS)
    return _with(after, step=step, gaps=gaps, gaps_at=int(step_at.timestamp()) + _GAPS_AGAIN_SECONDS)


def _with(place: _Place, **changed: Any) -> _Place:
    return _Place(**{**{name: getattr(place, name) for name in _Place.__slots__}, **changed})


# ---- Records --------------------------------------------------------------------------------------------


def _read(given: object) -> Record | Unread:
    """Read one record, whatever else is on its page."""
    if not isinstance(given, dict):
        return Unread(_digest(json.dumps(given, sort_keys=True, default=str)), "no record", is_flawed=True)
    kind, value = given.get("signalType"), given.get("hashValue")
    if not isinstance(kind, str) or not isinstance(value, str):
        return Unread(_digest(json.dumps(given, sort_keys=True, default=str)), "no type, or no hash", is_flawed=True)
    name = f"{kind}:{value.strip().lower()}"
    signal = _signal(kind, value)
    if isinstance(signal, str):
        return Unread(name, signal, is_flawed=kind not in _NOT_COMPARED)
    standing = _standing(given)
    if isinstance(standing, str):
        return Unread(name, standing, is_flawed=True)
    return Record(name, standing[0], (signal,), is_its_signal=True)


def _hash_of(record: Record) -> str:
    """Return the hash that a record is of, also where only its fingerprint was kept."""
    return record.signals[0].value.hex() if record.signals else record.name.partition(":")[2]


def _signal(kind: str, value: str) -> Signal | str:
    if kind not in _ALGORITHMS:
        return "a kind of hash that is not compared here"
    # The page hashes what it reduced to 512 × 512 pixels by nearest neighbours.
    signal = signal_of(_ALGORITHMS[kind], value, Route.NEAREST_512)
    return "no hash of its kind that a picture or film has" if signal is None else signal


def _standing(given: Mapping[str, Any]) -> tuple[Standing] | str:
    """
    Return what the record stands at.

    1. What its keeper deleted has ended.
    2. One of its cases is received or active: it is live, whatever others withdrew.
    3. It has cases, and all of them are withdrawn or deleted: it has ended.
    4. It has none: its own status says.
    5. A status that is not known here is no reason to end the protection of others, and none to hide on its word.
    """
    status, cases = given.get("hashStatus"), given.get("caseNumbers")
    # Where it has no cases, their service writes an empty list.
    each = list(cases.values()) if isinstance(cases, dict) else [] if cases in (None, []) else None
    if each is None:
        return "cases that cannot be read"
    if status == "Deleted":
        return (Standing.ENDED,)
    if [case for case in each if case in _LIVE]:
        return (Standing.LIVE if status in (*_LIVE, *_ENDED) else Standing.DOUBTED,)
    if each and not [case for case in each if case not in _ENDED]:
        return (Standing.ENDED,)
    if status in _ENDED:
        return (Standing.ENDED,)
    return (Standing.LIVE if status in _LIVE and not each else Standing.DOUBTED,)


# ---- Bodies ---------------------------------------------------------------------------------------------


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _whole_records(body: bytes) -> Iterator[object]:
    """Yield the records of a page that is cut off, up to the first that is not whole."""
    text = body.decode("utf-8", "replace")
    begin = text.find('"hashRecords"')
    place = text.find("[", begin) + 1 if begin >= 0 else 0
    decoder = json.JSONDecoder()
    while place > 0:
        while place < len(text) and text[place] in " \r\n\t,":
            place += 1
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        yield found


def _page(
    read: Sequence[Record | Unread], after: FetchCheckpoint, *, is_last: bool = False, problem: str | None = None
) -> Page:
    records = [each for each in read if isinstance(each, Record)]
    return Page(after, records, [each for each in read if isinstance(each, Unread)], is_last, problem)


def _second(value: object) -> int:
    """Return a moment as the list gives it; 0 where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST_SECOND:
        return 0
    return int(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
