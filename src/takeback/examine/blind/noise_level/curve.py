"""
How much noise the picture has at each brightness.

A sensor's noise grows with the light, and what comes after bends that (gamma, tone): so places are compared with what
the picture itself has at their brightness.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from takeback.examine.blind.noise_level.cells import Cells

MOST_PARTS: Final = 16
LEAST_CELLS: Final = 100
"""Of each part of the brightnesses: fewer say little of it."""

type Values = NDArray[np.float32]


def curve_of(cells: Cells) -> Values:
    """Return the median noise of smooth cells at each brightness, a natural logarithm, float32 [256]."""
    bright, noise = cells.brightness[cells.smooth], cells.noise[cells.smooth]
    if not len(noise):
        return np.zeros(256, np.float32)
    order = np.argsort(bright, kind="stable")
    parts = np.array_split(order, max(1, min(MOST_PARTS, len(order) // LEAST_CELLS)))
    places = [float(bright[part].mean()) for part in parts]
    medians = [float(np.median(noise[part])) for part in parts]
    return np.interp(np.arange(256), places, medians).astype(np.float32)


def beyond(cells: Cells, share: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Return the smooth cells that are among the `share` with the least noise, and with the most, at their brightness.

    Both bool [rows, columns]; of each part of the brightnesses it is that share, so over the whole picture too.
    """
    least, most = np.zeros(cells.smooth.shape, np.bool_), np.zeros(cells.smooth.shape, np.bool_)
    places = np.flatnonzero(cells.smooth)
    order = places[np.argsort(cells.brightness.ravel()[places], kind="stable")]
    for part in np.array_split(order, max(1, min(MOST_PARTS, len(order) // LEAST_CELLS))):
        if len(part):
            noise = cells.noise.ravel()[part]
            least.ravel()[part] = noise <= np.quantile(noise, share)
            most.ravel()[part] = noise >= np.quantile(noise, 1 - share)
    return least, most
