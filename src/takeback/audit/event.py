"""
What happened, written in one form only, and a commitment to it that can outlive it.

An event's commitment is HMAC-SHA256 under a salt of its own, over its canonical bytes: index, moment,
kind, case, actor and facts, so that none of them can change or move. While the salt exists, anyone who
has both can check the event; once event and salt are erased, the commitment says nothing about either.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SALT_BYTES = 32
"""
Bytes of a salt, exactly.

HMAC pads a shorter key with zeros (RFC 2104 section 2), so that two salts of different lengths could
stand for the same commitment.
"""

MAX_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 7493 section 2.2, on which RFC 8785 rests)."""

MAX_DEPTH = 16
"""Deepest nesting of facts: ours go three deep, and a reader must not run out of stack."""

_FORMAT = 1

type Json = bool | int | str | Sequence[Json] | Mapping[str, Json] | None


class EventKind(StrEnum):
    """What an event tells. A name once written stays; new ones may be added."""

    # The notice
    NOTICE_RECEIVED = "notice_received"
    NOTICE_INCOMPLETE = "notice_incomplete"
    NOTICE_VALID = "notice_valid"
    NOTICE_EXTENDED = "notice_extended"
    MESSAGE_TO_DESK = "message_to_desk"
    RECOVERY_SET = "recovery_set"
    RECOVERED = "recovered"
    NEWS_CHOSEN = "news_chosen"
    NEWS_CONFIRMED = "news_confirmed"
    NEWS_MAILED = "news_mailed"
    NEWS_BOUNCED = "news_bounced"
    NEWS_ENDED = "news_ended"
    LINK_FETCHED = "link_fetched"
    LINK_FAILED = "link_failed"
    # The search for copies
    WATCHING_BEGAN = "watching_began"
    HOLD_CAPPED = "hold_capped"
    HOLD_LET = "hold_let"
    ORIGINALS_WATCHED = "originals_watched"
    COPY_FOUND = "copy_found"
    COPY_HELD = "copy_held"
    UPLOAD_REFUSED = "upload_refused"
    UPLOAD_HELD = "upload_held"
    UPLOAD_PASSED = "upload_passed"
    LIST_MATCHED = "list_matched"
    ENTRY_CONTESTED = "entry_contested"
    # Other instances
    FORWARD_CHOSEN = "forward_chosen"
    FORWARDED = "forwarded"
    FORWARD_ANSWERED = "forward_answered"
    FORWARD_ENDED = "forward_ended"
    # What a person at the desk did
    PICTURE_VIEWED = "picture_viewed"
    FINDING_NOTED = "finding_noted"
    WORDS_OPENED = "words_opened"
    WORDS_SEALED_AGAIN = "words_sealed_again"
    DECIDED_REMOVED = "decided_removed"
    DECIDED_REFUSED = "decided_refused"
    CONTESTED = "contested"
    UPLOAD_CONTESTED = "upload_contested"
    HEARING_OPENED = "hearing_opened"
    HEARING_ANSWERED = "hearing_answered"
    REFUSAL_UPHELD = "refusal_upheld"
    REFUSAL_OVERTURNED = "refusal_overturned"
    RECUSED = "recused"
    BUNDLE_MADE = "bundle_made"
    PAGE_CAPTURED = "page_captured"
    MESSAGE_TO_PERSON = "message_to_person"
    # What followed
    COPY_REMOVED = "copy_removed"
    COPY_PUT_BACK = "copy_put_back"
    COPY_GONE = "copy_gone"
    UPLOAD_REFUSAL_UPHELD = "upload_refusal_upheld"
    UPLOAD_LET = "upload_let"
    GATE_ENTRY_OPENED = "gate_entry_opened"
    GATE_ENTRY_CLOSED = "gate_entry_closed"
    DELIVERY_MADE = "delivery_made"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_RETRIED = "delivery_retried"
    COOP_TOLD = "coop_told"
    COOP_NOT_TOLD = "coop_not_told"
    COOP_TRIED_AGAIN = "coop_tried_again"
    COOP_SAID = "coop_said"
    BYTES_KEPT = "bytes_kept"
    BYTES_NOT_KEPT = "bytes_not_kept"
    BYTES_TRIED_AGAIN = "bytes_tried_again"
    BYTES_WAIVED = "bytes_waived"
    BYTES_GIVEN = "bytes_given"
    BYTES_ERASED = "bytes_erased"
    DEADLINE_MISSED = "deadline_missed"
    # Accounts of a site
    ACCOUNT_WARNED = "account_warned"
    ACCOUNT_SUSPENDED = "account_suspended"
    MEASURE_LIFTED = "measure_lifted"
    # The end of a case
    WITHDRAWN = "withdrawn"
    ERASURE_ASKED = "erasure_asked"
    ERASURE_CANCELLED = "erasure_cancelled"
    CASE_CLOSED = "case_closed"
    ERASED = "erased"
    LEGAL_HOLD_ORDERED = "legal_hold_ordered"
    LEGAL_HOLD_CONFIRMED = "legal_hold_confirmed"
    LEGAL_HOLD_ENDED = "legal_hold_ended"
    UPLOAD_RECORDS_ASKED = "upload_records_asked"
    UPLOAD_RECORDS_OPENED = "upload_records_opened"
    UPLOAD_RECORDS_ERASED = "upload_records_erased"
    CASE_FORGOTTEN = "case_forgotten"
    # The house
    ENTRY_IMPORTED = "entry_imported"
    LIST_FETCHED = "list_fetched"
    LIST_TOLD = "list_told"
    INSTANCE_ADDED = "instance_added"
    INSTANCE_CHANGED = "instance_changed"
    INSTANCE_REMOVED = "instance_removed"
    NOTICE_TAKEN = "notice_taken"
    ENTRY_QUARANTINED = "entry_quarantined"
    ENTRY_RELEASED = "entry_released"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    DESK_KEY_ADDED = "desk_key_added"
    DESK_KEY_RETIRED = "desk_key_retired"
    DESK_INVITED = "desk_invited"
    DESK_JOINED = "desk_joined"
    DESK_SIGNED_IN = "desk_signed_in"
    DESK_SIGNED_OUT = "desk_signed_out"
    DESK_PASSKEY_REFUSED = "desk_passkey_refused"
    DESK_IDENTITY_BOUND = "desk_identity_bound"
    DESK_IDENTITY_UNBOUND = "desk_identity_unbound"
    DESK_IDENTITY_REFUSED = "desk_identity_refused"
    DESK_ROLE_CHANGED = "desk_role_changed"
    DESK_LEFT = "desk_left"
    SITE_ADDED = "site_added"
    PARTNER_ADDED = "partner_added"
    PARTNER_CHANGED = "partner_changed"
    PARTNER_ASKED = "partner_asked"
    PARTNER_STOPPED = "partner_stopped"
    PARTNER_RELEASED = "partner_released"
    PARTNER_REMOVED = "partner_removed"
    SUBMISSION_DECIDED = "submission_decided"
    SETTINGS_CHANGED = "settings_changed"
    LOG_CHECKED = "log_checked"


@dataclass(frozen=True, slots=True)
class Event:
    """
    One thing that happened.

    `index` is its place in the log, from 0; `at` an aware UTC moment (microseconds count); `actor` who or
    what did it (a key's name, `the-person`, `jobs`), never a person's name or address; `facts` what
    `canonical_json` takes. `ValueError` on an index out of range or a moment that is not UTC.
    """

    index: int
    at: datetime
    kind: EventKind
    case_id: str | None
    actor: str
    facts: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.index < 0:
            raise ValueError("an index counts from 0")
        if self.at.utcoffset() != timedelta(0):
            raise ValueError("the moment of an event is aware and in UTC")


def canonical_json(value: Json) -> bytes:
    """
    Return `value` as the one sequence of bytes that stands for it.

    RFC 8785 for the part of JSON that Takeback writes: UTF-8, no spaces, members sorted by name. Numbers
    are integers of at most 53 bits, since floats have no one form that all readers agree on; names are
    printable ASCII, so that their order is the same by code point and by UTF-16 unit; at most 16 levels.
    `ValueError` on anything else: a float, NaN, bytes, a lone surrogate.
    """
    plain = _plain(value, MAX_DEPTH)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def canonical_moment(at: datetime) -> str:
    """
    Return `at` as RFC 3339 in UTC with six decimals: `2026-11-22T09:30:00.000000Z`.

    `ValueError` on a moment without a time zone.
    """
    if at.utcoffset() is None:
        raise ValueError("a moment has a time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical_bytes(event: Event) -> bytes:
    """Return the bytes that a commitment to `event` covers; `ValueError` where facts have no such form."""
    return canonical_json(
        {
            "actor": event.actor,
            "at": canonical_moment(event.at),
            "case": event.case_id,
            "facts": event.facts,
            "format": _FORMAT,
            "index": event.index,
            "kind": event.kind.value,
        }
    )


def commit(event: Event, salt: bytes) -> bytes:
    """
    Return HMAC-SHA256(`salt`, canonical bytes of `event`), 32 bytes.

    `salt` is 32 random bytes, never used for a second event. `ValueError` on another length, and where
    the facts have no canonical form.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hmac.digest(salt, canonical_bytes(event), hashlib.sha256)


def _plain(value: object, levels: int) -> Json:
    """Return `value` in the types that `json` writes, or raise `ValueError` (never quoting `value`)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError("an integer of more than 53 bits has no canonical form")
        return value
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= unit <= "\udfff" for unit in value):
            raise ValueError("a lone surrogate has no canonical form")
        return value
    if levels == 0:
        raise ValueError("nested deeper than 16 levels")
    if isinstance(value, Mapping):
        return {_name(name): _plain(member, levels - 1) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member, levels - 1) for member in value]
    raise ValueError("only null, true, false, integers, strings, lists and objects have a canonical form")


def _name(name: object) -> str:
    if not (isinstance(name, str) and name.isascii() and name.isprintable()):
        raise ValueError("a member's name is printable ASCII")
    return name
