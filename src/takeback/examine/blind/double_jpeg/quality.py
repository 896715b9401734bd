"""At which quality of libjpeg's a table or a file was written, as nearly as can be said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.errors import UnreadableMedia
from takeback.examine.libjpeg import luminance_steps
from takeback.examine.structure.jpeg import read_jpeg
from takeback.examine.subject import Subject


def nearest_quality(steps: NDArray[np.uint16]) -> int:
    """Return the quality whose steps are nearest to `steps` [64], by their logarithms."""
    apart = np.abs(np.log(luminance_steps()[1:]) - np.log(steps.astype(np.float64)))
    return 1 + int(apart.mean(axis=1).argmin())


def last_quality(subject: Subject, untold: int) -> int:
    """Return the quality of the last saving, 100 of what is no JPEG, and `untold` where a JPEG does not say."""
    if subject.format != "jpeg":
        return 100
    try:
        jpeg = read_jpeg(subject.data)
    except UnreadableMedia:
        return untold
    if jpeg.frame is None or not jpeg.frame.components:
        return untold
    table = jpeg.tables.get(jpeg.frame.components[0][3])
    return untold if table is None else nearest_quality(np.maximum(np.array(table, np.uint16), 1))
