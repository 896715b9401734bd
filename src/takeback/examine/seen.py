"""What of the picture a report shows: nothing, unless whoever asks for the report wants it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.shown import BLURRED_SIDE, SHOWN_SIDE, Shown, reduced_size
from takeback.examine.subject import Subject
from takeback.media.orientation import turn_upright
from takeback.registration import opencv


def seen_of(subject: Subject, shown: Shown) -> NDArray[np.uint8] | None:
    """Return the upright picture made small, uint8 [height, width, 3] (`reduced_size`); None where it is left out."""
    if shown is Shown.LEFT_OUT:
        return None
    cv2 = opencv()
    pixels = turn_upright(subject.pixels, subject.orientation)
    size = reduced_size(pixels.shape[1], pixels.shape[0], BLURRED_SIDE if shown is Shown.BLURRED else SHOWN_SIDE)
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
