"""
Whether a picture is drawn: there equal parts are as usual as they are rare in photographs.

What a lens saw has grain or blur beside its edges; what was drawn is of one even tone right up to them. So it is the
share of even places among those close to detail that tells: a clear sky is even too, but far from any.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.copy_move.plane import Plane
from takeback.registration import opencv

EVEN_SIDE = 5
EVEN_LEVELS = 1
"""A place is even where no two pixels of a square of `EVEN_SIDE` differ by more."""
CLOSE_SIDE = 33
"""Pixels: within such a square around it a place has detail close by."""

MAX_EVEN = 0.22
"""Share of even places close to detail from which a picture counts as drawn."""
MAX_EVEN_AROUND = 0.25
"""The same around a region and its copy, from which they count as drawn: buttons and words on a screenshot."""

type Mask = NDArray[np.bool_]


def even_share(plane: Plane, part: Mask | None = None) -> float:
    """Return the share of even places among those that are close to detail, or to that of a `part`; 0 of none."""
    cv2 = opencv()
    square = np.ones((EVEN_SIDE, EVEN_SIDE), np.uint8)
    picture: NDArray[np.uint8] = np.clip(np.rint(plane.luminance), 0, 255).astype(np.uint8)
    even = cv2.subtract(cv2.dilate(picture, square), cv2.erode(picture, square)) <= EVEN_LEVELS
    detail = plane.textured if part is None else plane.textured & part
    close = cv2.dilate(detail.astype(np.uint8), np.ones((CLOSE_SIDE, CLOSE_SIDE), np.uint8)) > 0
    return int(np.count_nonzero(even & close)) / max(1, int(np.count_nonzero(close)))
