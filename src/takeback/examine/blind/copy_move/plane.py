"""
The picture at the size at which it is searched: its fine detail, and how much of that is each place's own.

A place's own texture is what is left of its detail when it is compared with itself a few pixels aside, in the direction
in which that leaves least: a straight edge looks like every other part of itself, and counts as nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from takeback.registration import opencv

MAX_PIXELS = 700_000
"""Of the picture that is searched: a larger one is reduced to that, which bounds time and memory."""

MIN_SIDE = 64
"""Pixels of the shorter side: below it nothing could be copied within the picture."""

FINE, COARSE = 0.9, 3.0
"""Pixels (standard deviations): detail is what the first blur keeps and the second does not."""

ASIDE = 3.0
"""Pixels by which a place is moved to see what of its texture is its own."""

AROUND = 3.0
"""Pixels (standard deviation) around a place, over which differences are averaged."""

UNSEEN = 0.25
"""Levels, squared: what rounding and weak saving leave of equal texture."""

LEAST_TEXTURE = 1.0
"""Levels, squared: a place with less of its own is flat, and says nothing."""

SATURATED = 4
"""Levels from black or white within which nothing can be told."""

type Values = NDArray[np.float32]
type Mask = NDArray[np.bool_]
type Matrix = NDArray[np.float64]
"""float64 [2, 3]: from x, y, 1 of a place to x, y of the place that is the same."""
type Frame = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels of the plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """
    Luminance float32 [height, width] as it is searched, and what follows from it.

    `scale` is how many of its pixels one of the picture is wide, at most 1. `detail` and `texture` float32 have its
    shape, `textured` bool says where there is enough of it.
    """

    scale: float
    luminance: Values = field(repr=False)
    detail: Values = field(repr=False)
    texture: Values = field(repr=False)
    textured: Mask = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.luminance.shape
        return height, width


def plane_of(luminance: NDArray[np.uint8], most: int = MAX_PIXELS) -> Plane:
    """Return the plane of `luminance` uint8 [height, width], reduced to `most` pixels."""
    cv2 = opencv()
    height, width = luminance.shape
    scale = min(1.0, math.sqrt(most / (height * width)))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        luminance = cv2.resize(luminance, size, interpolation=cv2.INTER_AREA)
    values = luminance.astype(np.float32)
    detail = detail_of(values)
    texture = _own_texture(detail)
    clipped = ((luminance < SATURATED) | (luminance > 255 - SATURATED)).astype(np.float32)
    textured = (texture > LEAST_TEXTURE) & (around(clipped) < 0.5)
    return Plane(scale, values, detail, texture, textured)


def detail_of(luminance: Values) -> Values:
    """Return the fine detail of `luminance`."""
    cv2 = opencv()
    fine = cv2.GaussianBlur(luminance, (0, 0), FINE)
    return np.asarray(fine - cv2.GaussianBlur(luminance, (0, 0), COARSE), np.float32)


def around(values: NDArray[np.floating]) -> Values:
    """Return means around each pixel."""
    return np.asarray(opencv().GaussianBlur(values, (0, 0), AROUND), np.float32)


def _own_texture(detail: Values) -> Values:
    """Return half the squared difference from the places aside, of the direction in which that is least."""
    least: Values | None = None
    for step in range(8):
        angle = math.pi * step / 8
        by = np.array([[1, 0, ASIDE * math.cos(angle)], [0, 1, ASIDE * math.sin(angle)]], np.float32)
        energy = around(np.square(detail - moved(detail, by)) / 2)
        least = energy if least is None else np.minimum(least, energy)
    assert least is not None
    return least


def moved(values: Values, matrix: NDArray[np.floating]) -> Values:
    """Return at each place x, y what `values` has at `matrix` · (x, y, 1); edges are continued."""
    cv2 = opencv()
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = values.shape[::-1]
    return np.asarray(cv2.warpAffine(values, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.float32)
