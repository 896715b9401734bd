"""
The baseline of `resampling`: a map of how well pixels follow from their neighbours, and one threshold on its peaks.

As tools do that show the map's spectrum (Popescu and Farid's, with Kirchner's fixed weights): in each square the
highest frequency beside the mean of all, the slowest left out. Nothing is masked, or held against the rest.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 128
"""Pixels of a square."""
_LEAST_FREQUENCY = 0.06
_SECOND = np.array([-0.5, 1, -0.5], np.float32)
"""Kirchner's weights: the second difference across of the one down."""


def highest_peak(luminance: NDArray[np.uint8]) -> float:
    """Return the highest peak of all squares of `luminance` uint8 [height, width], beside the mean of its square."""
    likely = np.exp(-np.square(cv2.sepFilter2D(luminance, cv2.CV_32F, _SECOND, _SECOND)) / 2)
    taper = np.outer(np.hanning(SIDE), np.hanning(SIDE))
    fast = np.hypot(np.fft.fftfreq(SIDE)[:, np.newaxis], np.fft.rfftfreq(SIDE)) >= _LEAST_FREQUENCY
    best = 0.0
    for top in range(0, luminance.shape[0] - SIDE + 1, SIDE):
        for left in range(0, luminance.shape[1] - SIDE + 1, SIDE):
            square = likely[top : top + SIDE, left : left + SIDE]
            power = np.square(np.abs(np.fft.rfft2((square - square.mean()) * taper)))[fast]
            best = max(best, float(power.max() / max(float(power.mean()), 1e-9)))
    return best
