"""What a JPEG file holds before it becomes pixels: the integers of its blocks, read by the kernel from bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback import _native
from takeback.errors import UnreadableMedia
from takeback.media.limits import MediaLimits

COMPONENTS = 4
"""Most that a JPEG file of ours has (T.81 allows more, of which no decoder knows the colours)."""


@dataclass(frozen=True, slots=True, eq=False)
class JpegComponent:
    """
    One component of a JPEG file: luminance, a colour difference, …

    `values` int16 [rows of blocks, columns of blocks, 64]: its quantised DCT coefficients as they were written, in
    natural order (row by row, DC first). `steps` uint16 [64]: what each is multiplied by. `across` and `down`, 1..4,
    are its sampling factors.
    """

    values: NDArray[np.int16] = field(repr=False)
    steps: NDArray[np.uint16] = field(repr=False)
    across: int
    down: int


@dataclass(frozen=True, slots=True, eq=False)
class JpegCoefficients:
    """The first components of a JPEG file of `width` × `height` pixels, as it is stored."""

    width: int
    height: int
    is_progressive: bool
    components: tuple[JpegComponent, ...]


def read_coefficients(
    data: bytes, *, components: int = COMPONENTS, limits: MediaLimits = MediaLimits()
) -> JpegCoefficients:
    """
    Read the first `components` components of the JPEG in `data`; 128 bytes of memory for each block of them.

    Raises `UnreadableMedia` for a damaged file, one that is cut short, and one with arithmetic codes, samples of
    other than 8 bits or lossless coding; for one with more pixels than `limits` allow, too.
    """
    # 64 pixels a block, and of a narrow picture a row of blocks.
    most = (limits.max_pixels // 64 + limits.max_side // 4) * components
    try:
        width, height, is_progressive, found = _native.jpeg_coefficients(data, components, most)
    except _native.DamagedJpeg as error:
        raise UnreadableMedia(f"The JPEG file is damaged: {error}.") from None
    except _native.UnsupportedJpeg as error:
        raise UnreadableMedia(f"JPEG files of this kind are not read: {error}.") from None
    return JpegCoefficients(width, height, is_progressive, tuple(JpegComponent(*each) for each in found))
