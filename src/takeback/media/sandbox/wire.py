"""
What client and child say to each other on one connection, and how strictly it is read.

    child  → client   READY, one byte: a child is yours, send the job
    client → child    request: u32 length, JSON {"options": {…}, "payload_bytes": n}, then n bytes
    child  → client   answer: u32 length, that many bytes (the attachment, mostly none), u32 length,
                      JSON {"ok": {…}} or {"error": {"code": "…", "message": "…"}}
    client → child    GO_ON, one byte: where a job is answered in stages, the next one; else the client leaves

The attachment goes first, so that an answer whose child died in the middle never looks whole. When a child
dies the server, which holds the same connection, sends the answer in its place. The child may have been
taken over by the bytes it read, so `read_answer` believes nothing but the form, and what such a child can do
is hand over that many bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from takeback.errors import InputError, LowQuality, MalformedHash, MediaTooLarge, UnreadableMedia

READY: Final = b"\x06"
GO_ON: Final = b"\x07"
LENGTH_BYTES: Final = 4
MAX_HEADER_BYTES: Final = 64 << 10
MAX_ANSWER_BYTES: Final = 1 << 20
"""The JSON of an answer: fingerprints and findings of one file."""

MAX_ATTACHMENT_BYTES: Final = 4 << 20
"""What travels beside it: miniatures of a picture, at most; never the picture."""

STOPPED: Final = "The decoder stopped while reading this picture."
_MAX_MESSAGE_CHARACTERS: Final = 300
_ERRORS: Final[dict[str, type[InputError]]] = {
    kind.code: kind for kind in (UnreadableMedia, MediaTooLarge, LowQuality, MalformedHash)
}


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a handler makes of one file: `result`, which JSON can hold, and bytes of the handler's own form.

    `attachment` has at most `MAX_ATTACHMENT_BYTES`, and none unless it was asked for. It stays out of `repr`:
    a picture is never logged.
    """

    result: Mapping[str, Any]
    attachment: bytes = field(default=b"", repr=False)


def frame(body: Mapping[str, object], max_bytes: int) -> bytes:
    """Return `body` as length-prefixed JSON; raise `ValueError` for more than `max_bytes`, or not JSON."""
    text = json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > max_bytes:
        raise ValueError("too long for one frame")
    return struct.pack(">I", len(text)) + text


def frame_length(prefix: bytes, max_bytes: int) -> int:
    """Return the length of the frame that `prefix` announces; raise `ValueError` for over `max_bytes`."""
    if len(prefix) != LENGTH_BYTES:
        raise ValueError("cut short")
    (length,) = struct.unpack(">I", prefix)
    if length > max_bytes:
        raise ValueError("longer than allowed")
    return int(length)


def answer_frames(answer: Answer) -> bytes:
    """Return `answer` as it is sent; raise `ValueError` for what is too long, or not JSON."""
    if len(answer.attachment) > MAX_ATTACHMENT_BYTES:
        raise ValueError("too long to be attached")
    return _attached(answer.attachment) + frame({"ok": answer.result}, MAX_ANSWER_BYTES)


def error_frames(error: InputError) -> bytes:
    """Return the answer that makes the client raise `error`."""
    message = error.message[:_MAX_MESSAGE_CHARACTERS]
    return _attached(b"") + frame({"error": {"code": error.code, "message": message}}, MAX_ANSWER_BYTES)


def _attached(attachment: bytes) -> bytes:
    return struct.pack(">I", len(attachment)) + attachment


def read_object(text: bytes) -> dict[str, object]:
    """Return the JSON object in `text`; raise `ValueError` for anything else."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def read_answer(text: bytes, attachment: bytes = b"") -> Answer:
    """
    Return the answer whose JSON is `text`, or raise the error in it.

    Of the result only the form is checked: JSON, an object, no more; of the attachment nothing. What they
    hold is as trustworthy as the file that was read. Anything that is no answer raises `UnreadableMedia`,
    an error with an attachment too.
    """
    try:
        answer = read_object(text)
    except ValueError:
        raise UnreadableMedia(STOPPED) from None
    result, error = answer.get("ok"), answer.get("error")
    if len(answer) == 1 and isinstance(result, dict):
        return Answer(result, attachment)
    if len(answer) == 1 and isinstance(error, dict) and not attachment:
        raise _told_error(error)
    raise UnreadableMedia(STOPPED)


def _told_error(error: dict[str, object]) -> InputError:
    code, message = error.get("code"), error.get("message")
    kind = _ERRORS.get(code) if isinstance(code, str) else None
    if kind is None or not isinstance(message, str) or not _is_plain(message):
        return UnreadableMedia(STOPPED)
    return kind(message)


def _is_plain(message: str) -> bool:
    return 0 < len(message) <= _MAX_MESSAGE_CHARACTERS and message.isprintable()


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
