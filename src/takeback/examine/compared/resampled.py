"""The original laid under the suspect: turned, scaled as whoever made the copy may have scaled it, and cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from takeback.registration import opencv
from takeback.registration.transform import Matrix

STRAIGHT = 0.12
"""Pixels of the suspect by which its far corner may be off, for a transform to count as only cut and scaled."""

_OUTSIDE = 0.02
"""Pixels of the original by which a pixel of the suspect may reach beyond its edge."""

type Pixels = NDArray[np.uint8]
type Size = tuple[int, int]


class Filter(StrEnum):
    """By what means a picture is scaled."""

    BICUBIC = "bicubic"
    LANCZOS = "lanczos"
    BOX = "box"
    AREA = "area"
    """Means of what each pixel covers, as OpenCV has it: others than those of a box where the sides do not divide."""
    LINEAR = "linear"
    """Linear between four pixels, however much smaller it becomes: what OpenCV does by default, and many programs."""


_PIL = {
    Filter.BICUBIC: PIL.Image.Resampling.BICUBIC,
    Filter.LANCZOS: PIL.Image.Resampling.LANCZOS,
    Filter.BOX: PIL.Image.Resampling.BOX,
}


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The original in the suspect's frame: `pixels` uint8 [height, width, …], and `inside`, uint8, 255 where it is."""

    pixels: Pixels = field(repr=False)
    inside: Pixels = field(repr=False)


class Source:
    """A plane that is laid under a suspect again and again, under transforms that differ little."""

    def __init__(self, plane: Pixels, matrix: Matrix) -> None:
        """Reduce `plane` once to about the scale at which `matrix` shows it."""
        scale = max(1.0, float(np.linalg.norm(matrix[:, :2], axis=0).min()))
        height, width = plane.shape[:2]
        size = max(1, round(width / scale)), max(1, round(height / scale))
        self._by = np.array([[size[0] / width], [size[1] / height]])
        reduced = PIL.Image.fromarray(plane)
        if scale > 1.02:
            reduced = reduced.resize(size, PIL.Image.Resampling.BICUBIC)
        else:
            self._by = np.ones((2, 1))
        self._plane = np.asarray(reduced)

    def laid(self, matrix: Matrix, size: Size) -> tuple[Pixels, Pixels]:
        """Return it under `matrix`, and where it is."""
        return _warped(self._plane, matrix * self._by, size)


def resampled(original: Pixels, matrix: Matrix, size: Size, how: Filter = Filter.BICUBIC) -> Laid:
    """
    Return `original` uint8 [height, width, 3] under a suspect of `size`, width and height.

    `matrix` takes places in the suspect to places in the original; `AREA` is right where it takes the edges to whole
    pixels. Where it only cuts and scales, that is done
    as programs do it; else it is reduced first, then turned.
    """
    turned, matrix = unturned(original, matrix)
    if is_straight(matrix, size) and how is not Filter.LINEAR:
        return _cut_and_scaled(turned, matrix, size, how)
    if how is Filter.LINEAR:
        cv2 = opencv()
        return Laid(*_warped(turned, matrix, size, cv2.INTER_LINEAR))
    return Laid(*Source(turned, matrix).laid(matrix, size))


def is_straight(matrix: Matrix, size: Size) -> bool:
    """Say whether a transform, already turned back, only cuts and scales."""
    across = abs(matrix[0, 1]) * size[1] / abs(matrix[0, 0]), abs(matrix[1, 0]) * size[0] / abs(matrix[1, 1])
    return bool(max(across) < STRAIGHT)


def unturned(pixels: Pixels, matrix: Matrix) -> tuple[Pixels, Matrix]:
    """Return `pixels` turned by right angles and mirrored so that `matrix`, which is returned with them, need not."""
    matrix = matrix.copy()
    if abs(matrix[0, 1]) > abs(matrix[0, 0]):
        pixels, matrix = pixels.swapaxes(0, 1), matrix[::-1].copy()
    for axis in (0, 1):
        if matrix[axis, axis] < 0:
            side = pixels.shape[1 - axis]
            pixels = pixels[:, ::-1] if axis == 0 else pixels[::-1]
            matrix[axis] = -matrix[axis]
            matrix[axis, 2] += side
    return np.ascontiguousarray(pixels), matrix


def at_identity() -> Matrix:
    """Return the transform that moves nothing."""
    return np.array([[1.0, 0, 0], [0, 1.0, 0]])


def _cut_and_scaled(pixels: Pixels, matrix: Matrix, size: Size, how: Filter) -> Laid:
    height, width = pixels.shape[:2]
    spans = [
        _span(matrix[axis, axis], matrix[axis, 2], side, of)
        for axis, side, of in ((0, size[0], width), (1, size[1], height))
    ]
    (left, right, x0, x1), (top, bottom, y0, y1) = spans
    laid = np.zeros((size[1], size[0], *pixels.shape[2:]), np.uint8)
    inside = np.zeros((size[1], size[0]), np.uint8)
    if right <= left or bottom <= top:
        return Laid(laid, inside)
    part = slice(int(top), int(bottom)), slice(int(left), int(right))
    inside[part] = 255
    if how is Filter.AREA:
        rows, columns = slice(round(y0), max(round(y1), round(y0) + 1)), slice(round(x0), max(round(x1), round(x0) + 1))
        across, down = int(right - left), int(bottom - top)
        laid[part] = opencv().resize(pixels[rows, columns], (across, down), interpolation=opencv().INTER_AREA)
        return Laid(laid, inside)
    picture = PIL.Image.fromarray(pixels)
    laid[part] = np.asarray(picture.resize((int(right - left), int(bottom - top)), _PIL[how], box=(x0, y0, x1, y1)))
    return Laid(laid, inside)


def _span(by: float, start: float, side: int, of: int) -> tuple[int, int, float, float]:
    """Return which pixels of the suspect lie in the original along one axis, and where in it."""
    first = max(0, int(np.ceil((-_OUTSIDE - start) / by)))
    last = min(side, int(np.floor((of + _OUTSIDE - start) / by)))
    return first, last, max(0.0, by * first + start), min(float(of), by * last + start)


def _warped(plane: Pixels, matrix: Matrix, size: Size, how: int | None = None) -> tuple[Pixels, Pixels]:
    cv2 = opencv()
    # OpenCV's places have the middle of the first pixel at 0, 0.
    moved = matrix.copy()
    moved[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
    flags = (cv2.INTER_CUBIC if how is None else how) | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(plane, moved, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(plane.shape[:2], 255, np.uint8)
    inside = cv2.warpAffine(full, moved, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.asarray(laid, np.uint8), np.asarray(inside, np.uint8)
