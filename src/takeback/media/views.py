"""
The parts of a picture that may each be a copy: the whole of it, and what is left without its frame.

A place holder: it finds a border of one colour and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MAX_VIEWS = 6
"""Views of one picture, the whole among them."""


class ViewKind(StrEnum):
    """How a view was found."""

    WHOLE = "whole"
    STRIPPED = "stripped"
    REGION = "region"
    QUAD = "quad"


@dataclass(frozen=True, slots=True)
class View:
    """One part of a picture: a box in its pixels, `left` and `top` from 0, `width` and `height` at least 1."""

    kind: ViewKind
    left: int
    top: int
    width: int
    height: int


def views_of(pixels: NDArray[np.uint8], *, most: int = MAX_VIEWS) -> tuple[View, ...]:
    """Return the views of `pixels`, uint8 [height, width, 3], the whole first and at most `most`."""
    height, width = pixels.shape[:2]
    whole = View(ViewKind.WHOLE, 0, 0, width, height)
    inside = (pixels != pixels[0, 0]).any(axis=2)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if most < 2 or not rows.size or (rows.size, columns.size) == (height, width):
        return (whole,)
    left, top = int(columns[0]), int(rows[0])
    stripped = View(ViewKind.STRIPPED, left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)
    return (whole,) if (stripped.width, stripped.height) == (width, height) else (whole, stripped)


def pixels_of(view: View, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what `view` shows of `pixels`, uint8 [height, width, 3]: part of the same array where it can be."""
    return pixels[view.top : view.top + view.height, view.left : view.left + view.width]
