"""
The crops that people make of a picture, fingerprinted by whoever reports it.

A fingerprint of the whole finds no crop of it: 5 % off each side leave two thirds of the bits at chance. So the
reporting side, which has the picture, hashes crops of it too; the picture that is compared then only has to lie near
one of them. PDQ bears about 1 % of a side, and 2.5 % within the wider radius of *possible*.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from takeback.fingerprint.pdq import PdqHash, pdq_hash

MAX_CROPS = 96
"""Most crop fingerprints that are taken of one picture."""

_ALL_SIDES = (0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225, 0.25, 0.3)
_ONE_SIDE = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
_TWO_SIDES = (0.05, 0.1, 0.125, 0.15, 0.2, 0.25)
_CORNERS = (0.15, 0.25, 0.33, 0.42, 0.5)
_SHAPES = (1.0, 0.8, 16 / 9)
"""Width to height of what sites cut a picture to: square, portrait, wide."""
_MIN_SIDE = 32


def pdq_crops(pixels: NDArray[np.uint8]) -> tuple[PdqHash, ...]:
    """
    Return the PDQ fingerprints of the crops of `pixels`, uint8 [height, width, 3] or [height, width], in a fixed order.

    One is left out where it has too little detail to say anything, or is smaller than 32 pixels. The crops are
    views of the array: for a large picture hand in a reduced one. Raises as `pdq_hash` does.
    """
    hashes = (pdq_hash(np.ascontiguousarray(crop)) for crop in _crops(pixels))
    return tuple(each for each in hashes if each.is_telling)


def _crops(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    height, width = pixels.shape[:2]
    for left, top, right, bottom in (*_margins(), *_margins_to_shapes(width, height)):
        rows = slice(round(top * height), height - round(bottom * height))
        columns = slice(round(left * width), width - round(right * width))
        crop = pixels[rows, columns]
        if min(crop.shape[:2]) >= _MIN_SIDE:
            yield crop


def _margins() -> Iterator[tuple[float, float, float, float]]:
    """Yield what is cut off left, top, right and bottom, as shares of the sides."""
    for all_sides in _ALL_SIDES:
        yield all_sides, all_sides, all_sides, all_sides
    for one in _ONE_SIDE:
        yield from ((one, 0, 0, 0), (0, one, 0, 0), (0, 0, one, 0), (0, 0, 0, one))
    for two in _TWO_SIDES:
        yield from ((two, 0, two, 0), (0, two, 0, two))
    for corner in _CORNERS:
        yield from ((corner, corner, 0, 0), (0, corner, corner, 0), (corner, 0, 0, corner), (0, 0, corner, corner))


def _margins_to_shapes(width: int, height: int) -> Iterator[tuple[float, float, float, float]]:
    """Yield what is cut off both sides to come to each shape, where that is more than any other crop's step."""
    for shape in _SHAPES:
        off_width, off_height = 1 - shape * height / width, 1 - width / shape / height
        if off_width > 0:
            yield off_width / 2, 0, off_width / 2, 0
        elif off_height > 0:
            yield 0, off_height / 2, 0, off_height / 2
