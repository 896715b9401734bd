"""JPEG straight through libjpeg-turbo: what is common, in half of Pillow's time."""

from __future__ import annotations

from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from takeback.errors import UnreadableMedia

_WITH_LUMINANCE = ("YCbCr", "Gray")


def holds_luminance(data: bytes, picture: ImageFile) -> bool:
    """
    Say whether the JPEG in `data`, opened as `picture`, holds a luminance plane: YCbCr or plain grey.

    As libjpeg itself decides it, from the JFIF and Adobe markers and the components' names, and not by the
    number of components: those of RGB and YCCK files hold something else.
    """
    if picture.mode not in ("RGB", "L"):
        return False
    try:
        return simplejpeg.decode_jpeg_header(data)[2] in _WITH_LUMINANCE
    except ValueError:
        return False


def plain_jpeg(data: bytes, picture: ImageFile, colours: Literal["RGB", "GRAY"]) -> NDArray[np.uint8] | None:
    """
    Decode the JPEG in `data`, opened as `picture`; None leaves an unusual or damaged one to Pillow.

    uint8 [height, width, 3] for "RGB"; [height, width, 1] for "GRAY", the luminance plane as it is stored.
    Raises `UnreadableMedia` for a file cut short (Pillow would fill the rest with grey) and `MemoryError`.
    """
    try:
        if simplejpeg.decode_jpeg_header(data)[:2] != (picture.height, picture.width):
            return None
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colours)
    except ValueError as error:
        # Told apart by libjpeg's own words.
        if "remature end" in str(error):
            raise UnreadableMedia("The JPEG file is cut short.") from None
        if "nsufficient memory" in str(error):
            raise MemoryError from None
        return None
    return pixels
