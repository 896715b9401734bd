"""
Mail that comes back, read as a mail server hands it over: which of ours it was, and whether it failed for good.

A report in the form of RFC 3464 says itself what became of the mail. Servers that send none say it in words of their
own: then it counts that it came to an address that nobody else knows, unless it says that it is an automatic answer
(RFC 3834), as a holiday note does. Nothing but the tag is taken out of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

MAX_MESSAGE_BYTES = 1024 * 1024
"""What is read of one; a report comes before what it returns."""

_TAGGED = re.compile(r"\+([a-z2-7]{26})@", re.IGNORECASE)
_TAG = re.compile(r"[a-z2-7]{26}", re.IGNORECASE)
_ADDRESSED = ("X-Original-To", "Envelope-To", "Delivered-To", "To")
"""Where mail servers write to whom a message came, the surest first."""
_ANSWERS = ("X-Autoreply", "X-Autorespond")
_PRECEDENCE = ("auto_reply", "bulk", "list", "junk")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a message says of a mail of ours: `tag` is the one that it was sent under."""

    tag: str
    failed: bool
    """It was not delivered and will not be; a mail that is late, or an answer, did not fail."""


def read_bounce(message: bytes, *, tag: str = "") -> Bounce | None:
    """
    Read a message that came back; None where it is none of ours.

    `tag` is what the mail server calls the extension of the address; without it the message's own headers are read.
    """
    parsed = message_from_bytes(message[:MAX_MESSAGE_BYTES], policy=compat32)
    found = tag.lower() if _TAG.fullmatch(tag) else _tag_in(parsed)
    return None if found is None else Bounce(found, _failed(parsed))


def _tag_in(message: Message) -> str | None:
    for name in _ADDRESSED:
        for value in message.get_all(name, ()):
            if match := _TAGGED.search(str(value)):
                return match.group(1).lower()
    return None


def _failed(message: Message) -> bool:
    actions = [action for part in message.walk() for action in _actions(part)]
    if actions:
        return "failed" in actions
    # Exim says of its own reports, too, that they are answers.
    return "X-Failed-Recipients" in message or not _is_answer(message)


def _actions(part: Message) -> list[str]:
    """Return what a report says of each recipient (RFC 3464, section 2.3.3); nothing for any other part."""
    if part.get_content_type() != "message/delivery-status":
        return []
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return []
    said = [str(block.get("Action", "")) for block in blocks if isinstance(block, Message)]
    return [action.partition(";")[0].strip().lower() for action in said if action]


def _is_answer(message: Message) -> bool:
    """Whether a program answers for a person, as a holiday note does."""
    submitted = re.split(r"[;(\s]", str(message.get("Auto-Submitted", "")).strip().lower())[0]
    precedence = str(message.get("Precedence", "")).strip().lower()
    return submitted == "auto-replied" or precedence in _PRECEDENCE or any(name in message for name in _ANSWERS)
