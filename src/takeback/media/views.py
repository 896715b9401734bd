"""
Where in an upload a reported picture may lie: all of it, what its border leaves, a rectangle inside, or below stripes.

PDQ compares whole pictures, and forgives about one part in a hundred of each side. A frame, a caption or a
phone's screen around a copy hides it; the fingerprint of the right part finds it again. The kernel finds the parts
by straight edges along rows and columns, and takes off a colour that lies thinly over everything (`native/core/views`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from takeback import _native

MAX_VIEWS = 7
"""Views of one picture, the whole included. More than that found no more copies in the calibration."""

MIN_VIEW_SIDE = 32
"""Pixels: what is smaller has too little detail to be compared, as the kernel has it too (`views.hpp`)."""


class ViewKind(StrEnum):
    """Why a part of a picture is looked at."""

    WHOLE = "whole"
    """The picture as it is: most copies. Costs nothing beside its own fingerprint."""

    CLEARED = "cleared"
    """
    All of it without what was drawn over it in one colour, such as stripes, a grid or scribbles.

    What lies below is guessed from around, which is enough for a fingerprint. Of 78 photographs of the calibration 3
    have a view of this kind without need; it then costs one more fingerprint.
    """

    STRIPPED = "stripped"
    """What a frame, letterbox or padding of one colour or a gradient leaves. One more fingerprint, rarely another."""

    REGION = "region"
    """
    A rectangle with straight edges: in a screenshot, chat, meme or collage, or pasted on another picture.

    Most are no picture's: windows, boxes of text, a door in a photograph. So each is one more fingerprint, and one
    more chance of a false match.
    """


@dataclass(frozen=True, slots=True)
class View:
    """
    A rectangle of a picture, in pixels of it as it is seen upright.

    It lies inside the picture. Raises `ValueError` for a side below 1 or a corner before the first pixel.
    """

    kind: ViewKind
    left: int
    top: int
    width: int
    height: int
    likely: bool = True
    """
    Of a rectangle: whether its edges are as strong as those of pictures in pictures mostly are.

    Of 153 photographs for calibration 44 have one without need; of 1,989 collages, screenshots and frames 98 in 100.
    """

    def __post_init__(self) -> None:
        if min(self.left, self.top) < 0 or min(self.width, self.height) < 1:
            raise ValueError("A view lies inside a picture and is at least one pixel high and wide.")


def views_of(pixels: NDArray[np.uint8], *, most: int = MAX_VIEWS) -> tuple[View, ...]:
    """
    Return at most `most` views of `pixels`: `WHOLE` first, then the most promising.

    `pixels` uint8 [height, width, 3] or [height, width], upright; each is read once or less. The others are at
    least `MIN_VIEW_SIDE` high and wide, and no two are the same; at most one is `CLEARED`. The answer hangs on the
    pixels alone. Raises `ValueError` where `most` is below 1, and for pixels as `pdq_hash` does.
    """
    if most < 1:
        raise ValueError("At least one view is asked for: the whole.")
    found = _native.find_views(_packed(pixels), most - 1)
    height, width = pixels.shape[:2]
    parts = (View(ViewKind(kind), left, top, across, down, likely) for kind, left, top, across, down, likely in found)
    return (View(ViewKind.WHOLE, 0, 0, width, height), *parts)


def pixels_of(view: View, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Return what `view` shows of the picture `pixels` that it was found in, C-contiguous.

    The whole of C-contiguous pixels is not copied; those of `CLEARED` are reduced. Raises `ValueError` where
    the view reaches beyond the picture.
    """
    bottom, right = view.top + view.height, view.left + view.width
    if bottom > pixels.shape[0] or right > pixels.shape[1]:
        raise ValueError("The view reaches beyond this picture: it was found in another.")
    if view.kind is ViewKind.CLEARED:
        cleared = _native.cleared(_packed(pixels))
        if cleared is None:
            raise ValueError("Nothing was drawn over this picture: the view was found in another.")
        return cleared
    return np.ascontiguousarray(pixels[view.top : bottom, view.left : right])


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `pixels`, copied only where the pixels of a row are not side by side: the kernel reads rows."""
    pixel_bytes = 3 if pixels.ndim == 3 else 1
    packed = pixels.ndim > 1 and pixels.strides[1] == pixel_bytes and pixels.strides[-1] == 1
    return pixels if packed else np.ascontiguousarray(pixels)
