"""Which way is up: EXIF's orientation, applied once."""

from __future__ import annotations

from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

_ORIENTATION_TAG: Final = 0x0112

# How each value of CIPA DC-008 (EXIF) § 4.6.5.1.2's Orientation becomes upright: whether rows and columns
# are exchanged first, then which of (rows, columns) run backwards.
_STEPS: Final[dict[int, tuple[bool, slice, slice]]] = {
    2: (False, slice(None), slice(None, None, -1)),
    3: (False, slice(None, None, -1), slice(None, None, -1)),
    4: (False, slice(None, None, -1), slice(None)),
    5: (True, slice(None), slice(None)),
    6: (True, slice(None), slice(None, None, -1)),
    7: (True, slice(None, None, -1), slice(None, None, -1)),
    8: (True, slice(None, None, -1), slice(None)),
}


def exif_orientation(picture: PIL.Image.Image) -> int:
    """
    Return the EXIF orientation (1 … 8) still to be applied to a loaded `picture`; 1 where there is none.

    Only EXIF counts, as in browsers: not XMP, not text chunks. Damaged EXIF is no orientation.
    """
    data = picture.info.get("exif")
    if not isinstance(data, bytes):
        return 1
    exif = PIL.Image.Exif()
    try:
        exif.load(data)
        value = exif.get(_ORIENTATION_TAG, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and value in _STEPS else 1


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return `pixels` uint8 [height, width, 3] as EXIF `orientation` says they are seen, C-contiguous."""
    steps = _STEPS.get(orientation)
    if steps is None:
        return np.ascontiguousarray(pixels)
    exchange, rows, columns = steps
    # Whole pixels are moved as one item: twice as fast as channel by channel.
    whole = np.ascontiguousarray(pixels).view("V3")[..., 0]
    turned = np.ascontiguousarray((whole.T if exchange else whole)[rows, columns])
    return turned[..., np.newaxis].view(np.uint8)


def turn_mask(mask: NDArray[np.bool_], orientation: int) -> NDArray[np.bool_]:
    """Do the same with a mask, bool [height, width]."""
    steps = _STEPS.get(orientation)
    if steps is None:
        return np.ascontiguousarray(mask)
    exchange, rows, columns = steps
    return np.ascontiguousarray((mask.T if exchange else mask)[rows, columns])
