"""How a JPEG file was saved: its quantisation tables, its sampling, and which way up."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import JpegImagePlugin

from takeback.errors import InputError
from takeback.media.formats import open_picture
from takeback.media.limits import MediaLimits
from takeback.media.orientation import exif_orientation

_UNDOES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
"""EXIF orientations, and which turns back what each turns."""


@dataclass(frozen=True, slots=True)
class JpegTables:
    """
    What a JPEG file was saved with: tables of 64 steps each, luminance first, in the order of rows.

    `sampling` is Pillow's number: 0 for 4:4:4, 1 for 4:2:2, 2 for 4:2:0. `orientation` is EXIF's.
    """

    quantisation: tuple[tuple[int, ...], ...]
    sampling: int
    is_grey: bool
    orientation: int

    @property
    def undone(self) -> int:
        """The orientation that turns upright pixels as they are stored."""
        return _UNDOES[self.orientation]


def tables_of(data: bytes, limits: MediaLimits) -> JpegTables | None:
    """Return how the JPEG in `data` was saved; None for another format, or a way that cannot be gone again."""
    try:
        name, picture = open_picture(data, limits)
        if name != "jpeg" or not isinstance(picture, JpegImagePlugin.JpegImageFile) or picture.mode not in ("RGB", "L"):
            return None
        tables = tuple(tuple(int(step) for step in picture.quantization[key]) for key in sorted(picture.quantization))
        sampling = 0 if picture.mode == "L" else JpegImagePlugin.get_sampling(picture)
        orientation = exif_orientation(picture)
    except (InputError, OSError, ValueError, KeyError, SyntaxError):
        return None
    usable = 1 <= len(tables) <= 3 and all(len(each) == 64 and 1 <= min(each) <= max(each) <= 255 for each in tables)
    if not usable or sampling not in (0, 1, 2):
        return None
    return JpegTables(tables, sampling, picture.mode == "L", orientation)
