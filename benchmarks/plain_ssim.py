"""
The baseline: what ordinary tools do with an original at hand, a map of structural similarity with a threshold.

Nothing is laid on anything else: the original is brought to the suspect's size, as such tools ask for or do (Wang,
Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

THRESHOLDS = (0.2, 0.5, 0.8)
"""A part counts as changed where the similarity is less."""
LEAST_AREA = 150
"""Pixels of the smallest part that counts."""

_SPREAD = 1.5
_LUMINANCE, _CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def similarity(original: NDArray[np.uint8], suspect: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the map of two pictures uint8 [height, width, 3], float32 of the suspect's height and width."""
    size = suspect.shape[1], suspect.shape[0]
    if original.shape != suspect.shape:
        original = np.asarray(cv2.resize(original, size, interpolation=cv2.INTER_AREA), np.uint8)
    one, other = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float32) for each in (original, suspect))
    mean_one, mean_other = _around(one), _around(other)
    both, first, second = mean_one * mean_other, mean_one * mean_one, mean_other * mean_other
    spread = _around(one * other) - both
    spreads = _around(one * one) - first + _around(other * other) - second
    above = (2 * both + _LUMINANCE) * (2 * spread + _CONTRAST)
    return np.asarray(above / ((first + second + _LUMINANCE) * (spreads + _CONTRAST)), np.float32)


def unlike(similar: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Return the parts below a threshold that are large enough, bool alike."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((similar < threshold).astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST_AREA
    large[0] = False
    return np.asarray(large[labels], np.bool_) if count > 1 else np.zeros(similar.shape, np.bool_)


def _around(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _SPREAD), np.float32)
