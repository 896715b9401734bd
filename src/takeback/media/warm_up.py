"""One tiny file of each format and colour mode, decoded before the first real one arrives."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Final

import PIL.AvifImagePlugin
import PIL.Image
import pillow_heif.options
from PIL import ImageCms

from takeback.errors import InputError
from takeback.media.image import decode_frames

# Drawn by script, 16 × 16 and 64 × 64 pixels of one green; encoding them here would start an encoder's threads.
_AVIF: Final = (
    "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAA"
    "AAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAJAAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEA"
    "AGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwA"
    "AAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAALG1kYXQSAAoJGAz/2iAhoNCAMhUcR4eF3dNNNMLA"
    "AAB1fVm9dLbRepE="
)
_HEIC: Final = (
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABkAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACFt"
    "ZGF0AAAAFSgBrxmA93yFN//fWX/clb9sFeLRwA=="
)


def decode_every_format() -> tuple[str, ...]:
    """
    Decode a file of each format, in every colour mode that it is met in, and return the formats that worked.

    Whatever Pillow loads when it is first needed is loaded then; a child of the pool could not, having no
    files. Decoders run in one thread each from here on: the pool has a process for each core instead.
    """
    PIL.AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1
    worked: dict[str, None] = {}
    for data in _samples():
        try:
            worked.update((image.format, None) for image in decode_frames(data))
        except InputError:
            continue  # a build without this decoder: its files are answered with UnreadableMedia
    return tuple(worked)


def _samples() -> Iterator[bytes]:
    yield base64.b64decode(_AVIF)
    yield base64.b64decode(_HEIC)
    square = PIL.Image.linear_gradient("L").resize((16, 16))
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "L", "CMYK"):
        yield _saved(square.convert(mode), "JPEG", exif=turned, icc_profile=profile)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        yield _saved(square.convert(mode), "PNG", exif=turned, icc_profile=profile)
    yield _saved(square.convert("P"), "PNG", transparency=3)
    yield _saved(square.convert("RGBA"), "WEBP", exif=turned)
    for mode in ("RGB", "F", "LAB", "YCbCr"):
        yield _saved(square.convert("RGB").convert("L" if mode == "F" else "RGB").convert(mode), "TIFF")
    yield _saved(square, "TIFF", compression="tiff_lzw", exif=turned)
    yield _saved(square.convert("RGB"), "BMP")
    frames = [square.rotate(angle).convert("RGB") for angle in (0, 90, 180)]
    for kind in ("GIF", "WEBP", "PNG"):
        yield _saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _saved(picture: PIL.Image.Image, kind: str, **parameters: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **parameters)
    return file.getvalue()
