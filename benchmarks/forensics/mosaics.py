"""
Pictures as a camera develops them: one colour at each pixel (Bayer's mosaic), the others worked out from those beside.

Five ways to do that, of which two are OpenCV's: the mean of those beside; Malvar's linear filters (Malvar, He, Cutler,
"High-quality linear interpolation for demosaicing of Bayer-patterned color images", ICASSP 2004); along the direction
of least change (Hamilton, Adams, US patent 5,629,734, 1997); VNG and EA. All in linear light but VNG.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.forensics.files import Pixels, Rng

GAMMA: Final = 2.2
RED, GREEN, BLUE = range(3)
_OPENCV = ("RGGB", "GRBG", "GBRG", "BGGR")
"""By the place of red: twice its row and its column."""
_COLOURS = np.array([[1.6, -0.45, -0.15], [-0.2, 1.45, -0.25], [0.02, -0.5, 1.48]], np.float32)
"""From a sensor's colours to a screen's; each row's sum is 1."""

type Values = NDArray[np.float32]
type Colours = NDArray[np.int8]


def developed(pixels: Pixels, way: str, place: int, level: float, rng: Rng) -> Pixels:
    """
    Return `pixels` uint8 [height, width, 3] as seen by a sensor with red at `place` of its mosaic, and developed.

    `level` is the noise that comes to it, in levels of a pixel of middle grey.
    """
    light = np.clip((pixels.astype(np.float32) / 255) ** GAMMA @ np.linalg.inv(_COLOURS).T, 0, 1)
    grey = 0.2
    slope = 255 / GAMMA * grey ** (1 / GAMMA - 1)
    noise = rng.normal(size=light.shape).astype(np.float32) * np.sqrt((light + 0.02) / (grey + 0.02)) * level / slope
    seen, colours = _mosaic(np.clip(light + noise, 0, 1).astype(np.float32), place)
    found = WAYS[way](seen, colours) @ _COLOURS.T
    return np.rint(np.clip(found, 0, 1) ** (1 / GAMMA) * 255).astype(np.uint8)


def _mosaic(light: Values, place: int) -> tuple[Values, Colours]:
    """Return what a sensor sees, float32 [height, width], and of which colour, int8 alike."""
    down, across = divmod(place, 2)
    seen, colours = np.empty(light.shape[:2], np.float32), np.empty(light.shape[:2], np.int8)
    for row in (0, 1):
        for column in (0, 1):
            colour = (row != down) + (column != across)
            seen[row::2, column::2] = light[row::2, column::2, colour]
            colours[row::2, column::2] = colour
    return seen, colours


def _filtered(values: NDArray[np.generic], kernel: object) -> Values:
    return np.asarray(cv2.filter2D(values, cv2.CV_32F, np.array(kernel, np.float32), borderType=cv2.BORDER_REFLECT_101))


_CROSS = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
_SQUARE = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4


def _mean(seen: Values, colours: Colours) -> Values:
    each = [_filtered(seen * (colours == colour), _CROSS if colour == GREEN else _SQUARE) for colour in range(3)]
    return np.stack(each, axis=-1)


def _malvar(seen: Values, colours: Colours) -> Values:
    green = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]) / 8
    row = np.array([[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]]) / 8
    corner = np.array(
        [[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]]
    ) / 8  # fmt: skip
    along, across, diagonal = _filtered(seen, row), _filtered(seen, row.T), _filtered(seen, corner)
    with_red = (colours == RED).any(axis=1)[:, np.newaxis]
    red = np.where(colours == BLUE, diagonal, np.where(with_red, along, across))
    blue = np.where(colours == RED, diagonal, np.where(with_red, across, along))
    found = np.stack([red, _filtered(seen, green), blue], axis=-1)
    own = colours[..., np.newaxis] == np.arange(3)
    return np.asarray(np.where(own, seen[..., np.newaxis], found), np.float32)


def _least_change(seen: Values, colours: Colours) -> Values:
    line, curve, slope = (np.array([each]) for each in ([-0.25, 0.5, 0.5, 0.5, -0.25], [-1, 0, 2, 0, -1], [1, 0, -1]))
    change = [np.abs(_filtered(seen, curve)) + np.abs(_filtered(seen, slope))]
    change.append(np.abs(_filtered(seen, curve.T)) + np.abs(_filtered(seen, slope.T)))
    beside, above = _filtered(seen, line), _filtered(seen, line.T)
    best = np.where(change[0] < change[1], beside, np.where(change[1] < change[0], above, (beside + above) / 2))
    green = np.where(colours == GREEN, seen, best)
    others = [green + _filtered((seen - green) * (colours == colour), _SQUARE) for colour in (RED, BLUE)]
    return np.asarray(np.stack([others[0], green, others[1]], axis=-1), np.float32)


def _by_opencv(kind: str, depth: type[np.unsignedinteger]) -> Callable[[Values, Colours], Values]:
    most = float(np.iinfo(depth).max)

    def run(seen: Values, colours: Colours) -> Values:
        row, column = np.argwhere(colours[:2, :2] == RED)[0].tolist()
        code = getattr(cv2, f"COLOR_Bayer{_OPENCV[2 * row + column]}2RGB_{kind}")
        # With 8 bits a mosaic in linear light has no dark levels left.
        bent = GAMMA if depth is np.uint8 else 1.0
        values = np.rint(np.clip(seen, 0, 1) ** (1 / bent) * most).astype(depth)
        return np.asarray((cv2.cvtColor(values, code) / most) ** bent, np.float32)

    return run


WAYS: Final[Mapping[str, Callable[[Values, Colours], Values]]] = {
    "mean": _mean,
    "malvar": _malvar,
    "least change": _least_change,
    "vng": _by_opencv("VNG", np.uint8),
    "ea": _by_opencv("EA", np.uint16),
}
"""How the colours that a sensor did not see are worked out, from the mosaic and which colour each pixel is of."""
