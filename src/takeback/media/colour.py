"""Every colour mode that a file can hold, turned into sRGB over white."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import ImageCms

WHITE: Final = (255, 255, 255)

# Converted a strip at a time: little is held beside the decoded picture and the answer.
_STRIP_PIXELS: Final = 1 << 22
# A profile is data that we run through a library: larger ones are ignored. CMYK ones reach about 2 MB.
_MAX_PROFILE_BYTES: Final = 4 << 20
# Profiles that move no colour further than this are sRGB by another name (0 … 255 a channel; camera makers'
# copies differ by 1), and their pictures stay as they are.
_SAME_COLOUR: Final = 2
_SPACE_OF_MODE: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_SIXTEEN_BIT: Final = ("I;16", "I;16L", "I;16B", "I;16N")
_WIDE: Final = (*_SIXTEEN_BIT, "I", "F")


def srgb_pixels(picture: PIL.Image.Image) -> NDArray[np.uint8]:
    """
    Return the loaded `picture` as sRGB, uint8 [height, width, 3], C-contiguous.

    What is transparent is laid over white; 16-bit and wider values are scaled, not clipped; an ICC
    profile is applied unless it is broken or of another kind of colour than the picture.
    """
    width, height = picture.size
    span = _value_span(picture)
    profile = icc_profile(picture)
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = picture if rows >= height else picture.crop((0, top, width, bottom))
        pixels[top:bottom] = np.asarray(_over_white(_eight_bit(strip, span), profile))
    return pixels


def apply_profile(pixels: NDArray[np.uint8], profile: bytes) -> None:
    """Turn RGB `pixels` uint8 [height, width, 3] into sRGB in place, by an ICC `profile`."""
    transform = _transform(profile, "RGB")
    if transform is None:
        return
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        strip = PIL.Image.fromarray(pixels[top : top + rows])
        pixels[top : top + rows] = np.asarray(ImageCms.applyTransform(strip, transform))


def changes_colour(profile: bytes, mode: str) -> bool:
    """Say whether an ICC `profile` moves the colours of a picture of `mode`; a broken one does not."""
    return _transform(profile, mode) is not None


def stored_pixels(picture: PIL.Image.Image) -> NDArray[np.uint8]:
    """
    Return the loaded `picture` as RGB, uint8 [height, width, 3], without its profile or transparency.

    As Pillow's `convert("RGB")` has it, but that values wider than 8 bits are scaled, not clipped.
    """
    return np.asarray(_eight_bit(picture, _value_span(picture)).convert("RGB"))


def icc_profile(picture: PIL.Image.Image) -> bytes | None:
    """Return the ICC profile that the file carries, None without a usable one."""
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE_BYTES:
        return profile
    return None


def _over_white(strip: PIL.Image.Image, profile: bytes | None) -> PIL.Image.Image:
    # 1. Colour and transparency apart: a profile speaks of colour only.
    colour, alpha = _colour_and_alpha(strip)
    # 2. The colour to sRGB.
    transform = None if profile is None else _transform(profile, colour.mode)
    rgb = colour.convert("RGB") if transform is None else ImageCms.applyTransform(colour, transform)
    assert rgb is not None
    # 3. White paper under what is transparent: what hides under it never reaches a fingerprint.
    if alpha is None:
        return rgb
    paper = PIL.Image.new("RGB", strip.size, WHITE)
    paper.paste(rgb, mask=alpha)
    return paper


def _colour_and_alpha(strip: PIL.Image.Image) -> tuple[PIL.Image.Image, PIL.Image.Image | None]:
    if strip.mode == "La":
        strip = strip.convert("LA")
    if strip.mode == "LA":
        return strip.getchannel("L"), strip.getchannel("A")
    if strip.has_transparency_data:
        clear = strip.convert("RGBA")
        alpha = clear.getchannel("A")
        return clear.convert("RGB"), alpha
    if strip.mode in ("L", "CMYK"):
        return strip, None
    return strip.convert("L" if strip.mode == "1" else "RGB"), None


def _value_span(picture: PIL.Image.Image) -> tuple[float, float]:
    """Return the values that become black and white, of a picture wider than 8 bits a channel."""
    if picture.mode in _SIXTEEN_BIT:
        return 0.0, 65535.0
    if picture.mode not in _WIDE:
        return 0.0, 255.0
    extrema = picture.getextrema()
    low, high = (float(value) for value in extrema if isinstance(value, (int, float)))
    # The usual ranges keep their meaning, so that a dark picture stays dark; anything else is stretched.
    if low >= 0:
        for white in (1.0, 255.0, 65535.0):
            if high <= white and (white > 1 or picture.mode == "F"):
                return 0.0, white
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else (0.0, 255.0)


def _eight_bit(strip: PIL.Image.Image, span: tuple[float, float]) -> PIL.Image.Image:
    if strip.mode not in _WIDE:
        return strip
    values = np.asarray(strip)
    low, high = span
    finite = np.nan_to_num(values.astype(np.float32), posinf=high, neginf=low)
    scaled = np.rint((finite - low) * (255.0 / (high - low)))
    grey = PIL.Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
    clear = strip.info.get("transparency")
    if isinstance(clear, int):
        # PNG third edition § 11.3.1.1: one exact value of a grey picture is transparent.
        grey.putalpha(PIL.Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    grey.info = {name: value for name, value in strip.info.items() if name != "transparency"}
    return grey


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from `profile` to sRGB, None where it is broken, not for `mode`, or changes nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACE_OF_MODE.get(mode):
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Say whether a transform leaves 16³ colours spread over the cube where they are."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(64, 64, 3)
    after = np.asarray(ImageCms.applyTransform(PIL.Image.fromarray(cube), transform), np.int16)
    return int(np.abs(after - cube).max()) <= _SAME_COLOUR
