"""The picture that is examined, as the tests read it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.examine.beside import NOTHING_BESIDE, Beside
from takeback.media import MediaLimits, decode_luminance, decode_stored
from takeback.media.formats import open_picture
from takeback.media.orientation import exif_orientation


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """
    A file, and its pixels as they are stored: what a JPEG's blocks lie on, and what no profile has changed.

    `pixels` uint8 [height, width, 3], `luminance` uint8 [height, width]: of a JPEG the plane as it is stored, else
    rounded (ITU-R BT.601). `orientation` 1..8 is EXIF's: how they are turned for a person to see them upright. `beside`
    is what an examination is told besides the file.
    """

    data: bytes = field(repr=False)
    format: str
    pixels: NDArray[np.uint8] = field(repr=False)
    luminance: NDArray[np.uint8] = field(repr=False)
    orientation: int = 1
    beside: Beside = NOTHING_BESIDE


def read_subject(data: bytes, limits: MediaLimits, beside: Beside = NOTHING_BESIDE) -> Subject:
    """Decode a file; raises `UnreadableMedia` and `MediaTooLarge` as `decode_image` does."""
    stored = decode_stored(data, limits=limits)
    plane = decode_luminance(data, limits=limits) if stored.format == "jpeg" else None
    if plane is not None and plane.plane.shape == stored.pixels.shape[:2]:
        return Subject(data, stored.format, stored.pixels, plane.plane, plane.orientation, beside)
    luminance, orientation = luminance_of(stored.pixels), _orientation(data, limits)
    return Subject(data, stored.format, stored.pixels, luminance, orientation, beside)


def luminance_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luminance of `pixels` uint8 [height, width, 3], uint8 [height, width]."""
    plane = np.empty(pixels.shape[:2], np.uint8)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    # Some rows at a time: the whole picture as float32 is what a large one has no room for.
    for top in range(0, len(plane), 256):
        plane[top : top + 256] = np.rint(pixels[top : top + 256].astype(np.float32) @ weights)
    return plane


def _orientation(data: bytes, limits: MediaLimits) -> int:
    try:
        name, picture = open_picture(data, limits)
        # libheif has turned a HEIC picture already.
        return 1 if name == "heic" else exif_orientation(picture)
    except Exception:
        return 1
