"""
Local features of a picture: points that are found again in a copy, whatever is cut off, turned or added around them.

They can be turned back into something like the picture (descriptor inversion), so they are as sensitive as it is: they
are made only where the pixels lawfully are, or by the person's choice, and stored sealed.
"""

from __future__ import annotations

import importlib
import struct
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from takeback.errors import BadSetting, MalformedHash
from takeback.registration.codes import VERSION, codes_of, mirrored_descriptors

CODE_BYTES = 32
"""Bytes of one code: 256 signs."""

WORKING_SIDE = 640
"""Pixels: what the longer side of a picture is reduced to before features are looked for."""

MAX_FEATURES = 1024
"""Most features that one picture may have: it bounds what comparing two pictures costs."""

CONTRAST = 0.04
"""Least contrast of a feature, as OpenCV counts it (Lowe, 2004, section 4, has 0.03 of each octave)."""

MAX_SIDE = 1 << 20
"""Pixels: the longest side that is believed of a picture known by its features alone."""

MIN_SIDE = 16
"""Pixels: below it SIFT finds nothing."""

_HEADER = struct.Struct("<4sHIIH")
_MAGIC = b"TBLF"
_FEATURE = np.dtype([("x", "<u2"), ("y", "<u2"), ("size", "<u2"), ("angle", "<u2"), ("code", "u1", (CODE_BYTES,))])
_STEPS = 1 << 16
_SIZE_STEPS = 4096
"""To the octave: sizes are kept as how many octaves they lie below the longer side of the picture, at most 16."""

MAX_FEATURE_BYTES = _HEADER.size + MAX_FEATURES * _FEATURE.itemsize
"""Bytes of the most features that one picture may have."""

type Pixels = NDArray[np.uint8]
type Points = NDArray[np.float32]
type Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """
    The local features of a picture of `width` × `height` pixels, the strongest first.

    `points` float32 [n, 4]: x to the right and y downwards, from the top left corner of the picture (the middle of
    the first pixel is 0.5, 0.5), and size, in pixels; angle in degrees, clockwise. `codes` uint8 [n, 32]. `mirrored`
    uint8 [n, 32] are the codes of the same points in the picture whose left and right are exchanged, None where
    that is not asked: of two pictures one needs them. Codes stay out of `repr`: they are never logged. Raises
    `ValueError` for other shapes or dtypes, more than `MAX_FEATURES`, sizes that are not positive, and NaN.
    """

    width: int
    height: int
    points: Points = field(repr=False)
    codes: Codes = field(repr=False)
    mirrored: Codes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        count = len(self.points)
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise ValueError(f"The sides of a picture lie between 1 and {MAX_SIDE} pixels.")
        if count > MAX_FEATURES:
            raise ValueError(f"A picture has at most {MAX_FEATURES} local features.")
        if self.points.dtype != np.float32 or self.points.shape != (count, 4):
            raise ValueError("points must be float32 [n, 4]")
        if not np.isfinite(self.points).all() or (self.points[:, 2] <= 0).any():
            raise ValueError("Points are finite, and their sizes positive.")
        for codes in (self.codes, self.mirrored):
            if codes is not None and (codes.dtype != np.uint8 or codes.shape != (count, CODE_BYTES)):
                raise ValueError(f"codes must be uint8 [n, {CODE_BYTES}], a row for each point")

    def __len__(self) -> int:
        return len(self.points)

    def to_bytes(self) -> bytes:
        """
        Return them as they are sealed and sent: 16 bytes, and 40 a feature; `mirrored` is left out.

        Places are rounded to 1/65,536 of a side, angles of a turn, sizes to 1/4,096 of an octave.
        """
        rows = np.zeros(len(self), _FEATURE)
        rows["x"], rows["y"] = (_steps(self.points[:, i] / side) for i, side in enumerate((self.width, self.height)))
        octaves = -np.log2(self.points[:, 2].astype(np.float64) / max(self.width, self.height))
        rows["size"] = np.clip(np.rint(octaves * _SIZE_STEPS), 0, _STEPS - 1)
        rows["angle"] = np.rint(self.points[:, 3].astype(np.float64) / 360 * _STEPS).astype(np.int64) % _STEPS
        rows["code"] = self.codes
        return _HEADER.pack(_MAGIC, VERSION, self.width, self.height, len(self)) + rows.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> LocalFeatures:
        """Read what `to_bytes` wrote; `MalformedHash` for anything else, or another version."""
        if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
            raise _malformed("This is not a picture's local features.")
        _, version, width, height, count = _HEADER.unpack_from(data)
        if version != VERSION:
            raise _malformed(f"The local features are of version {version}; this Takeback reads version {VERSION}.")
        if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and count <= MAX_FEATURES):
            raise _malformed("The local features are of no picture: its size or their number is out of range.")
        if len(data) != _HEADER.size + count * _FEATURE.itemsize:
            raise _malformed("The local features are cut short, or something follows them.")
        rows = np.frombuffer(data, _FEATURE, count, _HEADER.size)
        sizes = max(width, height) * 2.0 ** -(rows["size"] / _SIZE_STEPS)
        columns = rows["x"] * (width / _STEPS), rows["y"] * (height / _STEPS), sizes, rows["angle"] * (360 / _STEPS)
        return cls(width, height, np.stack(columns, axis=1).astype(np.float32), np.ascontiguousarray(rows["code"]))


def local_features(
    pixels: Pixels, *, original: tuple[int, int] | None = None, most: int = 500, contrast: float = CONTRAST
) -> LocalFeatures:
    """
    Return the `most` strongest local features of `pixels` uint8 [height, width] (grey) or [height, width, 3] (RGB).

    SIFT (Lowe, 2004) at 640 pixels of the longer side at most. `original` is the width and height of the picture
    that `pixels` were reduced from: the points are then in its pixels. `contrast` is the least that a point has: what
    is stored and compared with what others stored keeps the default. A flat picture, or one below 16 pixels, has
    none. Works on one thread. Raises `BadSetting` where OpenCV (the extra "copies") is missing, `TypeError` for
    another dtype and `ValueError` for another shape, an empty picture, or `most` beyond `MAX_FEATURES`.
    """
    _check(pixels, most)
    width, height = original or (pixels.shape[1], pixels.shape[0])
    points, descriptors = _sift(_working_plane(pixels), most, contrast)
    points[:, :2] *= (width, height)
    points[:, 2] *= max(width, height)
    return LocalFeatures(width, height, points, codes_of(descriptors), codes_of(mirrored_descriptors(descriptors)))


def can_register() -> bool:
    """Say whether local features can be taken here: whether OpenCV (the extra "copies") is installed."""
    # One that another thread is just importing has no specification yet.
    return "cv2" in sys.modules or find_spec("cv2") is not None


def _check(pixels: Pixels, most: int) -> None:
    if pixels.dtype != np.uint8:
        raise TypeError("pixels must be uint8")
    if (pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] == 3)) or not pixels.size:
        raise ValueError("pixels must be [height, width] or [height, width, 3], and not empty")
    if not 1 <= most <= MAX_FEATURES:
        raise ValueError(f"most must lie between 1 and {MAX_FEATURES}")


def _working_plane(pixels: Pixels) -> Pixels:
    cv2 = opencv()
    height, width = pixels.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grey: Pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else np.ascontiguousarray(pixels)
    return grey


def _sift(plane: Pixels, most: int, contrast: float) -> tuple[Points, NDArray[np.uint8]]:
    """Return places and sizes as shares of the sides, and descriptors uint8 [n, 128], the strongest first."""
    height, width = plane.shape
    if min(height, width) < MIN_SIDE:
        return np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8)
    found, descriptors = opencv().SIFT_create(most, contrastThreshold=contrast).detectAndCompute(plane, None)
    if not found:
        return np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8)
    # OpenCV's points have the middle of the first pixel at 0, 0.
    rows = [((p.pt[0] + 0.5) / width, (p.pt[1] + 0.5) / height, p.size / max(width, height), p.angle) for p in found]
    points = np.array(rows, np.float32)
    # OpenCV promises no order, and more than were asked for where the last are equally strong.
    order = np.lexsort((*points.T, [-p.response for p in found]))[:most]
    return points[order], descriptors[order].astype(np.uint8)


@cache
def opencv() -> Any:
    """Return OpenCV, on one thread; `BadSetting` where the extra "copies" is not installed."""
    try:
        cv2: Any = importlib.import_module("cv2")
    except ImportError as problem:
        raise BadSetting(
            "OpenCV is not installed, which local features, examining and comparing need.",
            advice='Install the extra "copies" (pip install "takeback[copies]"), or turn off what needs them.',
        ) from problem
    cv2.setNumThreads(1)
    return cv2


def _steps(shares: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.clip(np.rint(shares.astype(np.float64) * _STEPS), 0, _STEPS - 1)


def _malformed(message: str) -> MalformedHash:
    return MalformedHash(message, advice="Compute the local features again from the picture, with this version.")
