"""The form of ICAP (RFC 3507): heads, the parts that they enclose, and bodies in chunks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from takeback.gates.connection import Wire

MAX_HEAD_BYTES = 64 * 1024
"""Of ICAP's own head, and of each HTTP head in it."""
_PART = re.compile(r"\s*(req-hdr|res-hdr|req-body|res-body|opt-body|null-body)\s*=\s*([0-9]{1,6})\s*")
_ORDER = re.compile("(req-hdr)?(res-hdr)?(req-body|res-body|opt-body|null-body)")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;(.*))?", re.DOTALL)
_READ_BYTES = 64 * 1024


class Malformed(Exception):
    """What came is not of ICAP's form."""


@dataclass(frozen=True, slots=True)
class Head:
    """A first line and fields, whose names are in small letters; of a field that comes twice the last counts."""

    first: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes) -> Head:
        """Return a head without the empty line that ends it; raises `Malformed`."""
        first, *lines = data.decode("latin-1").split("\r\n")
        fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Malformed("A line of the head is no field.")
            fields[name.lower()] = value.strip()
        return cls(first, fields)

    def says(self, name: str, value: str) -> bool:
        """Whether `value` is among those of the field `name`."""
        return value in [each.strip().lower() for each in self.fields.get(name, "").split(",")]


@dataclass(frozen=True, slots=True)
class Request:
    """A method, its service, and the HTTP message that it encloses."""

    method: str
    service: str
    head: Head
    http: bytes = b""
    """The heads of the message as they came."""
    request_head: Head | None = None
    response_head: Head | None = None
    has_body: bool = False
    preview: int | None = None

    @property
    def allows_204(self) -> bool:
        """
        Whether "unchanged" may be answered without sending the message back.

        To a preview it always may (RFC 3507, section 4.5), but no more once the rest was asked for.
        """
        return self.head.says("allow", "204")


async def read_request(wire: Wire) -> Request:
    """Return the next request up to its body; raises `Malformed`, and `Gone` where none comes."""
    head = Head.read(await wire.until(b"\r\n\r\n"))
    words = head.first.split(" ")
    if len(words) != 3 or not words[2].startswith("ICAP/1."):
        raise Malformed("The first line is none of ICAP.")
    service = re.sub(r"^icaps?://[^/]*", "", words[1]).partition("?")[0].strip("/")
    parts = _parts(head)
    http = b""
    heads: dict[str, Head] = {}
    for (name, start), (_, end) in pairwise(parts):
        data = await wire.exactly(end - start)
        heads[name] = Head.read(data.rstrip(b"\r\n"))
        http += data
    has_body = bool(parts) and parts[-1][0] != "null-body"
    preview = _preview(head) if has_body else None
    return Request(words[0], service, head, http, heads.get("req-hdr"), heads.get("res-hdr"), has_body, preview)


@dataclass(slots=True)
class Body:
    """A body in chunks as it comes; `is_preview` where it stopped before its end, and the rest may be asked for."""

    wire: Wire
    stops_early: bool
    is_preview: bool = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes up to the end, or to the end of the preview."""
        while True:
            found = _CHUNK.fullmatch(await self.wire.until(b"\r\n"))
            if found is None:
                raise Malformed("A chunk of the body has no size.")
            size = int(found[1], 16)
            if size == 0:
                break
            while size:
                data = await self.wire.some(min(size, _READ_BYTES))
                size -= len(data)
                yield data
            if await self.wire.exactly(2) != b"\r\n":
                raise Malformed("A chunk of the body is longer than it says.")
        # Nothing may follow here but the end of the trailers, which nobody sends.
        while await self.wire.until(b"\r\n"):
            continue
        self.is_preview = self.stops_early and b"ieof" not in (found[2] or b"")


def response(status: str, fields: Mapping[str, str], http: bytes = b"") -> bytes:
    """Return an ICAP response up to its body."""
    lines = [f"ICAP/1.0 {status}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + http


def chunk(data: bytes) -> bytes:
    """Return `data` as one chunk; none for nothing, which would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


LAST_CHUNK = b"0\r\n\r\n"


def _parts(head: Head) -> list[tuple[str, int]]:
    text = head.fields.get("encapsulated", "")
    if not text:
        return []
    found = [_PART.fullmatch(part) for part in text.split(",")]
    parts = [(each[1], int(each[2])) for each in found if each is not None]
    names = "".join(name for name, _ in parts)
    sizes = [end - start for (_, start), (_, end) in pairwise(parts)]
    fits = all(0 < size <= MAX_HEAD_BYTES for size in sizes) and parts[:1] and parts[0][1] == 0
    if len(parts) != len(found) or not _ORDER.fullmatch(names) or not fits:
        raise Malformed("The field Encapsulated is not what RFC 3507, section 4.4.1, asks for.")
    return parts


def _preview(head: Head) -> int | None:
    text = head.fields.get("preview")
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,8}", text):
        raise Malformed("The field Preview is no number.")
    return int(text)
