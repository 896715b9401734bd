"""
A PNG file without the chunks that no pixel depends on.

Programs store megabytes of text in PNG files (and attackers a compressed text that grows a thousandfold);
Pillow would unpack it and then refuse the picture for it. What viewers show does not depend on it.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

# PNG third edition § 11: what draws the picture, its colours, its orientation and its animation.
_PICTURE_CHUNKS: Final = frozenset(
    (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iCCP", b"eXIf", b"acTL", b"fcTL", b"fdAT")
)
_SIGNATURE_BYTES: Final = 8
# Where IHDR, always the first chunk, says the bit depth and the colour type.
_DEPTH_AND_COLOUR: Final = slice(24, 26)
_SIXTEEN_BIT_RGB: Final = b"\x10\x02"
_MAX_PROFILE_BYTES: Final = 1 << 20
"""A colour profile that unpacks to more is dropped; printers' largest have about that, screens' 3 kB."""


def keep_chunks_of_the_picture(data: bytes) -> bytes:
    """Return the PNG file `data` with only the chunks that decide what is seen; a cut end stays cut."""
    kept: list[bytes | memoryview] = [memoryview(data)[:_SIGNATURE_BYTES]]
    start = _SIGNATURE_BYTES
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        chunk = memoryview(data)[start:end]
        if kind == b"tRNS" and data[_DEPTH_AND_COLOUR] == _SIXTEEN_BIT_RGB and length == 6:
            kept.append(_eight_bit_transparency(chunk))
        elif kind in _PICTURE_CHUNKS and not (kind == b"iCCP" and _is_oversized(bytes(chunk[8:-4]))):
            kept.append(chunk)
        if kind == b"IEND":
            break
        start = end
    return b"".join(kept)


def _eight_bit_transparency(chunk: memoryview) -> bytes:
    """Return the tRNS chunk of a 16-bit RGB file in the 8 bits that Pillow decodes its pixels to."""
    red, green, blue = struct.unpack_from(">3H", chunk, 8)
    body = b"tRNS" + struct.pack(">3H", red >> 8, green >> 8, blue >> 8)
    return struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body))


def _is_oversized(chunk: bytes) -> bool:
    """Say whether an iCCP chunk (name, 0, method, zlib stream) unpacks to more than `_MAX_PROFILE_BYTES`."""
    _, _, packed = chunk.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return bool(unpacker.unconsumed_tail)
