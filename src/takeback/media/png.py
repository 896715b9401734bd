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
_MAX_PROFILE_BYTES: Final = 1 << 20
"""A colour profile that unpacks to more is dropped; printers' largest have about that, screens' 3 kB."""


def keep_chunks_of_the_picture(data: bytes) -> bytes:
    """Return the PNG file `data` with only the chunks that decide what is seen; a cut end stays cut."""
    view = memoryview(data)
    kept: list[memoryview] = [view[:_SIGNATURE_BYTES]]
    start = _SIGNATURE_BYTES
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if kind in _PICTURE_CHUNKS and not (kind == b"iCCP" and _is_oversized(data[start + 8 : end - 4])):
            kept.append(view[start:end])
        if kind == b"IEND":
            break
        start = end
    return b"".join(kept)


def _is_oversized(chunk: bytes) -> bool:
    """Say whether an iCCP chunk (name, 0, method, zlib stream) unpacks to more than `_MAX_PROFILE_BYTES`."""
    _, _, packed = chunk.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return bool(unpacker.unconsumed_tail)
