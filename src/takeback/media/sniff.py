"""Which format bytes are in, told by their first bytes alone; no parser is loaded here."""

from __future__ import annotations

import struct
from typing import Final

from takeback.errors import UnreadableMedia

_MAGIC: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
)
# ISO/IEC 23008-12 § 10 and the AV1 image format's brands; `mif1` and `msf1` say only "some coded picture".
_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
_HEIC_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
# A file-type box lists a handful of brands; reading further would be reading someone's noise.
_MAX_BRAND_BYTES: Final = 256


def sniff_format(data: bytes) -> str:
    """Return the format of `data` by its magic bytes, one of `FORMATS`; raise `UnreadableMedia` if none."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        brands = _brands(data)
        if brands & _AVIF_BRANDS:
            return "avif"
        if brands & _HEIC_BRANDS:
            return "heic"
    raise UnreadableMedia("The file is not a picture in a format that Takeback reads.")


def is_picture(data: bytes) -> bool:
    """Say whether `data` begins as a picture does, of a format that is decoded; the rest may be damaged."""
    try:
        sniff_format(data)
    except UnreadableMedia:
        return False
    return True


def _brands(data: bytes) -> frozenset[bytes]:
    """Return the major and compatible brands of a file-type box (ISO/IEC 14496-12 § 4.3)."""
    end = min(struct.unpack_from(">I", data)[0], _MAX_BRAND_BYTES, len(data))
    starts = (8, *range(16, end - 3, 4))
    return frozenset(data[start : start + 4] for start in starts)
