"""
The one plugin that reads each format.

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
from takeback.media.sniff import sniff_format

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
