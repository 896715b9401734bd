"""
The parts of a picture that may each be a copy: all of it, what is left without a frame, and pictures inside it.

A copy in a screenshot, a collage, a meme or a frame has nothing in common with the fingerprint of the picture alone;
the part that shows it has. Each view costs its fingerprints, 0.3 ms and less, and `most` bounds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from takeback import _native

MAX_VIEWS = 6
"""Views of one picture, the whole among them."""


class ViewKind(StrEnum):
    """How a view was found, and why it may be a copy."""

    WHOLE = "whole"
    """All of the picture."""
    STRIPPED = "stripped"
    """What is left without a frame, bars or padding, of one colour or a gradient."""
    REGION = "region"
    """A rectangle with straight edges: the picture on a page, in a chat, a collage, a meme, on another picture."""


@dataclass(frozen=True, slots=True)
class View:
    """One part of a picture: a box in its pixels, `left` and `top` from 0, `width` and `height` at least 1."""

    kind: ViewKind
    left: int
    top: int
    width: int
    height: int


def views_of(pixels: NDArray[np.uint8], *, most: int = MAX_VIEWS) -> tuple[View, ...]:
    """
    Return the views of `pixels`, uint8 [height, width, 3] or [height, width]: at most `most`, the whole first.

    The others come in the order of how likely a picture of its own fills them. 1 to 2 ms for 1600 × 1200 pixels, and
    bounded for any. Raises `TypeError` for another dtype and `ValueError` for another shape.
    """
    height, width = pixels.shape[:2]
    found = _native.find_views(np.ascontiguousarray(pixels), max(0, most - 1))
    kinds = {True: ViewKind.STRIPPED, False: ViewKind.REGION}
    return (View(ViewKind.WHOLE, 0, 0, width, height), *(View(kinds[stripped], *box) for stripped, *box in found))


def pixels_of(view: View, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what `view` shows of `pixels`, uint8 [height, width, 3]: part of the same array where it can be."""
    return pixels[view.top : view.top + view.height, view.left : view.left + view.width]
