"""The places of a picture's file in which programs write what they did: EXIF, XMP, and the texts of PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL.ImageFile import ImageFile

from takeback.media.formats import open_picture
from takeback.media.limits import MediaLimits

MAX_TEXT_BYTES: Final = 1 << 20
"""Of one text of a PNG file, unpacked; of a longer one the beginning is read."""

MAX_TEXTS: Final = 200
MAX_ALL_BYTES: Final = 8 << 20
"""Of all texts of a PNG file together."""

_XMP_KEYWORD: Final = "XML:com.adobe.xmp"
_EXIF_TAGS: Final = {0x010E: "description", 0x010F: "make", 0x0110: "model", 0x0131: "software", 0x013B: "artist"}
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_MAX_VALUE: Final = 10_000

DECODED_BEFORE: Final = MediaLimits(max_bytes=1 << 40, max_pixels=1 << 62, max_side=1 << 31)
"""For whoever reads headers alone, of a picture that was decoded within limits of its own before."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """
    What a file says of itself, as it is written there.

    `exif` by name: description, make, model, software, artist, comment. `xmp` is the packet, or nothing. `texts` are
    pairs of keyword and text of a PNG file, in their order.
    """

    exif: dict[str, str] = field(default_factory=dict)
    xmp: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()


def read_embedded(data: bytes) -> Embedded:
    """Return what a picture's file says of itself; nothing of a file that is no picture. Raises nothing."""
    texts = tuple(_png_texts(data)) if data.startswith(b"\x89PNG\r\n\x1a\n") else ()
    packet = next((said.encode() for keyword, said in texts if keyword == _XMP_KEYWORD), b"")
    try:
        _, picture = open_picture(data, DECODED_BEFORE)
        return Embedded(_exif(picture), packet or _packet(picture), texts)
    except Exception:
        # A damaged EXIF or XMP is met in strangers' files: it says nothing, and Pillow raises many kinds for it.
        return Embedded({}, packet, texts)


def _packet(picture: ImageFile) -> bytes:
    packet = picture.info.get("xmp", b"")
    if isinstance(packet, str):
        return packet.encode()
    return packet if isinstance(packet, bytes) else b""


def _exif(picture: ImageFile) -> dict[str, str]:
    try:
        exif = picture.getexif()
        values = {name: exif.get(tag) for tag, name in _EXIF_TAGS.items()}
        values["comment"] = exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    except Exception:
        return {}
    return {name: said for name, value in values.items() if (said := _text(value))}


def _text(value: object) -> str:
    """Return a text of EXIF; a user comment says in its first eight bytes how it is written (EXIF 3.0, 4.6.6)."""
    if isinstance(value, str):
        return value[:_MAX_VALUE].strip("\0 ")
    if not isinstance(value, bytes):
        return ""
    kind, rest = value[:8], value[8 : 8 + 2 * _MAX_VALUE]
    if kind.startswith(b"UNICODE"):
        # Programs write it in either order of bytes, whatever the file's own is.
        big = rest[:2] == b"\xfe\xff" or rest[:1] == b"\0"
        return rest.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\0 ")
    kept = rest if kind.startswith((b"ASCII", b"\0\0\0\0\0\0\0\0")) else value[:_MAX_VALUE]
    return kept.decode("utf-8", "replace").strip("\0 ")


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield keyword and text of each tEXt, zTXt and iTXt chunk (PNG third edition, section 11.3.3)."""
    left, start, found = MAX_ALL_BYTES, 8, 0
    while start + 12 <= len(data) and found < MAX_TEXTS and left > 0:
        length, kind = struct.unpack_from(">I4s", data, start)
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            most = min(MAX_TEXT_BYTES, left)
            keyword, said = _png_text(kind, data[start + 8 : start + 8 + min(length, 2 * most)], most)
            left -= len(said)
            found += 1
            yield keyword, said
        start += 12 + length


def _png_text(kind: bytes, body: bytes, most: int) -> tuple[str, str]:
    keyword, _, rest = body.partition(b"\0")
    encoding = "latin-1"
    is_packed = kind == b"zTXt"
    if is_packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        encoding, is_packed = "utf-8", rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if is_packed:
        try:
            rest = zlib.decompressobj().decompress(rest, most)
        except zlib.error:
            rest = b""
    return keyword[:79].decode("latin-1"), rest[:most].decode(encoding, "replace")
