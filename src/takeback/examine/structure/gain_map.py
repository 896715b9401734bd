"""
A gain map (ISO 21496-1, Adobe, Apple) against its picture: how much lighter each place is shown on a screen that can.

It is to be laid on the whole picture, so it has its shape; and it is made from it, so its edges are the picture's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.registration import opencv

MAX_SHAPE: Final = 0.05
"""Natural logarithm of the quotient of the two shapes: what rounding to whole blocks of a small map can do."""

MIN_SIDE: Final = 32
MIN_CONTRAST: Final = 3.0
FOLLOWS: Final = 0.15
"""Correlation of edges below which they do not follow each other."""

_SIDE: Final = 256


class Fit(StrEnum):
    """How a gain map fits its picture."""

    FITS = "fits"
    OTHER_SHAPE = "other_shape"
    OTHER_EDGES = "other_edges"
    UNCLEAR = "unclear"
    """Turned, too small, or too flat."""


def fit_of(gain_map: NDArray[np.uint8], picture: NDArray[np.uint8]) -> Fit:
    """Say how a gain map fits its picture, both uint8 [height, width], as stored."""
    cv2 = opencv()
    if min(gain_map.shape) < MIN_SIDE or min(picture.shape) < MIN_SIDE:
        return Fit.UNCLEAR
    shape, wanted = (np.log(each.shape[1] / each.shape[0]) for each in (gain_map, picture))
    rounding = 2 / min(gain_map.shape)
    if abs(shape - wanted) > MAX_SHAPE + rounding:
        # One that was turned with only one of them is a program's mistake, which viewers correct.
        return Fit.UNCLEAR if abs(shape + wanted) <= MAX_SHAPE + rounding else Fit.OTHER_SHAPE
    scale = min(1.0, _SIDE / max(gain_map.shape))
    size = (round(gain_map.shape[1] * scale), round(gain_map.shape[0] * scale))
    small, large = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (gain_map, picture))
    if small.std() < MIN_CONTRAST or large.std() < MIN_CONTRAST:
        return Fit.UNCLEAR
    edges, own = _edges(np.asarray(small, np.uint8)), _edges(np.asarray(large, np.uint8))
    return Fit.FITS if _correlation(edges, own) >= FOLLOWS else Fit.OTHER_EDGES


def _edges(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    cv2 = opencv()
    smooth = cv2.GaussianBlur(picture.astype(np.float64), (0, 0), 1.5)
    edges = np.hypot(cv2.Sobel(smooth, cv2.CV_64F, 1, 0), cv2.Sobel(smooth, cv2.CV_64F, 0, 1))
    # A few very strong edges would be all that counts.
    return np.asarray(cv2.GaussianBlur(np.sqrt(edges), (0, 0), 1.5), np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt((first * first).sum() * (second * second).sum()))
    return float((first * second).sum()) / size if size > 0 else 0.0
