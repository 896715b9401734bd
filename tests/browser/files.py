"""Files as they lie on phones: drawn or photographed, in many formats, turned by EXIF, with palettes and alpha."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageCms
from tests.house import Pixels, drawn

MAKER = "SecretPhone 9"
_MAKE, _ORIENTATION, _GPS = 0x010F, 0x0112, 0x8825


def phone_picture(seed: int = 50, orientation: int = 6) -> bytes:
    """Return a JPEG with the device, the place and a turn in its EXIF."""
    exif = PIL.Image.Exif()
    exif[_MAKE] = MAKER
    exif[_ORIENTATION] = orientation
    exif[_GPS] = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    return _saved(PIL.Image.fromarray(large(seed)), "JPEG", quality=90, exif=exif)


def large(seed: int) -> Pixels:
    """Return a drawn picture of 640 × 800."""
    return np.repeat(np.repeat(drawn(seed), 4, axis=0), 4, axis=1)


def real_files(photos: Path) -> Iterator[tuple[str, bytes, bool]]:
    """
    Yield name, bytes, and whether browser and server decode it alike: 50 files from real photographs.

    Not alike are those with a colour profile, alpha or CMYK, which each converts by its own arithmetic, and lossy
    WebP and AVIF, whose colour is brought to full resolution by other filters.
    """
    camera = sorted((photos / "camera").glob("*.[jJ]*"))
    scenes = sorted((photos / "scenes").glob("*.[jJ]*"))
    # 1. As the camera wrote them, EXIF turns included.
    for path in camera[::2][:16]:
        yield path.name, path.read_bytes(), True
    # 2. The eight turns of EXIF.
    for orientation, path in enumerate(scenes[:8], start=1):
        exif = PIL.Image.Exif()
        exif[_ORIENTATION] = orientation
        yield f"turned-{orientation}.jpg", _saved(_opened(path), "JPEG", quality=88, exif=exif), True
    # 3. What apps and sites make of a picture.
    pictures = [_opened(path) for path in scenes[8:34]]
    for number, picture in enumerate(pictures):
        yield _variants(number, picture)


def _variants(number: int, picture: PIL.Image.Image) -> tuple[str, bytes, bool]:
    match number % 13:
        case 0:
            return f"{number}-progressive.jpg", _saved(picture, "JPEG", quality=70, progressive=True), True
        case 1:
            return f"{number}-low.jpg", _saved(picture, "JPEG", quality=20), True
        case 2:
            return f"{number}-full-colour.jpg", _saved(picture, "JPEG", quality=90, subsampling=0), True
        case 3:
            return f"{number}-grey.jpg", _saved(picture.convert("L"), "JPEG", quality=85), True
        case 4:
            return f"{number}-palette.png", _saved(picture.quantize(64), "PNG"), True
        case 5:
            return f"{number}-alpha.png", _saved(_faded(picture), "PNG"), False
        case 6:
            return f"{number}-rgb.png", _saved(picture, "PNG"), True
        case 7:
            return f"{number}-still.gif", _saved(picture.quantize(128), "GIF"), True
        case 8:
            return f"{number}-lossless.webp", _saved(picture, "WEBP", lossless=True), True
        case 9:
            return f"{number}-lossy.webp", _saved(picture, "WEBP", quality=60), False
        case 10:
            return f"{number}-wide-colour.jpg", _saved(picture, "JPEG", quality=90, icc_profile=_p3_like()), False
        case 11:
            return f"{number}-cmyk.jpg", _saved(picture.convert("CMYK"), "JPEG", quality=90), False
        case _:
            return f"{number}-small.jpg", _saved(picture.resize((97, 61)), "JPEG", quality=90), True


def _faded(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Return it with an alpha that falls from left to right."""
    alpha = np.tile(np.linspace(255, 60, picture.width).astype(np.uint8), (picture.height, 1))
    faded = picture.convert("RGBA")
    faded.putalpha(PIL.Image.fromarray(alpha))
    return faded


def _p3_like() -> bytes:
    """Return a colour profile that is not sRGB."""
    return PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()


def _opened(path: Path) -> PIL.Image.Image:
    with PIL.Image.open(path) as picture:
        return picture.convert("RGB")


def _saved(picture: PIL.Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()
