"""The files in the body of an HTTP message: a form holds several, and any may be compressed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from takeback.errors import InputError, MediaTooLarge, UnreadableMedia
from takeback.gates.icap_message import Head
from takeback.gates.screener import Opened, whole

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FILES = 32
"""Of one form."""
MAX_OPENED_BYTES = 100 * 1024 * 1024
"""Of a body that was compressed; more is a bomb."""
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def opened_body(head: Head | None) -> Opened:
    """Return what opens the body of a message with this head."""
    fields = {} if head is None else head.fields
    return opener(fields.get("content-type", ""), fields.get("content-encoding", ""))


def opener(content_type: str, content_encoding: str) -> Opened:
    """
    Return what opens a body of this type and encoding.

    It raises `UnreadableMedia` for an encoding that it does not know or a form that is none, and `MediaTooLarge`.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    split: Opened = (lambda data: files_of(data, boundary)) if kind == b"multipart/form-data" and boundary else whole
    plain = _plainer(content_encoding.strip().lower())
    return lambda data: split(plain(data))


def files_of(data: bytes, boundary: bytes) -> Sequence[bytes]:
    """Return the files of a form; of a form without files nothing."""
    collector = _Collector()
    parser = MultipartParser(boundary, collector.callbacks())
    try:
        parser.write(data)
        parser.finalize()
    except FormParserError as problem:
        raise UnreadableMedia("The form of an upload cannot be read.") from problem
    return collector.files


def _plainer(encoding: str) -> Callable[[bytes], bytes]:
    if encoding in ("", "identity"):
        return lambda data: data
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _inflated
    raise_it = InputError(f"The body is encoded as {encoding[:40]!r}, which cannot be opened here.")

    def refuse(_: bytes) -> bytes:
        raise raise_it

    return refuse


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = inflater.decompress(data, MAX_OPENED_BYTES)
    except zlib.error as problem:
        raise UnreadableMedia("The compressed body of an upload is damaged.") from problem
    if inflater.unconsumed_tail:
        raise MediaTooLarge(f"A compressed body is larger than {MAX_OPENED_BYTES:,} bytes.")
    return plain


class _Collector:
    """Keeps the parts that are files: those with a file name, and those whose type is no text."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self._fields: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._data: bytearray | None = None

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_name,
            "on_header_value": self._on_value,
            "on_header_end": self._on_field,
            "on_headers_finished": self._on_head,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._fields, self._data = {}, None

    def _on_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_field(self) -> None:
        self._fields[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_head(self) -> None:
        _, options = parse_options_header(self._fields.get(b"content-disposition", b""))
        kind, _ = parse_options_header(self._fields.get(b"content-type", b"text/plain"))
        if b"filename" in options or not kind.startswith(b"text/"):
            if len(self.files) == MAX_FILES:
                raise MediaTooLarge(f"A form has more than {MAX_FILES} files.")
            self._data = bytearray()

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._data is not None:
            self._data += data[start:end]

    def _end(self) -> None:
        if self._data:
            self.files.append(bytes(self._data))
        self._data = None
