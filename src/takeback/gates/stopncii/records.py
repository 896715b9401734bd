"""Records and words as StopNCII's clients write and read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from takeback.errors import InputError, MalformedHash
from takeback.fingerprint import PdqHash
from takeback.store.partner_opinions import Feedback
from takeback.store.partner_records import PartnerRecord
from takeback.workflow.partner_list import MAX_PAGE, Listing

IMAGE_PDQ = "ImagePDQ"
ACTIVE, DELETED = "Active", "Deleted"
SOURCE = "Takeback"
"""Who is named as the source of the feedback that comes with each record."""
MAX_RECORDS = 1_000
"""Of one request."""
PAGE = 800
"""What clients ask for where they say nothing else."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
"""The last of the year 9999."""
_NOT_TO_BE_FOUND = frozenset({Feedback.NOT_BLOCKED, Feedback.WITHDRAWN, Feedback.DELETED})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page is asked for: what changed from a moment on, or what follows a number."""

    start: int
    size: int
    after: int | None

    @property
    def since(self) -> datetime:
        """That moment."""
        return _EPOCH + timedelta(seconds=self.start)


def read_asked(start: str | None, size: str | None, token: str | None) -> Asked:
    """Read the parameters of a page; `InputError` for what is none."""
    wanted = _whole("pageSize", size, PAGE)
    if wanted < 1:
        raise InputError("pageSize is at least 1.")
    begin = _whole("startTimestamp", start, 0)
    if begin > _LAST_SECOND:
        raise InputError("startTimestamp is a second of the epoch.")
    return Asked(begin, min(wanted, MAX_PAGE), _whole("nextPageToken", token, 0) if token else None)


def page_out(listing: Listing, asked: Asked) -> dict[str, Any]:
    """Return a page as it goes out. Of the second that it ends in, everything comes again with the next fetch."""
    last = listing.records[-1] if listing.records else None
    return {
        "count": len(listing.records),
        "nextSetTimestamp": asked.start if last is None else _second(last.changed_at),
        "nextPageToken": str(last.seq) if last is not None and listing.has_more else "",
        "hasMoreRecords": listing.has_more,
        "hashRecords": [_record(each) for each in listing.records],
    }


def submitted_of(body: Any) -> tuple[list[PdqHash], list[dict[str, Any]]]:
    """Read what is submitted: fingerprints, and which records are left out and why."""
    prints, left_out = [], []
    for index, record in _records(body, "hashRecords"):
        try:
            prints.append(_submitted(record))
        except InputError as problem:
            left_out.append({"index": index, "why": problem.message})
    return prints, left_out


def feedback_of(body: Any) -> tuple[list[tuple[PdqHash, Feedback]], list[dict[str, Any]]]:
    """Read what is said of fingerprints, and which records are left out and why. Tags are free text, and dropped."""
    said, left_out = [], []
    for index, record in _records(body, "hashFeedbacks"):
        try:
            said.append((_pdq(record), _feedback(record.get("feedbackValue"))))
        except InputError as problem:
            left_out.append({"index": index, "why": problem.message})
    return said, left_out


def _record(record: PartnerRecord) -> dict[str, Any]:
    # A client that overlooks `hashStatus`, as `threatexchange` 1.2.17 does, still finds nobody who says Blocked.
    word = Feedback.BLOCKED if record.counts else Feedback.DELETED
    return {
        "lastModtimestamp": _second(record.changed_at),
        "signalType": IMAGE_PDQ,
        "hashValue": record.code.hex(),
        "hashStatus": ACTIVE if record.counts else DELETED,
        "caseNumbers": {str(UUID(each.public_id)): ACTIVE if each.counts else DELETED for each in record.sources},
        "CSPFeedbacks": [{"source": SOURCE, "feedbackValue": word.value, "tags": []}],
    }


def _submitted(record: Mapping[str, Any]) -> PdqHash:
    kind = _word(record.get("signalType"))
    if kind != IMAGE_PDQ:
        raise InputError(f"Only the signal type {IMAGE_PDQ} is taken here.")
    feedback = record.get("CSPFeedbacks") or []
    if not isinstance(feedback, list) or not all(isinstance(each, dict) for each in feedback):
        raise InputError("`CSPFeedbacks` is a list of objects.")
    if {_feedback(each.get("feedbackValue")) for each in feedback} & _NOT_TO_BE_FOUND:
        raise InputError("What is submitted here is to be found; this record says that it is not.")
    return _pdq(record)


def _pdq(record: Mapping[str, Any]) -> PdqHash:
    value = record.get("hashValue")
    if not isinstance(value, str):
        raise MalformedHash("`hashValue` is a text of 64 hexadecimal digits.")
    return PdqHash.from_hex(value)


def _feedback(value: object) -> Feedback:
    try:
        return Feedback(_word(value))
    except ValueError as problem:
        raise InputError("This feedback value is none that is known here.") from problem


def _word(value: object) -> str:
    """Return a word of an enumeration; `threatexchange` 1.2.17 sends `StopNCIISignalType.ImagePDQ` for `ImagePDQ`."""
    return value.rpartition(".")[2] if isinstance(value, str) else ""


def _records(body: Any, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    records = body.get(name) if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise InputError(f"The body is an object, and `{name}` in it a list of objects.")
    if len(records) > MAX_RECORDS:
        raise InputError(f"One request has at most {MAX_RECORDS:,} records.", advice="Send them in several.")
    yield from enumerate(records)


def _whole(name: str, text: str | None, otherwise: int) -> int:
    if text is None or text == "":
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InputError(f"{name} is a whole number.")
    return int(text)


def _second(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)
