"""
Which format bytes are in, told by their first bytes alone, and the one plugin that reads it.

Pillow's plugins are called directly, never through `PIL.Image.open`: no other format can be reached,
nothing is imported when a file arrives, and the size is checked here, from the header, instead of by
Pillow's process-wide settings.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Final

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from takeback.errors import MediaTooLarge, UnreadableMedia
from takeback.media.limits import FORMATS, MediaLimits
from takeback.media.png import keep_chunks_of_the_picture

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

# JpegImageFile, not Pillow's factory: of a multi-picture JPEG the first is what viewers show.
_PLUGINS: Final[dict[str, Callable[[io.BytesIO], ImageFile]]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
    "gif": GifImageFile,
    "bmp": BmpImageFile,
    "tiff": TiffImageFile,
    "heic": HeifImageFile,
    "avif": AvifImageFile,
}
assert set(_PLUGINS) == set(FORMATS)


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


def open_picture(data: bytes, limits: MediaLimits) -> tuple[str, ImageFile]:
    """
    Return the format of `data` and Pillow's picture of it: header read, size checked, no pixel decoded.

    Raises `MediaTooLarge` and `UnreadableMedia`, and whatever Pillow raises for a damaged header.
    """
    # 1. The file itself.
    if len(data) > limits.max_bytes:
        raise MediaTooLarge(f"The file has {len(data):,} bytes; the limit max_bytes is {limits.max_bytes:,}.")
    name = sniff_format(data)
    # 2. WebP's plugin allocates the canvas as it opens the file, so its size is read before.
    if name == "webp":
        check_size(_webp_size(data), limits)
    if name == "png":
        data = keep_chunks_of_the_picture(data)
    # 3. The others allocate when the pixels are asked for.
    picture = _PLUGINS[name](io.BytesIO(data))
    check_size(picture.size, limits)
    return name, picture


def check_size(size: tuple[int, int], limits: MediaLimits) -> None:
    """Raise `MediaTooLarge` for a `size` (width, height in pixels) over `max_side` or `max_pixels`."""
    width, height = size
    if width < 1 or height < 1:
        raise UnreadableMedia("The picture says that it has no pixels.")
    if max(width, height) > limits.max_side:
        raise MediaTooLarge(f"The picture is {width:,} × {height:,} pixels; the limit max_side is {limits.max_side:,}.")
    if width * height > limits.max_pixels:
        raise MediaTooLarge(
            f"The picture is {width:,} × {height:,} pixels; the limit max_pixels is {limits.max_pixels:,}."
        )


def _brands(data: bytes) -> frozenset[bytes]:
    """Return the major and compatible brands of a file-type box (ISO/IEC 14496-12 § 4.3)."""
    end = min(struct.unpack_from(">I", data)[0], _MAX_BRAND_BYTES, len(data))
    starts = (8, *range(16, end - 3, 4))
    return frozenset(data[start : start + 4] for start in starts)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels from the first chunk of a WebP file (RFC 9649 §§ 2.5–2.7)."""
    kind, body = data[12:16], data[20:30]
    if len(body) == 10:
        if kind == b"VP8X":
            return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
        if kind == b"VP8 ":
            width, height = struct.unpack_from("<HH", body, 6)
            return width & 0x3FFF, height & 0x3FFF
        if kind == b"VP8L":
            packed = int.from_bytes(body[1:5], "little")
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    raise UnreadableMedia("The WebP file has no picture header.")
